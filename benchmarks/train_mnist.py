"""How fast the training loop is: `python -m benchmarks.train_mnist`.

In one run, turn by turn: our loop against the plain one of most tutorials (torchvision's MNIST,
ToTensor, DataLoader, eager float32 in the default memory layout), both training the same denoiser;
and the share of the machine's own matrix-product rate that our loop reaches. These machines are
shared and noisy: read the ratios and medians.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from lessons.train_denoiser import RECIPE, DenoiserSettings
from lessons.training import Training, train
from models import mnist
from models.devices import Precision, fast_precision
from models.unet import UnconditionalUNet

CPU = torch.device("cpu")


def plain_loop(settings: DenoiserSettings, folder: Path) -> Iterator[int]:
    """The tutorial's loop; yields the images of each step."""
    loader = DataLoader(
        MNIST(folder, train=True, transform=ToTensor()), settings.batch_size, shuffle=True
    )
    network = UnconditionalUNet(1, settings.num_hiddens)
    optimiser = optim.Adam(network.parameters(), lr=settings.learning_rate)
    while True:
        for x, _ in loader:
            z = x + settings.sigma * torch.randn_like(x)
            loss = F.mse_loss(network(z), x)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            loss.item()
            yield len(x)


def our_loop(settings: DenoiserSettings) -> Iterator[int]:
    """The project's loop; yields the images of each step."""
    for step in train(Training.begin(RECIPE, settings, CPU)):
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


def training_flops(network: nn.Module) -> int:
    """Floating-point operations of one training step on one image, convolutions counted."""
    counter = FlopCounterMode(display=False)
    with counter:
        torch.autograd.backward(network(torch.zeros(1, 1, 28, 28)).sum())
    return int(counter.get_total_flops())


def mnist_for_torchvision(folder: Path) -> None:
    """Unpack the project's files to where torchvision looks for them."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in mnist.FOLDER.glob("*.gz"):
        with gzip.open(packed) as source, (raw / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)


def compare(width: int, rounds: int, seconds: float, folder: Path) -> None:
    """Print one line for one width: plain, ours in float32, ours in the recommended arithmetic."""
    batch = 128 if width < 128 else 64
    fast = fast_precision(CPU)
    plain = plain_loop(DenoiserSettings(num_hiddens=width, batch_size=batch), folder)
    ours: dict[Precision, Iterator[int]] = {
        precision: our_loop(
            DenoiserSettings(num_hiddens=width, batch_size=batch, precision=precision, epochs=40)
        )
        for precision in dict.fromkeys(("float32", fast))
    }
    for loop in (plain, *ours.values()):
        next(loop)
    rates: dict[str, list[float]] = {"plain": [], **{name: [] for name in ours}}
    for _ in range(rounds):
        rates["plain"].append(rate(plain, seconds))
        for name, loop in ours.items():
            rates[name].append(rate(loop, seconds))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    line = f"D = {width:3d}, batch {batch}: plain {middle['plain']:6.0f} images/s"
    flops = training_flops(UnconditionalUNet(1, width))
    for name in ours:
        ratios = [a / b for a, b in zip(rates[name], rates["plain"], strict=True)]
        share = middle[name] * flops / matrix_rate(name)
        line += (
            f" | ours {name} {middle[name]:6.0f}, ratio {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f}–{max(ratios):.2f}), {share:.0%} of the matrix rate"
        )
    print(line, flush=True)


def main() -> None:
    """Compare at the widths of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, recommended arithmetic: {fast_precision(CPU)}")
    with tempfile.TemporaryDirectory() as folder:
        mnist_for_torchvision(Path(folder))
        for width in chosen.widths:
            compare(width, chosen.rounds, chosen.seconds, Path(folder))


if __name__ == "__main__":
    main()
