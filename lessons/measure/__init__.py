"""Measures: how far an image is from the truth, and how good samples are."""
