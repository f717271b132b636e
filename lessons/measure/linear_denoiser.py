"""The best linear denoiser for the images of a model: what a spectrum alone can do about noise."""

from __future__ import annotations

import functools
from pathlib import Path

from models import embedded, mnist
from models.miniature import box
from models.miniature.linear import WienerDenoiser

DIGITS = 10_000
"""Training digits that the spectrum is measured on."""


def for_images(shape: tuple[int, ...]) -> WienerDenoiser | None:
    """The denoiser for images of a shape (C, H, W).

    For 64×64 in colour it knows the images that Pictures was trained on, for 28×28 in grey MNIST's
    training digits; for other sizes no spectrum was measured, and there is none.
    """
    if shape == (3, 64, 64) and embedded.available():
        return _in_weights(embedded.folder(), embedded.weights_hash())
    return _of_digits() if shape == (1, 28, 28) else None


@functools.lru_cache(maxsize=2)
def _in_weights(folder: Path | None, _weights_hash: str) -> WienerDenoiser:
    """By the weights' digest: another model in the box must not be shown with the last one's."""
    return box.linear_denoiser(folder)


@functools.cache
def _of_digits() -> WienerDenoiser:
    denoiser = WienerDenoiser(28, channels=1)
    denoiser.fit(mnist.load("train").images[:DIGITS].float() / 255)
    return denoiser
