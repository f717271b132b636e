"""Inpainting: new content where the mask says so, the source image everywhere else."""

from __future__ import annotations

from torch import Tensor

from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import Noise
from lessons.diffusion.samplers import AfterStep
from lessons.diffusion.schedules import CLEAN


def keep_outside(x_s: Tensor, noisy_source: Tensor, mask: Tensor) -> Tensor:
    r"""Outside the mask, put the source image back, at the noise level just reached.

    $$
    x_s \leftarrow m \, x_s + (1 - m) \, \mathrm{forward}(x_\text{orig}, s)
    $$

    $m$ is 1 where content is new, $s$ the timestep just reached. Pasting the clean source image, or
    one as noisy as before the step, would show the network parts that don't belong together.

    Source: Lugmayr et al. 2022 (arXiv:2201.09865), eq. 8; there m marks what is kept.

    Args:
        x_s: what the step reached, (B, C, H, W).
        noisy_source: the source image under the noise of s, shape of `x_s`.
        mask: m, 1 where content is new, 0 where it stays, (1, 1, H, W).
    """
    return mask * x_s + (1 - mask) * noisy_source


def keeping_source(source: Tensor, mask: Tensor, alpha_bars: Tensor, noise: Noise) -> AfterStep:
    """What inpainting does after every step, as a hook for the sampling loop.

    Args:
        source: x_orig, the source image, (1, C, H, W).
        mask: 1 where content is new, (1, 1, H, W).
        alpha_bars: the schedule, (T,), float64.
        noise: for the source image, apart from the noise of the steps.
    """

    def after(x_s: Tensor, s: int) -> Tensor:
        eps = noise()
        kept = source.expand_as(eps)
        if s != CLEAN:
            kept = add_noise(kept, alpha_bars[s].float(), eps)
        return keep_outside(x_s, kept, mask)

    return after
