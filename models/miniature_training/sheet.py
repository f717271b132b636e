"""Draw what Pictures makes of prompts: a sheet of samples, a row a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lessons.diffusion.guidance import conditional, guided
from lessons.diffusion.noise import stream
from lessons.diffusion.samplers import (
    Sampler,
    ddim,
    ddpm,
    dpm_solver_2m,
    sampling_trajectory,
)
from lessons.diffusion.schedules import CLEAN
from models.devices import autocast, fast_precision
from models.miniature.box import Miniature
from models.miniature.schedule import STEPS
from models.miniature_training.batches import SIZE

COURSE: Final = (
    "an oil painting of a snowy mountain village",
    "a man wearing a hat",
    "a rocket ship",
    "a high quality photo",
    "an oil painting of people around a campfire",
    "an oil painting of an old man",
    "a lithograph of waterfalls",
    "a lithograph of a skull",
    "a photo of the amalfi coast",
    "a photo of a man",
    "a photo of a hipster barista",
    "a photo of a dog",
    "a pencil",
)
"""The course's prompts."""


SAMPLERS: Final[dict[str, Callable[[], Sampler]]] = {
    "DDPM": ddpm,
    "DDIM": ddim,
    "DPM-Solver++": dpm_solver_2m,
}
"""By the names that a row of the card bears."""


@dataclass(frozen=True)
class Manner:
    """How samples are drawn.

    Attributes:
        guidance: γ; 0 ignores the prompt, 1 follows it, more exaggerates.
        steps: how many, of the thousand.
        sampler: a name of `SAMPLERS`.
        above: below this timestep the network is asked without guidance.
        seeds: samples of a prompt, each from other noise.
    """

    guidance: float
    steps: int
    sampler: str = "DDPM"
    above: int = 0
    seeds: int = 3

    @property
    def words(self) -> str:
        """What a row of the card calls it: "γ = 3, 25 steps"."""
        said = f"γ = {self.guidance:g}, {self.steps} steps"
        said += "" if self.sampler == "DDPM" else f", {self.sampler}"
        return said + (f", guided where t ≥ {self.above}" if self.above else "")


@torch.no_grad()
def draw(model: Miniature, prompts: Sequence[str], seeds: Sequence[int], manner: Manner) -> Tensor:
    """Sample an image for each pair of prompt and seed.

    The timesteps begin at 999, where an image is all noise: where they begin lower, sampling begins
    from noise that training never paired with that level. Clean estimates are left as they are, as
    in the lessons: no dynamic thresholding.

    Args:
        model: Pictures.
        prompts: (B,) words.
        seeds: (B,) one an image; it alone decides the noise.
        manner: γ, steps and sampler.

    Returns:
        (B, 3, 64, 64) in [-1, 1].
    """
    device = model.network.device
    precision = fast_precision(device)
    streams = [stream(seed, "sheet") for seed in seeds]

    def noise() -> Tensor:
        drawn = [torch.randn(3, SIZE, SIZE, generator=one) for one in streams]
        return torch.stack(drawn).to(device)

    def predict(x_t: Tensor, t: int, states: Tensor) -> Tensor:
        with autocast(device, precision):
            eps: Tensor = model.network(x_t, t, states).sample.float()
        return eps

    states = model.embed([*prompts, *[""] * len(prompts)]).to(device)
    wanted, unwanted = states.chunk(2)
    pushed = guided(predict, wanted, unwanted, manner.guidance)
    plain = conditional(predict, wanted)
    timesteps = [STEPS - 1 - STEPS * i // manner.steps for i in range(manner.steps)]
    *_, last = sampling_trajectory(
        noise(),
        [*timesteps, CLEAN],
        model.alpha_bars,
        lambda x_t, t: pushed(x_t, t) if t >= manner.above else plain(x_t, t),
        noise,
        SAMPLERS[manner.sampler](),
    )
    return last.x_t.clamp(-1, 1).cpu()


THIRTY_FOUR: Final = Manner(4.0, 34)
"""As the lessons sample, but from t = 999."""


def sheet(images: Tensor, columns: int) -> Image.Image:
    """Lay images out in rows, with a little white between them.

    Args:
        images: (B, 3, H, W) in [-1, 1], B a multiple of `columns`.
        columns: how many beside each other.
    """
    pixels = ((images + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    framed = np.pad(pixels, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    B, H, W, C = framed.shape
    rows = framed.reshape(B // columns, columns, H, W, C).transpose(0, 2, 1, 3, 4)
    return Image.fromarray(np.ascontiguousarray(rows).reshape(-1, columns * W, C))


def write(
    model: Miniature,
    path: Path,
    prompts: Sequence[str] = COURSE,
    seeds: Sequence[int] = (276, 277, 278),
    manner: Manner = THIRTY_FOUR,
) -> None:
    """Draw every prompt with every seed and save the sheet, a row a seed."""
    each = [(prompt, seed) for seed in seeds for prompt in prompts]
    images = [
        draw(model, [p for p, _ in some], [s for _, s in some], manner)
        for some in (each[i : i + 16] for i in range(0, len(each), 16))
    ]
    sheet(torch.cat(images), len(prompts)).save(path)
