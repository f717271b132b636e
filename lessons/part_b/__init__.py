"""Part B: UNets and diffusion on MNIST from scratch. One file is one page of the same name.

Three files serve several pages: `architecture`, `sampled_digits` and `flow_paths`.
"""
