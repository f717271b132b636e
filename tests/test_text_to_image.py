"""What the lessons of Part A share: steps, trajectories, bounds."""

import pytest
import torch
from torch.testing import assert_close

from lessons import text_to_image as t2i
from lessons.part_a import sampling
from models.catalog import finish, load

FORM = t2i.spec("digits")


def test_a_trace_begins_at_the_place_that_was_asked_for() -> None:
    assert t2i.timesteps_of(FORM, 10)[0] == 207
    assert len(t2i.timesteps_of(FORM, 10)) == 24
    assert len(t2i.timesteps_of(FORM, 32)) == 2


@pytest.mark.parametrize("i_start", [-1, 33, 10**9])
def test_a_place_without_a_step_is_refused(i_start: int) -> None:
    with pytest.raises(ValueError, match="i_start must be 0 to 32"):
        t2i.timesteps_of(FORM, i_start)


@pytest.mark.parametrize("t", [-1, 300])
def test_a_timestep_outside_the_schedule_is_refused_and_does_not_wrap_around(t: int) -> None:
    with pytest.raises(ValueError, match="t must be 0 to 299"):
        t2i.alpha_bar_of(FORM, t)


@pytest.mark.parametrize("count", [0, 9, 10**6])
def test_too_many_images_at_once_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 8 images"):
        t2i.source(FORM, 1, count)


def test_a_trajectory_has_every_step_each_beside_the_estimate_made_from_it() -> None:
    found = finish(sampling.demo("digits", "4", seed=276, count=2))
    trajectory = found.trajectory
    assert len(trajectory.frames) == len(trajectory.times) == 34
    assert trajectory.times == t2i.timesteps_of(FORM)
    assert all(x_t.pixels.shape == (28, 56) for x_t, _ in trajectory.frames)
    assert {x_t.symbol for x_t, _ in trajectory.frames} == {"x_t"}
    # From pure noise the estimate is a digit already: nearly black at the edges, as x_t is not.
    noise, estimate = trajectory.frames[0]
    assert estimate.pixels[:3].mean() < 30 < noise.pixels[:3].mean()
    assert (trajectory.frames[-1][0].pixels[:, :28] == found.images[0].pixels).all()


def test_images_are_in_the_models_range() -> None:
    black, white = torch.tensor([[[FORM.low]], [[FORM.high]]])
    assert t2i.captioned(black[None], FORM).pixels.item() == 0
    assert t2i.captioned(white[None], FORM).pixels.item() == 255
    assert load("digits").spec is FORM


def test_guidance_leads_away_from_the_empty_prompt_and_towards_the_one_that_was_asked_for() -> None:
    net = load("digits")
    x_t = t2i.source(FORM, 3, 2)()
    empty = net.predict(x_t, 200, net.embed(["", ""]))
    asked = net.predict(x_t, 200, net.embed(["5", "5"]))
    assert_close(t2i.make_predictor(net, "5", 0.0)(x_t, 200), empty, rtol=1e-4, atol=1e-5)
    assert_close(t2i.make_predictor(net, "5", 1.0)(x_t, 200), asked, rtol=1e-4, atol=1e-5)
    assert_close(t2i.make_predictor(net, "5")(x_t, 200), asked, rtol=1e-4, atol=1e-5)
