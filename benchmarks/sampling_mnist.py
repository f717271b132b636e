"""What sampling costs beyond the network: `python -m benchmarks.sampling_mnist`.

Turn by turn on the shipped class-conditioned DDPM: sampling forty digits with guidance, against the
bare calls of the network that this needs; and one guided step as the one call that it is, against
two calls. These machines are shared and noisy, so each turn is short and the median of the ratios
counts. Exits with 1 if sampling takes more than 1.1 times its network.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from lessons.diffusion.guidance import guide
from lessons.part_b.train_class_ddpm import following
from lessons.part_b.train_ddpm import last, normalised, sample
from lessons.training import networks, runs

CPU = torch.device("cpu")
MOST = 1.1


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratios(
    one: Callable[[], object], other: Callable[[], object], turns: int
) -> tuple[list[float], float]:
    """The time of one as a multiple of the other's, by turns; and the median time of one."""
    one(), other()
    pairs = [(seconds(one), seconds(other)) for _ in range(turns)]
    return [a / b for a, b in pairs], statistics.median(a for a, _ in pairs)


def measured(words: str, found: list[float]) -> float:
    """Print the median and the spread; returns the median."""
    middle = statistics.median(found)
    print(f"{words}: {middle:.3f} ({min(found):.3f}–{max(found):.3f})", flush=True)
    return middle


def main() -> int:
    """Measure both; returns 1 beyond the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--count", type=int, default=40)
    chosen = parser.parse_args()
    [run_id] = [run.id for run in runs.all_runs("class-ddpm") if run.shipped]
    network, count = networks.load_network(run_id), chosen.count
    labels = torch.arange(count) % 10
    x_t = torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    twice, mask = torch.cat([labels, labels]), torch.cat([torch.ones(count), torch.zeros(count)])
    t = normalised(torch.full((count,), 150))

    def both() -> Tensor:
        answer: Tensor = network(torch.cat([x_t, x_t]), twice, torch.cat([t, t]), mask)
        return answer

    def bare() -> None:
        for _ in range(chosen.steps):
            both()

    def sampling() -> Tensor:
        return last(sample(following(network, labels, 5.0), 1, count, CPU, chosen.steps))

    def two_calls() -> Tensor:
        eps_c = network(x_t, labels, t)
        return guide(eps_c, network(x_t, labels, t, torch.zeros(count)), 5.0)

    with torch.no_grad():
        found, middle = ratios(sampling, bare, chosen.turns)
        print(f"{count} digits, {chosen.steps} steps: {middle:.2f} s on {run_id}")
        beyond = measured("sampling / bare calls of the network", found)
        step = following(network, labels, 5.0)
        measured(
            "guided step in one call / in two", ratios(lambda: step(x_t, 150), two_calls, 20)[0]
        )
    return int(beyond > MOST)


if __name__ == "__main__":
    sys.exit(main())
