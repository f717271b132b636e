"""Experiments on pictures that are mixed: two masks, and prompts that meet themselves."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons import originals
from lessons import text_to_image as t2i
from lessons.hybrid_images import hybrid, scaled
from lessons.inpainting import keeping_original
from lessons.iterative_denoising import CLEAN, NoiseSource
from lessons.sanity.comparing import COUNT, Original, Result, compare, walk, walked
from lessons.visual_anagrams import VIEWS, View, anagram
from models.text_to_image import Outline


def inpainting_of(
    model: str, original: Original, everything: bool, prompt: str, gamma: float, seed: int
) -> Result:
    """The two trivial masks: m = 1 everywhere is plain sampling, m = 0 is the original.

    Unlike in the lesson the walk ends one step further, at no noise at all: at t = 0 the kept part
    has still a trace of it.

    Args:
        model: name in the catalog.
        original: name in the gallery, or pixels.
        everything: True for m = 1, False for m = 0.
        prompt: what to put there.
        gamma: guidance strength.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt, gamma)
    x_orig = originals.load(original, form.shape, form.low, form.high)
    mask = torch.full((1, 1, *form.shape[1:]), float(everything))
    kept = keeping_original(x_orig, mask, form.alpha_bars, t2i.source(form, seed, COUNT, "kept"))
    timesteps = (*t2i.timesteps_of(form), CLEAN)
    total = (len(timesteps) - 1) * (2 if everything else 1)
    x = yield from walk(form, predict, seed, timesteps, kept, 0, total)
    if not everything:
        return compare(form, (("the original", x_orig.expand_as(x)), ("m = 0", x)))
    plain = yield from walk(form, predict, seed, timesteps, None, len(timesteps) - 1, total)
    return compare(form, (("plain sampling", plain), ("m = 1", x)))


def anagram_with_itself(model: str, prompt: str, gamma: float, seed: int) -> Result:
    """An anagram of a prompt with itself through a view that changes nothing.

    Args:
        model: name in the catalog.
        prompt: both of its prompts.
        gamma: guidance strength.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    plain = t2i.told(net, prompt, gamma)
    sides = (("plain sampling", plain), ("p₁ = p₂", anagram(plain, plain, View())))
    return (yield from walked(net, sides, seed))


def anagram_exchanged(
    model: str, first: str, second: str, view: str, gamma: float, seed: int
) -> Result:
    """An anagram as the view sees it, beside one with the prompts exchanged and all noise turned.

    Args:
        model: name in the catalog.
        first: what it is upright.
        second: what it is through the view.
        view: a key of VIEWS.
        gamma: guidance strength of both.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt, or there is no such view.
    """
    net = yield from t2i.loading(model)
    if view not in VIEWS:
        raise ValueError(f"The views here are {', '.join(VIEWS)}, not {view[:20]!r}.")
    form, look = net.outline, VIEWS[view]
    one, other = t2i.told(net, first, gamma), t2i.told(net, second, gamma)
    timesteps = t2i.timesteps_of(form)
    steps = len(timesteps) - 1
    upright = anagram(one, other, look)
    x = yield from walk(form, upright, seed, timesteps, None, 0, 2 * steps)
    exchanged = anagram(other, one, Backwards(look))
    noise = Turned(look, seed, form)
    path = t2i.making(form, exchanged, noise(), timesteps, noise)
    _, y = yield from t2i.part(path, steps, 2 * steps, "with all noise turned")
    return compare(form, (("turned afterwards", look.see(x)), ("turned from the start", y)))


def hybrid_with_itself(model: str, prompt: str, strength: float, gamma: float, seed: int) -> Result:
    """A hybrid of a prompt with itself.

    Args:
        model: name in the catalog.
        prompt: what it is from far and from near.
        strength: σ at 64 pixels, > 0.
        gamma: guidance strength.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    sigma, kernel = _strong(net.outline, strength)
    plain = t2i.told(net, prompt, gamma)
    sides = (("plain sampling", plain), ("p₁ = p₂", hybrid(plain, plain, sigma, kernel)))
    return (yield from walked(net, sides, seed))


def hybrid_without_blur(model: str, far: str, near: str, gamma: float, seed: int) -> Result:
    """A hybrid whose σ is so small that the low pass lets everything through.

    Args:
        model: name in the catalog.
        far: what it is from far.
        near: what it is from near.
        gamma: guidance strength of both.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    sigma, kernel = _strong(net.outline, 0.05)
    one, other = t2i.told(net, far, gamma), t2i.told(net, near, gamma)
    sides = ((f"“{far}” alone", one), ("σ = 0.05", hybrid(one, other, sigma, kernel)))
    return (yield from walked(net, sides, seed))


class Backwards(View):
    """A view the other way round."""

    def __init__(self, view: View) -> None:
        self.view = view

    def move(self, x: Tensor) -> Tensor:
        """Move the pixels back."""
        return self.view.move_back(x)

    def move_back(self, x: Tensor) -> Tensor:
        """Undo `move`."""
        return self.view.move(x)

    def see(self, x: Tensor) -> Tensor:
        """Undo the view."""
        return self.view.undo(x)

    def undo(self, x: Tensor) -> Tensor:
        """Undo `see`."""
        return self.view.see(x)


class Turned(NoiseSource):
    """The noise of the samples, each draw seen through a view."""

    def __init__(self, view: View, seed: int, form: Outline) -> None:
        super().__init__(seed, COUNT, form.shape)
        self.view = view

    def __call__(self) -> Tensor:
        return self.view.see(super().__call__())


def _strong(form: Outline, strength: float) -> tuple[float, int]:
    """σ in pixels and the kernel, as the hybrids' lesson has them."""
    two, kernel = scaled(form.shape[1])
    return two * strength / 2, kernel
