"""The code that ran, beside what it made."""
