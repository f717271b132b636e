"""How a training does: what it measures of itself, and the signs of known faults in that."""
