"""What builds the data of Pictures, trains and measures its network; the app never imports it."""
