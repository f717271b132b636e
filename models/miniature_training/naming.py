"""How often the classifier is right, on real images and on images of nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lessons.diffusion.noise import stream
from models.miniature import classifier as naming
from models.miniature.box import Miniature
from models.miniature.classifier import NOTHING, Classifier
from models.miniature_training.batches import LATER
from models.miniature_training.broken import junk, shuffled, smooth
from models.miniature_training.classifier import Lessons, train
from models.miniature_training.denoising import shown
from models.miniature_training.sprites import NOUN_NAMES, Sprites


def named(
    classifier: Classifier, training: Sprites, held_out: Sprites, say: Callable[[str], None]
) -> dict[str, Any]:
    """How often the classifier is right on real images, and on images of nothing.

    Args:
        classifier: to be measured.
        training: sprites that it learned from, shown as it has not seen them.
        held_out: sprites that it never saw, in the styles they come in.
        say: hears of what it mixes up.
    """
    lessons = Lessons(training, torch.zeros(0), seed=1)
    parts = [lessons.real(500, number) for number in range(20)]
    images, nouns = (torch.cat(column) for column in zip(*parts, strict=True))
    answers = naming.chances(classifier, images)
    said = answers.argmax(1)
    pairs = twins(said, nouns, at_least=3)
    for pair in pairs:
        say("mixed up: {} called {}, {} of {}".format(*pair))
    unseen, _ = shown(held_out, LATER)
    random = stream(0, "broken")
    blurred = smooth(images[:500], torch.full((500,), 6.0))
    noise = torch.randn(500, 3, 64, 64, generator=random).clamp(-1, 1)
    found = {
        "training": scores(answers, nouns),
        "a_third": scores(naming.chances(classifier, a_third(images)), nouns),
        "held_out": scores(naming.chances(classifier, unseen), held_out.noun),
        "training_images": len(images),
        "held_out_images": len(unseen),
        "blur_is_nothing": share_of_nothing(classifier, blurred),
        "noise_is_nothing": share_of_nothing(classifier, noise),
        "shuffled_is_nothing": share_of_nothing(classifier, shuffled(images[:500], random)),
        "mixed_up": pairs,
    }
    say(str({name: value for name, value in found.items() if name != "mixed_up"}))
    return found


def twins(said: Tensor, nouns: Tensor, at_least: int = 2) -> list[tuple[str, str, int, int]]:
    """Nouns that are called by another noun in an eighth of their images or more.

    Returns:
        The noun, what it was called, how often, of how many.
    """
    found = []
    for noun in sorted(set(nouns.tolist())):
        calls = said[nouns == noun]
        for other, count in Counter(calls.tolist()).items():
            if other not in (noun, NOTHING) and count >= max(at_least, len(calls) / 8):
                found.append((NOUN_NAMES[noun], NOUN_NAMES[other], count, len(calls)))
    return sorted(found, key=lambda pair: -pair[2] / pair[3])


def scores(answers: Tensor, right: Tensor) -> dict[str, float]:
    """Shares of right answers: first, among the first five; and their mean chance."""
    places = naming.ranks(answers, right)
    chance = answers.gather(1, right[:, None]).mean()
    return {
        "top_1": share(places < 1),
        "top_5": share(places < 5),
        "right": round(float(chance), 4),
    }


def share_of_nothing(classifier: Classifier, images: Tensor) -> float:
    """Share of images that the classifier says show nothing."""
    return share(naming.chances(classifier, images).argmax(1) == NOTHING)


def trained_classifier(
    model: Miniature, training: Sprites, say: Callable[[str], None] = print
) -> Classifier:
    """A new classifier of this data, and of what this model draws that is nothing."""
    images, _ = Lessons(training, torch.zeros(0), seed=1).real(900, 10**6)
    return train(Lessons(training, junk(model, images), seed=0), say=say)


def a_third(images: Tensor) -> Tensor:
    """Images shrunk to a third of their size, as one who steps back sees them, and enlarged again.

    Args:
        images: (B, C, H, W).
    """
    small = F.interpolate(images, scale_factor=1 / 3, mode="area")
    return F.interpolate(small, images.shape[-2:], mode="bilinear")


def share(hits: Tensor) -> float:
    """How many of all are true, (B,) bool, to four places."""
    return round(float(hits.float().mean()), 4)
