"""The perfect denoiser: its limits, the one-image world, and that nothing beats it on its set."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons.diffusion.denoise import clean_estimate
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import sampling_trajectory
from lessons.diffusion.schedules import CLEAN, course_timesteps, squaredcos_cap_v2
from lessons.images.known_sets import sets
from lessons.part_a import perfect_denoiser as lesson
from models.catalog import finish

ALPHA_BARS = squaredcos_cap_v2().alpha_bars
KNOWN = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
EPS = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(2))
TRACE = (*course_timesteps(1000), CLEAN)


def under_noise(x_0: Tensor, t: int, eps: Tensor = EPS) -> Tensor:
    return add_noise(x_0, ALPHA_BARS[t].float().view(1, 1, 1, 1), eps)


def estimate(x_t: Tensor, t: int) -> Tensor:
    return clean_estimate(x_t, lesson.perfect(KNOWN, ALPHA_BARS)(x_t, t), ALPHA_BARS[t])


@pytest.mark.parametrize("t", [0, 250, 500, 999])
def test_the_weights_are_shares_of_one(t: int) -> None:
    w = lesson.responsibilities(under_noise(KNOWN, t), KNOWN, ALPHA_BARS[t])
    assert w.shape == (6, 6)
    assert (w >= 0).all()
    assert_close(w.sum(1), torch.ones(6, dtype=torch.float64))


def test_close_to_a_image_the_estimate_is_the_nearest_one() -> None:
    assert_close(estimate(under_noise(KNOWN, 0), 0), KNOWN, atol=1e-4, rtol=0)


def test_where_no_signal_is_left_the_estimate_is_the_mean_of_the_set() -> None:
    none_left = torch.tensor(1e-12, dtype=torch.float64)
    w = lesson.responsibilities(EPS, KNOWN, none_left)
    expected = KNOWN.mean(0, keepdim=True).expand(6, 3, 8, 8)
    assert_close(lesson.expected_image(w, KNOWN), expected, atol=1e-4, rtol=0)


def test_weights_are_those_of_bayes_rule_written_out() -> None:
    alpha_bar_t, x_t = ALPHA_BARS[700], under_noise(KNOWN, 700)
    normal = torch.distributions.Normal(0.0, float((1 - alpha_bar_t).sqrt()))
    likelihoods = torch.stack(
        [
            torch.stack(
                [normal.log_prob(one.double() - alpha_bar_t.sqrt() * x).sum() for x in KNOWN]
            )
            for one in x_t
        ]
    )
    assert_close(lesson.responsibilities(x_t, KNOWN, alpha_bar_t), likelihoods.softmax(1))


def test_in_the_one_image_world_the_noise_is_exact() -> None:
    x_t = under_noise(KNOWN[:1], 690, EPS[:1])
    assert_close(lesson.perfect(KNOWN[:1], ALPHA_BARS)(x_t, 690).float(), EPS[:1])


def test_traces_end_at_images_of_the_set_and_at_different_ones() -> None:
    noise = NoiseSource(3, 6, (3, 8, 8))
    *_, frame = sampling_trajectory(
        noise(), TRACE, ALPHA_BARS, lesson.perfect(KNOWN, ALPHA_BARS), noise
    )
    distance, which = torch.cdist(frame.x_t.flatten(1).double(), KNOWN.flatten(1).double()).min(1)
    assert distance.max() < 1e-3
    assert len(set(which.tolist())) > 1


@pytest.mark.parametrize("t", [800, 950])
def test_on_its_own_set_no_other_estimate_has_a_smaller_mean_error(t: int) -> None:
    # Over many noises; the other estimates are those of the same formula at a wrong temperature.
    x_0 = KNOWN.repeat(200, 1, 1, 1)
    eps = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(4))
    x_t, alpha_bar_t = under_noise(x_0, t, eps), ALPHA_BARS[t]
    w = lesson.responsibilities(x_t, KNOWN, alpha_bar_t)
    others = [w**power / (w**power).sum(1, keepdim=True) for power in (0.3, 3.0)]
    errors = [
        float((lesson.expected_image(one, KNOWN) - x_0).square().mean()) for one in (w, *others)
    ]
    assert errors[0] == min(errors)
    assert len(set(errors)) == 3


def test_all_images_are_possible_in_the_noise_and_one_beside_it() -> None:
    even = torch.full((2, 8), 1 / 8, dtype=torch.float64)
    assert_close(lesson.still_possible(even), torch.full((2,), 8.0, dtype=torch.float64))
    assert_close(lesson.still_possible(torch.eye(3)), torch.ones(3))


def test_the_perfect_denoiser_copies_digits_and_the_network_does_not() -> None:
    found = finish(lesson.demo("digits", size=10, prompt="", seed=276))
    assert max(found.perfect.distances) < 0.02
    assert min(found.network.distances) > 0.1
    assert len(found.trajectory.frames) == len(found.trajectory.times) == 34
    assert len(found.trajectory.frames[0]) == 2


def test_the_formula_wins_on_known_digits_and_the_network_on_new_ones() -> None:
    found = finish(lesson.curves("digits", size=10, prompt="", seed=276))
    perfect_known, network_known = map(sum, found.known)
    perfect_new, network_new = map(sum, found.new)
    assert perfect_known < network_known
    assert network_new < perfect_new
    assert all(apart > 0 for apart in found.apart)
    assert found.choices[-1] == 299
    assert len(found.choices) == len(found.possible)
    assert found.possible[0] == pytest.approx(1)
    assert found.possible[0] < found.possible[-1] <= 10


def test_new_images_are_not_in_the_set() -> None:
    from models.embedded import SPEC
    from models.text_to_image import ModelSpec

    forms: list[ModelSpec] = [SPEC, lesson.t2i.spec("digits")]
    for form in forms:
        known, new = sets(form, 10)
        assert known.shape == (10, *form.shape)
        assert torch.cdist(known.flatten(1), new.flatten(1)).min() > 1
        assert form.low <= float(known.min()) < float(known.max()) <= form.high


@pytest.mark.parametrize("size", [0, -1, 60_001])
def test_a_set_that_is_not_there_is_refused_in_one_sentence(size: int) -> None:
    with pytest.raises(ValueError, match="no set of"):
        finish(lesson.demo("digits", size=size, prompt="", seed=1))


@pytest.mark.parametrize("num_ts", [50, 300, 1000])
def test_the_choice_is_measured_on_a_grid_that_is_finest_in_the_strongest_noise(
    num_ts: int,
) -> None:
    grid = lesson.dense(num_ts)
    assert grid[0] == 0
    assert grid[-1] == num_ts - 1
    assert list(grid) == sorted(set(grid))
    assert len([t for t in grid if t >= 0.9 * num_ts]) >= min(num_ts // 10, 30)


def test_at_the_noisiest_timestep_most_images_of_the_gallery_are_still_possible() -> None:
    form = lesson.t2i.spec("pictures")
    known, _ = sets(form, 13)
    possible = {t: lesson._possible(form, known, t, 276) for t in (999, 990, 980, 950)}
    assert possible[999] > 12
    assert possible[999] > possible[990] > possible[980] > possible[950]
    assert possible[990] > 2 > possible[950]
