"""The forward process: from a clean picture straight to any noise level."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons import originals
from lessons import text_to_image as t2i
from lessons.picture import Picture
from models.randomness import stream
from models.text_to_image import Outline


def add_noise(x_0: Tensor, alpha_bar_t: Tensor, eps: Tensor) -> Tensor:
    r"""Jump from a clean image straight to noise level $t$.

    $$
    x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,
    \qquad \epsilon \sim \mathcal{N}(0, \mathbf{I})
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 4.

    Args:
        x_0: clean images, (B, C, H, W), range [-1, 1].
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].
        eps: unit Gaussian noise, shape of `x_0`.

    Returns:
        Noisy images, shape of `x_0`; not clamped.

    Raises:
        ValueError: `eps` has another shape than `x_0`.
    """
    if eps.shape != x_0.shape:
        raise ValueError(f"eps is {tuple(eps.shape)} but x_0 is {tuple(x_0.shape)}")
    signal = alpha_bar_t.sqrt() * x_0
    noise = (1 - alpha_bar_t).sqrt() * eps
    return signal + noise


def demo(
    model: str, original: str | NDArray[np.uint8], t: int, seed: int
) -> tuple[Picture, Picture, Picture]:
    """Show the equation in pictures: the clean one, the noise, and the two mixed.

    Args:
        model: name in the catalog; only its schedule and its size of picture count.
        original: name in the gallery, or pixels.
        t: timestep, 0 ≤ t < T.
        seed: the reader's seed; the same seed gives the same noise at every t.

    Returns:
        x_0, eps and x_t at the model's size.

    Raises:
        ValueError: t is no timestep.
    """
    form = t2i.outline(model)
    alpha_bar_t = t2i.level(form, t)
    x_0, eps = _clean_and_noise(form, original, seed)
    signal, noise = float(alpha_bar_t.sqrt()), float((1 - alpha_bar_t).sqrt())
    # Noise is shown around grey, white and black being one standard deviation away at [-1, 1].
    around_grey = (form.low + form.high) / 2 + eps * (form.high - form.low) / 2
    return (
        t2i.picture(
            x_0[0],
            form,
            f"x₀, weight √ᾱ = {signal:.3f}",
            originals.title(original, form.shape),
            "x_0",
        ),
        t2i.picture(
            around_grey[0], form, f"ε, weight √(1 − ᾱ) = {noise:.3f}", "noise alone", "eps"
        ),
        _noisy(form, original, t, seed),
    )


def levels(model: str, original: str | NDArray[np.uint8], seed: int) -> tuple[Picture, ...]:
    """Show the picture at the four noise levels of the lesson, with the same noise in each.

    Args:
        model: name in the catalog.
        original: name in the gallery, or pixels.
        seed: the reader's seed.

    Returns:
        x_t at the start and after a quarter, a half and three quarters of the timesteps.
    """
    form = t2i.outline(model)
    return tuple(_noisy(form, original, t, seed) for t in (0, *t2i.levels(form)))


def last_timestep(model: str) -> int:
    """T − 1."""
    return len(t2i.outline(model).alpha_bars) - 1


def _noisy(form: Outline, original: str | NDArray[np.uint8], t: int, seed: int) -> Picture:
    alpha_bar_t = t2i.level(form, t)
    x_0, eps = _clean_and_noise(form, original, seed)
    x_t = add_noise(x_0, alpha_bar_t, eps)
    share = float(alpha_bar_t.sqrt())
    words = f"t = {t}, √ᾱ = {share:.3f}"
    alt = f"{originals.title(original, form.shape)} under the noise of t = {t}"
    return t2i.picture(x_t[0], form, words, alt, "x_t")


def _clean_and_noise(
    form: Outline, original: str | NDArray[np.uint8], seed: int
) -> tuple[Tensor, Tensor]:
    x_0 = originals.load(original, form.shape, form.low, form.high)
    return x_0, torch.randn(x_0.shape, generator=stream(seed, "forward process"))
