"""Training: the loop of Part B, its curves, and the runs that a page watches."""
