"""The mathematics of each lesson; no widgets here."""
