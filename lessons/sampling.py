"""A1.5 and A1.6 · Pictures from pure noise, with and without guidance."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from lessons import text_to_image as t2i
from lessons.iterative_denoising import CLEAN, strided
from lessons.picture import Picture, Progress

GAMMAS: Final = (0.0, 1.0, 3.0, 7.0, 12.0)
STEPS: Final = (10, 20)


@dataclass(frozen=True)
class Samples:
    """Pictures from pure noise.

    Attributes:
        film: their making.
        pictures: the finished ones.
        note: what to expect from the prompt, or "".
    """

    film: t2i.Film
    pictures: tuple[Picture, ...]
    note: str


Rows = tuple[tuple[Picture, ...], ...]


def demo(
    model: str, prompt: str, seed: int, count: int = 5, gamma: float | None = None
) -> Generator[Progress, None, Samples]:
    """Make pictures from pure noise.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises; picture i is the same for any `count` and begins alike for any γ.
        count: how many.
        gamma: guidance strength; None for none.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt, gamma)
    film, x = yield from t2i.from_noise(form, predict, seed, count)
    what = prompt or "a sample"
    pictures = tuple(t2i.picture(one, form, "", what, "x_0_hat") for one in x)
    return Samples(film, pictures, net.note(prompt))


def gamma_grid(
    model: str, prompt: str, seed: int, count: int = 5
) -> Generator[Progress, None, Rows]:
    """The same noises at every γ of GAMMAS, a row each.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises, one a column.
        count: columns.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, rows, steps = net.outline, [], len(t2i.timesteps_of(net.outline)) - 1
    for place, gamma in enumerate(GAMMAS):
        making = t2i.from_noise(form, t2i.told(net, prompt, gamma), seed, count)
        words = f"γ = {gamma:g}"
        _, x = yield from t2i.part(making, place * steps, len(GAMMAS) * steps, words)
        alt = f"{prompt or 'a sample'} at {words}"
        rows.append(tuple(t2i.picture(one, form, "", alt, "x_0_hat") for one in x))
    return tuple(rows)


def prompt_grid(
    model: str, prompts: tuple[str, ...], gamma: float, seed: int
) -> Generator[Progress, None, Rows]:
    """One noise, several prompts (columns), few and more steps (rows).

    Args:
        model: name in the catalog.
        prompts: what to make, 1 to 6.
        gamma: guidance strength.
        seed: of the one noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    form, rows, done = net.outline, [], 0
    T, total = len(form.alpha_bars), len(prompts) * sum(STEPS)
    for steps in STEPS:
        row = []
        timesteps = (*strided(T - T // steps, T // steps), CLEAN)
        for place, prompt in enumerate(prompts, start=1):
            noise = t2i.source(form, seed, 1)
            making = t2i.making(form, t2i.told(net, prompt, gamma), noise(), timesteps, noise)
            _, x = yield from t2i.part(making, done, total, f"{steps} steps, prompt {place}")
            done += steps
            row.append(t2i.picture(x[0], form, "", f"{prompt}, {steps} steps", "x_0_hat"))
        rows.append(tuple(row))
    return tuple(rows)
