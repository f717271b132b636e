"""A1.7.2 · Inpainting: new content where the mask says so, the old picture everywhere else."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons import originals
from lessons import text_to_image as t2i
from lessons.forward_process import add_noise
from lessons.iterative_denoising import CLEAN, AfterStep, NoiseSource
from lessons.picture import Picture, Progress


def keep_outside(x_s: Tensor, noisy_original: Tensor, mask: Tensor) -> Tensor:
    r"""Keep what the mask does not free, as noisy as the picture is now.

    $$
    x_{t'} \leftarrow m \, x_{t'} + (1 - m) \, \mathrm{forward}(x_\text{orig}, t')
    $$

    $t'$ is the timestep just reached. Pasting the clean original, or one as noisy as before the
    step, would show the network a picture whose parts don't belong together.

    Source: Lugmayr et al. 2022 (arXiv:2201.09865), eq. 8; there m marks what is kept.

    Args:
        x_s: what the step reached, (B, C, H, W).
        noisy_original: the original under the noise of t', shape of `x_s`.
        mask: m, 1 where content is new, 0 where it stays, (1, 1, H, W).
    """
    return mask * x_s + (1 - mask) * noisy_original


def keeping_original(
    original: Tensor, mask: Tensor, alpha_bars: Tensor, noise: NoiseSource
) -> AfterStep:
    """What inpainting does after every step, as a hook for the sampling loop.

    Args:
        original: x_orig, (1, C, H, W).
        mask: 1 where content is new, (1, 1, H, W).
        alpha_bars: the schedule, (T,), float64.
        noise: for the original, apart from the noise of the steps.
    """

    def after(x_s: Tensor, s: int) -> Tensor:
        eps = noise()
        kept = original.expand_as(eps)
        if s != CLEAN:
            kept = add_noise(kept, alpha_bars[s].float(), eps)
        return keep_outside(x_s, kept, mask)

    return after


@dataclass(frozen=True)
class Inpainted:
    """A picture with new content.

    Attributes:
        original: as it was, at the model's size.
        mask: strictly black and white; white is new.
        freed: the original with the hole in it.
        film: the making of the results.
        results: several tries.
    """

    original: Picture
    mask: Picture
    freed: Picture
    film: t2i.Film
    results: tuple[Picture, ...]


def demo(
    model: str,
    original: str | NDArray[np.uint8],
    mask: NDArray[np.uint8],
    prompt: str,
    gamma: float,
    count: int,
    seed: int,
) -> Generator[Progress, None, Inpainted]:
    """Fill the white part of a mask, several times from different noises.

    Args:
        model: name in the catalog.
        original: name in the gallery, or pixels.
        mask: (H, W) at the model's size, 1 where content is new, else 0.
        prompt: what to put there.
        gamma: guidance strength.
        count: how many tries, 1 to 6.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the mask has another size or other values, or frees nothing; or the model can't
            take the prompt.
    """
    net = yield from t2i.loading(model)
    form = net.outline
    x_orig = originals.load(original, form.shape, form.low, form.high)
    m = _mask(mask, form.shape)
    predict = t2i.told(net, prompt, gamma)
    noise, other = t2i.source(form, seed, count), t2i.source(form, seed, count, "kept")
    timesteps, start = t2i.timesteps_of(form), noise()
    hook = keeping_original(x_orig, m, form.alpha_bars, other)
    film, x = yield from t2i.making(form, predict, start, timesteps, noise, hook)
    grey = (form.low + form.high) / 2
    alt = "the original with its masked part made anew" + (f": {prompt}" if prompt else "")
    return Inpainted(
        t2i.picture(x_orig[0], form, "the original", "the original picture", "x_0"),
        Picture(mask * np.uint8(255), "the mask: white is new", "the mask"),
        t2i.picture(
            keep_outside(torch.full_like(x_orig, grey), x_orig, m)[0],
            form,
            "what stays",
            "the original with the masked part grey",
        ),
        film,
        tuple(t2i.picture(one, form, "", alt, "x_0_hat") for one in x),
    )


def _mask(mask: NDArray[np.uint8], shape: tuple[int, int, int]) -> Tensor:
    if mask.shape != shape[1:] or not np.isin(mask, (0, 1)).all():
        raise ValueError(f"The mask must be {shape[1]}×{shape[2]}, black and white.")
    if not mask.any():
        raise ValueError("The mask is empty: nothing would be new.")
    return torch.from_numpy(mask.astype(np.float32))[None, None]
