"""Anagrams: every view can be undone, keeps noise noise, and what it shows is turned back."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons.diffusion.anagrams import VIEWS, View, anagram, mean_of_views
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import sampling_trajectory
from lessons.diffusion.schedules import course_timesteps, squaredcos_cap_v2
from lessons.part_a.visual_anagrams import demo, views_for
from models.catalog import finish

ALPHA_BARS = squaredcos_cap_v2().alpha_bars
X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(3))
ALL = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())


def exact(image: Tensor) -> PredictNoise:
    def predict(x_t: Tensor, t: int) -> Tensor:
        return (x_t - ALPHA_BARS[t].sqrt() * image) / (1 - ALPHA_BARS[t]).sqrt()

    return predict


@ALL
def test_undoing_a_view_gives_the_image_back(view: View) -> None:
    assert_close(view.undo(view.see(X)), X, rtol=0, atol=0)
    assert_close(view.see(view.undo(X)), X, rtol=0, atol=0)
    assert_close(view.move_back(view.move(X)), X, rtol=0, atol=0)


@ALL
def test_a_view_changes_the_image(view: View) -> None:
    assert not torch.equal(view.see(X), X)


@ALL
def test_a_view_keeps_unit_noise_what_it_is(view: View) -> None:
    # Only moving pixels and changing signs: then the sorted absolute values are the same.
    seen = view.see(X)
    assert_close(seen.abs().flatten().sort().values, X.abs().flatten().sort().values)
    assert seen.shape == X.shape


@ALL
def test_each_image_of_a_batch_is_seen_by_itself(view: View) -> None:
    assert_close(view.see(X)[1:], view.see(X[1:]))


def test_a_quarter_turn_goes_to_the_left() -> None:
    top_row = torch.zeros(1, 1, 2, 2)
    top_row[..., 0, :] = 1
    assert_close(VIEWS["90°"].see(top_row)[0, 0], torch.tensor([[1.0, 0.0], [1.0, 0.0]]))


def test_quarters_go_round_clockwise() -> None:
    numbers = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    assert_close(VIEWS["quarters"].see(numbers)[0, 0], torch.tensor([[3.0, 1.0], [4.0, 2.0]]))


@ALL
def test_the_noise_seen_through_the_view_is_turned_back(view: View) -> None:
    prompt_1 = torch.zeros_like(X)
    assert_close(mean_of_views(prompt_1, view.see(X), view), X / 2)


@ALL
def test_in_a_world_of_one_image_the_anagram_finds_it(view: View) -> None:
    # Upright the image, through the view the image as the view sees it: they agree.
    image = X[:1].clamp(-1, 1)
    predict = anagram(exact(image), exact(view.see(image)), view)
    noise = NoiseSource(4, 1, (3, 8, 8))
    *_, frame = sampling_trajectory(noise(), course_timesteps(1000), ALPHA_BARS, predict, noise)
    assert_close(frame.x_t, image, atol=0.02, rtol=0)


@ALL
def test_each_predictor_sees_its_own_side(view: View) -> None:
    seen: list[Tensor] = []

    def watch(x_t: Tensor, _t: int) -> Tensor:
        seen.append(x_t)
        return x_t

    anagram(watch, watch, view)(X, 5)
    assert_close(seen[0], X)
    assert_close(seen[1], view.see(X))


def test_a_negative_leaves_the_variance_alone_and_other_views_only_move_it() -> None:
    def network(x_t: Tensor, _t: int) -> Tensor:
        return torch.cat([x_t, x_t.abs()], 1)

    def without(x_t: Tensor, _t: int) -> Tensor:
        return torch.cat([x_t, torch.zeros_like(x_t)], 1)

    for name, view in VIEWS.items():
        between = anagram(without, network, view)(X, 5)[:, 3:]
        assert_close(between, X.abs() / 2, msg=name)


def test_a_negative_is_offered_only_where_black_and_white_lie_around_zero() -> None:
    assert "negative" not in views_for("digits")
    assert "180°" in views_for("digits")


def test_a_six_that_is_a_nine_comes_out_of_the_digits_and_is_the_same_every_time() -> None:
    found = finish(demo("digits", "6", "9", "180°", 5.0, count=2, seed=276))
    again = finish(demo("digits", "6", "9", "180°", 5.0, count=1, seed=276))
    for one, prompt_2 in zip(found.prompt_1, found.viewed, strict=True):
        assert (one.pixels[::-1, ::-1] == prompt_2.pixels).all()
    assert abs(found.prompt_1[0].pixels.astype(int) - again.prompt_1[0].pixels).max() <= 1
    from lessons.measure import classifier

    def read(shown_images: tuple[object, ...]) -> list[int]:
        images = torch.stack([torch.from_numpy(p.pixels.copy())[None] for p in shown_images])  # type: ignore[attr-defined]
        return classifier.read(images / 255).labels.tolist()

    assert read(found.prompt_1) == [6, 6]
    assert read(found.viewed) == [9, 9]


def test_a_view_that_is_none_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="The views here are"):
        finish(demo("digits", "6", "9", "sideways", 5.0, count=1, seed=1))
