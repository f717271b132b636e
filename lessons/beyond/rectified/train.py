"""B2.6 · Train the students that ship: `python -m lessons.beyond.rectified.train`."""

from __future__ import annotations

import time
from typing import Final

from torch import nn

from lessons.beyond.rectified import shipped
from lessons.beyond.rectified.reflow import Pairs, Plan, joined, pairs_of, train
from lessons.training import networks
from lessons.training.runs import files

COUNT: Final = 8_000
TEACHER_STEPS: Final = 10
SEED: Final = 276
PLANS: Final = {
    shipped.RECTIFIED: Plan(steps=625, one_step=False),
    shipped.DISTILLED: Plan(steps=750, one_step=True),
}
"""The second begins where the first one ended."""


def main() -> None:
    """Make the pairs, train the one student and from it the other, and keep both."""
    teacher = networks.load_network(shipped.teacher_run())
    start, minutes = time.process_time(), dict[str, float]()
    pairs, network = _pairs(teacher), teacher
    minutes["pairs"] = _minutes_since(start)
    for name, plan in PLANS.items():
        start = time.process_time()
        network = _trained(name, network, pairs, plan)
        shipped.keep(name, network)
        minutes[shipped.STUDENTS[name]] = _minutes_since(start)
    files.write_json(shipped.MINUTES, minutes)


def _minutes_since(start: float) -> float:
    return round((time.process_time() - start) / 60, 1)


def _pairs(teacher: nn.Module) -> Pairs:
    parts: list[Pairs] = []
    for part in pairs_of(teacher, COUNT, shipped.GAMMA, TEACHER_STEPS, SEED):
        parts.append(part)
        print(f"\rpairs: {len(parts) * len(part.labels):,} of {COUNT:,}", end="", flush=True)
    return joined(parts)


def _trained(name: str, start: nn.Module, pairs: Pairs, plan: Plan) -> nn.Module:
    losses = []
    for student in train(start, pairs, plan):
        losses.append(student.loss)
        if student.step % 25 == 0:
            mean = sum(losses[-25:]) / 25
            print(
                f"\n{name}: step {student.step} of {plan.steps}, loss {mean:.4f}",
                end="",
                flush=True,
            )
    print(flush=True)
    return student.network.eval()


if __name__ == "__main__":
    main()
