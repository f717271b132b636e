"""How healthy runs do, for the training doctor: `python -m lessons.measure.training_usual`.

Trains three short runs of each kind, of two widths and batch sizes, at the presets' learning rate
and a quarter of it, and takes the runs that ship with the project for all that comes later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from lessons.training.doctor import FIRST_WORD, RECENT, USUAL
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


def main() -> None:
    """Train, and write `usual.json`."""
    from lessons.measure.training_records import record  # torch, which `usual` does without

    found = {}
    for name, rate in RATES.items():
        curves = [record(name, settings).losses for settings in healthy(rate)]
        found[name] = usual([*curves, *shipped(_ALIKE.get(name, name))])
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
    for folder in files.SHIPPED.iterdir():
        if folder.name.rsplit("-", 1)[0] == recipe:
            yield files.curve(folder).losses


def usual(curves: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    """The geometric mean and the highest of smoothed losses, at steps as far as any curve goes.

    Where only one or two curves are left, the highest lies as far above the mean as it does before.
    """
    steps, means, highest, spread = [], [], [], 1.0
    for step in _STEPS:
        there = [
            float(np.mean(curve[step - RECENT : step])) for curve in curves if len(curve) >= step
        ]
        if not there:
            break
        mean = float(np.exp(np.mean(np.log(there))))
        spread = max(there) / mean if len(there) > 2 else spread
        steps.append(float(step))
        means.append(float(f"{mean:.3g}"))
        highest.append(float(f"{mean * spread:.3g}"))
    assert steps[0] == FIRST_WORD
    return {"steps": steps, "usual": means, "most": highest}


if __name__ == "__main__":
    main()
