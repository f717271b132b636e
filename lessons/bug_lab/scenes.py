"""Pictures on which a mistake shows: the lessons' own demos, run with the bench's code."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from lessons import masks, runs
from lessons import text_to_image as t2i
from lessons.bug_lab.bench import (
    DIGITS,
    Bench,
    Pictures,
    Scene,
    Steps,
    again,
    digit_pictures,
    shown,
)
from lessons.inpainting import Inpainted
from lessons.picture import Progress

GAMMA: Final = 7.0
COUNT: Final = 5
STEPS: Final = 20
LABELS: Final = torch.arange(10)


def sampled(bench: Bench, model: str) -> Steps[Pictures]:
    """Five samples of what the model is asked for."""
    if f"samples of {model}" not in bench.kept:
        made = yield from bench.code["lessons.sampling"].demo(
            model=model,
            prompt=Bench(bench.code, model, bench.seed).prompts.wanted,
            seed=bench.seed,
            count=COUNT,
            gamma=GAMMA,
        )
        bench.kept[f"samples of {model}"] = again(made.pictures, "x_0_hat")
    pictures: Pictures = bench.kept[f"samples of {model}"]
    return pictures


def _samples(bench: Bench) -> Steps[Pictures]:
    return (yield from sampled(bench, bench.model))


def _digit_samples(bench: Bench) -> Steps[Pictures]:
    return (yield from sampled(bench, DIGITS))


def _two_seeds(bench: Bench) -> Steps[Pictures]:
    pictures: list[Pictures] = []
    for seed in (bench.seed, bench.seed + 1):
        made = yield from bench.code["lessons.sampling"].demo(
            model=bench.model, prompt=bench.prompts.wanted, seed=seed, count=2, gamma=GAMMA
        )
        pictures.append(
            tuple(shown(one.pixels, f"seed {seed}", "x_0_hat") for one in made.pictures)
        )
    return sum(pictures, ())


def ten_digits(bench: Bench, recipe: str = "class-ddpm") -> Steps[Tensor]:
    """One sample of each digit by the class-conditioned run that ships, (10, 1, 28, 28)."""
    if recipe not in bench.kept:
        run_id = next(run.id for run in runs.all_runs(recipe) if run.shipped)
        frames = bench.code["lessons.sampled_digits"].sampled(run_id, LABELS, bench.seed, STEPS)
        with torch.no_grad():
            for done, frame in enumerate(frames, start=1):
                bench.kept[recipe] = frame.x_t
                yield Progress(min(done, STEPS), STEPS)
    digits: Tensor = bench.kept[recipe]
    return digits


def _ten_digits(bench: Bench) -> Steps[Pictures]:
    return digit_pictures((yield from ten_digits(bench)))


def _ten_flows(bench: Bench) -> Steps[Pictures]:
    return digit_pictures((yield from ten_digits(bench, "class-flow")))


def _edited(bench: Bench) -> Steps[Pictures]:
    made = yield from bench.code["lessons.image_to_image"].demo(
        model=DIGITS, original="digit-3", prompt="", gamma=1.0, seed=bench.seed, starts=(10, 20)
    )
    return again((*made.starts, *made.results))


def original(model: str) -> str:
    """The picture that is painted in."""
    return "digit-3" if t2i.outline(model).shape[0] == 1 else "tower"


def inpainted(bench: Bench, model: str) -> Steps[Inpainted]:
    """The lower half of a picture made anew, three times; its result may be a copy's."""
    if f"inpainted by {model}" not in bench.kept:
        bench.kept[f"inpainted by {model}"] = yield from bench.code["lessons.inpainting"].demo(
            model=model,
            original=original(model),
            mask=masks.half(t2i.outline(model).shape[1:], "bottom"),
            prompt=Bench(bench.code, model, bench.seed).prompts.neutral,
            gamma=GAMMA,
            count=3,
            seed=bench.seed,
        )
    made: Inpainted = bench.kept[f"inpainted by {model}"]
    return made


def _inpainted(bench: Bench) -> Steps[Pictures]:
    made = yield from inpainted(bench, bench.model)
    return again((made.freed, *made.results))


def _anagrams(bench: Bench) -> Steps[Pictures]:
    first, second = bench.prompts.anagrams[0]
    made = yield from bench.code["lessons.visual_anagrams"].demo(
        model=bench.model,
        first=first,
        second=second,
        view="180°",
        gamma=GAMMA,
        count=2,
        seed=bench.seed,
    )
    pairs = zip(made.upright, made.viewed, strict=True)
    return tuple(
        shown(one.pixels, said, "x_0_hat")
        for pair in pairs
        for one, said in zip(pair, ("upright", "turned"), strict=True)
    )


def _hybrids(bench: Bench) -> Steps[Pictures]:
    far, near = bench.prompts.hybrids[0]
    made = yield from bench.code["lessons.hybrid_images"].demo(
        model=bench.model,
        far=far,
        near=near,
        strength=2.0,
        gamma=GAMMA,
        count=2,
        seed=bench.seed,
    )
    groups = zip(made.results, made.coarse, strict=True)
    return tuple(
        shown(one.pixels, said)
        for group in groups
        for one, said in zip(group, ("the hybrid", "from far"), strict=True)
    )


SAMPLES: Final = Scene(_samples, "five samples", any_model=True)
DIGIT_SAMPLES: Final = Scene(_digit_samples, "five samples")
TWO_SEEDS: Final = Scene(_two_seeds, "two samples from each of two seeds", any_model=True)
TEN_DIGITS: Final = Scene(_ten_digits, "one sample of each digit, 0 to 9, in 20 steps")
TEN_FLOWS: Final = Scene(_ten_flows, "flow matching: one sample of each digit, in 20 steps")
EDITED: Final = Scene(_edited, "image to image: a test digit under two noises, and what comes out")
INPAINTED: Final = Scene(
    _inpainted, "a picture whose lower half is free, and three ways to fill it", any_model=True
)
ANAGRAMS: Final = Scene(_anagrams, "two anagrams, upright and turned", any_model=True)
HYBRIDS: Final = Scene(_hybrids, "two hybrids, and what is left of them from far", any_model=True)
