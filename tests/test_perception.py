"""Perception against distortion: where PSNR and sharpness part ways."""

from __future__ import annotations

import functools
import math

import pytest

from lessons.measure import perception
from lessons.measure.perception import STARTS, StartSweep, parted, psnr_of_a_sample, sentence
from lessons.part_a import iterative_denoising
from lessons.part_a.iterative_denoising import Score
from models.catalog import finish


@functools.cache
def sweep() -> StartSweep:
    return finish(perception.over_starts("digits", "digit-3", "", 276))


def made(*pairs: tuple[tuple[float, float], tuple[float, float]]) -> StartSweep:
    """A sweep of given (PSNR, sharpness) of one step and of many steps at each start."""
    blur = Score(0.0, 0.0, 0.0)
    scores = tuple((blur, Score(a, 0, b), Score(c, 0, d)) for (a, b), (c, d) in pairs)
    return StartSweep(tuple(range(len(pairs))), tuple(range(len(pairs))), scores, 1)


PARTED = ((15.0, 0.4), (13.0, 0.9))
BETTER = ((13.0, 0.4), (15.0, 0.9))
TOO_SHARP = ((15.0, 0.9), (13.0, 1.2))


def test_the_measures_part_where_psnr_falls_and_sharpness_comes_nearer() -> None:
    assert parted(made(PARTED, BETTER, TOO_SHARP, ((15.0, 1.5), (13.0, 0.8)))) == (0, 3)


def test_less_than_the_last_digit_shown_is_no_difference() -> None:
    assert parted(made(((33.74, 0.9), (33.72, 0.95)))) == ()


def test_the_sentence_names_the_starts_and_the_widest_gap() -> None:
    wider = ((16.0, 0.3), (13.0, 0.8))
    said = sentence(made(PARTED, BETTER, wider))
    assert "2 of 3 starts" in said
    assert "(i_start = 0, 2)" in said
    assert "at i_start = 2: **13.0 dB** against 16.0 dB, sharpness **0.80** against 0.30" in said
    assert "all 2 starts" in sentence(made(PARTED, wider))


def test_the_sentence_says_so_where_the_measures_agree() -> None:
    assert "From none of the 2 starts" in sentence(made(BETTER, TOO_SHARP))


def test_a_sample_scores_as_twice_the_error_of_the_mean() -> None:
    error = 0.03
    psnr = 10 * math.log10(1 / error)
    assert psnr_of_a_sample(psnr) == pytest.approx(10 * math.log10(1 / (2 * error)))


def test_with_the_least_noise_at_the_start_all_that_is_shown_is_nearly_clean() -> None:
    found = sweep()
    assert found.starts == STARTS
    assert (found.starts[-1], len(found.scores)) == (32, 9)
    assert list(found.times) == sorted(found.times, reverse=True)
    first, last = found.scores[0], found.scores[-1]
    for noisy, clear in zip(first, last, strict=True):
        assert clear.psnr > noisy.psnr
        assert clear.ssim > max(0.8, noisy.ssim)
        assert clear.sharpness == pytest.approx(1, abs=0.15)
    _, one, many = last  # two steps away from clean, many steps are one
    assert one.psnr == pytest.approx(many.psnr, abs=1.5)


def test_many_steps_are_sharper_from_afar_and_lose_by_psnr() -> None:
    _, one, many = sweep().scores[0]
    assert many.sharpness > one.sharpness + 0.1
    assert 0 in parted(sweep())
    assert "starts" in sentence(sweep())


def test_the_same_seed_measures_the_same_and_another_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(perception, "STARTS", (28,))
    one, again, other = (
        finish(perception.over_starts("digits", "digit-3", "", seed)) for seed in (276, 276, 277)
    )
    assert one == again
    assert one != other


def test_progress_counts_every_step_of_every_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perception, "STARTS", (26, 30))
    seen = []
    calculation = perception.over_starts("digits", "digit-3", "", 1)
    for progress in calculation:
        seen.append((progress.done, progress.total))
    steps = 7 + 3
    assert [pair for pair in seen if pair[1] == steps] == [(k, steps) for k in range(1, steps + 1)]


def test_the_readers_image_is_measured_as_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perception, "PICTURES", 1)
    monkeypatch.setattr(perception, "STARTS", (8,))
    alone = finish(perception.over_starts("digits", "digit-3", "", 276))
    ways = finish(iterative_denoising.demo("digits", "digit-3", "", 8, 276))
    assert alone.images == 1
    for mine, theirs in zip(alone.scores[0], ways.scores, strict=True):
        assert mine.psnr == pytest.approx(theirs.psnr, abs=1e-3)
        assert mine.sharpness == pytest.approx(theirs.sharpness, abs=1e-3)
