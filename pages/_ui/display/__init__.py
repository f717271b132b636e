"""What readers see: images, animations, charts, code."""
