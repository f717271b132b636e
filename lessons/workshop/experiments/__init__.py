"""Experiments whose outcome is known before they run.

Both sides go through the real sampler, and one number says how far apart they are at most: 0, or
what rounding leaves. Where it is not, something is wrong, with the code or with what we believed.
"""
