"""Lessons beyond the course's own: what the field asks for, small enough for a laptop."""
