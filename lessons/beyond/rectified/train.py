"""B2.6 · Train the students that ship: `python -m lessons.beyond.rectified.train`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Final

from torch import nn

from lessons.beyond.rectified.reflow import Pairs, Plan, collected, pairs_of, train
from lessons.beyond.rectified.velocities import DISTILLED, GAMMA, RECTIFIED, STUDENTS, teacher_run
from lessons.training import networks
from lessons.training.runs import files
from models import checkpoints, students

MINUTES: Final = students.FOLDER / "minutes.json"
"""What each part of the training took, in minutes of a processor."""

COUNT: Final = 5_000
TEACHER_STEPS: Final = 10
SEED: Final = 276
PLANS: Final = {
    RECTIFIED: Plan(steps=600, one_step=False, batch_size=32),
    DISTILLED: Plan(steps=1000, one_step=True, batch_size=32),
}
"""The second begins where the first one ended."""


def main() -> None:
    """Make the pairs, train the one student and from it the other, and keep both."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--pairs", type=Path, help="a file that keeps the pairs, for another time")
    kept = parser.parse_args().pairs
    teacher = networks.load_network(teacher_run())
    minutes = files.read_json(MINUTES)
    if kept and kept.exists():
        pairs = Pairs(**checkpoints.load_tensors(kept)[0])
    else:
        start = time.process_time()
        pairs = _pairs(teacher)
        minutes["pairs"] = _minutes_since(start)
        if kept:
            checkpoints.save_tensors(kept, pairs._asdict(), {})
    rectified, minutes["rectified"] = _student(RECTIFIED, teacher, pairs)
    _, minutes["distilled"] = _student(DISTILLED, rectified, pairs)
    files.write_json(MINUTES, minutes)


def _minutes_since(start: float) -> float:
    return round((time.process_time() - start) / 60, 1)


def _pairs(teacher: nn.Module) -> Pairs:
    parts: list[Pairs] = []
    for part in pairs_of(teacher, COUNT, GAMMA, TEACHER_STEPS, SEED):
        parts.append(part)
        print(f"\rpairs: {len(parts) * len(part.labels):,} of {COUNT:,}", end="", flush=True)
    return collected(parts)


def _student(name: str, start: nn.Module, pairs: Pairs) -> tuple[nn.Module, float]:
    """Train a student and ship it; with the minutes that it took."""
    began, losses = time.process_time(), list[float]()
    for student in train(start, pairs, PLANS[name]):
        losses.append(student.loss)
        if student.step % 25 == 0:
            mean = sum(losses[-25:]) / 25
            print(f"\n{name}: step {student.step}, loss {mean:.4f}", end="", flush=True)
    print(flush=True)
    students.keep(STUDENTS[name], student.network)
    return student.network.eval(), _minutes_since(began)


if __name__ == "__main__":
    main()
