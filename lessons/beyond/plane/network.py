"""A network of a few thousand parameters that learns the noise of points in the plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from lessons.beyond.plane.points import Cloud
from lessons.diffusion.denoise import noise_from_v, v_target
from lessons.diffusion.forward import add_noise, log_snr
from lessons.diffusion.noise import stream

WIDTH: Final = 64
BATCH: Final = 256
STEPS: Final = 2500
LEARNING_RATE: Final = 4e-3
DROPPED: Final = 0.2
"""How often a class is withheld, so that the network learns the field of all points too."""

ANY: Final = 2
"""The class of points whose class is withheld: the empty prompt."""

_WAVES: Final = 8


class PlaneNetwork(nn.Module):
    """Three hidden layers: where, how noisy and which class in, v out."""

    def __init__(self, alpha_bars: Tensor, width: int = WIDTH) -> None:
        """Build it for a schedule, (T,) float64; weights are drawn from torch's own stream."""
        super().__init__()
        self.levels = (log_snr(alpha_bars).clamp(-6, 6) / 3).float()
        self.frequencies = 0.8 * torch.arange(1, _WAVES + 1)
        self.classes = nn.Embedding(ANY + 1, 8)
        self.layers = nn.Sequential(
            nn.Linear(2 + 1 + 2 * _WAVES + 8, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, 2),
        )

    def forward(self, x_t: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        """Predict v.

        Args:
            x_t: places, (B, 2).
            t: timesteps, (B,) int64.
            labels: 0, 1 or ANY, (B,) int64.

        Returns:
            v, (B, 2).
        """
        level = self.levels[t][:, None]
        waves = level * self.frequencies
        given = [x_t, level, waves.sin(), waves.cos(), self.classes(labels)]
        prediction: Tensor = self.layers(torch.cat(given, dim=1))
        return prediction


class Learner(NamedTuple):
    """A network on its way.

    Attributes:
        step: steps done.
        network: as it is now; it goes on changing.
        loss: of the last step, mean over both coordinates.
    """

    step: int
    network: PlaneNetwork
    loss: float


def denoising_loss(
    network: nn.Module, x_0: Tensor, t: Tensor, eps: Tensor, labels: Tensor, alpha_bar_t: Tensor
) -> Tensor:
    r"""Noise a point that you know, and ask for the noise: nothing else is taught.

    $$
    \mathcal{L} = \mathbb{E}\, \lVert v_\theta(x_t, t) - v \rVert^2,
    \qquad v = \sqrt{\bar\alpha_t}\, \epsilon - \sqrt{1 - \bar\alpha_t}\, x_0
    $$

    The answer with the least squared error is a mean over all points that may lie under the noise:
    the exact field. Both ends follow from $v$ without a division, the data by
    $\hat x_0 = \sqrt{\bar\alpha_t}\, x_t - \sqrt{1 - \bar\alpha_t}\, v$: no noise level magnifies
    the network's error.

    Source: Salimans & Ho 2022 (arXiv:2202.00512), section 4 and appendix D.

    Args:
        network: (x_t, t, labels) → v.
        x_0: data, (B, 2).
        t: timesteps, (B,) int64.
        eps: unit Gaussian noise, (B, 2).
        labels: classes, (B,) int64.
        alpha_bar_t: share of signal power left at each t, (B, 1).
    """
    x_t = add_noise(x_0, alpha_bar_t, eps)
    v = v_target(x_0, eps, alpha_bar_t)
    loss: Tensor = (network(x_t, t, labels) - v).square().mean()
    return loss


def train(cloud: Cloud, alpha_bars: Tensor, steps: int, seed: int) -> Iterator[Learner]:
    """Train, and yield after every step; step 0 is the network before training.

    Args:
        cloud: the data.
        alpha_bars: the schedule, (T,) float64.
        steps: how many, each of `BATCH` points; the learning rate falls to 0 over them.
        seed: the reader's seed.
    """
    random = stream(seed, "plane", "training")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (), generator=random)))
        network = PlaneNetwork(alpha_bars)
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    falling = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: max(1 - step / steps, 0))
    yield Learner(0, network, float("nan"))
    for step in range(1, steps + 1):
        which = torch.randint(len(cloud.points), (BATCH,), generator=random)
        t = torch.randint(len(alpha_bars), (BATCH,), generator=random)
        eps = torch.randn(BATCH, 2, generator=random)
        hidden = torch.rand(BATCH, generator=random) < DROPPED
        labels = cloud.labels[which].masked_fill(hidden, ANY)
        levels = alpha_bars[t].float()[:, None]
        loss = denoising_loss(network, cloud.points[which], t, eps, labels, levels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        falling.step()
        yield Learner(step, network, loss.item())


Conditional = Callable[[Tensor, int, Tensor], Tensor]
"""(x_t, t, labels) → the noise in x_t."""


def predictor(network: nn.Module, alpha_bars: Tensor) -> Conditional:
    """Read the noise off what a network predicts.

    Args:
        network: (x_t, t, labels) → v.
        alpha_bars: the schedule, (T,) float64.
    """

    @torch.no_grad()
    def predict(x_t: Tensor, t: int, labels: Tensor) -> Tensor:
        x_t = x_t.float()
        v = network(x_t, torch.full((len(x_t),), t), labels)
        return noise_from_v(x_t, v, alpha_bars[t].float())

    return predict
