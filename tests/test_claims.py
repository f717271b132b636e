"""No page writes a number in digits, a percentage or “twice” that nothing measures.

Comparisons and causes are looked after by `test_comparisons`; words that only count what stands on
the page ("the five noises") by nobody.
"""

import re
from pathlib import Path

import pytest
from claims import DEFINED, QUESTION, all_claims
from sentences import SETTING, Sentence, sentences, with_numbers
from test_reference_runs import view

from lessons.diffusion import schedules
from lessons.part_b import train_ddpm
from lessons.training import curves
from lessons.training.runs.recipes import recipe
from models import miniature as weights

TESTS = Path(__file__).parent
CLAIMS = all_claims()


def test_every_sentence_with_a_number_says_what_measures_it() -> None:
    unheard = [
        one
        for one in with_numbers()
        if not any(words in one.words for words in CLAIMS.get(one.file, {}))
    ]
    assert not unheard, (
        "name what measures it in tests/claims.py, or in CLAIMS of the lesson's test"
    )


def test_no_claim_outlives_its_sentence() -> None:
    said: dict[str, list[str]] = {}
    for one in sentences():
        said.setdefault(one.file, []).append(one.words)
    gone = [
        (file, words)
        for file, claims in CLAIMS.items()
        for words in claims
        if not any(words in sentence for sentence in said.get(file, ()))
    ]
    assert not gone


@pytest.mark.parametrize(
    "proof", sorted({one for file in CLAIMS.values() for one in file.values()})
)
def test_what_is_named_is_a_test(proof: str) -> None:
    if proof in (DEFINED, QUESTION):
        return
    file, _, name = proof.partition("::")
    assert re.search(rf"^def {name}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE), proof


def test_the_weights_of_an_image_in_the_strongest_noise() -> None:
    """Lessons A1.7 and B2.1: what is left of the image where the trajectory begins."""
    course, digits = schedules.squaredcos_cap_v2().alpha_bars, train_ddpm.ALPHA_BARS
    first = [bars[schedules.course_timesteps(len(bars))[0]].sqrt() for bars in (course, digits)]
    assert f"{100 * first[0]:.1f} %" == "1.4 %"
    assert first[1] == pytest.approx(0.2, abs=0.05)
    assert f"{digits[-1].sqrt():.2f}" == "0.22"
    later = [course[schedules.course_timesteps(1000)[i]].sqrt() for i in (1, 20)]
    assert later[0] < 0.1
    assert later[1] > 0.7


def test_the_course_takes_34_timesteps() -> None:
    timesteps = schedules.course_timesteps(1000)
    assert len(timesteps) == 34
    assert len(timesteps[20:]) - 1 == 13  # a step goes from one to the next


def test_the_courses_own_curve_is_quoted_right() -> None:
    at = curves.DENOISER.images.index(12_800)
    assert f"{curves.DENOISER.losses[at]:.2f}" == "0.02"


def test_the_previews_of_flow_take_the_steps_that_are_said() -> None:
    presets = [*recipe("flow").presets.values(), *recipe("class-flow").presets.values()]
    assert {one.sample_steps for one in presets} == {30, 50}


def test_the_page_says_how_long_pictures_was_trained() -> None:
    card = (Path(weights.__file__).parent / "weights" / "README.md").read_text("utf-8")
    assert re.search(r"images seen \| 3,850,000 in", card)


def test_the_network_of_pure_noise_answers_nearly_the_same_to_any_noise() -> None:
    last = view("pure-noise").epochs[-1].numbers
    assert last["spread"] < 0.02
    assert last["distance_to_mean"] < 0.02


def test_numbers_are_found_and_settings_and_formulas_are_none() -> None:
    def counts(words: str) -> bool:
        return Sentence("", words) in [
            one for one in [Sentence("", words)] if re.search(r"\d", SETTING.sub("", one.words))
        ]

    assert counts("It falls from 0.43 to 0.31.")
    assert not counts("At γ = 7 and t = 990 the equation $x_1 = 2$ holds, see lesson 1.4.")
