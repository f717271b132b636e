"""The lessons' own demos, run with the bench's code: images, and numbers made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from lessons.images import masks, sources
from lessons.images.captioned import Progress
from lessons.measure import classifier
from lessons.prompts import prompts_for
from lessons.workshop.bug_lab.bench import (
    COUNT,
    DIGITS,
    LABELS,
    STEPS,
    Bench,
    Pictures,
    Probe,
    Scene,
    Steps,
    again,
    digit_images,
    rms,
    shown,
)
from models import catalog, shipped
from models.digits import SPEC, digit_of

if TYPE_CHECKING:
    from lessons.part_a.inpainting import Inpainted

GAMMA: Final = 7.0


def sampled(bench: Bench, model: str) -> Steps[Pictures]:
    """Five samples of what the model is asked for."""
    if f"samples of {model}" not in bench.kept:
        made = yield from bench.code["lessons.part_a.sampling"].demo(
            model=model,
            prompt=prompts_for(model).wanted,
            seed=bench.seed,
            count=COUNT,
            gamma=GAMMA,
        )
        bench.kept[f"samples of {model}"] = again(made.images, "x_0_hat")
    images: Pictures = bench.kept[f"samples of {model}"]
    return images


def _samples(bench: Bench) -> Steps[Pictures]:
    return (yield from sampled(bench, bench.model))


def _digit_samples(bench: Bench) -> Steps[Pictures]:
    return (yield from sampled(bench, DIGITS))


def _two_seeds(bench: Bench) -> Steps[Pictures]:
    images: list[Pictures] = []
    for seed in (bench.seed, bench.seed + 1):
        made = yield from bench.code["lessons.part_a.sampling"].demo(
            model=bench.model,
            prompt=prompts_for(bench.model).wanted,
            seed=seed,
            count=2,
            gamma=GAMMA,
        )
        images.append(tuple(shown(one.pixels, f"seed {seed}", "x_0_hat") for one in made.images))
    return sum(images, ())


def ten_digits(bench: Bench, recipe: str = "class-ddpm") -> Steps[Tensor]:
    """One sample of each digit by the class-conditioned run that ships, (10, 1, 28, 28)."""
    if recipe not in bench.kept:
        run_id = shipped.folder(recipe).name
        frames = bench.code["lessons.part_b.sampled_digits"].sampled(
            run_id, LABELS, bench.seed, STEPS
        )
        with torch.no_grad():
            for done, frame in enumerate(frames, start=1):
                bench.kept[recipe] = frame.x_t
                yield Progress(min(done, STEPS), STEPS)
    digits: Tensor = bench.kept[recipe]
    return digits


def _ten_digits(bench: Bench) -> Steps[Pictures]:
    return digit_images((yield from ten_digits(bench)))


def _ten_flows(bench: Bench) -> Steps[Pictures]:
    return digit_images((yield from ten_digits(bench, "class-flow")))


def _edited(bench: Bench) -> Steps[Pictures]:
    made = yield from bench.code["lessons.part_a.image_to_image"].demo(
        model=DIGITS, source_image="digit-3", prompt="", gamma=1.0, seed=bench.seed, starts=(10, 20)
    )
    return again((*made.starts, *made.results))


def source_image(model: str) -> str:
    """The image that is painted in."""
    return "digit-3" if catalog.entry(model).spec.shape[0] == 1 else "tower"


def inpainted(bench: Bench, model: str) -> Steps[Inpainted]:
    """The lower half of an image made anew, three times; its result may be a copy's."""
    if f"inpainted by {model}" not in bench.kept:
        bench.kept[f"inpainted by {model}"] = yield from bench.code[
            "lessons.part_a.inpainting"
        ].demo(
            model=model,
            source_image=source_image(model),
            mask=masks.half(catalog.entry(model).spec.shape[1:], "bottom"),
            prompt=prompts_for(model).neutral,
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
    first, second = prompts_for(bench.model).anagrams[0]
    made = yield from bench.code["lessons.part_a.visual_anagrams"].demo(
        model=bench.model,
        first=first,
        second=second,
        view="180°",
        gamma=GAMMA,
        count=2,
        seed=bench.seed,
    )
    pairs = zip(made.prompt_1, made.viewed, strict=True)
    return tuple(
        shown(one.pixels, said, "x_0_hat")
        for pair in pairs
        for one, said in zip(pair, ("as it is", "after the view"), strict=True)
    )


def _hybrids(bench: Bench) -> Steps[Pictures]:
    low_frequency, high_frequency = prompts_for(bench.model).hybrids[0]
    made = yield from bench.code["lessons.part_a.hybrid_images"].demo(
        model=bench.model,
        low_frequency=low_frequency,
        high_frequency=high_frequency,
        sigma_64=2.0,
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


def _asked(bench: Bench) -> Steps[float]:
    return classifier.classified((yield from ten_digits(bench)), LABELS)["accuracy"]


def _flow_asked(bench: Bench) -> Steps[float]:
    return classifier.classified((yield from ten_digits(bench, "class-flow")), LABELS)["accuracy"]


def _samples_asked(bench: Bench) -> Steps[float]:
    made = yield from sampled(bench, DIGITS)
    images = torch.stack([torch.from_numpy(one.pixels.copy()) for one in made])[:, None] / 255
    wanted = digit_of(prompts_for(DIGITS).wanted)
    return classifier.classified(images, torch.tensor([wanted] * COUNT))["accuracy"]


def _kept(bench: Bench) -> Steps[float]:
    """In the last step of the trajectory: in the result the clean image hides what went before."""
    made = yield from inpainted(bench, DIGITS)
    upper = slice(0, 14)
    old = torch.from_numpy(sources.seen(source_image(DIGITS), SPEC.shape).pixels[upper] / 255)
    last = made.trajectory.frames[-1][0].pixels[upper]
    tries = np.split(last, len(made.results), axis=1)
    return max(rms(torch.from_numpy(one / 255), old) for one in tries)


SAMPLES: Final = Scene(_samples, "five samples", any_model=True)
DIGIT_SAMPLES: Final = Scene(_digit_samples, "five samples")
TWO_SEEDS: Final = Scene(_two_seeds, "two samples from each of two seeds", any_model=True)
TEN_DIGITS: Final = Scene(_ten_digits, "one sample of each digit, 0 to 9, in 20 steps")
TEN_FLOWS: Final = Scene(_ten_flows, "flow matching: one sample of each digit, in 20 steps")
EDITED: Final = Scene(_edited, "image to image: a test digit under two noises, and what comes out")
INPAINTED: Final = Scene(
    _inpainted, "an image whose lower half is free, and three ways to fill it", any_model=True
)
ANAGRAMS: Final = Scene(_anagrams, "two anagrams, upright and turned", any_model=True)
HYBRIDS: Final = Scene(_hybrids, "two hybrids, and what is left of them from far", any_model=True)

ASKED: Final = Probe(_asked, "digits classified as the digit requested", low=0.9, form=".0%")
FLOW_ASKED: Final = Probe(
    _flow_asked, "digits classified as the digit requested", low=0.9, form=".0%"
)
SAMPLES_ASKED: Final = Probe(
    _samples_asked, "samples classified as the digit requested", low=0.8, form=".0%"
)
KEPT: Final = Probe(_kept, "what should stay: distance to the source image at t = 0", high=0.03)
