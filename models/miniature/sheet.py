"""Draw what the miniature makes of prompts: a sheet of pictures, a row a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.devices import autocast, fast_precision
from models.miniature.batches import SIZE
from models.miniature.box import Miniature
from models.randomness import stream

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


def draw(
    model: Miniature, prompts: Sequence[str], seeds: Sequence[int], guidance: float, steps: int
) -> Tensor:
    """Sample a picture for each pair of prompt and seed, with diffusers' scheduler.

    Args:
        model: the miniature.
        prompts: (B,) words.
        seeds: (B,) one a picture; it alone decides the noise.
        guidance: 0 ignores the prompt, 1 follows it, more exaggerates.
        steps: how many, of the thousand.

    Returns:
        (B, 3, 64, 64) in [-1, 1].
    """
    device = model.network.device
    precision = fast_precision(device)
    streams = [stream(seed, "sheet") for seed in seeds]

    def noise() -> Tensor:
        drawn = [torch.randn(3, SIZE, SIZE, generator=one) for one in streams]
        return torch.stack(drawn).to(device)

    states = model.embed([*prompts, *[""] * len(prompts)]).to(device)
    scheduler = type(model.scheduler).from_config(model.scheduler.config)
    scheduler.set_timesteps(steps)
    x_t = noise()
    for t in scheduler.timesteps:
        with torch.no_grad(), autocast(device, precision):
            eps = model.network(torch.cat([x_t, x_t]), t, states).sample.float()
        with_prompt, without = eps.chunk(2)
        guided = without + guidance * (with_prompt - without)
        x_t = scheduler.step(guided, t, x_t, generator=streams).prev_sample
    return x_t.clamp(-1, 1).cpu()


def sheet(pictures: Tensor, columns: int) -> Image.Image:
    """Lay pictures out in rows, with a little white between them.

    Args:
        pictures: (B, 3, H, W) in [-1, 1], B a multiple of `columns`.
        columns: how many beside each other.
    """
    pixels = ((pictures + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    framed = np.pad(pixels, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    B, H, W, C = framed.shape
    rows = framed.reshape(B // columns, columns, H, W, C).transpose(0, 2, 1, 3, 4)
    return Image.fromarray(np.ascontiguousarray(rows).reshape(-1, columns * W, C))


def write(
    model: Miniature,
    path: Path,
    prompts: Sequence[str] = COURSE,
    seeds: Sequence[int] = (276, 277, 278),
    guidance: float = 4.0,
    steps: int = 34,
) -> None:
    """Draw every prompt with every seed and save the sheet, a row a seed."""
    each = [(prompt, seed) for seed in seeds for prompt in prompts]
    pictures = [
        draw(model, [p for p, _ in some], [s for _, s in some], guidance, steps)
        for some in (each[i : i + 16] for i in range(0, len(each), 16))
    ]
    sheet(torch.cat(pictures), len(prompts)).save(path)
