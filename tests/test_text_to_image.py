"""What the lessons of Part A share: steps, films, bounds."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from lessons import sampling
from lessons import text_to_image as t2i
from lessons.prompts import prompts_for
from models.catalog import finish, load

FORM = t2i.outline("digits")


def test_a_walk_begins_at_the_place_that_was_asked_for() -> None:
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
        t2i.level(FORM, t)


@pytest.mark.parametrize("count", [0, 9, 10**6])
def test_too_many_pictures_at_once_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 8 pictures"):
        t2i.source(FORM, 1, count)


def test_a_film_has_every_step_each_beside_the_guess_made_from_it() -> None:
    found = finish(sampling.demo("digits", "4", seed=276, count=2))
    film = found.film
    assert len(film.frames) == len(film.times) == 34
    assert film.times == t2i.timesteps_of(FORM)
    assert all(x_t.pixels.shape == (28, 56) for x_t, _ in film.frames)
    assert {x_t.symbol for x_t, _ in film.frames} == {"x_t"}
    # From pure noise the guess is a digit already: nearly black at the edges, as x_t is not.
    noise, guess = film.frames[0]
    assert guess.pixels[:3].mean() < 30 < noise.pixels[:3].mean()
    assert (film.frames[-1][0].pixels[:, :28] == found.pictures[0].pixels).all()


def test_picture_i_is_the_same_whatever_the_count_is() -> None:
    one = finish(sampling.demo("digits", "4", seed=276, count=1)).pictures[0].pixels
    many = finish(sampling.demo("digits", "4", seed=276, count=3)).pictures[0].pixels
    assert np.abs(one.astype(int) - many).max() <= 1


def test_another_seed_is_another_picture() -> None:
    one, other = (finish(sampling.demo("digits", "", seed=s, count=1)) for s in (1, 2))
    assert (one.pictures[0].pixels != other.pictures[0].pixels).any()


def test_the_rows_of_the_grid_begin_at_the_same_noise_as_the_samples() -> None:
    rows = finish(sampling.gamma_grid("digits", "5", seed=276, count=1))
    assert len(rows) == len(sampling.GAMMAS)
    alone = finish(sampling.demo("digits", "5", seed=276, count=1, gamma=sampling.GAMMAS[3]))
    assert np.abs(rows[3][0].pixels.astype(int) - alone.pictures[0].pixels).max() <= 1


def test_guidance_of_one_makes_the_picture_that_the_networks_word_makes() -> None:
    obeyed = finish(sampling.demo("digits", "5", seed=276, count=1, gamma=1.0)).pictures[0]
    word = finish(sampling.demo("digits", "5", seed=276, count=1)).pictures[0]
    assert np.abs(obeyed.pixels.astype(int) - word.pixels).max() <= 1


def test_fewer_and_more_steps_make_like_pictures_of_what_was_asked_for() -> None:
    grid = finish(sampling.prompt_grid("digits", ("3", "6"), 5.0, seed=276))
    from lessons import judge

    pixels = np.stack([picture.pixels for row in grid for picture in row])
    read = judge.read(torch.from_numpy(pixels)[:, None] / 255).labels
    assert read.tolist() == [3, 6, 3, 6]


def test_progress_counts_up_to_its_total() -> None:
    steps = list(sampling.prompt_grid("digits", ("3",), 5.0, seed=276))
    assert [step.done for step in steps if step.total == 30] == list(range(1, 31))


def test_every_prompt_that_the_lessons_begin_with_is_understood() -> None:
    for about in t2i.models():
        known = prompts_for(about.name)
        pairs = (*known.anagrams, *known.hybrids)
        every = (known.neutral, known.wanted, *known.three, *known.edits, *sum(pairs, ()))
        assert [t2i.problem(about.name, prompt) for prompt in every] == [""] * len(every)


def test_a_problem_with_a_prompt_is_told_without_loading_anything() -> None:
    assert "understands" in t2i.problem("digits", "a dog")


def test_pictures_are_in_the_models_range() -> None:
    black, white = torch.tensor([[[FORM.low]], [[FORM.high]]])
    assert t2i.picture(black[None], FORM).pixels.item() == 0
    assert t2i.picture(white[None], FORM).pixels.item() == 255
    assert load("digits").outline is FORM


def test_guidance_leads_away_from_the_empty_prompt_and_towards_the_one_that_was_asked_for() -> None:
    net = load("digits")
    x_t = t2i.source(FORM, 3, 2)()
    empty = net.predict(x_t, 200, net.embed(["", ""]))
    asked = net.predict(x_t, 200, net.embed(["5", "5"]))
    assert_close(t2i.told(net, "5", 0.0)(x_t, 200), empty, rtol=1e-4, atol=1e-5)
    assert_close(t2i.told(net, "5", 1.0)(x_t, 200), asked, rtol=1e-4, atol=1e-5)
    assert_close(t2i.told(net, "5")(x_t, 200), asked, rtol=1e-4, atol=1e-5)
