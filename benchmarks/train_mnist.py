"""How fast the training loop is: `python -m benchmarks.train_mnist [--recipe class-ddpm]`.

In one run, turn by turn: our loop against the plain one of most tutorials (torchvision's MNIST,
ToTensor, DataLoader, eager float32 in the default memory layout), both training the same denoiser
or class-conditioned DDPM; and the share of the machine's own matrix-product rate that our loop
reaches. These machines are shared and noisy: read the ratios and medians.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from lessons.diffusion.forward import add_noise
from lessons.diffusion.schedules import ddpm_schedule
from lessons.part_b import train_class_ddpm, train_denoiser
from lessons.training.loop import TrainingState, train
from lessons.training.recipe import RunRecipe, Settings
from models import mnist
from models.devices import Precision, fast_precision

CPU = torch.device("cpu")
T = 300
ALPHA_BARS = ddpm_schedule(1e-4, 0.02, T).alpha_bars.float()
RECIPES: dict[str, RunRecipe[Any]] = {
    "denoiser": train_denoiser.RECIPE,
    "class-ddpm": train_class_ddpm.RECIPE,
}


def plain_denoising(network: nn.Module, x: Tensor, _: Tensor) -> Tensor:
    """The denoiser's loss as a tutorial writes it."""
    return F.mse_loss(network(x + 0.5 * torch.randn_like(x)), x)


def plain_class_ddpm(network: nn.Module, x: Tensor, c: Tensor) -> Tensor:
    """The class-conditioned DDPM's loss as a tutorial writes it."""
    t = torch.randint(0, T, (len(x),))
    eps = torch.randn_like(x)
    alpha_bar_t = ALPHA_BARS[t].view(-1, 1, 1, 1)
    x_t = add_noise(x, alpha_bar_t, eps)
    mask = (torch.rand(len(x)) > 0.1).float()
    return F.mse_loss(network(x_t, c, (t + 1) / T, mask), eps)


PLAIN: dict[str, Callable[[nn.Module, Tensor, Tensor], Tensor]] = {
    "denoiser": plain_denoising,
    "class-ddpm": plain_class_ddpm,
}


def plain_loop(name: str, settings: Settings, folder: Path) -> Iterator[int]:
    """The tutorial's loop; yields the images of each step."""
    loader = DataLoader(
        MNIST(folder, train=True, transform=ToTensor()), settings.batch_size, shuffle=True
    )
    network = RECIPES[name].build(settings)
    optimiser = optim.Adam(network.parameters(), lr=settings.learning_rate)
    while True:
        for x, c in loader:
            loss = PLAIN[name](network, x, c)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            loss.item()
            yield len(x)


def our_loop(name: str, settings: Settings) -> Iterator[int]:
    """The project's loop; yields the images of each step."""
    for step in train(TrainingState.begin(RECIPES[name], settings, CPU)):
        step.loss.item()
        yield settings.batch_size


def rate(loop: Iterator[int], seconds: float) -> float:
    """Images a second over about `seconds`, at least three steps."""
    images, steps, start = 0, 0, time.perf_counter()
    while time.perf_counter() - start < seconds or steps < 3:
        images += next(loop)
        steps += 1
    return images / (time.perf_counter() - start)


def matrix_rate(precision: Precision) -> float:
    """Floating-point operations a second of a large matrix product."""
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    a = torch.randn(2048, 2048).to(dtype)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * 2048**3 / min(times)


def training_flops(name: str, settings: Settings) -> int:
    """Floating-point operations of one training step on one image, convolutions counted."""
    counter, network = FlopCounterMode(display=False), RECIPES[name].build(settings)
    with counter:
        loss = PLAIN[name](network, torch.zeros(2, 1, 28, 28), torch.zeros(2, dtype=torch.int64))
        torch.autograd.backward(loss)
    return int(counter.get_total_flops()) // 2


def mnist_for_torchvision(folder: Path) -> None:
    """Unpack the project's files to where torchvision looks for them."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in mnist.FOLDER.glob("*.gz"):
        with gzip.open(packed) as source, (raw / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)


def compare(name: str, width: int, rounds: int, seconds: float, folder: Path) -> None:
    """Print one line for one width: plain, ours in float32, ours in the recommended arithmetic."""
    batch = 128 if width < 128 else 64
    fast = fast_precision(CPU)
    common = {"num_hiddens": width, "batch_size": batch, "epochs": 40}
    kind = RECIPES[name].settings
    plain = plain_loop(name, kind(**common), folder)
    ours: dict[Precision, Iterator[int]] = {
        precision: our_loop(name, kind(**common, precision=precision))
        for precision in dict.fromkeys(("float32", fast))
    }
    for loop in (plain, *ours.values()):
        next(loop)
    rates: dict[str, list[float]] = {"plain": [], **{precision: [] for precision in ours}}
    for _ in range(rounds):
        rates["plain"].append(rate(plain, seconds))
        for precision, loop in ours.items():
            rates[precision].append(rate(loop, seconds))
    middle = {key: statistics.median(values) for key, values in rates.items()}
    line = f"{name}, D = {width:3d}, batch {batch}: plain {middle['plain']:6.0f} images/s"
    flops = training_flops(name, kind(**common))
    for precision in ours:
        ratios = [a / b for a, b in zip(rates[precision], rates["plain"], strict=True)]
        share = middle[precision] * flops / matrix_rate(precision)
        line += (
            f" | ours {precision} {middle[precision]:6.0f}, ratio {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f}–{max(ratios):.2f}), {share:.0%} of the matrix rate"
        )
    print(line, flush=True)


def main() -> None:
    """Compare at the widths of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", choices=list(RECIPES), default="denoiser")
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, recommended arithmetic: {fast_precision(CPU)}")
    with tempfile.TemporaryDirectory() as folder:
        mnist_for_torchvision(Path(folder))
        for width in chosen.widths:
            compare(chosen.recipe, width, chosen.rounds, chosen.seconds, Path(folder))


if __name__ == "__main__":
    main()
