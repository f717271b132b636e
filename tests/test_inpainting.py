"""Inpainting: the two trivial masks, the noise of the kept part, and masks that are none."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons.diffusion.inpainting import keep_outside, keeping_source
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import sampling_trajectory
from lessons.diffusion.schedules import CLEAN, course_timesteps, squaredcos_cap_v2
from lessons.part_a.inpainting import demo
from models.catalog import finish

ALPHA_BARS = squaredcos_cap_v2().alpha_bars
SHAPE = (3, 8, 8)
SOURCE_IMAGE = torch.rand(1, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
EVERYTHING, NOTHING = torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
TIMESTEPS = (*course_timesteps(1000), CLEAN)


def predict(x_t: Tensor, t: int) -> Tensor:
    return (x_t + t / 1000).tanh()


def trace(mask: Tensor | None) -> list[Tensor]:
    noise = NoiseSource(7, 2, SHAPE)
    if mask is None:
        frames = sampling_trajectory(noise(), TIMESTEPS, ALPHA_BARS, predict, noise)
    else:
        hook = keeping_source(SOURCE_IMAGE, mask, ALPHA_BARS, NoiseSource(8, 2, SHAPE))
        frames = sampling_trajectory(noise(), TIMESTEPS, ALPHA_BARS, predict, noise, after=hook)
    return [frame.x_t for frame in frames]


def test_a_mask_of_one_everywhere_is_plain_sampling() -> None:
    assert_close(trace(EVERYTHING), trace(None))


def test_a_mask_of_zero_everywhere_is_the_source_image() -> None:
    assert_close(trace(NOTHING)[-1], SOURCE_IMAGE.expand(2, *SHAPE))


def test_the_kept_part_is_as_noisy_as_the_step_just_reached() -> None:
    # 4,096 independent pixels: the spread around √ᾱ x_orig tells which timestep's noise it is.
    big, shape = torch.full((1, 1, 64, 64), 0.5), (1, 64, 64)
    hook = keeping_source(big, torch.zeros(1, 1, 64, 64), ALPHA_BARS, NoiseSource(8, 1, shape))
    for s in (960, 690, 330, 30):
        kept = hook(torch.zeros(1, 1, 64, 64), s)
        spread = (kept - ALPHA_BARS[s].float().sqrt() * big).std().item()
        assert spread == pytest.approx((1 - ALPHA_BARS[s]).sqrt().item(), rel=0.06)
    assert_close(hook(torch.zeros(1, 1, 64, 64), CLEAN), big)


def test_every_step_and_every_try_draws_new_noise_for_the_kept_part() -> None:
    hook = keeping_source(SOURCE_IMAGE, NOTHING, ALPHA_BARS, NoiseSource(8, 2, SHAPE))
    first, second = (hook(torch.zeros(2, *SHAPE), 500) for _ in range(2))
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_one_in_the_mask_is_new_and_zero_is_kept() -> None:
    half = torch.zeros(1, 1, 8, 8)
    half[..., :4] = 1
    mixed = keep_outside(torch.ones(1, *SHAPE), torch.zeros(1, *SHAPE), half)
    assert mixed[..., :4].eq(1).all()
    assert mixed[..., 4:].eq(0).all()


def test_a_digit_keeps_what_the_mask_does_not_free() -> None:
    mask = np.zeros((28, 28), np.uint8)
    mask[:14] = 1
    found = finish(demo("digits", "digit-3", mask, "8", 5.0, count=2, seed=276))
    source_image = found.source_image.pixels.astype(int)
    for result in found.results:
        assert abs(result.pixels.astype(int) - source_image)[14:].max() == 0
        assert abs(result.pixels.astype(int) - source_image)[:14].max() > 100
    assert set(np.unique(found.mask.pixels)) == {0, 255}
    # Only the result: on the way, down to t = 0, the kept part is as noisy as the rest.
    for stands, _ in found.trajectory.frames[1:]:
        assert (stands.pixels[14:28, :28] != source_image[14:]).any()


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (np.zeros((28, 28), np.uint8), "empty"),
        (np.ones((27, 28), np.uint8), "28×28"),
        (np.full((28, 28), 2, np.uint8), "black and white"),
    ],
)
def test_a_mask_that_is_none_is_refused_in_one_sentence(mask: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        finish(demo("digits", "digit-3", mask, "8", 5.0, count=1, seed=1))
