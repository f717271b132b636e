"""Loss curves: smoothing, and the course's own curves to compare with."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class CourseCurve:
    """A curve read off the course's own figure, at equal images seen.

    Attributes:
        name: what it is, for the legend.
        images: images seen.
        losses: per-batch training loss there.
    """

    name: str
    images: tuple[int, ...]
    losses: tuple[float, ...]

    def up_to(self, images: float) -> CourseCurve:
        """The curve's beginning, to this many images and no further; it may be empty."""
        seen, losses = cut(self.images, self.losses, images)
        return CourseCurve(self.name, tuple(map(round, seen)), tuple(losses))


# Digitised from the figures of the public assignment (CS 180, part B).
DENOISER: Final = CourseCurve(
    "the course's own run (D = 128, batches of 256)",
    tuple(256 * step for step in (50, 100, 200, 400, 800, 1116)),
    (0.0202, 0.0152, 0.0129, 0.0108, 0.0092, 0.0084),
)

_DDPM_IMAGES: Final = tuple(256 * step for step in (100, 400, 1000, 2000, 3000, 4450))
_DDPM_NAME: Final = "the course's own run (D = 64, batches of 256)"
DDPM: Final = CourseCurve(_DDPM_NAME, _DDPM_IMAGES, (0.062, 0.043, 0.037, 0.031, 0.029, 0.0299))
CLASS_DDPM: Final = CourseCurve(
    _DDPM_NAME, _DDPM_IMAGES, (0.072, 0.047, 0.036, 0.034, 0.031, 0.0302)
)

# The last point is the mean of the last tenth of 18,760 steps, drawn at its middle.
_FLOW_IMAGES: Final = tuple(64 * step for step in (200, 1000, 2000, 5000, 10_000, 17_822))
_FLOW_NAME: Final = "the course's own run (D = 64, batches of 64)"
FLOW: Final = CourseCurve(_FLOW_NAME, _FLOW_IMAGES, (0.171, 0.133, 0.112, 0.100, 0.088, 0.0851))
CLASS_FLOW: Final = CourseCurve(
    _FLOW_NAME, _FLOW_IMAGES, (0.176, 0.128, 0.106, 0.089, 0.086, 0.0837)
)


def cut(
    x: Sequence[float], y: Sequence[float], end: float
) -> tuple[Sequence[float], Sequence[float]]:
    """The part of a curve up to `end`, its last point put there on the straight line.

    Args:
        x: rising.
        y: as many.
        end: where to cut; behind the last point nothing is cut, before the first nothing is left.
    """
    count = bisect.bisect_right(x, end)
    if count in (0, len(x)) or x[count - 1] == end:
        return x[:count], y[:count]
    share = (end - x[count - 1]) / (x[count] - x[count - 1])
    there = y[count - 1] + share * (y[count] - y[count - 1])
    return (*x[:count], end), (*y[:count], there)


def smooth(losses: Sequence[float], weight: float) -> list[float]:
    r"""Follow the trend of a noisy curve.

    $$
    m_k = w_k \, m_{k-1} + (1 - w_k) \, L_k, \qquad w_k = \min\left(w, \frac{k - 1}{k + 8}\right)
    $$

    An average over many steps lags where a loss falls steeply, as it does at the start: with a
    constant $w$ it is drawn above all of its recent values. So a young average is one over few
    steps, and its memory grows with the number of steps, up to $w$.

    Source: the decay of `tf.train.ExponentialMovingAverage` with `num_updates`, which is
    $\min(w, (1 + n) / (10 + n))$ after $n$ updates; here $n = k - 2$.

    Args:
        losses: one value a step.
        weight: w in [0, 1): 0 changes nothing.

    Returns:
        As many values.

    Raises:
        ValueError: `weight` is outside [0, 1).
    """
    if not 0 <= weight < 1:
        raise ValueError(f"the weight must be in [0, 1), not {weight}")
    smoothed, mean = [], 0.0
    for k, value in enumerate(losses, start=1):
        own = min(weight, (k - 1) / (k + 8))
        mean = own * mean + (1 - own) * value
        smoothed.append(mean)
    return smoothed
