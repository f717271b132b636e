"""A hundred prompts that training never saw worded so, sampled and classified."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from models.checkpoints import load_tensors, save_tensors
from models.miniature import classifier as naming
from models.miniature.box import Miniature
from models.miniature.classifier import NOTHING, Classifier
from models.miniature.linear import cosine_transform, ring_number
from models.miniature.words import forms
from models.miniature_training import sheet
from models.miniature_training.batches import FIRST, Batches
from models.miniature_training.broken import smooth
from models.miniature_training.naming import scores, share
from models.miniature_training.real_or_drawn import two_sample
from models.miniature_training.sheet import Manner
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites

WORDINGS: Final = (
    ("photo", "{} in the style of a photograph"),
    ("plain", "a nice picture showing {}"),
    ("photo", "a sharp photograph that shows {}"),
    ("oil", "{}, painted in oil"),
    ("plain", "please draw {}"),
    ("icon", "an icon that stands for {}"),
    ("photo", "a detailed photo with {} in it"),
    ("pencil", "{}, sketched with a pencil"),
    ("plain", "an image of {} for a children's book"),
    ("lithograph", "{}, printed as a lithograph"),
)
"""Style, and how a prompt asks for it in words that no caption of the training has."""


@dataclass(frozen=True)
class Prompt:
    """What is asked for: the words, and the noun and style that they mean."""

    words: str
    noun: int
    style: str


def hundred_prompts(seed: int = 100) -> list[Prompt]:
    """A hundred nouns by chance, each once, in ten wordings that training never saw."""
    nouns = np.random.default_rng(seed).choice(len(NOUN_NAMES), 100, replace=False).tolist()
    prompts = []
    for number, noun in enumerate(nouns):
        style, wording = WORDINGS[number % len(WORDINGS)]
        prompts.append(Prompt(wording.format(forms(NOUN_NAMES[noun])[-1]), noun, style))
    return prompts


def sampled(
    model: Miniature, classifier: Classifier, training: Sprites, state: Path, manner: Manner
) -> dict[str, Any]:
    """Sample the hundred prompts and let the classifier name what it sees.

    Returns:
        Shares and mean chance (see `scores`), the standard error of the share named first, the
        share called nothing, the high-frequency energy over that of real images of the same nouns
        and styles, the grain of plain grounds, what
        `two_sample` says, and for each style how many were named and how many
        there are.
    """
    prompts = hundred_prompts()
    drawn = samples(model, state, manner)
    nouns = torch.tensor([prompt.noun for prompt in prompts]).repeat(manner.seeds)
    answers = naming.chances(classifier, drawn)
    hits = answers.argmax(1) == nouns
    real = torch.cat([alike(training, prompts, seed) for seed in range(3, 3 + manner.seeds)])
    right: dict[str, list[bool]] = {}
    for prompt, hit in zip(prompts * manner.seeds, hits.tolist(), strict=True):
        right.setdefault(prompt.style, []).append(hit)
    on_plain = torch.tensor([prompt.style in ("photo", "plain", "icon") for prompt in prompts])
    return {
        **asdict(manner),
        **scores(answers, nouns),
        "top_1_error": round(standard_error(apart(hits, manner.seeds).float().mean(0)), 4),
        "nothing": share(answers.argmax(1) == NOTHING),
        "high_frequencies": round(high_frequency_energy(drawn) / high_frequency_energy(real), 3),
        "grain": round(grain(drawn[on_plain.repeat(manner.seeds)]), 2),
        "real_or_drawn": two_sample(apart(drawn, manner.seeds), apart(real, manner.seeds)),
        "by_style": {style: [sum(hits), len(hits)] for style, hits in right.items()},
    }


def apart(images: Tensor, seeds: int) -> Tensor:
    """What was drawn from one noise after what was drawn from another: (S · N, …) → (S, N, …)."""
    return images.view(seeds, -1, *images.shape[1:])


def standard_error(means: Tensor) -> float:
    """How far the mean of these may be off: prompts are drawn by chance, and so are their noises.

    Args:
        means: one number a prompt, the mean of its samples, (N,).
    """
    return float(means.std() / len(means) ** 0.5)


def samples(model: Miniature, state: Path, manner: Manner) -> Tensor:
    """Samples of all hundred prompts, then again from other noise: (100 · seeds, 3, 64, 64).

    They are kept in the training's folder, and drawn anew when weights or prompts have changed.
    """
    return torch.cat([_of_each_prompt(model, state, manner, seed) for seed in range(manner.seeds)])


def _of_each_prompt(
    model: Miniature, state: Path, manner: Manner, seed: int, at_once: int = 20
) -> Tensor:
    file = state / f"{manner.words.replace(' ', '')}-{seed}.safetensors"
    words = [prompt.words for prompt in hundred_prompts()]
    about = {"weights": weights_hash(model), "prompts": json.dumps(words)}
    if file.exists():
        kept, notes = load_tensors(file)
        if notes == about:
            return kept["samples"]
    seeds = [1000 * seed + number for number in range(len(words))]
    parts = [
        sheet.draw(model, words[i : i + at_once], seeds[i : i + at_once], manner)
        for i in range(0, len(words), at_once)
    ]
    save_tensors(file, {"samples": torch.cat(parts)}, about)
    return torch.cat(parts)


def weights_hash(model: Miniature) -> str:
    """Names the weights, so that what was drawn with others is not taken for theirs."""
    digest = hashlib.sha256()
    for tensor in model.network.state_dict().values():
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def alike(training: Sprites, prompts: Sequence[Prompt], seed: int = 3) -> Tensor:
    """A training image of each prompt's noun, in its style where there is one."""
    rng = np.random.default_rng(seed)
    rows = []
    for prompt in prompts:
        of_noun = training.noun == prompt.noun
        of_both = of_noun & (training.style == STYLE_NAMES.index(prompt.style))
        some = (of_both if of_both.any() else of_noun).nonzero()[:, 0].tolist()
        rows.append(some[rng.integers(len(some))])
    return Batches(training, None, seed, 1).composed(np.array(rows), FIRST)[0]


def high_frequency_energy(images: Tensor) -> float:
    """Mean power above half the highest frequency of rows and columns, by the cosine transform.

    Args:
        images: (B, C, N, N).
    """
    size = images.shape[-1]
    transform = cosine_transform(size)
    power = (transform @ images @ transform.T).square().mean((0, 1))
    return float(power[ring_number(size) > size // 2].mean())


def grain(images: Tensor) -> float:
    """Root mean square of what a blur of σ = 1 takes from the upper corners, in 255ths.

    Args:
        images: (B, 3, 64, 64), whose grounds should be plain; the median of them is told.
    """
    fine = images - smooth(images, torch.ones(len(images)))
    corners = torch.cat([fine[..., :6, :6], fine[..., :6, -6:]], -1)
    return 127.5 * float(corners.square().mean((1, 2, 3)).sqrt().median())
