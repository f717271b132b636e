"""What a model occupies, and what the machine has, before anything is loaded."""

from __future__ import annotations

from typing import NamedTuple

import psutil
import torch


class Need(NamedTuple):
    """A part of a model.

    Attributes:
        part: what it is.
        parameters: numbers that were learnt.
        fetched: bytes to fetch where its files are on the hub; 0 if they are here.
        loaded: bytes of its weights in memory while it calculates.
        alone: whether it is gone again before the others calculate.
    """

    part: str
    parameters: float
    fetched: float
    loaded: float
    alone: bool = False


class Memory(NamedTuple):
    """Memory of one kind.

    Attributes:
        where: "GPU" or "machine".
        total: bytes in all.
        free: bytes that nobody uses.
    """

    where: str
    total: int
    free: int


def rooms() -> tuple[Memory, ...]:
    """The memories of this machine, the fastest first."""
    machine = psutil.virtual_memory()
    own = Memory("machine", machine.total, machine.available)
    if not torch.cuda.is_available():
        return (own,)
    free, total = torch.cuda.mem_get_info()
    return Memory("GPU", total, free), own


def together(needs: tuple[Need, ...], offload: bool) -> float:
    """Bytes of weights that stand on the device at once, at most.

    Args:
        needs: the parts.
        offload: whether only one part at a time is there.
    """
    if offload or not needs:
        return max((need.loaded for need in needs), default=0.0)
    staying = sum(need.loaded for need in needs if not need.alone)
    return staying + max((need.loaded for need in needs if need.alone), default=0.0)
