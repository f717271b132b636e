"""Experiments on the steps themselves: no noise, exact noise, one step, a world of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import clean_estimate, split
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.schedules import CLEAN, spread
from lessons.dynamic_thresholding import limit_of
from lessons.images import sources
from lessons.images.captioned import CaptionedImage
from lessons.images.known_sets import sets
from lessons.part_a.classical_denoising import blurred, noisy
from lessons.part_a.perfect_denoiser import perfect
from lessons.workshop.experiments.comparing import (
    COUNT,
    Compared,
    Result,
    SourceImage,
    compare,
    trace,
)
from models.text_to_image import ModelSpec

STRIDES: Final = (1, 2, 5, 20)
"""Steps in which the one-image world is walked."""


@dataclass(frozen=True)
class Blurred:
    """Pure noise before and after a filter.

    Attributes:
        images: the two; black is −2, white is 2.
        left: standard deviation of the noise afterwards; before it is 1.
    """

    images: tuple[CaptionedImage, CaptionedImage]
    left: float


def blurred_noise(model: str, kernel: int, sigma: float, seed: int) -> Blurred:
    """Filter noise that has nothing under it.

    Args:
        model: name in the catalog; only its size of image counts.
        kernel: pixels that the filter is wide, odd.
        sigma: width of its bell in pixels, > 0.
        seed: of the noise.
    """
    form = t2i.spec(model)
    around_zero = form._replace(low=-2.0, high=2.0)
    eps = t2i.source(form, seed, t2i.LARGEST)()
    smooth = blurred(eps, kernel, sigma)
    edge = kernel // 2  # where the image ends, the filter sees some pixels twice
    left = float((smooth[..., edge:-edge, edge:-edge] / eps.std()).std())
    before, after = (
        t2i.captioned(x[0], around_zero, words, symbol="eps")
        for x, words in ((eps, "the noise"), (smooth, f"filtered: {left:.2f} of it is left"))
    )
    return Blurred((before, after), left)


def no_noise(model: str, source_image: SourceImage, seed: int) -> Compared:
    """ᾱ = 1 in the forward process: the image itself.

    Args:
        model: name in the catalog; only its value range and size of image count.
        source_image: name in the gallery, or pixels.
        seed: of the noise, which gets the weight 0.
    """
    form = t2i.spec(model)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    x_t = add_noise(x_0, torch.ones(1, 1, 1, 1), t2i.source(form, seed, 1)())
    return compare(form, (("the image", x_0), ("ᾱ = 1", x_t)))


def exact_noise(model: str, source_image: SourceImage, seed: int) -> Compared:
    """The one-step estimate, given the very noise that was added at the noisiest timestep.

    Args:
        model: name in the catalog; only its schedule, range and size of image count.
        source_image: name in the gallery, or pixels.
        seed: of the noise.
    """
    form = t2i.spec(model)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    alpha_bar_t = t2i.alpha_bar_of(form, t2i.timesteps_of(form)[0])
    eps = t2i.source(form, seed, 1)()
    estimate = clean_estimate(add_noise(x_0, alpha_bar_t, eps), eps, alpha_bar_t)
    return compare(form, (("the image", x_0), ("the estimate", estimate)))


def single_step(
    model: str, source_image: SourceImage, prompt: str, i_start: int, seed: int
) -> Result:
    """A trajectory of one step, from timestep t to the clean image, beside the estimate in one go.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompt: what the network is told.
        i_start: where among the lesson's 34 timesteps to begin, 0 to 32.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such place, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    t = t2i.timesteps_of(form, i_start)[0]
    x_t = noisy(form, x_0, t, seed)
    eps, _ = split(predict(x_t, t), x_t)
    estimate, limit = clean_estimate(x_t, eps, form.alpha_bars[t]), limit_of(form)
    estimate = estimate if limit is None else limit(estimate)
    _, x = yield from t2i.sample_steps(form, predict, x_t, (t, CLEAN), t2i.source(form, seed, 1))
    return compare(form, (("one estimate", estimate), ("a trajectory of one step", x)))


def silent_steps(model: str, prompt: str, seed: int) -> Result:
    """Samples as they are, and with no noise added between the steps.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises that the trajectories begin with.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    timesteps = t2i.timesteps_of(form)
    steps = len(timesteps) - 1
    loud = yield from trace(form, predict, seed, timesteps, None, 0, 2 * steps)
    noise = t2i.source(form, seed, COUNT)
    path = t2i.sample_steps(form, predict, noise(), timesteps, Silent(form))
    _, silent = yield from t2i.part(path, steps, 2 * steps, "without noise")
    return compare(form, (("noise at every step", loud), ("none", silent)))


def one_image_world(model: str, seed: int) -> Result:
    """Where only one image exists, every right sampler finds it, in however many steps.

    Args:
        model: name in the catalog; only its schedule and its size of image count.
        seed: of the noises.

    Yields:
        Progress after each step.
    """
    form = t2i.spec(model)
    known, _ = sets(form, 1)
    predict, done = perfect(known, form.alpha_bars), 0
    noisiest = t2i.timesteps_of(form)[0]  # beyond it √ᾱ is so small that rounding can be seen
    sides = [("the only image", known.expand(COUNT, *form.shape))]
    for steps in STRIDES:
        timesteps = (*spread(noisiest + 1, steps), CLEAN)
        x = yield from trace(form, predict, seed, timesteps, None, done, sum(STRIDES))
        done += steps
        sides.append((f"{steps} step{'s' if steps > 1 else ''}", x))
    return compare(form, sides)


class Silent(NoiseSource):
    """No noise at all."""

    def __init__(self, form: ModelSpec) -> None:
        super().__init__(0, COUNT, form.shape)

    def __call__(self) -> Tensor:
        return torch.zeros(COUNT, *self.shape)
