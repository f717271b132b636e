"""B2.6 · Trajectories made straight: pairs of a noise and where it leads, and networks of them."""
