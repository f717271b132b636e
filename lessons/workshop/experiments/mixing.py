"""Experiments on images that are mixed: two masks, and prompts that meet themselves."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.anagrams import VIEWS, View, anagram
from lessons.diffusion.hybrids import hybrid
from lessons.diffusion.inpainting import keeping_source
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.schedules import CLEAN
from lessons.images import sources
from lessons.part_a.hybrid_images import scaled
from lessons.workshop.experiments.comparing import (
    COUNT,
    Result,
    SourceImage,
    compare,
    sampled_by,
    trace,
)
from models.text_to_image import ModelSpec


def inpainting_of(
    model: str, source_image: SourceImage, everything: bool, prompt: str, gamma: float, seed: int
) -> Result:
    """The two trivial masks: m = 1 everywhere is plain sampling, m = 0 is the source image.

    Unlike in the lesson the trajectory ends one step further, at no noise at all: at t = 0 the kept
    part has still a trace of it.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        everything: True for m = 1, False for m = 0.
        prompt: what to put there.
        gamma: guidance scale.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt, gamma)
    x_orig = sources.load(source_image, form.shape, form.low, form.high)
    mask = torch.full((1, 1, *form.shape[1:]), float(everything))
    kept = keeping_source(x_orig, mask, form.alpha_bars, t2i.source(form, seed, COUNT, "kept"))
    timesteps = (*t2i.timesteps_of(form), CLEAN)
    total = (len(timesteps) - 1) * (2 if everything else 1)
    x = yield from trace(form, predict, seed, timesteps, kept, 0, total)
    if not everything:
        return compare(form, (("the source image", x_orig.expand_as(x)), ("m = 0", x)))
    plain = yield from trace(form, predict, seed, timesteps, None, len(timesteps) - 1, total)
    return compare(form, (("plain sampling", plain), ("m = 1", x)))


def anagram_with_itself(model: str, prompt: str, gamma: float, seed: int) -> Result:
    """An anagram of a prompt with itself through a view that changes nothing.

    Args:
        model: name in the catalog.
        prompt: both of its prompts.
        gamma: guidance scale.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    plain = t2i.make_predictor(net, prompt, gamma)
    sides = (("plain sampling", plain), ("p₁ = p₂", anagram(plain, plain, View())))
    return (yield from sampled_by(net, sides, seed))


def anagram_exchanged(
    model: str, first: str, second: str, view: str, gamma: float, seed: int
) -> Result:
    """An anagram as the view sees it, beside one with the prompts exchanged and all noise turned.

    Args:
        model: name in the catalog.
        first: what it is upright.
        second: what it is through the view.
        view: a key of VIEWS.
        gamma: guidance scale of both.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt, or there is no such view.
    """
    net = yield from t2i.loading(model)
    if view not in VIEWS:
        raise ValueError(f"The views here are {', '.join(VIEWS)}, not {view[:20]!r}.")
    form, look = net.spec, VIEWS[view]
    one, other = t2i.make_predictor(net, first, gamma), t2i.make_predictor(net, second, gamma)
    timesteps = t2i.timesteps_of(form)
    steps = len(timesteps) - 1
    prompt_1 = anagram(one, other, look)
    x = yield from trace(form, prompt_1, seed, timesteps, None, 0, 2 * steps)
    backwards = View("", look.move_back, look.move, look.sign)
    exchanged = anagram(other, one, backwards)
    noise = Turned(look, seed, form)
    path = t2i.sample_steps(form, exchanged, noise(), timesteps, noise)
    _, y = yield from t2i.part(path, steps, 2 * steps, "with all noise turned")
    return compare(form, (("turned afterwards", look.see(x)), ("turned from the start", y)))


def hybrid_with_itself(model: str, prompt: str, sigma_64: float, gamma: float, seed: int) -> Result:
    """A hybrid of a prompt with itself.

    Args:
        model: name in the catalog.
        prompt: what it is from far and from near.
        sigma_64: σ at 64 pixels, > 0.
        gamma: guidance scale.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    sigma, kernel = _strong(net.spec, sigma_64)
    plain = t2i.make_predictor(net, prompt, gamma)
    sides = (("plain sampling", plain), ("p₁ = p₂", hybrid(plain, plain, sigma, kernel)))
    return (yield from sampled_by(net, sides, seed))


def hybrid_without_blur(
    model: str, low_frequency: str, high_frequency: str, gamma: float, seed: int
) -> Result:
    """A hybrid whose σ is so small that the low pass lets everything through.

    Args:
        model: name in the catalog.
        low_frequency: what it is from far.
        high_frequency: what it is from near.
        gamma: guidance scale of both.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    sigma, kernel = _strong(net.spec, 0.05)
    one, other = (
        t2i.make_predictor(net, low_frequency, gamma),
        t2i.make_predictor(net, high_frequency, gamma),
    )
    sides = ((f"“{low_frequency}” alone", one), ("σ = 0.05", hybrid(one, other, sigma, kernel)))
    return (yield from sampled_by(net, sides, seed))


class Turned(NoiseSource):
    """The noise of the samples, each draw seen through a view."""

    def __init__(self, view: View, seed: int, form: ModelSpec) -> None:
        super().__init__(seed, COUNT, form.shape)
        self.view = view

    def __call__(self) -> Tensor:
        return self.view.see(super().__call__())


def _strong(form: ModelSpec, sigma_64: float) -> tuple[float, int]:
    """σ in pixels and the kernel, as the hybrids' lesson has them."""
    two, kernel = scaled(form.shape[1])
    return two * sigma_64 / 2, kernel
