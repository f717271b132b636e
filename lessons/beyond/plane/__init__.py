"""The mathematics of diffusion in the plane, for the lesson of that name."""
