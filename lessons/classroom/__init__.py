"""A class on one server: who may change what, what a reader may take, what the teacher says."""
