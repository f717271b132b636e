"""B1.2.4 · Your own digit: in the form of MNIST's, under noise, denoised and classified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, to_pixels
from lessons.measure import classifier
from lessons.measure.quality import psnr
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training.networks import load_network

SIDE: Final = 28
BOX: Final = 20
"""Pixels of the longer side of an MNIST digit."""

CANVAS: Final = 320
_FOUR: Final = (((190, 50), (90, 190)), ((90, 190), (240, 190)), ((190, 50), (190, 275)))
"""The strokes of the example, in pixels of the canvas: from (x, y) to (x, y)."""


@dataclass(frozen=True)
class OwnDigit:
    """A drawing on its way through the denoiser.

    Attributes:
        images: the drawing, the digit at 28×28, the same under noise, and denoised.
        probabilities: what the classifier makes of the last three, by their names: ten each.
    """

    images: tuple[CaptionedImage, ...]
    probabilities: dict[str, tuple[float, ...]]


def fit_in_box(ink: Tensor, side: int = BOX) -> Tensor:
    r"""Cut out what is drawn and scale it to fit a box, its proportions kept.

    $$
    (h, w) \;\mapsto\; \left(\tfrac{s\,h}{\max(h, w)},\; \tfrac{s\,w}{\max(h, w)}\right)
    $$

    Large or small, left or right on the canvas: afterwards the longer side has $s = 20$ pixels.
    Each of them is the mean of the part of the drawing that it covers.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", III-A.

    Args:
        ink: what is drawn, (H, W) in [0, 1], 0 = nothing.
        side: s, the longer side of the result.

    Returns:
        The digit alone, its longer side being `side`.

    Raises:
        ValueError: nothing is drawn.
    """
    rows, columns = ink.amax(1).nonzero().flatten(), ink.amax(0).nonzero().flatten()
    if not len(rows):
        raise ValueError("Nothing is drawn yet.")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = (max(1, round(side * length / max(cut.shape))) for length in cut.shape)
    return F.interpolate(cut[None, None], (h, w), mode="area")[0, 0]


def centre_of_mass(digit: Tensor) -> Tensor:
    r"""Find the point on which a digit would balance, its brightness being its weight.

    $$
    \bar p = \frac{\sum_p p \, x(p)}{\sum_p x(p)}
    $$

    Args:
        digit: (H, W), 0 = background, not all 0.

    Returns:
        (row, column) in pixels, float64; (0, 0) is the upper left one.
    """
    mass = digit.double()  # so that no processor's order of adding decides how `centred` rounds
    weights = mass / mass.sum()
    rows, columns = (torch.arange(n, dtype=torch.float64) for n in digit.shape)
    return torch.stack([weights.sum(1) @ rows, weights.sum(0) @ columns])


def centred(digit: Tensor, side: int = SIDE) -> Tensor:
    r"""Put a digit onto an empty field so that its centre of mass is at pixel (14, 14).

    $$
    p \;\mapsto\; p + \left[\tfrac{28}{2} - \bar p\right]
    $$

    The shift is rounded to whole pixels, and smaller where the digit would be cut off.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", III-A.

    Args:
        digit: (H, W), no side longer than `side`.
        side: of the field.

    Returns:
        (1, 1, side, side).
    """
    shift = (side / 2 - centre_of_mass(digit)).round().int().tolist()
    h, w = digit.shape
    top, left = (min(max(s, 0), side - n) for s, n in zip(shift, (h, w), strict=True))
    return F.pad(digit, (left, side - w - left, top, side - h - top))[None, None]


def demo(
    run_id: str,
    sigma: float,
    seed: int,
    drawing: NDArray[np.uint8] | None = None,
    weights_hash: str = "",  # noqa: ARG001 - part of the result's name
) -> OwnDigit:
    """Bring a drawing to the form of MNIST's digits, add noise, denoise it and classify all three.

    Args:
        run_id: a finished denoiser.
        sigma: noise strength, ≥ 0.
        seed: of the noise.
        drawing: (H, W) uint8, 255 where something is drawn; None for the example.
        weights_hash: which weights, so that new ones give a new result.

    Raises:
        ValueError: nothing is drawn, or there is no such run.
    """
    network = load_network(run_id)
    ink = example() if drawing is None else torch.from_numpy(drawing).float() / 255
    x = centred(fit_in_box(ink))
    z = add_unscaled_noise(x, torch.randn(x.shape, generator=stream(seed, "own digit")), sigma)
    with torch.no_grad():
        x_hat = network(z)
    probabilities = classifier.probabilities(torch.cat([x, z, x_hat])).tolist()
    names = ("28×28", "with noise", "denoised")
    read = [f"classified {row.index(max(row))}" for row in probabilities]
    before, after = float(psnr(z, x)), float(psnr(x_hat, x))
    said = f"{after:.1f} dB · {read[2]}"
    images = (
        CaptionedImage(to_pixels(ink), "drawn", "your drawing, white on black"),
        CaptionedImage(to_pixels(x[0]), f"28×28 · {read[0]}", "your drawing at 28×28", "x_0"),
        CaptionedImage(
            to_pixels(z[0]),
            "no noise" if sigma == 0 else f"{before:.1f} dB · {read[1]}",
            f"your digit under noise of σ = {sigma:g}",
            "x_t",
        ),
        CaptionedImage(to_pixels(x_hat[0]), said, "the denoiser's output", "x_0_hat"),
    )
    return OwnDigit(images, dict(zip(names, map(tuple, probabilities), strict=True)))


def example() -> Tensor:
    """A 4 of three strokes, (320, 320), to begin with."""
    row, column = torch.meshgrid(torch.arange(CANVAS), torch.arange(CANVAS), indexing="ij")
    here = torch.stack([column, row], -1).double()
    ink = torch.zeros(CANVAS, CANVAS)
    for begin, end in _FOUR:
        a, b = torch.tensor(begin).double(), torch.tensor(end).double()
        along = (((here - a) @ (b - a)) / (b - a).square().sum()).clamp(0, 1)
        distance = (here - a - along[..., None] * (b - a)).square().sum(-1).sqrt()
        ink = torch.maximum(ink, (distance <= 13).float())
    return ink
