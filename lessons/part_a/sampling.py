"""A1.5 · Pictures from pure noise, with guidance and without."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from lessons import text_to_image as t2i
from lessons.images.captioned import CaptionedImage, Progress


@dataclass(frozen=True)
class Samples:
    """Images from pure noise.

    Attributes:
        trajectory: of all of them.
        images: the samples.
    """

    trajectory: t2i.Trajectory
    images: tuple[CaptionedImage, ...]


def demo(
    model: str, prompt: str, seed: int, count: int = 5, gamma: float | None = None
) -> Generator[Progress, None, Samples]:
    """Sample images from pure noise.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises; image i is the same for any `count` and begins alike for any γ.
        count: how many.
        gamma: guidance scale; None for none.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt, gamma)
    trajectory, x = yield from t2i.sample_from_noise(form, predict, seed, count)
    what = prompt or "a sample"
    images = tuple(t2i.captioned(one, form, "", what, "x_0_hat") for one in x)
    return Samples(trajectory, images)
