"""A classifier with an eleventh class, "no digit": it may say that a sample shows none.

The classifier of the lessons has to choose one of ten digits, and is sure of some images that show
none. This one is trained beside digits on images that are none, made of the digits' own strokes, so
that ink alone doesn't make a digit. How right it is, is measured on digits and on images that it
was not trained on; two kinds of images are never trained on at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from lessons.measure.train_classifier import reading_loss, shifted
from models import mnist
from models.classifier import DigitClassifier

NO_DIGIT: Final = 10
WIDTH: Final = 16
BATCH: Final = 128
STEPS: Final = 700

Draw = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""(digits, labels, random) → as many images that are no digits."""


def blobs(digits: Tensor, _: Tensor, random: torch.Generator) -> Tensor:
    """Noise, smoothed by one to four pixels and stretched until a part of it is white."""
    noise = torch.randn(digits.shape, generator=random)
    parts = zip(torch.tensor_split(noise, 4), (1, 2, 3, 4), strict=True)
    smooth = torch.cat([_blurred(part, sigma) for part, sigma in parts])
    spread = smooth.flatten(1).std(1).view(-1, 1, 1, 1)
    share = 0.5 + torch.rand(len(digits), 1, 1, 1, generator=random)
    return (smooth / spread - share).clamp(0, 1) * _window()


def mixed(digits: Tensor, labels: Tensor, random: torch.Generator) -> Tensor:
    """Two digits of different classes on top of each other, each half as bright or whole."""
    other = _others(labels, random)
    whole = (torch.rand(len(digits), 1, 1, 1, generator=random) < 0.5).float()
    both = torch.maximum(digits, digits[other])
    return whole * both + (1 - whole) * (digits + digits[other]) / 2


def quarters(digits: Tensor, _: Tensor, random: torch.Generator) -> Tensor:
    """Each quarter of the image from another digit, and its own quarters in another order."""
    corners = [(slice(0, 14), slice(0, 14)), (slice(0, 14), slice(14, 28))]
    corners += [(slice(14, 28), slice(0, 14)), (slice(14, 28), slice(14, 28))]
    made = torch.empty_like(digits)
    for place, (rows, columns) in enumerate(corners):
        source = torch.randperm(len(digits), generator=random)
        from_rows, from_columns = corners[(place + 1 + int(source[0]) % 3) % 4]
        made[..., rows, columns] = digits[source][..., from_rows, from_columns]
    return made


def warped(digits: Tensor, _: Tensor, random: torch.Generator) -> Tensor:
    """Digits whose strokes are moved about by half of their size."""
    field = _blurred(torch.randn(2 * len(digits), 1, 28, 28, generator=random), 3)
    field = (field / field.flatten(1).std(1).view(-1, 1, 1, 1)).view(len(digits), 2, 28, 28)
    grid = F.affine_grid(torch.eye(2, 3).expand(len(digits), 2, 3), list(digits.shape), False)
    moved = grid + 0.45 * field.permute(0, 2, 3, 1)
    return F.grid_sample(digits, moved, align_corners=False)


def faint(digits: Tensor, labels: Tensor, random: torch.Generator) -> Tensor:
    """The mean of six digits of any class, as bright as one."""
    mean = torch.stack([digits[_others(labels, random)] for _ in range(6)]).mean(0)
    return (mean / mean.amax((1, 2, 3), keepdim=True).clamp(min=0.01)).clamp(0, 1)


def halves(digits: Tensor, labels: Tensor, random: torch.Generator) -> Tensor:
    """The left half of one digit beside the right half of one of another class, upside down."""
    other = digits[_others(labels, random)].flip(2)
    return torch.cat([other[..., 14:], digits[..., :14]], dim=3)


def scribbles(digits: Tensor, _: Tensor, random: torch.Generator) -> Tensor:
    """Five straight strokes from anywhere to anywhere, as thick as a digit's."""
    ends = 5 + 18 * torch.rand(len(digits), 5, 4, 1, 1, generator=random)
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    y_0, x_0, y_1, x_1 = ends.unbind(2)
    dy, dx = y_1 - y_0, x_1 - x_0
    along = (((y - y_0) * dy + (x - x_0) * dx) / (dy**2 + dx**2).clamp(min=1)).clamp(0, 1)
    distance = ((y - y_0 - along * dy) ** 2 + (x - x_0 - along * dx) ** 2).sqrt()
    return (2 - distance).clamp(0, 1).amax(1, keepdim=True)


TRAINED: Final[Mapping[str, Draw]] = {
    "blobs": blobs,
    "two digits at once": mixed,
    "quarters of digits": quarters,
    "warped digits": warped,
    "a mean of digits": faint,
}
NEVER_TRAINED: Final[Mapping[str, Draw]] = {"halves of digits": halves, "scribbles": scribbles}


def fresh() -> DigitClassifier:
    """An untrained classifier of eleven classes."""
    network = DigitClassifier(WIDTH)
    network.scores = nn.Linear(4 * WIDTH, NO_DIGIT + 1)
    return network


def trained(seed: int = 0, steps: int = STEPS) -> DigitClassifier:
    """Train the classifier on the 60,000 training digits and a third as many others."""
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = fresh()
    optimiser = optim.Adam(network.parameters(), 5e-3)
    digits = mnist.load("train")
    network.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 5e-3 * (1 - 0.99 * step / steps)
        chosen = torch.randint(0, len(digits.labels), (BATCH,), generator=random)
        images, labels = mnist.unit_range(digits.images[chosen]), digits.labels[chosen]
        draw = list(TRAINED.values())[step % len(TRAINED)]
        few = slice(0, 48)
        batch = torch.cat([shifted(images, random), draw(images[few], labels[few], random)])
        targets = torch.cat([labels, torch.full((48,), NO_DIGIT)])
        loss = reading_loss(network(_dirtied(batch, random)), targets)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.eval().requires_grad_(False)


def read(network: nn.Module, images: Tensor) -> Tensor:
    """The class of each image as it would be displayed, (B,); NO_DIGIT for none."""
    parts = torch.split(images.float().clamp(0, 1), 500)
    return torch.cat([network(part).argmax(1) for part in parts])


def held_out(network: nn.Module, seed: int = 1) -> dict[str, float]:
    """The share read right of the 10,000 test digits, and of images of each kind that are none."""
    random = torch.Generator().manual_seed(seed)
    digits = mnist.load("test")
    images = mnist.unit_range(digits.images)
    right = {"test digits": _share(read(network, images) == digits.labels)}
    few, labels = images[:1000], digits.labels[:1000]
    for name, draw in {**TRAINED, **NEVER_TRAINED}.items():
        right[name] = _share(read(network, draw(few, labels, random)) == NO_DIGIT)
    return right


def _dirtied(images: Tensor, random: torch.Generator) -> Tensor:
    """Some brightness and a little noise more or less, which make no digit another one."""
    brightness = 0.7 + 0.5 * torch.rand(len(images), 1, 1, 1, generator=random)
    grain = 0.1 * torch.rand(len(images), 1, 1, 1, generator=random)
    noise = torch.randn(images.shape, generator=random)
    return (brightness * images + grain * noise).clamp(0, 1)


def _others(labels: Tensor, random: torch.Generator) -> Tensor:
    """For each digit the number of one of another class."""
    alike = labels[:, None] == labels[None]
    return torch.rand(alike.shape, generator=random).masked_fill(alike, -1).argmax(1)


def _blurred(images: Tensor, sigma: float) -> Tensor:
    reach = torch.arange(-9.0, 10)
    kernel = torch.exp(-(reach**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    rows = F.conv2d(images, kernel.view(1, 1, -1, 1), padding=(9, 0))
    return F.conv2d(rows, kernel.view(1, 1, 1, -1), padding=(0, 9))


def _window() -> Tensor:
    """White where digits have ink, 0 at the border, (28, 28)."""
    inside = torch.zeros(28, 28)
    inside[4:24, 4:24] = 1
    return inside


def _share(right: Tensor) -> float:
    return float(right.float().mean())
