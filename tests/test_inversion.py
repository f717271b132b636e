"""Images encoded as noise and decoded again; what lies between two noises and two prompts."""

import math

import numpy as np
import pytest
import torch
from diffusers import DDIMInverseScheduler
from torch import Tensor
from torch.testing import assert_close

from lessons.beyond import inversion as lesson
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import ddim, ddim_inversion, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, squaredcos_cap_v2, strided
from lessons.part_a.perfect_denoiser import perfect
from models import catalog
from models.catalog import finish

COSINE = squaredcos_cap_v2().alpha_bars
IMAGE = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
TWO = perfect(torch.cat([IMAGE, -IMAGE.flip(-1)]), COSINE)


def decoded(x_t: Tensor, timesteps: tuple[int, ...], predict: PredictNoise) -> Tensor:
    nothing = torch.zeros(())
    *_, frame = sampling_trajectory(
        x_t, (*timesteps, CLEAN), COSINE, predict, lambda: nothing, ddim()
    )
    return frame.x_t


@pytest.mark.parametrize("steps", [2, 10, 33, 142])
def test_every_step_of_inversion_equals_diffusers(steps: int) -> None:
    scheduler = DDIMInverseScheduler(1000, beta_schedule="squaredcos_cap_v2", clip_sample=False)
    scheduler.set_timesteps(steps)
    stride = 1000 // steps
    timesteps = strided((steps - 1) * stride, stride)
    assert scheduler.timesteps.tolist() == list(reversed(timesteps))
    random = torch.Generator().manual_seed(3)
    predictions = {t: torch.randn(2, 3, 8, 8, generator=random) for t in timesteps}
    x = IMAGE.expand(2, -1, -1, -1)
    frames = list(ddim_inversion(x, timesteps, COSINE, lambda _x, t: predictions[t]))
    assert [frame.t for frame in frames] == list(reversed(timesteps))
    for frame in frames:
        x = scheduler.step(predictions[frame.t], frame.t, x).prev_sample
        assert_close(frame.x_t, x, rtol=1e-5, atol=1e-5)


def test_where_the_noise_is_known_inversion_is_exact_at_any_stride() -> None:
    eps = NoiseSource(5, 1, (3, 8, 8))()
    for stride in (1, 30, 330):
        timesteps = strided(990, stride)
        *_, frame = ddim_inversion(IMAGE, timesteps, COSINE, lambda _x, _t: eps)
        assert_close(decoded(frame.x_t, timesteps, lambda _x, _t: eps), IMAGE, atol=2e-4, rtol=0)


@pytest.mark.parametrize("timesteps", [(), (3, 5), (5, 5), (1000, 0), (5, CLEAN)])
def test_timesteps_that_decoding_could_not_visit_are_refused(timesteps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must fall"):
        ddim_inversion(IMAGE, timesteps, COSINE, TWO)


def round_trip(steps: int, rounds: int) -> float:
    found = finish(
        lesson.demo("digits", "digit-4", "a handwritten 4", "a handwritten 9", 5.0, steps, rounds)
    )
    return found.psnr


def test_a_digit_comes_back_the_better_the_shorter_the_steps() -> None:
    few, more = round_trip(10, 1), round_trip(50, 1)
    assert 20 < few < more - 5
    assert more > 40


def test_asking_again_from_the_noisier_end_brings_the_digit_back_better() -> None:
    once, often = round_trip(10, 1), round_trip(10, 3)
    assert often > once + 3


def test_one_round_is_plain_inversion() -> None:
    net = catalog.load("digits")
    bars, x = net.spec.alpha_bars, torch.rand(1, 1, 28, 28)
    predict = lesson.t2i.make_predictor(net, "4")
    asking = lesson.noise_at_both_ends(predict, (200, 100), bars, 1)
    for t in (200, 100):
        assert torch.equal(asking(x, t), predict(x, t))


def test_the_noise_of_a_4_is_decoded_as_a_9_and_the_panels_say_what_they_are() -> None:
    from lessons.measure import classifier

    found = finish(
        lesson.demo("digits", "digit-4", "a handwritten 4", "a handwritten 9", 5.0, 20, 5)
    )
    source, noise, again, other = found.images
    assert (source.caption, source.symbol) == ("source image", "x_0")
    assert (noise.caption, noise.symbol) == ("encoded, t = 297", "x_t")
    assert again.caption == f"decoded, {found.psnr:.1f} dB"
    assert (other.caption, other.alt) == ("decoded with the other prompt", "a handwritten 9")
    assert all(image.alt for image in found.images)
    digits = torch.stack([torch.tensor(x.pixels) for x in (source, again, other)])[:, None] / 255
    assert classifier.read(digits).labels.tolist() == [4, 4, 9]
    error = (digits[0] - digits[1]).square().mean()
    assert -10 * math.log10(error) == pytest.approx(found.psnr, abs=1)
    assert 0.3 < found.deviation < 1


def test_slerp_ends_at_both_noises_and_keeps_the_norm_of_unit_noise() -> None:
    z_0, z_1 = NoiseSource(7, 2, (3, 64, 64))().split(1)
    w = torch.tensor([0.0, 0.5, 1.0]).view(-1, 1, 1, 1)
    ends = lesson.slerp(z_0, z_1, w)
    assert_close(ends[:1], z_0)
    assert_close(ends[2:], z_1)
    assert float(ends[1].square().mean().sqrt()) == pytest.approx(1, abs=0.02)
    straight = (z_0 + z_1) / 2
    assert float(straight.square().mean().sqrt()) == pytest.approx(2**-0.5, abs=0.02)


def test_slerp_of_orthogonal_vectors_is_a_quarter_of_a_circle() -> None:
    z_0, z_1 = torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)
    z_0[..., 0], z_1[..., 1] = 1, 1
    third = lesson.slerp(z_0, z_1, torch.full((1, 1, 1, 1), 1 / 3))
    assert_close(third.flatten(), torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6)]))


def test_between_two_prompts_the_ends_are_the_guided_predictions_of_each() -> None:
    net = catalog.load("digits")
    x = NoiseSource(7, 2, (1, 28, 28))()
    w = torch.tensor([0.0, 1.0]).view(-1, 1, 1, 1)
    mixed = lesson.between_prompts(net, "4", "9", w, 3.0)(x, 150)
    for i, prompt in enumerate("49"):
        expected = lesson.t2i.make_predictor(net, prompt, 3.0)(x[i : i + 1], 150)
        assert_close(mixed[i : i + 1], expected, rtol=1e-3, atol=1e-4)


def test_what_is_between_two_noises_begins_and_ends_alike_in_both_ways() -> None:
    found = finish(lesson.between("digits", "a handwritten 4", "a handwritten 9", 3.0, 10, 276))
    assert list(found.rows) == [lesson.SLERP, lesson.STRAIGHT, lesson.PROMPTS]
    sphere, straight, prompts = found.rows.values()
    for end in (0, 4):
        assert np.abs(sphere[end].pixels.astype(int) - straight[end].pixels).max() <= 1
    assert np.abs(sphere[0].pixels.astype(int) - prompts[0].pixels).max() <= 1
    assert (sphere[2].pixels != straight[2].pixels).any()
    assert min(found.norms[lesson.SLERP]) > 0.95
    assert found.norms[lesson.STRAIGHT][2] == pytest.approx(0.72, abs=0.03)
    assert sphere[1].alt == "two noises, along the sphere, w = 0.25"


def test_a_prompt_that_is_no_digit_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="understands"):
        finish(lesson.demo("digits", "digit-4", "a whale", "a handwritten 9", 5.0, 10))
