"""Can a classifier that was trained for it tell samples from real images? A two-sample test.

It learns from the samples of seventy prompts beside real images of the same nouns and styles, and
is asked about those of the thirty others. A half right is chance: then nothing tells them apart.

Source: Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests" (arXiv:1610.06545).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lessons.diffusion.noise import stream
from models.miniature_training.batches import halved

LEARNED: Final = 0.7
"""Share of the prompts that it learns from."""

STEPS: Final = 400
BATCH: Final = 64
RATE: Final = 2e-3

VIEWS: Final[Mapping[str, Callable[[Tensor], Tensor]]] = {"pixels": lambda x: x, "halved": halved}
"""What it is shown: the images, or their 2×2 means, in which little is left of a grain."""


def two_sample(drawn: Tensor, real: Tensor, seed: int = 0) -> dict[str, Any]:
    """How often it is right about prompts that it did not learn from, as many real as drawn.

    Args:
        drawn: samples, (S, N, 3, 64, 64), S of each of N prompts, in [-1, 1].
        real: images of the same nouns and styles, shape of `drawn`.
        seed: decides which prompts it learns from, and all else.

    Returns:
        A share right for each of `VIEWS`, how many images that is of, and a standard error.
    """
    order = torch.randperm(drawn.shape[1], generator=stream(seed, "real or drawn"))
    first, rest = order.tensor_split([round(LEARNED * len(order))])
    count = 2 * drawn.shape[0] * len(rest)
    found: dict[str, Any] = {"images": count}
    for name, view in VIEWS.items():
        a, b = (torch.stack([view(some) for some in x]) for x in (drawn, real))
        network = _trained(a[:, first].flatten(0, 1), b[:, first].flatten(0, 1), seed)
        with torch.no_grad():
            hits = [
                network(x[:, rest].flatten(0, 1))[:, 0] * sign > 0 for x, sign in ((a, 1), (b, -1))
            ]
        right = float(torch.cat(hits).float().mean())
        found[name] = round(right, 4)
        found[f"{name}_error"] = round((right * (1 - right) / count) ** 0.5, 4)
    return found


def small_network() -> nn.Module:
    """Three levels over folded pixels, (B, 3, H, W) → (B, 1); above 0 means drawn."""
    levels: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(12, 32, 3, padding=1)]
    for inside, outside in ((32, 64), (64, 128)):
        shrink = nn.Conv2d(inside, outside, 3, stride=2, padding=1, bias=False)
        levels += [nn.ReLU(), shrink, nn.BatchNorm2d(outside)]
    mean = [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 1)]
    return nn.Sequential(*levels, *mean)


def _trained(drawn: Tensor, real: Tensor, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network = small_network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    random = stream(seed, "real or drawn, batches")
    answers = torch.arange(BATCH) < BATCH // 2
    for step in range(STEPS):
        parts = [x[torch.randint(len(x), (BATCH // 2,), generator=random)] for x in (drawn, real)]
        images = torch.cat(parts)
        images = images.flip(-1) if step % 2 else images
        loss = F.binary_cross_entropy_with_logits(network(images)[:, 0], answers.float())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        optimiser.step()
    return network.eval().requires_grad_(False)
