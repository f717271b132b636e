"""B2.6 · How straight is a trajectory, and how constant its velocity?"""

from __future__ import annotations

from torch import Tensor


def departures(places: Tensor) -> Tensor:
    r"""Say at each time how far the velocity is from that of the straight line between the ends.

    $$
    d(t) = \lVert (x_1 - x_0) - u_\theta(x_t, t) \rVert^2
    $$

    As in the loss, it is the mean over the pixels. Euler's method with $K$ steps has
    $u_\theta(x_t, t) = K\,(x_{t + 1/K} - x_t)$, so the places say it all.

    Source: Liu et al. 2022 (arXiv:2209.03003), section 2.2: what their S integrates.

    Args:
        places: every sample of each trajectory, (K + 1, B, C, H, W), the noise first.

    Returns:
        By time and trajectory, (K, B), ≥ 0.
    """
    velocities = (len(places) - 1) * (places[1:] - places[:-1])
    return (places[-1] - places[0] - velocities).square().flatten(2).mean(2)


def straightness(places: Tensor) -> Tensor:
    r"""Measure how much trajectories bend: the departures, integrated over time.

    $$
    S = \int_0^1 \mathbb{E} \, \lVert (x_1 - x_0) - u_\theta(x_t, t) \rVert^2 \, dt
    $$

    $S = 0$ means that every trajectory is a straight line passed at constant velocity; then a
    single step of Euler's method ends where a thousand do.

    Source: Liu et al. 2022 (arXiv:2209.03003), section 2.2.

    Args:
        places: every sample of each trajectory, (K + 1, B, C, H, W), the noise first.

    Returns:
        One number a trajectory, (B,), ≥ 0; S is their mean.
    """
    return departures(places).mean(0)
