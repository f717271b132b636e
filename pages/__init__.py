"""What the reader sees and turns; no mathematics here."""
