"""The key to the questions, written down a second time: which answer each explanation proves.

A question marks its answer by a place among its options, which nobody can see to be wrong.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from pages import _teaching
from pages._ui.inputs.predict import Question

KEY: Final[Mapping[str, Mapping[str, str]]] = {
    "attention_maps": {
        "EMPTY": "Some: its start and its end are tokens too",
        "WITHOUT": "Nothing follows for certain: it must be tried",
    },
    "class_guidance": {
        "GAMMA_ONE": "Not at all",
        "BEST_GAMMA": "γ = 2",
        "THICK_STROKES": "The label makes strokes more likely in some places, and γ exaggerates",
    },
    "classical_denoising": {
        "BEST_SIGMA": "larger",
        "NOISE_LEFT": "About 1/3 of what it was",
    },
    "diffusion_in_the_plane": {
        "FAR_OUT": "All to one place, the mean of the data",
        "SAME_NOISE": "No, but all particles together are spread in the same way",
        "TEN": "At ten",
    },
    "flow_matching": {
        "ONE_STEP": "The mean of the class",
        "ONE_DIGIT": "One is enough",
        "FEWER_STEPS": "Less noise in each step: the posterior variance, or DDIM's none",
    },
    "forward_process": {
        "NO_NOISE": "The clean image",
        "WEIGHTS": "The sum of their squares",
    },
    "from_denoiser_to_ddpm": {
        "SMALL_STEPS": "They are the same",
        "EQUAL_SHARE": "About t = 145",
    },
    "guidance": {
        "GAMMA_ZERO": "What the empty prompt gives",
        "GAMMA_ONE": "The conditional prediction, without guidance",
        "NEGATIVE_ALONE": "What the negative prompt alone gives",
    },
    "hybrid_images": {
        "HYBRID_ITSELF": "Plain samples of that prompt",
        "NO_BLUR": "The low-frequency prompt",
        "WHY_LOWPASS": "Coarse shapes are all that is left at a distance",
    },
    "image_to_image": {
        "TWO_SOURCE_IMAGES": "A little: a trace of each is left",
        "LIGHTEST": "i_start = 20",
    },
    "inpainting": {
        "MASK_NOTHING": "The source image",
        "MASK_EVERYTHING": "No, this is plain sampling",
    },
    "inversion": {
        "MORE_STEPS": "Closer",
        "MIDDLE": "About 0.7 of it",
    },
    "iterative_denoising": {
        "SINGLE_STEP": "The same as the one-step estimate",
        "LAST_STEP": "The noise would stay in the image",
        "PSNR": "The mean of all images that would fit",
    },
    "one_step": {
        "CROSSING": "No, never",
        "TWO_STEPS": "It is asked at a time that it was not trained for, and nothing makes",
        "GUIDANCE": "Not at all: it is in the images that the student learnt from",
    },
    "one_step_denoising": {
        "EXACT_NOISE": "The image",
        "WHY_A_MEAN": "It was trained to have a small squared error",
    },
    "out_of_distribution": {
        "TWICE": "lower",
        "NOTHING_UNDER": "Fragments of strokes",
    },
    "own_digit": {
        "CORNER": "Nothing but its finest details",
        "TRIANGLE": "It may be certain, as it has to choose one of ten",
    },
    "paint_along": {
        "SAME_STROKES": "The same as before",
        "OTHER_PROMPT": "At a high t",
    },
    "perfect_denoiser": {
        "ONE_IMAGE": "The image, in any number of steps",
        "COPIES": "No, it returns other copies",
    },
    "pure_noise": {
        "TEN_NOISES": "Nearly identical",
        "SHARP_DIGIT": "about twice as large",
    },
    "rate_schedule": {
        "TOO_SMALL": "It has not arrived yet",
        "TWO_AVERAGES": "Nothing: its last steps are small already",
        "ONE_SEED": "Not yet: another seed moves a run too",
    },
    "samplers": {
        "ETA_ONE": "DDPM with the variance $\\tilde\\beta$",
        "SAME_IMAGE": "They are nearly equal",
        "SECOND_ORDER": "Ten",
    },
    "sampling": {
        "IN_COMPANY": "No",
        "SILENT_STEPS": "They lose detail and become emptier",
    },
    "set_up": {
        "SAME_SEED": "Yes, pixel for pixel",
        "LOOKS": "40 times",
    },
    "text_conditioned_editing": {
        "UNHEARD": "Not at all",
        "PROMPT_WINS": "Where most noise was added",
    },
    "train_class_ddpm": {
        "LABEL_LOSS": "By a few percent",
        "MASKED": "Not at all",
    },
    "train_ddpm": {
        "WRONG_TIME": "No digits at all",
        "BATCH_STATISTICS": "The digit",
    },
    "train_denoiser": {
        "LATE_LOSS": "At 0.008",
        "PIXEL_OFF": "0.1",
    },
    "unet": {
        "MOST_NUMBERS": "unflatten, whose input is a single pixel",
        "LAST_GELU": "Values well below 0",
    },
    "visual_anagrams": {
        "ANAGRAM_ITSELF": "Plain samples of that prompt",
        "EXCHANGED": "The same images after the view",
    },
    "wider_or_longer": {
        "TWICE_AS_WIDE": "About four times as many",
        "SHORT_OF_TIME": "It depends on the minutes",
    },
}


def keys() -> dict[str, Mapping[str, str]]:
    """Those above, and of each newer lesson the KEY that stands in its own test."""
    found = dict(KEY)
    for file in sorted(Path(_teaching.__file__).parent.glob("[a-z]*.py")):
        if file.stem not in KEY:
            found[file.stem] = own_key(Path(__file__).with_name(f"test_{file.stem}.py"))
    return found


def own_key(test: Path) -> dict[str, str]:
    assert test.exists(), f"{test.name} is missing; it holds the lesson's KEY"
    for statement in ast.parse(test.read_text("utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "KEY":
            return dict(ast.literal_eval(statement.value))
    raise AssertionError(f"{test.name} needs a KEY: the name of each question → its right answer")


@pytest.mark.parametrize("lesson", keys())
def test_every_question_marks_the_answer_that_is_right(lesson: str) -> None:
    key, own = keys()[lesson], vars(importlib.import_module(f"pages._teaching.{lesson}"))
    marked = {n: q.options[q.answer] for n, q in own.items() if type(q) is Question}
    assert marked.keys() == key.keys()
    for name, right in marked.items():
        assert right.startswith(key[name]), name


def test_every_key_is_that_of_a_lesson() -> None:
    files = Path(_teaching.__file__).parent.glob("[a-z]*.py")
    assert set(KEY) <= {file.stem for file in files}
