"""How well Pictures draws two things as one image: anagrams and hybrids, read by the classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor

from lessons.diffusion.anagrams import ROTATE_180, anagram
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.guidance import guided
from lessons.diffusion.hybrids import hybrid
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import sampling_trajectory
from lessons.diffusion.schedules import course_timesteps
from models.miniature.box import Miniature
from models.miniature.classifier import Classifier
from models.miniature.schedule import STEPS
from models.miniature.words import NOUNS, forms, subject
from models.miniature_training.batches import SIZE
from models.miniature_training.naming import a_third
from models.miniature_training.sheet import sheet
from models.miniature_training.sprites import NOUN_NAMES

SIGMA: Final = 2.0
KERNEL: Final = 33
"""The course's low pass at 64 pixels."""


class Read(NamedTuple):
    """One pair of prompts as the classifier reads it.

    Attributes:
        prompts: the two.
        images: (B, 3, 64, 64), a try each.
        ranks: for each prompt and try, in which place its noun comes; 0 is first, (2, B).
    """

    prompts: tuple[str, str]
    images: Tensor
    ranks: Tensor

    @property
    def both(self) -> int:
        """Tries of which both nouns come first."""
        return int((self.ranks == 0).all(0).sum())


def read_anagram(
    model: Miniature, classifier: Classifier, prompts: tuple[str, str], gamma: float, tries: int
) -> Read:
    """Sample one pair as an anagram by 180°, as lesson 1.8 does; read it both ways up.

    Raises:
        ValueError: a prompt names no noun that the model knows.
    """
    first, second = _guided(model, prompts, gamma)
    images = _sample(model, anagram(first, second, ROTATE_180), tries)
    return _read(classifier, prompts, images, (images, ROTATE_180.see(images)))


def read_hybrid(
    model: Miniature,
    classifier: Classifier,
    prompts: tuple[str, str],
    gamma: float,
    tries: int,
    sigma: float = SIGMA,
) -> Read:
    """Sample one pair as a hybrid, as lesson 1.10 does; read it at a third of its size, and at all.

    Args:
        model: Pictures.
        classifier: reads.
        prompts: what it shall be from afar, and close up.
        gamma: guidance scale.
        tries: noises, those of the lesson's samples at its seed.
        sigma: of the low pass, in pixels.

    Raises:
        ValueError: a prompt names no noun that the model knows.
    """
    far, near = _guided(model, prompts, gamma)
    images = _sample(model, hybrid(far, near, sigma, KERNEL), tries)
    return _read(classifier, prompts, images, (a_third(images), images))


def report(
    model: Miniature,
    classifier: Classifier,
    kind: str,
    pairs: Sequence[str],
    gamma: float = 5.0,
    tries: int = 4,
    sigma: float = SIGMA,
    sheet_file: Path | None = None,
) -> None:
    """Print how many tries of each pair are read right in both views.

    Args:
        model: Pictures.
        classifier: reads.
        kind: "anagrams" or "hybrids".
        pairs: two prompts each, "a fir tree | a strawberry"; of a hybrid the far one first.
        gamma: guidance scale.
        tries: noises a pair.
        sigma: of a hybrid's low pass, in pixels at 64.
        sheet_file: gets the samples as PNG, a row a pair; hybrids as they are, then at a third.
    """
    read: Callable[..., Read] = read_anagram
    other: Callable[[Tensor], Tensor] = ROTATE_180.see
    if kind == "hybrids":
        read, other = partial(read_hybrid, sigma=sigma), a_third
    rows = []
    for pair in pairs:
        first, second = (prompt.strip() for prompt in pair.split("|"))
        found = read(model, classifier, (first, second), gamma, tries)
        rows += [found.images, other(found.images)]
        print(f"{found.both} of {tries}: {first} | {second}", flush=True)
    if sheet_file:
        sheet(torch.cat(rows), 2 * tries).save(sheet_file)


def noun_of(prompt: str) -> int:
    """Index of the noun that a prompt names.

    Raises:
        ValueError: there is none.
    """
    for noun in NOUNS:
        if subject(prompt) in {subject(form) for form in forms(noun)}:
            return NOUN_NAMES.index(noun)
    raise ValueError(f"{prompt!r} names nothing that the model was trained on.")


def _guided(
    model: Miniature, prompts: Sequence[str], gamma: float
) -> tuple[PredictNoise, PredictNoise]:
    def predict(x_t: Tensor, t: int, states: Tensor) -> Tensor:
        eps: Tensor = model.network(x_t, t, states).sample
        return eps

    one, other, empty = model.embed([*prompts, ""])[:, None]
    return guided(predict, one, empty, gamma), guided(predict, other, empty, gamma)


@torch.no_grad()
def _sample(model: Miniature, predict_noise: PredictNoise, tries: int) -> Tensor:
    noise = NoiseSource(276, tries, (3, SIZE, SIZE))
    *_, last = sampling_trajectory(
        noise(), course_timesteps(STEPS), model.alpha_bars, predict_noise, noise
    )
    return last.x_t.clamp(-1, 1)


@torch.no_grad()
def _read(
    classifier: Classifier, prompts: tuple[str, str], images: Tensor, views: tuple[Tensor, Tensor]
) -> Read:
    ranks = []
    for prompt, view in zip(prompts, views, strict=True):
        scores = classifier(view)
        ranks.append((scores > scores[:, noun_of(prompt)][:, None]).sum(1))
    return Read(prompts, images, torch.stack(ranks))
