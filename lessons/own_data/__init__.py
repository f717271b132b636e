"""Data of the reader's own: uploads read safely, sets that are kept, and what runs see of them."""
