"""A small world with known answers, and what is observed of each function in it."""
