"""Finite sets of images, and images that are in none of them: what there is to know by heart."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from lessons.images import sources
from models import mnist
from models.text_to_image import ModelSpec

_DIGITS: Final = (1, 10, 100, 1000, 2000)
NEW: Final = 16
"""New images, at most."""


def set_sizes(form: ModelSpec) -> tuple[int, ...]:
    """How many images may be known: digits by the thousand, or the gallery's."""
    if form.shape[0] == 1:
        return _DIGITS
    return 1, 4, len(_gallery(form)[0])


def sets(form: ModelSpec, size: int) -> tuple[Tensor, Tensor]:
    """The images that are known, and others that are not.

    Args:
        form: whose images: one channel takes digits of MNIST, three the gallery.
        size: how many are known.

    Returns:
        (size, C, H, W): training digits, or images of the gallery; and at most NEW others:
        test digits, or every third image of the gallery.

    Raises:
        ValueError: there are not so many, or fewer than one.
    """
    known, new = _digits(form, size) if form.shape[0] == 1 else _coloured(form, size)
    if size < 1 or len(known) != size:
        raise ValueError(f"There is no set of {size} images here.")
    return known, new


def _digits(form: ModelSpec, size: int) -> tuple[Tensor, Tensor]:
    parts = mnist.load("train").images[:size], mnist.load("test").images[:NEW]
    low, wide = form.low, form.high - form.low
    known, new = (mnist.unit_range(images) * wide + low for images in parts)
    return known, new


def _coloured(form: ModelSpec, size: int) -> tuple[Tensor, Tensor]:
    known, new = (
        torch.cat([sources.load(name, form.shape, form.low, form.high) for name in names])
        for names in _gallery(form)
    )
    return known[:size], new[:NEW]


def _gallery(form: ModelSpec) -> tuple[list[str], list[str]]:
    """Names of the images to know, and of every third one, which stays out of the set."""
    names = [choice.name for choice in sources.names(form.shape)]
    return [name for i, name in enumerate(names) if i % 3 != 2], names[2::3]
