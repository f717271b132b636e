"""Randomness that depends on a seed and a purpose, and on nothing else."""

from __future__ import annotations

import hashlib

import torch


def stream(seed: int, *purpose: str | int) -> torch.Generator:
    """Open the random stream of one purpose.

    Every purpose ("noise" of step 7, "order" of epoch 2) has a stream of its own, so no result
    depends on what was drawn before it. That is what makes a resumed run equal to an
    uninterrupted one: a step's noise follows from its number.

    Args:
        seed: the one seed that the reader chose.
        purpose: words and counters that name the use.

    Returns:
        A generator on the CPU, so that every device sees the same numbers.
    """
    name = "/".join(map(str, (seed, *purpose)))
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
