"""How healthy runs do, for the training doctor: `python -m lessons.measure.training_usual`.

Trains three short runs of each kind, of two widths and batch sizes, at the presets' learning rate
and a quarter of it, and takes the runs that ship with the project for all that comes later: their
losses at every step, and by noise level at the epochs whose weights ship. What lies between is read
off a straight line in logarithms.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from lessons.training.doctor import FIRST_WORD, RECENT, USUAL, TrainingRecord
from lessons.training.health import noise_levels
from lessons.training.runs import files

RATES: Final = {
    "denoiser": 2e-3,
    "ddpm": 5e-3,
    "class-ddpm": 5e-3,
    "flow": 1e-2,
    "class-flow": 1e-2,
}
"""Learning rates of the quick presets."""

_SHORT: Final = {"epochs": 1, "images_per_epoch": 4_500}
_STEPS: Final = (40, 55, 70, 100, 140, 200, 300, 470, 940, 2_000, 4_000, 9_000)
_ALIKE: Final = {"flow": "class-flow"}
"""No run without classes ships; with classes the loss is much the same."""


Levels = Sequence[tuple[int, Sequence[float]]]
"""Of one run: after how many steps, and the losses by noise level there."""


def main() -> None:
    """Train, and write `usual.json`."""
    # torch, which `usual` does without
    from lessons.measure.training_records import record, shipped_levels

    found: dict[str, dict[str, Any]] = {}
    for name, rate in RATES.items():
        records = [record(name, settings) for settings in healthy(rate)]
        alike = _ALIKE.get(name, name)
        found[name] = {**usual([*(one.losses for one in records), *shipped(alike)])}
        if any("levels" in probe for probe in records[0].probes):
            runs = [*map(levels_of, records), *map(shipped_levels, folders(alike))]
            found[name]["levels"] = usual_levels(runs)
        print(name, found[name], flush=True)
    lines = [f" {json.dumps(name)}: {json.dumps(one)}" for name, one in found.items()]
    USUAL.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def healthy(rate: float) -> Iterator[Mapping[str, Any]]:
    """Settings of the short runs of one kind."""
    yield {**_SHORT, "num_hiddens": 8, "batch_size": 32, "learning_rate": rate, "seed": 1}
    falling = {"schedule": "linear", "decay": 0.01, "ema": 0.995}
    wider = {"num_hiddens": 16, "batch_size": 64, "learning_rate": rate, "seed": 2}
    yield {**_SHORT, **wider, **falling}
    slower = {"num_hiddens": 8, "batch_size": 64, "learning_rate": rate / 4, "seed": 4}
    yield {**_SHORT, **slower, "ema": 0.99}


def shipped(recipe: str) -> Iterator[Sequence[float]]:
    """The losses of the runs of a kind that ship with the project."""
    for folder in folders(recipe):
        yield files.curve(folder).losses


def folders(recipe: str) -> Iterator[Path]:
    """The folders of the runs of a kind that ship with the project."""
    for folder in sorted(files.SHIPPED.iterdir()):
        if folder.name.rsplit("-", 1)[0] == recipe:
            yield folder


def levels_of(one: TrainingRecord) -> Levels:
    """The losses by noise level of a run's probes, but that of the untrained network."""
    return [(probe["step"], probe["levels"]) for probe in one.probes[1:]]


def usual_levels(runs: Sequence[Levels]) -> dict[str, list[Any]]:
    """The same as `usual`, of the losses by noise level: a row of them for each step."""
    columns = []
    for part in range(noise_levels.COUNT):
        curves = [([step for step, _ in run], [levels[part] for _, levels in run]) for run in runs]
        columns.append(_usual_at(curves))
    steps = [step for step, _, _ in columns[0]]
    means, highest = (
        [
            list(values)
            for values in zip(*([at[i] for at in column] for column in columns), strict=True)
        ]
        for i in (1, 2)
    )
    return {"steps": steps, "usual": means, "most": highest}


def usual(curves: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    """The geometric mean and the highest of smoothed losses, at the steps that any curve has.

    Where only one or two curves go, the highest lies as far above the mean as it does before, or
    after at the start.
    """
    smoothed = []
    for curve in curves:
        steps = [step for step in _STEPS if step <= len(curve)]
        smoothed.append((steps, [float(np.mean(curve[step - RECENT : step])) for step in steps]))
    found = _usual_at(smoothed)
    return dict(zip(("steps", "usual", "most"), map(list, zip(*found, strict=True)), strict=True))


def _usual_at(
    curves: Sequence[tuple[Sequence[float], Sequence[float]]],
) -> list[tuple[float, float, float]]:
    """Step, geometric mean and highest value of curves of (steps, values)."""
    at = {
        step: [
            noise_levels.between(steps, values, step)
            for steps, values in curves
            if steps and steps[0] <= step <= steps[-1]
        ]
        for step in _STEPS
    }
    means = {step: float(np.exp(np.mean(np.log(there)))) for step, there in at.items() if there}
    spreads = {step: max(at[step]) / mean for step, mean in means.items() if len(at[step]) > 2}
    assert FIRST_WORD in means
    spread, found = next(iter(spreads.values())), []
    for step, mean in means.items():
        if step in spreads:  # else too few curves reach that far to have one of their own
            spread = spreads[step]
        found.append((float(step), float(f"{mean:.3g}"), float(f"{mean * spread:.3g}")))
    return found


if __name__ == "__main__":
    main()
