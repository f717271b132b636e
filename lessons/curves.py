"""Loss curves: smoothing, and the course's own curves to compare with."""

from __future__ import annotations

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
        """The beginning of the curve, three points at least: a short run is seen beside it."""
        count = max(3, sum(seen <= images for seen in self.images))
        return CourseCurve(self.name, self.images[:count], self.losses[:count])


# Digitised from the figures of the public assignment (CS 180, part B); batches of 256.
DENOISER: Final = CourseCurve(
    "the course's own run (D = 128)",
    tuple(256 * step for step in (50, 100, 200, 400, 800, 1116)),
    (0.0202, 0.0152, 0.0129, 0.0108, 0.0092, 0.0084),
)

# Batches of 256.
_DDPM_IMAGES: Final = tuple(256 * step for step in (100, 400, 1000, 2000, 3000, 4450))
DDPM: Final = CourseCurve(
    "the course's own run (D = 64)", _DDPM_IMAGES, (0.062, 0.043, 0.037, 0.031, 0.029, 0.0299)
)
CLASS_DDPM: Final = CourseCurve(
    "the course's own run (D = 64)", _DDPM_IMAGES, (0.072, 0.047, 0.036, 0.034, 0.031, 0.0302)
)

# Batches of 64.
_FLOW_IMAGES: Final = tuple(64 * step for step in (200, 1000, 2000, 5000, 10_000))
FLOW: Final = CourseCurve(
    "the course's own run (D = 64)", _FLOW_IMAGES, (0.171, 0.133, 0.112, 0.100, 0.088)
)
CLASS_FLOW: Final = CourseCurve(
    "the course's own run (D = 64)", _FLOW_IMAGES, (0.176, 0.128, 0.106, 0.089, 0.086)
)


def smooth(losses: Sequence[float], weight: float) -> list[float]:
    r"""Follow the trend of a noisy curve.

    $$
    m_k = w \, m_{k-1} + (1 - w) \, L_k, \qquad \hat L_k = \frac{m_k}{1 - w^k}
    $$

    The division keeps the first values from being drawn towards zero.

    Source: Kingma and Ba 2015 (arXiv:1412.6980), section 3.

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
        mean = weight * mean + (1 - weight) * value
        smoothed.append(mean / (1 - weight**k))
    return smoothed
