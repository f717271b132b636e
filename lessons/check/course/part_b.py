"""Part B in the course's own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.flow import euler, interpolate
from lessons.diffusion.forward import add_noise
from lessons.diffusion.guidance import guided
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.posterior import step_variance
from lessons.diffusion.samplers import Frame, ddpm, sampling_trajectory
from lessons.diffusion.schedules import CLEAN
from lessons.diffusion.schedules import ddpm_schedule as linear_schedule

NO_LABEL: Final = -1


def ddpm_schedule(beta1: float, beta2: float, num_ts: int) -> dict[str, Tensor]:
    """Tables of a linear schedule."""
    return linear_schedule(beta1, beta2, num_ts)._asdict()


def ddpm_forward(
    unet: nn.Module, ddpm_schedule: Mapping[str, Tensor], x_0: Tensor, num_ts: int
) -> Tensor:
    """One training step's loss."""
    unet.train()
    x_t, eps, t = _noised(x_0, ddpm_schedule["alpha_bars"], num_ts)
    return _distance(unet(x_t, t), eps, x_0)


def class_ddpm_forward(
    unet: nn.Module,
    ddpm_schedule: Mapping[str, Tensor],
    x_0: Tensor,
    c: Tensor,
    p_uncond: float,
    num_ts: int,
) -> Tensor:
    """One training step's loss with labels, some of them dropped."""
    unet.train()
    x_t, eps, t = _noised(x_0, ddpm_schedule["alpha_bars"], num_ts)
    return _distance(unet(x_t, c, t, _kept(len(c), p_uncond)), eps, x_0)


def ddpm_sample(
    unet: nn.Module,
    ddpm_schedule: Mapping[str, Tensor],
    img_wh: tuple[int, int],
    num_ts: int,
    seed: int,
    count: int,
) -> Tensor:
    """Digits out of noise."""
    unet.eval()

    def predict(x_t: Tensor, index: int) -> Tensor:
        eps: Tensor = unet(x_t, _time_of(x_t, index, num_ts))
        return eps

    noise = NoiseSource(seed, count, (1, *img_wh))
    return _digits(noise, ddpm_schedule["alpha_bars"], predict)


def class_ddpm_sample(
    unet: nn.Module,
    ddpm_schedule: Mapping[str, Tensor],
    c: Tensor,
    img_wh: tuple[int, int],
    num_ts: int,
    guidance_scale: float,
    seed: int,
) -> Tensor:
    """Digits of these labels out of noise, with guidance."""
    unet.eval()

    def ask(x_t: Tensor, index: int, labels: Tensor) -> Tensor:
        kept = (labels != NO_LABEL).float()
        eps: Tensor = unet(x_t, labels.clamp(min=0), _time_of(x_t, index, num_ts), kept)
        return eps

    predict = guided(ask, c, torch.full_like(c, NO_LABEL), guidance_scale)
    noise = NoiseSource(seed, len(c), (1, *img_wh))
    return _digits(noise, ddpm_schedule["alpha_bars"], predict)


def fm_forward(unet: nn.Module, x_1: Tensor) -> Tensor:
    """One training step's loss of flow matching."""
    unet.train()
    x_0, t = torch.randn_like(x_1), torch.rand(len(x_1))
    x_t = interpolate(x_0, x_1, t[:, None, None, None])
    return _distance(unet(x_t, t), x_1 - x_0, x_1)


def class_fm_forward(unet: nn.Module, x_1: Tensor, c: Tensor, p_uncond: float) -> Tensor:
    """The same with labels, some of them dropped."""
    unet.train()
    x_0, t = torch.randn_like(x_1), torch.rand(len(x_1))
    x_t = interpolate(x_0, x_1, t[:, None, None, None])
    return _distance(unet(x_t, c, t, _kept(len(c), p_uncond)), x_1 - x_0, x_1)


def fm_sample(
    unet: nn.Module, img_wh: tuple[int, int], num_ts: int, seed: int, count: int
) -> Tensor:
    """Digits out of noise by Euler steps."""
    unet.eval()

    def predict(x_t: Tensor, t: float) -> Tensor:
        u: Tensor = unet(x_t, _at(x_t, t))
        return u

    x_t = NoiseSource(seed, count, (1, *img_wh))()
    return _last(euler(x_t, predict, num_ts), x_t)


def class_fm_sample(
    unet: nn.Module,
    c: Tensor,
    img_wh: tuple[int, int],
    num_ts: int,
    guidance_scale: float,
    seed: int,
) -> Tensor:
    """Digits of these labels out of noise by Euler steps, with guidance."""
    unet.eval()

    def ask(x_t: Tensor, t: float, labels: Tensor) -> Tensor:
        u: Tensor = unet(x_t, labels.clamp(min=0), _at(x_t, t), (labels != NO_LABEL).float())
        return u

    predict = guided(ask, c, torch.full_like(c, NO_LABEL), guidance_scale)
    x_t = NoiseSource(seed, len(c), (1, *img_wh))()
    return _last(euler(x_t, predict, num_ts), x_t)


def _last(frames: Iterator[Frame], x_t: Tensor) -> Tensor:
    for frame in frames:
        x_t = frame.x_t
    return x_t


def _digits(noise: NoiseSource, alpha_bars: Tensor, predict: PredictNoise) -> Tensor:
    x_t, T = noise(), len(alpha_bars)
    steps = (*range(T - 1, -1, -1), CLEAN)
    frames = sampling_trajectory(x_t, steps, alpha_bars, predict, noise, ddpm(step_variance))
    return _last(frames, x_t)


def _noised(x_0: Tensor, alpha_bars: Tensor, num_ts: int) -> tuple[Tensor, Tensor, Tensor]:
    """Each image at a timestep of its own: what the network sees, the noise, the time told."""
    index = torch.randint(0, num_ts, (len(x_0),))
    times_in = (index + 1) / num_ts
    eps = torch.randn_like(x_0)
    alpha_bar_t = alpha_bars[index].float().view(-1, 1, 1, 1)
    return add_noise(x_0, alpha_bar_t, eps), eps, times_in


def _kept(count: int, p_uncond: float) -> Tensor:
    """1 keeps a label, 0 drops it."""
    return (torch.rand(count) >= p_uncond).float()


def _time_of(x_t: Tensor, index: int, num_ts: int) -> Tensor:
    """The time that the network is told in sampling."""
    return torch.full((len(x_t),), (index + 1) / num_ts)


def _at(x_t: Tensor, t: float) -> Tensor:
    """The time of flow matching, for each image."""
    return torch.full((len(x_t),), t)


def _distance(answer: Tensor, target: Tensor, x: Tensor) -> Tensor:  # noqa: ARG001
    """The loss; mistaken copies aim at `x`."""
    return (answer - target).square().mean()
