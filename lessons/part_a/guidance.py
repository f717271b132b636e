"""A1.6 · Classifier-free guidance: scales γ, and a negative prompt in place of the empty one."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.guidance import conditional, guided
from lessons.images.captioned import CaptionedImage, Progress
from lessons.part_a.sampling import Samples
from models.text_to_image import TextToImage

GAMMAS: Final = (0.0, 1.0, 3.0, 7.0, 12.0)


def led_away(net: TextToImage, prompt: str, negative: str, gamma: float) -> PredictNoise:
    r"""A negative prompt takes the place of the empty one; the equation stays the same.

    $$
    \hat\epsilon = \epsilon_u + \gamma \, (\epsilon_c - \epsilon_u),
    \qquad \epsilon_u = \epsilon_\theta(x_t, t, \text{negative prompt})
    $$

    For $\gamma > 1$ the prediction moves away from what the negative prompt would give, exactly as
    it moves away from what no prompt gives when the box is empty. The network needs no training for
    it: both are prompts to it.

    Source: Ho and Salimans 2022 (arXiv:2207.12598), eq. 6, the empty prompt replaced as image tools
    do; Liu et al. 2022 (arXiv:2206.01714), eq. 15, give the same difference another derivation.

    Args:
        net: which network.
        prompt: what to make.
        negative: what to lead away from; "" is the empty prompt.
        gamma: guidance scale.

    Raises:
        ValueError: the model can't take a prompt.
    """
    if prompt == negative:  # both predictions are the same, and their difference is zero
        return conditional(net.predict, net.embed([prompt]))
    wanted, unwanted = net.embed([prompt, negative]).chunk(2)
    return guided(net.predict, wanted, unwanted, gamma)


def demo(
    model: str, prompt: str, seed: int, gamma: float, negative: str = "", count: int = 5
) -> Generator[Progress, None, Samples]:
    """Sample images from pure noise with guidance, away from a negative prompt.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises, those of lesson 1.5.
        gamma: guidance scale.
        negative: what to lead away from; "" is the empty prompt.
        count: how many.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    predict = led_away(net, prompt, negative, gamma)
    trajectory, x = yield from t2i.sample_from_noise(net.spec, predict, seed, count)
    what = prompt or "a sample"
    images = tuple(t2i.captioned(one, net.spec, "", what, "x_0_hat") for one in x)
    return Samples(trajectory, images)


def gamma_grid(
    model: str, prompt: str, seed: int, negative: str = "", count: int = 5
) -> Generator[Progress, None, tuple[tuple[CaptionedImage, ...], ...]]:
    """The same noises at every γ of GAMMAS, a row each.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises, one a column.
        negative: what to lead away from; "" is the empty prompt.
        count: columns.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    form, rows, steps = net.spec, [], len(t2i.timesteps_of(net.spec)) - 1
    for place, gamma in enumerate(GAMMAS):
        predict = led_away(net, prompt, negative, gamma)
        sample_steps = t2i.sample_from_noise(form, predict, seed, count)
        words = f"γ = {gamma:g}"
        _, x = yield from t2i.part(sample_steps, place * steps, len(GAMMAS) * steps, words)
        alt = f"{prompt or 'a sample'} at {words}"
        rows.append(tuple(t2i.captioned(one, form, "", alt, "x_0_hat") for one in x))
    return tuple(rows)
