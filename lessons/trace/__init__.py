"""The microscope: one sampling trajectory with all that was added up at each step."""
