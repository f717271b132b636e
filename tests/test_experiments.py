"""Experiments whose outcome is known before: the two sides are the same, or far from it."""

from collections.abc import Callable, Generator

import pytest

from lessons.training import runs
from lessons.workshop.experiments import (
    comparing,
    digit_networks,
    digit_sampling,
    mixing,
    prompting,
    stepping,
)
from models.catalog import finish

ROUNDING = 1e-4
SEEDS = (276, 1)


def shipped(recipe: str) -> str:
    return next(run.id for run in runs.all_runs(recipe) if run.shipped)


def far(found: comparing.Compared | Generator[object, None, comparing.Compared]) -> float:
    result = found if isinstance(found, comparing.Compared) else finish(found)
    assert len(result.rows) == len(result.words) >= 2
    assert len({len(row) for row in result.rows}) == 1
    return result.apart


SAME: dict[str, Callable[[int], object]] = {
    "no noise": lambda seed: stepping.no_noise("digits", "digit-3", seed),
    "exact noise": lambda seed: stepping.exact_noise("digits", "digit-3", seed),
    "exact noise, images": lambda seed: stepping.exact_noise("pictures", "tower", seed),
    "a single step": lambda seed: stepping.single_step("digits", "digit-3", "", 10, seed),
    "in company": lambda seed: prompting.in_company("digits", "", seed),
    "the same seed": lambda seed: prompting.same_seed("digits", "3", 7.0, seed),
    "γ = 0": lambda seed: prompting.guidance_of("digits", "5", 0.0, seed),
    "γ = 1": lambda seed: prompting.guidance_of("digits", "5", 1.0, seed),
    "unheard": lambda seed: prompting.unheard("digits", "digit-3", ("8", "0"), 7, seed),
    "m = 0": lambda seed: mixing.inpainting_of("digits", "digit-3", False, "8", 5.0, seed),
    "m = 1": lambda seed: mixing.inpainting_of("digits", "digit-3", True, "8", 5.0, seed),
    "anagram": lambda seed: mixing.anagram_with_itself("digits", "6", 5.0, seed),
    "exchanged, 90°": lambda seed: mixing.anagram_exchanged("digits", "6", "9", "90°", 5.0, seed),
    "hybrid": lambda seed: mixing.hybrid_with_itself("digits", "3", 2.0, 5.0, seed),
    "no blur": lambda seed: mixing.hybrid_without_blur("digits", "3", "8", 5.0, seed),
    "one image": lambda seed: stepping.one_image_world("digits", seed),
    "one image, in colour": lambda seed: stepping.one_image_world("pictures", seed),
    "one digit, flow": digit_networks.one_digit_flow,
    "small steps": lambda seed: digit_networks.small_steps(3, seed),
    "masked labels": lambda seed: digit_sampling.masked_labels(shipped("class-ddpm"), seed),
    "γ = 1, labels": lambda seed: digit_sampling.gamma_one(shipped("class-ddpm"), seed),
}


@pytest.mark.parametrize("name", SAME)
def test_both_sides_are_the_same_but_for_rounding(name: str) -> None:
    assert far(SAME[name](SEEDS[0])) < ROUNDING  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["γ = 1", "exact noise", "one image", "masked labels"])
def test_they_are_so_from_another_seed_too(name: str) -> None:
    assert far(SAME[name](SEEDS[1])) < ROUNDING  # type: ignore[arg-type]


def test_the_number_can_tell_images_apart() -> None:
    assert far(prompting.two_source_images("digits", ("digit-3", "digit-8"), "", 20, 276)) > 0.3
    assert far(stepping.silent_steps("digits", "", 276)) > 0.3


def test_only_the_trivial_strengths_of_guidance_have_a_known_outcome() -> None:
    with pytest.raises(ValueError, match="γ = 0 and 1"):
        finish(prompting.guidance_of("digits", "5", 7.0, 276))


def test_a_view_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="views here"):
        finish(mixing.anagram_exchanged("digits", "6", "9", "sideways", 5.0, 276))


def test_the_bell_leaves_under_a_third_of_the_noise() -> None:
    # The root of the sum of squared weights of a 5 × 5 bell with σ = 1 is 0.288.
    assert stepping.blurred_noise("digits", 5, 1.0, 276).left == pytest.approx(0.288, rel=0.08)


def decibels(words: str) -> float:
    return float(words.rsplit(": ", 1)[1].removesuffix(" dB"))


def test_a_second_look_makes_the_answer_worse() -> None:
    given, once, twice = map(decibels, digit_networks.twice(shipped("denoiser"), 276).words)
    assert given < twice < once


def test_the_best_blind_estimate_is_the_mean_and_a_digit_costs_twice_its_loss() -> None:
    losses = [float(words.rsplit(" ", 1)[1]) for words in digit_networks.constant_estimates().words]
    assert losses == sorted(losses)
    assert losses[2] == pytest.approx(2 * losses[0], rel=0.1)


def test_one_step_of_the_flow_ends_at_the_means_of_the_classes() -> None:
    [words, _] = digit_networks.one_flow_step(shipped("class-flow"), 276).words
    assert float(words.split()[2]) < 0.08


def test_in_training_mode_a_digit_depends_on_its_neighbours_and_in_evaluation_it_does_not() -> None:
    found = finish(digit_sampling.batch_statistics(shipped("ddpm"), 276))
    evaluation, training = (float(words.split(": ")[1].split()[0]) for words in found.words)
    assert evaluation < ROUNDING
    assert training > 0.1


def test_a_network_given_the_wrong_time_draws_hardly_anything() -> None:
    found = finish(digit_sampling.wrong_time(shipped("ddpm"), 276))
    right, wrong = (float(words.split()[-1].removesuffix("%")) for words in found.words)
    assert wrong < right / 3


def test_the_shared_network_stays_in_evaluation_mode() -> None:
    from lessons.training.networks import load_network

    network = load_network(shipped("ddpm"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    finish(digit_sampling.batch_statistics(shipped("ddpm"), 276))
    assert not network.training
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())
