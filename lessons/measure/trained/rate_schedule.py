"""B2.5.1 · Which learning rates reach what? `python -m lessons.measure.trained.rate_schedule`

Class-conditioned flow matching at three constant rates and at one that decays, with equal images,
weights, noises and order. Both sets of weights of each run are measured: the last ones, and their
average (EMA). It can be stopped and started again at any time; other sizes are arguments.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.diffusion.flow import euler, interpolate, velocity_loss
from lessons.diffusion.noise import NoiseSource
from lessons.measure import classifier
from lessons.measure.sampler_quality import jackknife
from lessons.measure.trained.results import (
    AVERAGED,
    LAST,
    POINTS,
    RATE_SCHEDULE,
    RATES,
    keep_weights,
    settings_of,
    smoothed,
    weights_name,
)
from lessons.measure.trained.resumable import Resumable
from lessons.part_b.flow_matching import CLASS_RECIPE, following
from lessons.training.previews import TEST_DIGITS, noise_like
from lessons.training.runs import files
from models import mnist

GAMMA: Final = 2.0
STEPS: Final = 10
_GROUPS: Final = 10
_AT_ONCE: Final = 250


def measure(settings: Mapping[str, Any], count: int, folder: Path) -> dict[str, Any]:
    """Train one run to its end, and measure it on the way and there.

    Args:
        settings: as `settings_of` gives them, with a seed.
        count: samples of each set of weights, a multiple of ten.
        folder: where it keeps what it has done, so that it can go on.

    Returns:
        What `RateRun` holds, as plain values.
    """
    done = folder / "tested.json"
    run, tested = _run(settings, folder), files.read_json(done)
    chosen = run.state.settings
    for epoch in range(1, chosen.epochs + 1):
        seen = epoch * chosen.images_per_epoch
        if str(seen) not in tested:
            run.advance(seen)
            losses = [test_loss(network, chosen.seed) for network in both(run).values()]
            tested[str(seen)] = losses
            files.write_json(done, tested)
    points = min(POINTS, len(run.losses))
    return {
        "loss": [round(loss, 5) for loss in smoothed(run.losses, points)],
        "tested": tested,
        "reached": {
            which: reached(network, count, chosen.seed) for which, network in both(run).items()
        },
        "cpu_minutes": round(run.seconds / 60, 2),
    }


def _run(settings: Mapping[str, Any], folder: Path) -> Resumable:
    return Resumable(CLASS_RECIPE, settings, folder / "checkpoint.safetensors")


def both(run: Resumable) -> dict[str, nn.Module]:
    """The last weights and their average, in eval mode."""
    return {LAST: run.state.network.eval(), AVERAGED: run.state.shown.eval()}


def reached(network: nn.Module, count: int, seed: int) -> dict[str, Any]:
    """What `ReachedQuality` holds of a network in eval mode, as plain values."""
    drawn, labels = samples(network, count, seed)
    hits = classifier.read(drawn).labels == labels
    return {
        "accuracy": jackknife(hits, lambda part: float(part.double().mean()), _GROUPS),
        "frechet": jackknife(drawn, classifier.frechet, _GROUPS),
        "test_loss": test_loss(network, seed),
    }


@torch.no_grad()
def samples(network: nn.Module, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Digits of a class-conditioned flow, all ten alike, and what was requested.

    Args:
        network: in eval mode.
        count: how many.
        seed: of the noises; each part of the samples takes the next one.

    Returns:
        (count, 1, 28, 28) and (count,).
    """
    labels, parts = torch.arange(count) % 10, []
    for place, part in enumerate(torch.split(labels, _AT_ONCE)):
        noise = NoiseSource(seed + place, len(part), (1, 28, 28))()
        *_, last = euler(noise, following(network, part, GAMMA), STEPS)
        parts.append(last.x_t)
    return torch.cat(parts), labels


@torch.no_grad()
def test_loss(network: nn.Module, seed: int) -> float:
    """The loss on the first test digits, each at its own time, as a run records it."""
    digits = mnist.first_of_each(mnist.load("test"), TEST_DIGITS)
    x_1 = mnist.unit_range(digits.images)
    x_0, t = noise_like(x_1, seed), (torch.arange(len(x_1)) % 100) / 100
    inputs = (interpolate(x_0, x_1, t[:, None, None, None]), digits.labels, t)
    parts = zip(*(torch.split(one, _AT_ONCE) for one in inputs), strict=True)
    u_hat = torch.cat([network(*part) for part in parts])
    return float(velocity_loss(u_hat, x_0, x_1))


def main() -> None:
    """Measure all rates at one size, one seed after the other."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--num-hiddens", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images-per-epoch", type=int, default=4_000)
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--seeds", type=int, nargs="+", default=[276, 277])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--state", type=Path, default=files.root() / ".rate_schedule")
    parser.add_argument("--out", type=Path, default=RATE_SCHEDULE)
    chosen = vars(parser.parse_args())
    seeds, count, state, out = (chosen.pop(name) for name in ("seeds", "count", "state", "out"))
    own = CLASS_RECIPE.settings(**chosen, gamma=GAMMA, sample_steps=STEPS)
    shared = own.model_dump(exclude={"learning_rate", "decay", "seed", "data"})
    sweep(shared, seeds, count, state, out)


def sweep(shared: Mapping[str, Any], seeds: list[int], count: int, state: Path, out: Path) -> None:
    """Measure all rates; what was measured before, and is kept in `state`, is not repeated.

    Args:
        shared: settings of all runs, but for rate, decay and seed.
        seeds: one after the other.
        count: samples of each set of weights.
        state: a folder for what is under way; one for each `shared` and `count`.
        out: the JSON file; beside it the weights of the first seed.
    """
    runs: dict[str, dict[str, Any]] = {}
    networks: dict[str, nn.Module] = {}
    torch.set_num_threads(1)
    for seed in seeds:
        for place, name in enumerate(RATES):
            settings = {**settings_of(name, shared), "seed": seed}
            folder = state / f"{place}-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            content = files.read_json(folder / "measured.json")
            if not content:
                content = measure(settings, count, folder)
                files.write_json(folder / "measured.json", content)
            runs.setdefault(name, {})[str(seed)] = content
            print(name, seed, content["reached"], f"{content['cpu_minutes']} min", flush=True)
            if seed == seeds[0]:
                kept = both(_run(settings, folder)).items()
                networks |= {weights_name(name, which): network for which, network in kept}
    floor = classifier.frechet_floor(count)
    about = {"settings": dict(shared), "count": count, "floor": floor}
    files.write_json(out, {"runs": runs, **about})
    keep_weights(out.with_suffix(".safetensors"), networks)


if __name__ == "__main__":
    main()
