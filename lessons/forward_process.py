"""The forward process: from a clean picture straight to any noise level."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from lessons import originals
from lessons.picture import Picture, Symbol, to_pixels
from lessons.schedules import squaredcos_cap_v2
from models.randomness import stream

LEVELS = (0, 250, 500, 750)


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


def demo(t: int, seed: int) -> tuple[Picture, Picture, Picture]:
    """Show the equation in pictures: the clean one, the noise, and the two mixed.

    Args:
        t: timestep, 0 ≤ t ≤ 999.
        seed: the reader's seed; the same seed gives the same noise at every t.

    Returns:
        x_0, eps and x_t, each 64×64 RGB.

    Raises:
        ValueError: t is no timestep.
    """
    alpha_bar_t = _alpha_bar(t)
    x_0, eps = _tower_and_noise(seed)
    signal, noise = float(alpha_bar_t.sqrt()), float((1 - alpha_bar_t).sqrt())
    return (
        _picture(x_0, "x_0", f"x₀, weight √ᾱ = {signal:.3f}", "a tower before a soft sky"),
        _picture(eps, "eps", f"ε, weight √(1 − ᾱ) = {noise:.3f}", "coloured noise"),
        _noisy(t, seed),
    )


def levels(seed: int) -> tuple[Picture, ...]:
    """Show the picture at the four noise levels of the lesson, with the same noise in each.

    Args:
        seed: the reader's seed.

    Returns:
        x_t at t = 0, 250, 500, 750, each 64×64 RGB.
    """
    return tuple(_noisy(t, seed) for t in LEVELS)


def _noisy(t: int, seed: int) -> Picture:
    alpha_bar_t = _alpha_bar(t)
    x_0, eps = _tower_and_noise(seed)
    x_t = add_noise(x_0, alpha_bar_t, eps)
    share = float(alpha_bar_t.sqrt())
    return _picture(
        x_t, "x_t", f"t = {t}, √ᾱ = {share:.3f}", f"the tower with the noise of t = {t}"
    )


@functools.cache
def _schedule() -> Tensor:
    return squaredcos_cap_v2().alpha_bars


def _alpha_bar(t: int) -> Tensor:
    """Look up ᾱ_t, shaped to meet a batch of one image."""
    # A negative t would silently count from the noisy end of the table.
    if not 0 <= t < len(_schedule()):
        raise ValueError(f"t must be 0 to {len(_schedule()) - 1}, got {t}")
    return _schedule()[t].float().view(1, 1, 1, 1)


def _tower_and_noise(seed: int) -> tuple[Tensor, Tensor]:
    x_0 = originals.load("tower", (3, 64, 64), low=-1, high=1)
    return x_0, torch.randn(x_0.shape, generator=stream(seed, "forward process"))


def _picture(image: Tensor, symbol: Symbol, caption: str, alt: str) -> Picture:
    return Picture(to_pixels(image[0], low=-1, high=1), caption, alt, symbol)
