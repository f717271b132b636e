"""Flow matching: straight lines from noise to images, and the velocity along them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from lessons.diffusion.samplers import Frame

PredictVelocity = Callable[[Tensor, float], Tensor]
"""(x_t, t) → the velocity there, in the shape of x_t."""


def interpolate(x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    r"""Mix noise and image: a point on the straight line between them.

    $$
    x_t = (1 - t)\, x_0 + t\, x_1, \qquad x_0 \sim \mathcal{N}(0, \mathbf{I})
    $$

    Mind the names: here $x_0$ is the noise and $x_1$ the image; time runs towards the image.

    Source: Lipman et al. 2022 (arXiv:2210.02747), eq. 20 with σ_min = 0.

    Args:
        x_0: unit Gaussian noise, (B, C, H, W); x_t has its shape.
        x_1: clean images, shape of `x_0`.
        t: place on the line, (B, 1, 1, 1), 0 = noise, 1 = image.
    """
    return (1 - t) * x_0 + t * x_1


def velocity_loss(u_hat: Tensor, x_0: Tensor, x_1: Tensor) -> Tensor:
    r"""Train the network to predict the velocity from noise to image, by mean squared error.

    $$
    L = \mathbb{E}_{x_0, x_1, t} \, \lVert u_\theta(x_t, t) - (x_1 - x_0) \rVert^2
    $$

    Source: Lipman et al. 2022 (arXiv:2210.02747), eq. 23.

    Args:
        u_hat: the network's answer, (B, C, H, W).
        x_0: the noise, shape of `u_hat`.
        x_1: the image, shape of `u_hat`.

    Raises:
        ValueError: the shapes differ.
    """
    if not u_hat.shape == x_0.shape == x_1.shape:
        raise ValueError(f"shapes differ: {[tuple(x.shape) for x in (u_hat, x_0, x_1)]}")
    return (u_hat.float() - (x_1 - x_0)).square().mean()


def euler(x_t: Tensor, predict_velocity: PredictVelocity, steps: int) -> Iterator[Frame]:
    r"""Go from noise to images: a short step along the velocity, then ask again.

    $$
    x_{t + h} = x_t + h \, u_\theta(x_t, t), \qquad h = 1 / \text{steps}
    $$

    Args:
        x_t: unit Gaussian noise, (B, C, H, W): where t = 0.
        predict_velocity: (x_t, t) → velocity; asked at t = 0, h, …, 1 − h.
        steps: how many, ≥ 1.

    Yields:
        A `Frame` a step: steps done, the samples, and where the present velocity would lead at
        t = 1. The last stands at exactly t = 1.
    """
    for k in range(steps):
        t = k / steps
        u = predict_velocity(x_t, t)
        x_1 = x_t + (1 - t) * u
        x_t = x_t + u / steps
        yield Frame(t=k + 1, x_t=x_t, x_0=x_1)
