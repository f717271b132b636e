"""A1.4 · One step back is a guess; many small ones make a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor

from models.randomness import stream

CLEAN: Final = -1
"""The timestep after index 0: no noise at all. Index 0 itself is the least noisy picture."""

PredictNoise = Callable[[Tensor, int], Tensor]
"""(x_t, t) → the noise in x_t, (B, C, H, W); (B, 2C, H, W) where a network learnt the variance too.

Guidance, anagrams and hybrids are ways to build one.
"""

Variance = Callable[[Tensor, Tensor], Tensor]
"""(alpha_bar_t, alpha_bar_s) → the variance of the noise that a step adds."""

AfterStep = Callable[[Tensor, int], Tensor]
"""(x_s, s) → what to go on with. Inpainting is one."""

Limit = Callable[[Tensor], Tensor]
"""Guess at the clean picture → the guess brought back into what a picture can be."""


@dataclass(frozen=True)
class Frame:
    """What one step reached.

    Attributes:
        t: the timestep reached; CLEAN after the last.
        x_t: the pictures there, (B, C, H, W); not clamped.
        x_0: the guess at the clean pictures that the step was made from, shape of `x_t`.
    """

    t: int
    x_t: Tensor
    x_0: Tensor


def clean_estimate(x_t: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Take the predicted noise away, and guess the clean picture in one go.

    $$
    \hat x_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\, \epsilon}{\sqrt{\bar\alpha_t}}
    $$

    It is the forward process solved for the clean picture. Far from it, the division makes every
    mistake large.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 15.

    Args:
        x_t: noisy pictures, (B, C, H, W).
        eps: the noise in them, shape of `x_t`.
        alpha_bar_t: share of signal power left, in (0, 1], float64.

    Returns:
        Guesses, shape of `x_t`; not clamped.
    """
    noise = (1 - alpha_bar_t).sqrt() * eps
    return (x_t - noise) / alpha_bar_t.sqrt()


def posterior_mean(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""Go from timestep $t$ to a less noisy $s$: a little of the guess, much of what is there.

    $$
    \mu = \frac{\sqrt{\bar\alpha_s}\,\beta}{1 - \bar\alpha_t}\, x_0
        + \frac{\sqrt{\alpha}\,(1 - \bar\alpha_s)}{1 - \bar\alpha_t}\, x_t
    $$

    $$
    \alpha = \frac{\bar\alpha_t}{\bar\alpha_s}, \qquad \beta = 1 - \alpha
    $$

    The step may be as long as you like: α and β belong to the step from $t$ to $s$, not to the
    schedule's own small steps.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 7.

    Args:
        x_t: pictures at timestep t, (B, C, H, W).
        x_0: guess at the clean pictures, shape of `x_t`.
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s, larger; 1 if s is clean.

    Returns:
        The mean of the pictures at s, shape of `x_t`.
    """
    alpha = alpha_bar_t / alpha_bar_s
    beta = 1 - alpha
    towards_guess = alpha_bar_s.sqrt() * beta / (1 - alpha_bar_t)
    from_here = alpha.sqrt() * (1 - alpha_bar_s) / (1 - alpha_bar_t)
    return towards_guess * x_0 + from_here * x_t


def posterior_variance(alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""How uncertain the step leaves the picture, if the guess at the clean one were right.

    $$
    \tilde\beta = \frac{1 - \bar\alpha_s}{1 - \bar\alpha_t} \, \beta
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 7.

    Args:
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s.

    Returns:
        The variance; 0 if s is clean.
    """
    beta = 1 - alpha_bar_t / alpha_bar_s
    return (1 - alpha_bar_s) / (1 - alpha_bar_t) * beta


def step_variance(alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""The other common choice: as much noise as the forward step from $s$ to $t$ adds.

    $$
    \sigma^2 = \beta = 1 - \frac{\bar\alpha_t}{\bar\alpha_s}
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), section 3.2.

    Args:
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s.
    """
    return 1 - alpha_bar_t / alpha_bar_s


def learned_variance(between: Tensor, alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""Let the network choose, pixel by pixel, between the two variances.

    $$
    \log \sigma^2 = u \log \beta + (1 - u) \log \tilde\beta, \qquad u = \frac{v + 1}{2}
    $$

    Both bounds belong to the step from $t$ to $s$, however long it is.

    Source: Nichol and Dhariwal 2021 (arXiv:2102.09672), eq. 15.

    Args:
        between: v, what the network says, (B, C, H, W); −1 is the lower bound, 1 the upper.
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s; not clean, for there the lower bound is 0.

    Returns:
        A variance for each pixel, shape of `between`.
    """
    upper = step_variance(alpha_bar_t, alpha_bar_s).log()
    lower = posterior_variance(alpha_bar_t, alpha_bar_s).log()
    u = (between + 1) / 2
    return (u * upper + (1 - u) * lower).exp()


def denoise(
    x_t: Tensor,
    timesteps: Sequence[int],
    alpha_bars: Tensor,
    predict_noise: PredictNoise,
    noise: Callable[[], Tensor],
    variance: Variance = posterior_variance,
    limit: Limit = lambda x_0: x_0,
    after: AfterStep = lambda x_s, _s: x_s,
) -> Iterator[Frame]:
    """Walk from the first timestep to the last, and yield every step. The only loop there is.

    Args:
        x_t: pictures at the first timestep, (B, C, H, W).
        timesteps: falling indices into `alpha_bars`, at least two; the last may be CLEAN.
        alpha_bars: share of signal power left by timestep, (T,), float64.
        predict_noise: (x_t, t) → the noise in x_t, and perhaps the variance.
        noise: draws unit Gaussian noise in the shape of `x_t`; not asked on the last step.
        variance: of the noise that a step adds, where the network doesn't say it.
        limit: keeps the guesses inside what a picture can be; by default they are left alone.
        after: has the last word on what each step reached.

    Yields:
        A `Frame` a step.

    Raises:
        ValueError: the timesteps don't fall, or leave the schedule.
    """
    _check(timesteps, len(alpha_bars))
    for t, s in pairwise(timesteps):
        alpha_bar_t, alpha_bar_s = signal_left(alpha_bars, t), signal_left(alpha_bars, s)
        eps, between = split(predict_noise(x_t, t), x_t)
        x_0 = limit(clean_estimate(x_t, eps, alpha_bar_t))
        x_t = posterior_mean(x_t, x_0, alpha_bar_t, alpha_bar_s)
        if s != timesteps[-1]:
            sigma_2 = (
                variance(alpha_bar_t, alpha_bar_s)
                if between is None
                else learned_variance(between, alpha_bar_t, alpha_bar_s)
            )
            x_t = x_t + sigma_2.sqrt() * noise()
        x_t = after(x_t, s)
        yield Frame(t=s, x_t=x_t, x_0=x_0)


def signal_left(alpha_bars: Tensor, t: int) -> Tensor:
    """Look up ᾱ_t; a clean picture has all its signal, and -1 must not wrap around."""
    return torch.ones((), dtype=alpha_bars.dtype) if t == CLEAN else alpha_bars[t]


def split(prediction: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor | None]:
    """Part what a network predicts into the noise and, if it is there, the variance.

    Args:
        prediction: (B, C, H, W) or (B, 2C, H, W).
        x_t: what it was predicted from, (B, C, H, W).

    Raises:
        ValueError: it has another number of channels.
    """
    channels = x_t.shape[1]
    if prediction.shape[1] == channels:
        return prediction, None
    if prediction.shape[1] != 2 * channels:
        raise ValueError(f"{prediction.shape[1]} channels predicted for pictures of {channels}")
    eps, between = prediction.chunk(2, dim=1)
    return eps, between


def joined(eps: Tensor, between: Tensor | None) -> Tensor:
    """Undo `split`."""
    return eps if between is None else torch.cat([eps, between], dim=1)


def strided(first: int, stride: int) -> tuple[int, ...]:
    """Timesteps from `first` down to 0, e.g. 990, 960, …, 0."""
    return tuple(range(first, -1, -stride))


def course_timesteps(num_ts: int) -> tuple[int, ...]:
    """The lesson's 34 timesteps: 990, 960, …, 0 of 1000, and as evenly spread in other schedules.

    Raises:
        ValueError: the schedule has fewer than 34 timesteps.
    """
    if num_ts < 34:
        raise ValueError(f"34 timesteps don't fit into {num_ts}")
    stride = (num_ts - 1) // 33
    return strided(33 * stride, stride)


def spread(num_ts: int, steps: int) -> tuple[int, ...]:
    """Timesteps from the noisiest to the least noisy, as evenly as whole numbers allow.

    Args:
        num_ts: T, timesteps of the schedule.
        steps: how many, 1 to T; a single one is the noisiest.

    Raises:
        ValueError: there are not so many.
    """
    if not 1 <= steps <= num_ts:
        raise ValueError(f"between 1 and {num_ts} steps, not {steps}")
    return tuple(round((num_ts - 1) * (1 - k / max(steps - 1, 1))) for k in range(steps))


class NoiseSource:
    """A random stream a picture, so that picture i is the same however many there are."""

    def __init__(
        self, seed: int, count: int, shape: tuple[int, ...], purpose: str = "sample"
    ) -> None:
        """Open `count` streams of one purpose for pictures of `shape` (C, H, W)."""
        self.shape = shape
        self.streams = [stream(seed, purpose, i) for i in range(count)]

    def __call__(self) -> Tensor:
        """Draw the next unit Gaussian noise, (count, C, H, W)."""
        return torch.stack([torch.randn(self.shape, generator=one) for one in self.streams])


def _check(timesteps: Sequence[int], length: int) -> None:
    falls = all(t > s for t, s in pairwise(timesteps))
    if len(timesteps) < 2 or not falls or timesteps[0] >= length or timesteps[-1] < CLEAN:
        raise ValueError(f"timesteps must fall inside {length - 1} … {CLEAN}: {timesteps}")
