"""A1.7 · Image to image: drown a picture a little, and let the network find another way back."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lessons import originals
from lessons import text_to_image as t2i
from lessons.forward_process import add_noise
from lessons.picture import Picture, Progress

STARTS: Final = (1, 3, 5, 7, 10, 20)
"""Places among the 34 timesteps: from almost pure noise to a light touch."""


@dataclass(frozen=True)
class Edited:
    """A picture, and new ones made from it at several noise levels.

    Attributes:
        original: at the model's size.
        starts: the noisy pictures that the network began with.
        results: what came out.
        films: the making of each.
        note: what to expect from the prompt, or "".
    """

    original: Picture
    starts: tuple[Picture, ...]
    results: tuple[Picture, ...]
    films: tuple[t2i.Film, ...]
    note: str


def demo(
    model: str,
    original: str | NDArray[np.uint8],
    prompt: str,
    gamma: float,
    seed: int,
    starts: tuple[int, ...] = STARTS,
) -> Generator[Progress, None, Edited]:
    """Edit one picture from several noise levels (SDEdit, Meng et al. 2021, arXiv:2108.01073).

    Args:
        model: name in the catalog.
        original: name in the gallery, or pixels.
        prompt: what the network is told.
        gamma: guidance strength.
        seed: of the noise; the same at all levels.
        starts: places among the lesson's 34 timesteps, 0 to 32, at most 8.

    Yields:
        Progress after each step.

    Raises:
        ValueError: a start is no such place, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt, gamma)
    x_0 = originals.load(original, form.shape, form.low, form.high)
    walks = [t2i.timesteps_of(form, i_start) for i_start in starts[: t2i.LARGEST]]
    done, total = 0, sum(len(timesteps) - 1 for timesteps in walks)
    begun, results, films = [], [], []
    for i_start, timesteps in zip(starts, walks, strict=False):
        noise = t2i.source(form, seed, 1)
        x_t = add_noise(x_0, t2i.level(form, timesteps[0]), noise())
        steps = t2i.making(form, predict, x_t, timesteps, noise)
        film, x = yield from t2i.part(steps, done, total, f"i_start = {i_start}")
        done += len(timesteps) - 1
        line = f"i_start = {i_start}, t = {timesteps[0]}"
        begun.append(t2i.picture(x_t[0], form, line, f"the original under noise: {line}", "x_t"))
        results.append(t2i.picture(x[0], form, line, f"made anew from {line}", "x_0_hat"))
        films.append(film)
    return Edited(
        t2i.picture(x_0[0], form, "the original", "the original picture", "x_0"),
        tuple(begun),
        tuple(results),
        tuple(films),
        net.note(prompt),
    )
