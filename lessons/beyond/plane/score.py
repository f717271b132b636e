"""The score of a noised finite set, and how far two sets of points are apart."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lessons.diffusion.noise import stream


def log_density(x_t: Tensor, known: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Under noise every data point becomes a Gaussian, and the whole set their mean.

    $$
    p_t(x_t) = \frac{1}{N} \sum_i
        \mathcal{N}\!\left(x_t;\; \sqrt{\bar\alpha_t}\, x_i,\; (1 - \bar\alpha_t)\,\mathbf{I}\right)
    $$

    Source: Karras et al. 2022 (arXiv:2206.00364), appendix B.3.

    Args:
        x_t: places in the plane, (B, 2).
        known: the data, (N, 2).
        alpha_bar_t: share of signal power left, in (0, 1), float64.

    Returns:
        log p_t, (B,) float64.
    """
    variance = 1 - alpha_bar_t
    distance = torch.cdist(x_t.double(), alpha_bar_t.sqrt() * known.double()).square()
    gaussians = -distance / (2 * variance) - (2 * math.pi * variance).log()
    return gaussians.logsumexp(dim=1) - math.log(len(known))


def exact_score(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""The score is the direction in which the density grows fastest.

    $$
    \nabla_{x_t} \log p_t(x_t)
        = \frac{\sqrt{\bar\alpha_t}\, \hat x_0 - x_t}{1 - \bar\alpha_t},
    \qquad \hat x_0 = \sum_i w_i \, x_i
    $$

    Each Gaussian pulls towards its own centre, and $w_i$ says how likely the noise around $x_t$
    hides that one. All pulls together are one: towards the mean of the data that are still
    possible.

    Source: Karras et al. 2022 (arXiv:2206.00364), eq. 3 and appendix B.3.

    Args:
        x_t: places in the plane, (B, 2).
        x_0: the expected data point at each, (B, 2).
        alpha_bar_t: share of signal power left, in (0, 1), float64.

    Returns:
        The score, shape of `x_t`.
    """
    return (alpha_bar_t.sqrt() * x_0 - x_t) / (1 - alpha_bar_t)


def score_of_noise(eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Who knows the noise knows the score: it points against it.

    $$
    \nabla_{x_t} \log p_t(x_t) = -\frac{\hat\epsilon}{\sigma_t},
    \qquad \sigma_t = \sqrt{1 - \bar\alpha_t}
    $$

    So a network that predicts noise is a network of the score.

    Source: Song et al. 2021 (arXiv:2011.13456), section 3; Vincent 2011, "A connection between
    score matching and denoising autoencoders".

    Args:
        eps: the expected noise, (B, 2).
        alpha_bar_t: share of signal power left, in [0, 1), float64.

    Returns:
        The score, shape of `eps`.
    """
    return -eps / (1 - alpha_bar_t).sqrt()


def sliced_wasserstein(a: Tensor, b: Tensor, directions: int = 64) -> float:
    r"""Measure how far apart two sets of points are, as distributions.

    $$
    \mathrm{SW}(A, B) = \mathbb{E}_\theta \left[ \int_0^1
        \left| F^{-1}_{\theta \cdot A}(q) - F^{-1}_{\theta \cdot B}(q) \right| dq \right]
    $$

    Along a line, moving one set onto the other at least cost means to sort both. The mean over
    many lines says how far a point has to go, in the units of the plane.

    Source: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures", section 2.

    Args:
        a: points, (N, 2).
        b: points, (M, 2).
        directions: lines, spread evenly over the half circle.
    """
    angle = math.pi * (torch.arange(directions) + 0.5) / directions
    theta = torch.stack([angle.cos(), angle.sin()]).double()
    q = (torch.arange(512, dtype=torch.float64) + 0.5) / 512
    quantiles = [(points.double() @ theta).quantile(q, dim=0) for points in (a, b)]
    return float((quantiles[0] - quantiles[1]).abs().mean())


def by_chance(points: Tensor, count: int, seed: int) -> float:
    """How far a sample of the data themselves is from the data: what chance alone makes of it.

    Args:
        points: the data, (N, 2).
        count: size of the sample.
        seed: the reader's seed.
    """
    random = stream(seed, "plane", "chance")
    chosen = torch.randint(len(points), (count,), generator=random)
    return sliced_wasserstein(points[chosen], points)
