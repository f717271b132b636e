"""The workshop: mistakes made on purpose, and experiments whose outcome is known."""
