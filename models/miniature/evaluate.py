"""How good the miniature is, in numbers that anyone can measure again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from models.checkpoints import BrokenCheckpoint, load_tensors, load_weights, save_tensors
from models.miniature import judge as judging
from models.miniature import pictures, sheet
from models.miniature.box import Miniature
from models.miniature.judge import Judge
from models.miniature.pictures import NOUN_NAMES, STYLE_NAMES, Pictures
from models.miniature.words import ANY_PHOTO, FAVOURITES, STYLES, captions
from models.randomness import stream

GUIDANCE: Final = 4.0
STEPS: Final = 25
LEVELS: Final = (50, 150, 250, 350, 450, 550, 650, 750, 850, 950)
BLURS: Final = tuple((k, s) for k in (3, 5, 7, 9, 13, 17) for s in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0))


def evaluate(model: Miniature, state: Path, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure everything that the model card states.

    Args:
        model: the miniature.
        state: the training's folder: its pictures, and the judge, which is trained if missing.
        say: hears of each number as it comes.
    """
    held_out = pictures.load(state / "pictures.safetensors", "held_out")
    training = pictures.load(state / "pictures.safetensors", "training")
    judge = trained_judge(state, training)
    numbers: dict[str, Any] = {"held_out_pictures": len(held_out.noun)}

    def note(name: str, value: object) -> None:
        numbers[name] = value
        say(f"{name}: {value}")

    note("noise_error", noise_errors(model, held_out))
    note("psnr", psnr_by_level(model, held_out))
    note("judge_held_out", judging.held_out_accuracy(judge, held_out))
    prompts, nouns = hundred_prompts()
    drawn = draw(model, prompts)
    place = judging.ranks(judge, drawn, torch.tensor(nouns))
    note("top_1", float((place < 1).float().mean()))
    note("top_5", float((place < 5).float().mean()))
    note("novelty", novelty(judge, drawn, training, held_out))
    return numbers


def trained_judge(state: Path, training: Pictures) -> Judge:
    """The judge of this data; trained once, then kept beside it."""
    judge, file = Judge(), state / "judge.safetensors"
    try:
        load_weights(judge, load_tensors(file)[0])
    except BrokenCheckpoint:
        judge = judging.train(training)
        save_tensors(file, judge.state_dict(), {})
    return judge.eval()


def hundred_prompts() -> tuple[list[str], list[int]]:
    """A hundred prompts: every noun once, the course's again, styles in turn."""
    nouns = [*NOUN_NAMES, *FAVOURITES][:100]
    turn = [style for style in STYLES if style != "plain"]
    prompts = [captions(noun, turn[i % len(turn)])[0] for i, noun in enumerate(nouns)]
    return prompts, [NOUN_NAMES.index(noun) for noun in nouns]


def draw(model: Miniature, prompts: Sequence[str]) -> Tensor:
    """One picture a prompt, (B, 3, 64, 64) in [-1, 1]; picture i from seed i."""
    numbered = list(enumerate(prompts))
    parts = [numbered[i : i + 20] for i in range(0, len(numbered), 20)]
    return torch.cat(
        [
            sheet.draw(model, [p for _, p in some], [i for i, _ in some], GUIDANCE, STEPS)
            for some in parts
        ]
    )


def noise_errors(model: Miniature, held_out: Pictures) -> dict[int, float]:
    """Mean squared error of the predicted noise on held-out pictures, by timestep."""
    x_0, named = _on_grounds(held_out)
    states = model.embed(named)
    return {t: _mean_square(*_denoised(model, x_0, states, t)[1:]) for t in LEVELS}


def psnr_by_level(model: Miniature, held_out: Pictures) -> dict[int, dict[str, float]]:
    """PSNR, in dB, of one-step denoising and of the best Gaussian blur on held-out pictures."""
    x_0, _ = _on_grounds(held_out)
    states = model.embed([ANY_PHOTO] * len(x_0))
    rows = {}
    for t in (250, 500, 750):
        x_t, eps_hat, _ = _denoised(model, x_0, states, t)
        alpha_bar_t = model.alpha_bars[t].float()
        guess = (x_t - (1 - alpha_bar_t).sqrt() * eps_hat) / alpha_bar_t.sqrt()
        blurs = [psnr(gaussian_blur(x_t, [k, k], [s, s]), x_0) for k, s in BLURS]
        rows[t] = {"one_step": psnr(guess, x_0), "best_blur": max(blurs)}
    return rows


def psnr(guess: Tensor, x_0: Tensor) -> float:
    """Mean over pictures of 10 log10(2² / mean squared error), in dB; guesses are clamped."""
    error = (guess.clamp(-1, 1) - x_0).square().mean((1, 2, 3))
    return round(float((10 * torch.log10(4 / error)).mean()), 2)


def novelty(
    judge: Judge, drawn: Tensor, training: Pictures, held_out: Pictures
) -> dict[str, float]:
    """Distance to the nearest training picture, in the judge's eyes: samples between two marks.

    `again` are training pictures on another ground and in another place, as a memory would look;
    `held_out` are real pictures that nobody trained on.
    """
    rng = np.random.default_rng(1)
    everything = judging.placed(training, list(range(len(training.noun))), rng)
    some = np.random.default_rng(2).choice(len(everything), 100, replace=False).tolist()
    groups = {
        "again": judging.placed(training, some, rng),
        "samples": drawn,
        "held_out": _on_grounds(held_out)[0],
    }
    medians = {k: judging.nearest(judge, x, everything).median() for k, x in groups.items()}
    return {name: round(float(median), 4) for name, median in medians.items()}


def _on_grounds(held_out: Pictures) -> tuple[Tensor, list[str]]:
    """Held-out pictures as training would have shown them, and their captions."""
    rows = range(len(held_out.noun))
    x_0 = judging.placed(held_out, list(rows), np.random.default_rng(0))
    pairs = zip(held_out.noun.tolist(), held_out.style.tolist(), strict=True)
    return x_0, [captions(NOUN_NAMES[noun], STYLE_NAMES[style])[0] for noun, style in pairs]


@torch.no_grad()
def _denoised(model: Miniature, x_0: Tensor, states: Tensor, t: int) -> tuple[Tensor, ...]:
    """Noisy pictures, the noise the network sees in them, and the noise that is in them."""
    eps = torch.randn(x_0.shape, generator=stream(0, "evaluate", t))
    alpha_bar_t = model.alpha_bars[t].float()
    x_t = alpha_bar_t.sqrt() * x_0 + (1 - alpha_bar_t).sqrt() * eps
    pieces = zip(torch.split(x_t, 32), torch.split(states, 32), strict=True)
    parts = [model.network(x, t, s).sample for x, s in pieces]
    return x_t, torch.cat(parts), eps


def _mean_square(a: Tensor, b: Tensor) -> float:
    return round(float((a - b).square().mean()), 5)
