"""B2.2.1 · What do width and length buy? `python -m lessons.measure.trained.wider_or_longer`

Time-conditioned DDPMs of several widths, each measured after so many images. The learning rate
stays the same and the weights are averaged (EMA), so a longer run that is measured on its way is at
that place the shorter run. It can be stopped and started again at any time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.diffusion.samplers import ddim
from lessons.measure import classifier
from lessons.measure.sampler_quality import jackknife
from lessons.measure.trained.results import (
    WIDER_OR_LONGER,
    LengthPoint,
    keep_weights,
    kept_images,
    point,
    rows_name,
    to_bytes,
)
from lessons.measure.trained.resumable import Resumable
from lessons.part_b import train_ddpm
from lessons.training.runs import files
from models import checkpoints

LENGTHS: Final = {8: 9, 16: 4, 32: 1}
"""By width D: epochs of the longest run."""

STEPS: Final = 20
"""Sampling steps, by DDIM at η = 0."""

_GROUPS: Final = 10
_AT_ONCE: Final = 250
_CPU: Final = torch.device("cpu")


def lengths(epochs: int) -> tuple[int, ...]:
    """Epochs after which a run is measured: 1, 2, 4 and so on, and the last."""
    return (*(2**i for i in range(epochs.bit_length()) if 2**i < epochs), epochs)


def measure(settings: Mapping[str, Any], count: int, folder: Path) -> Iterator[LengthPoint]:
    """Train one run, and measure the averaged weights on its way.

    Args:
        settings: what is not the recipe's default, by name, with width, epochs and seed.
        count: samples at each point, a multiple of ten.
        folder: where it keeps what it has done, so that it can go on; ten samples of each point.

    Yields:
        A point after each of `lengths`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, run = files.read_json(folder / "points.json"), _run(settings, folder)
    chosen = train_ddpm.DDPMSettings.model_validate(dict(settings))
    for epochs in lengths(chosen.epochs):
        seen = epochs * chosen.images_per_epoch
        if str(seen) not in known:
            run.advance(seen)
            network = run.state.shown.eval()
            drawn = samples(network, count, chosen.seed)
            distance = jackknife(drawn, classifier.frechet, _GROUPS)
            minutes = round(run.seconds / 60, 2)
            one = LengthPoint(seen, minutes, distance, test_loss(network, chosen))
            checkpoints.save_tensors(
                folder / f"{seen}.safetensors", {"drawn": to_bytes(drawn[:10])}, {}
            )
            known[str(seen)] = asdict(one)
            files.write_json(folder / "points.json", known)
        yield point(known[str(seen)])


def _run(settings: Mapping[str, Any], folder: Path) -> Resumable:
    return Resumable(train_ddpm.RECIPE, settings, folder / "checkpoint.safetensors")


@torch.no_grad()
def samples(network: nn.Module, count: int, seed: int) -> Tensor:
    """Digits of a time-conditioned DDPM, (count, 1, 28, 28).

    Args:
        network: in eval mode.
        count: how many.
        seed: of the noises; each part of the samples takes the next one.
    """
    predict, parts = train_ddpm.predictor(network), []
    for place, start in enumerate(range(0, count, _AT_ONCE)):
        size = min(_AT_ONCE, count - start)
        frames = train_ddpm.sample(predict, seed + place, size, _CPU, STEPS, ddim(0.0))
        parts.append(train_ddpm.last(frames))
    return torch.cat(parts)


@torch.no_grad()
def test_loss(network: nn.Module, settings: train_ddpm.DDPMSettings) -> float:
    """The loss on the first test digits at evenly spread timesteps, as a run records it."""
    index, eps, x_0 = train_ddpm.evaluation_case(settings)
    x_t, t = train_ddpm.noisy(x_0, index, eps), train_ddpm.normalised(index)
    return float(train_ddpm.noise_loss(train_ddpm.predict_in_parts(network, x_t, t, _CPU), eps))


def sweep(
    shared: Mapping[str, Any],
    widths: Mapping[int, int],
    seeds: Sequence[int],
    count: int,
    state: Path,
    out: Path,
) -> None:
    """Measure all widths, and keep after each what is known; what was measured is not repeated.

    Other widths and seeds that `out` holds stay, if they were measured in the same way.

    Args:
        shared: settings of all runs, but for width, epochs and seed.
        widths: epochs of the longest run by width.
        seeds: one after the other.
        count: samples at each point.
        state: a folder for what is under way; one for each `shared` and `count`.
        out: the JSON file; beside it, of each width's lowest seed, ten samples of each point and
            the averaged weights of the longest run.
    """
    about = {"settings": dict(shared), "count": count, "floor": classifier.frechet_floor(count)}
    before = files.read_json(out)
    same = all(before.get(name) == about[name] for name in ("settings", "count"))
    runs: dict[str, dict[str, list[Any]]] = before["runs"] if same else {}
    torch.set_num_threads(1)
    for seed in seeds:
        for width, epochs in widths.items():
            settings = {**shared, "num_hiddens": width, "epochs": epochs, "seed": seed}
            points = []
            for one in measure(settings, count, state / f"{width}-{seed}"):
                points.append(asdict(one))
                print(width, seed, one, flush=True)
            runs.setdefault(str(width), {})[str(seed)] = points
    files.write_json(out, {"runs": runs, **about})
    _keep_lowest(shared, runs, state, out.with_suffix(".safetensors"))


def _keep_lowest(
    shared: Mapping[str, Any],
    runs: Mapping[str, Mapping[str, list[Any]]],
    state: Path,
    path: Path,
) -> None:
    """Keep samples and weights of each width's lowest seed.

    Raises:
        ValueError: its run does not lie in `state`.
    """
    rows: dict[str, Tensor] = {}
    networks: dict[str, nn.Module] = {}
    for width, by in runs.items():
        seed = min(by, key=int)
        folder, seen = state / f"{width}-{seed}", by[seed][-1]["images"]
        epochs = seen // int(shared["images_per_epoch"])
        settings = {**shared, "num_hiddens": int(width), "epochs": epochs, "seed": int(seed)}
        run = _run(settings, folder)
        if run.images != seen:
            raise ValueError(f"{folder} holds no run of {seen:,} images: measure it again.")
        networks[width] = run.state.shown
        for one in by[seed]:
            drawn = kept_images(folder / f"{one['images']}.safetensors", "drawn")
            rows[rows_name(int(width), one["images"])] = drawn
    keep_weights(path, networks, rows)


def main() -> None:
    """Measure all widths, one seed after the other."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--widths", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--lengths", type=int, nargs="+", default=list(LENGTHS.values()))
    parser.add_argument("--images-per-epoch", type=int, default=10_000)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--seeds", type=int, nargs="+", default=[276, 277])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--state", type=Path, default=files.root() / ".wider_or_longer")
    parser.add_argument("--out", type=Path, default=WIDER_OR_LONGER)
    chosen = vars(parser.parse_args())
    seeds, count, state, out = (chosen.pop(name) for name in ("seeds", "count", "state", "out"))
    widths = dict(zip(chosen.pop("widths"), chosen.pop("lengths"), strict=True))
    own = train_ddpm.DDPMSettings(**chosen, decay=1.0, sample_steps=STEPS)
    shared = own.model_dump(exclude={"num_hiddens", "epochs", "seed", "data"})
    sweep(shared, widths, seeds, count, state, out)


if __name__ == "__main__":
    main()
