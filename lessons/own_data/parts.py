"""What a run sees of its data: one part to train on, and another one to measure with."""

from __future__ import annotations

import functools
from typing import Final

import torch
from torch import Tensor

from lessons.own_data.names import MNIST
from models import mnist
from models.mnist import Digits, Part

EVERY: Final = 10
"""Of a set without a part of its own for measuring, every tenth image is held out."""


def load(name: str, part: Part) -> Digits:
    """The images of a data set that are trained on ("train"), or that measure ("test").

    Raises:
        ValueError: the set is not here, or damaged; one sentence for the reader.
    """
    if name == MNIST:
        return mnist.load(part)
    from lessons.own_data import sets  # found when needed: most runs are of MNIST

    if not sets.find(name).kept:
        return sets.dropped_part(name, part)
    images, labels = sets.arrays(name)
    held_out = torch.arange(len(images)) % EVERY == EVERY - 1
    chosen = held_out if part == "test" else ~held_out
    return Digits(
        images=torch.from_numpy(images)[chosen][:, None],
        labels=torch.from_numpy(labels)[chosen].long(),
    )


def order(count: int, wanted: int, random: torch.Generator) -> Tensor:
    """The numbers of the images of one epoch: as often all of them as it takes, in a new order.

    Args:
        count: images that there are.
        wanted: images of an epoch; with at most `count` of them none comes twice.
        random: where the order comes from.

    Returns:
        (wanted,) int64.
    """
    passes = -(-wanted // count)
    return torch.cat([torch.randperm(count, generator=random) for _ in range(passes)])[:wanted]


def shown(name: str, count: int) -> Digits:
    """The first images for measuring, `count` or as many as there are, one of each class first.

    Raises:
        ValueError: the set is not here, or damaged.
    """
    return _shown(name, count)


@functools.lru_cache(maxsize=8)
def _shown(name: str, count: int) -> Digits:
    return mnist.first_of_each(load(name, "test"), count)


def in_turn(name: str, count: int) -> Tensor:
    """Labels to request, (count,) int64: the classes that the set has, one after the other.

    Raises:
        ValueError: the set is not here, or damaged.
    """
    classes = range(10) if name == MNIST else sorted(set(load(name, "train").labels.tolist()))
    return torch.tensor([classes[i % len(classes)] for i in range(count)])
