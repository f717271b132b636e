"""A1.8 · Visual anagrams: one image that changes its subject under a view."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from lessons import text_to_image as t2i
from lessons.diffusion.anagrams import NEGATIVE, VIEWS, anagram
from lessons.images.captioned import CaptionedImage, Progress


@dataclass(frozen=True)
class Anagrams:
    """Several samples of one anagram.

    Attributes:
        trajectory: of all of them.
        prompt_1: the finished images.
        viewed: the same images after the view.
    """

    trajectory: t2i.Trajectory
    prompt_1: tuple[CaptionedImage, ...]
    viewed: tuple[CaptionedImage, ...]


def views_for(model: str) -> tuple[str, ...]:
    """The views that suit a model; a negative needs black and white to lie around 0.

    Raises:
        ValueError: there is no such model.
    """
    form = t2i.spec(model)
    symmetric = form.low == -form.high
    return tuple(name for name in VIEWS if symmetric or name != NEGATIVE.name)


def demo(
    model: str, first: str, second: str, view: str, gamma: float, count: int, seed: int
) -> Generator[Progress, None, Anagrams]:
    """Sample several anagrams from different noises.

    Args:
        model: name in the catalog.
        first: prompt 1, for the image itself.
        second: prompt 2, for the image after the view.
        view: a key of VIEWS.
        gamma: guidance scale of both.
        count: how many, 1 to 6.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt, or there is no such view.
    """
    net = yield from t2i.loading(model)
    if view not in views_for(model):
        raise ValueError(f"The views here are {', '.join(views_for(model))}, not {view[:20]!r}.")
    look = VIEWS[view]
    predict = anagram(
        t2i.make_predictor(net, first, gamma), t2i.make_predictor(net, second, gamma), look
    )
    trajectory, x = yield from t2i.sample_from_noise(net.spec, predict, seed, count)
    return Anagrams(
        trajectory,
        tuple(t2i.captioned(one, net.spec, "", first, "x_0_hat") for one in x),
        tuple(t2i.captioned(one, net.spec, "", second, "x_0_hat") for one in look.see(x)),
    )
