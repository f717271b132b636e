"""What readers turn, choose, draw and upload."""
