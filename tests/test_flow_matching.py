"""Flow matching: the straight way, its velocity, and walking it."""

from __future__ import annotations

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from told import Told
from torch import Tensor
from torch.testing import assert_close

from lessons.diffusion.flow import euler, interpolate, velocity_loss
from lessons.diffusion.noise import stream
from lessons.part_b import flow_matching
from lessons.part_b.flow_matching import ClassFlowSettings, FlowSettings
from lessons.training.recipe import DigitBatch
from models.unet import TimeConditionalUNet

NOISE = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(1))
DIGITS = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(2))


def straight(x_t: Tensor, t: float) -> Tensor:
    """In a world with one digit a noise, the velocity is known exactly."""
    return (DIGITS - x_t) / (1 - t)


def test_time_0_is_noise_and_time_1_the_digit() -> None:
    zero, one = torch.zeros(2, 1, 1, 1), torch.ones(2, 1, 1, 1)
    assert_close(interpolate(NOISE, DIGITS, zero), NOISE)
    assert_close(interpolate(NOISE, DIGITS, one), DIGITS)


@pytest.mark.parametrize("steps", [1, 3, 50])
def test_in_the_one_image_world_any_number_of_steps_finds_the_digit(steps: int) -> None:
    *_, last = euler(NOISE, straight, steps)
    assert last.t == steps
    assert_close(last.x_t, DIGITS, rtol=1e-4, atol=1e-4)


def test_the_network_is_asked_from_time_0_on_and_never_at_1_or_beyond() -> None:
    asked = []

    def predict(x_t: Tensor, t: float) -> Tensor:
        asked.append(t)
        return torch.zeros_like(x_t)

    list(euler(NOISE, predict, 4))
    assert asked == [0, 0.25, 0.5, 0.75]


def test_every_step_equals_diffusers() -> None:
    steps = 20
    scheduler = FlowMatchEulerDiscreteScheduler()
    # Theirs counts the share of noise from 1 down to 0, and their velocity points at the noise.
    scheduler.set_timesteps(sigmas=[1 - k / steps for k in range(steps)])
    random = torch.Generator().manual_seed(3)
    velocities = [torch.randn(NOISE.shape, generator=random) for _ in range(steps)]
    theirs, given = NOISE, iter(velocities)
    frames = euler(NOISE, lambda *_: next(given), steps)
    for k, frame in enumerate(frames):
        theirs = scheduler.step(-velocities[k], scheduler.timesteps[k], theirs).prev_sample
        assert_close(frame.x_t, theirs, rtol=1e-4, atol=1e-5)


def test_the_loss_asks_for_the_digit_less_the_noise() -> None:
    assert float(velocity_loss(DIGITS - NOISE, NOISE, DIGITS)) == 0
    assert float(velocity_loss(NOISE - DIGITS, NOISE, DIGITS)) > 1


def test_the_loss_refuses_shapes_that_would_broadcast() -> None:
    with pytest.raises(ValueError, match="differ"):
        velocity_loss(torch.zeros(2, 28, 28), NOISE, DIGITS)


def bright(step: int = 0) -> DigitBatch:
    """Digits so bright that the noise is lost in them: their share of x_t tells the time."""
    images = torch.full((200, 1, 28, 28), 1e4)
    return DigitBatch(images, torch.arange(200) % 10, stream(0, "step", step))


def test_in_training_the_time_told_is_the_share_of_the_digit_in_x_t() -> None:
    network = Told()
    flow_matching.loss(network, bright(), FlowSettings())
    flow_matching.class_loss(network, bright(), ClassFlowSettings())
    for x_t, t in ((told[0], told[1 if len(told) == 2 else 2]) for told in network.calls):
        assert_close(x_t.mean((1, 2, 3)) / 1e4, t, atol=2e-5, rtol=0)
        assert 0 <= t.min() < 0.05
        assert 0.95 < t.max() <= 1


def test_in_sampling_the_network_is_told_the_time_as_in_training() -> None:
    network = Told()
    list(euler(NOISE, flow_matching.predictor(network), 4))
    list(euler(NOISE, flow_matching.following(network, torch.tensor([3, 7]), 5.0), 4))
    told = [call[1 if len(call) == 2 else 2].unique().tolist() for call in network.calls]
    assert told == 2 * [[0], [0.25], [0.5], [0.75]]


def test_guidance_is_one_call_with_each_image_twice() -> None:
    network = Told()
    flow_matching.following(network, torch.tensor([3, 7]), 5.0)(NOISE, 0.5)
    [told] = network.calls
    assert told[3].tolist() == [1, 1, 0, 0]
    assert told[1][:2].tolist() == [3, 7]  # where the mask is 0, any label is none


def test_the_class_loss_keeps_nine_labels_in_ten_and_says_which_digits_they_are() -> None:
    network = Told()
    for step in range(10):
        flow_matching.class_loss(network, bright(step), ClassFlowSettings())
    kept = torch.cat([told[3] for told in network.calls])
    assert float(kept.mean()) == pytest.approx(0.9, abs=0.03)
    assert all(told[1].tolist() == [i % 10 for i in range(200)] for told in network.calls)


def test_without_classes_time_multiplies_the_feature_maps() -> None:
    network = flow_matching.build(FlowSettings(num_hiddens=8))
    assert isinstance(network, TimeConditionalUNet)
    assert network.time == "multiply"


def test_the_presets_named_course_are_the_courses() -> None:
    course = flow_matching.CLASS_RECIPE.presets["Course"]
    assert isinstance(course, ClassFlowSettings)
    assert (course.num_hiddens, course.batch_size, course.epochs) == (64, 64, 10)
    assert (course.learning_rate, course.decay, course.drop) == (1e-2, 0.1, 0.1)
