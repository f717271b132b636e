"""What trainings of several settings reach: measured tables, and the commands that measure them."""
