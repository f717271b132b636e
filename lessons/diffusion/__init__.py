"""Diffusion models in one small library: every formula of the lessons, once, on torch alone.

- `schedules`: how much signal is left at each timestep, and which timesteps a sampler visits
- `forward`: adding noise; the signal-to-noise ratio
- `denoise`: clean estimate, noise and v from one another
- `posterior`: the step to a lower noise level, if the clean image were known
- `samplers`: DDPM, DDIM and DPM-Solver++(2M), and the one loop that they are parameters of
- `guidance`, `anagrams`, `hybrids`: ways to build a predictor
- `inpainting`: a hook after each step; `flow`: flow matching; `noise`: random streams by purpose
"""
