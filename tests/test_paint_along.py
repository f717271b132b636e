"""Paint along: a few steps from a drawing, the same for the same strokes, all in one call."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from lessons.beyond import paint_along as lesson
from lessons.diffusion.schedules import CLEAN
from models import catalog
from models.catalog import finish

DIGIT = {"model": "digits", "prompt": "a handwritten 3", "gamma": 4.0, "seed": 276}


def apart(one: lesson.Painted, other: lesson.Painted) -> list[float]:
    return [
        float(np.abs(a.pixels.astype(int) - b.pixels).mean())
        for a, b in zip(one.images, other.images, strict=True)
    ]


def test_every_step_asks_the_network_once_and_the_last_one_ends_at_a_clean_image() -> None:
    assert lesson.few_timesteps(600, 6) == (600, 500, 400, 300, 200, 100, CLEAN)
    for t in (30, 99, 299, 999):
        for steps in lesson.STEPS:
            times = lesson.few_timesteps(t, steps)
            assert len(times) == steps + 1
            assert times[0] == t
            assert all(a > b for a, b in pairwise(times))
    with pytest.raises(ValueError, match="between 1 and"):
        lesson.few_timesteps(3, 6)


@pytest.mark.parametrize(
    ("gamma", "half", "images"),
    [(4.0, False, [8] * 6), (4.0, True, [8, 8, 8, 4, 4, 4]), (1.0, False, [4] * 6)],
)
def test_all_images_and_both_predictions_are_one_call(
    gamma: float, half: bool, images: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    net, calls = catalog.load("digits"), list[tuple[int, int]]()
    real = type(net).predict

    def counted(_self: object, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        calls.append((len(x_t), t))
        return real(net, x_t, t, embeddings)

    monkeypatch.setattr(type(net), "predict", counted)
    found = finish(lesson.demo(**{**DIGIT, "gamma": gamma}, t=180, steps=6, guided_half=half))
    assert calls == list(zip(images, found.times, strict=True))
    assert len(found.times) == 6


def test_gamma_of_one_gives_what_guidance_of_one_gives() -> None:
    net = catalog.load("digits")
    x_t = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    alone = lesson.predictor(net, "5", 1.0)(x_t, 100)
    nearly = lesson.predictor(net, "5", 1.0 + 1e-6)(x_t, 100)
    assert (alone - nearly).abs().max() < 1e-4


def test_the_same_strokes_give_the_same_images_and_one_more_stroke_others() -> None:
    drawing = np.full((320, 320, 3), 255, np.uint8)
    drawing[60:260, 150:175] = 0
    one = finish(lesson.demo(**DIGIT, t=120, steps=6, drawing=drawing))
    again = finish(lesson.demo(**DIGIT, t=120, steps=6, drawing=drawing.copy()))
    assert apart(one, again) == [0, 0, 0, 0]
    more = drawing.copy()
    more[60:85, 80:240] = 0
    assert min(apart(one, finish(lesson.demo(**DIGIT, t=120, steps=6, drawing=more)))) > 1
    assert min(apart(one, finish(lesson.demo(**{**DIGIT, "seed": 5}, t=120, steps=6)))) > 1


def test_the_less_noise_the_closer_the_images_stay_to_the_drawing() -> None:
    def distance(t: int) -> float:
        found = finish(lesson.demo(**DIGIT, t=t, steps=6))
        drawn = found.drawn.pixels.astype(int)
        return float(np.mean([np.abs(image.pixels - drawn).mean() for image in found.images]))

    assert distance(40) < distance(150) < distance(290)


def test_every_step_tells_how_far_it_is_and_shows_the_estimates() -> None:
    told = list(lesson.demo(**DIGIT, t=120, steps=8))
    steps = [one for one in told if one.frame is not None]
    assert [one.done for one in steps] == list(range(1, 9))
    assert {one.total for one in steps} == {8}
    assert {len(one.frame or ()) for one in steps} == {4}


def test_what_is_read_under_the_images() -> None:
    found = finish(lesson.demo(**DIGIT, t=120, steps=6))
    captions: Sequence[str] = [image.caption for image in found.images]
    assert captions == ["noise 1", "noise 2", "noise 3", "noise 4"]
    assert found.images[0].alt == "a handwritten 3, from the drawing"
    assert (found.drawn.caption, found.drawn.symbol) == ("the drawing", "x_0")
    assert (found.noisy.caption, found.noisy.symbol) == ("under noise, t = 120", "x_t")


def test_the_example_is_ink_on_white_paper_and_suits_its_model() -> None:
    for channels in (1, 3):
        drawing = lesson.example((channels, 64, 64))
        assert drawing.shape == (320, 320, 3)
        assert drawing[0, 0].tolist() == [255, 255, 255]
        assert (drawing < 255).any()
    assert lesson.prompt_for("digits") == "a handwritten 3"
    assert lesson.prompt_for("pictures") == "a photo of an apple"
