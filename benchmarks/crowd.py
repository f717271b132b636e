"""A class on A1.6: when does each have five guided images, each of another seed and prompt?

    OMP_NUM_THREADS=1 python -m benchmarks.crowd [--sessions 30] [--images 5] [--repeats 1]
    OMP_NUM_THREADS=1 python -m benchmarks.crowd --sizes

All ask at once, and a little later one more reader asks for a digit: the engine as it is, with
shared network calls, and with one job after the other. After every few batches the same thread
calls the bare network with as many images as are cheapest (`BEST`), so that other work on the
machine meets both alike; those seconds are taken off. Medians of the repeats, in seconds of the
clock and of the processor, since those of the processor say more where other programs are at work.

`--sizes` prints what an image costs by batch size, which is how `MOST_IMAGES` was found.
Exits with 1 below a bar.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, NamedTuple

import torch

from lessons.part_a import sampling
from lessons.prompts import prompts_for
from models import batching, catalog
from models.batching import NetworkCall
from models.text_to_image import TextToImage
from pages._service.engine import Engine, Ticket

SIZES: Final = (1, 2, 4, 8, 10, 12, 16, 20, 24, 30, 32, 40, 48)
BEST: Final = 32
"""Images a call that are cheapest, by `--sizes`."""
LATE: Final = 0.5
"""Seconds after which one more reader asks for a digit."""
LEAST_SHARE, LONGEST_WAIT = 0.9, 2.0


class Cost(NamedTuple):
    """Seconds of the clock, and of the processor."""

    wall: float
    cpu: float

    def plus(self, other: Cost, times: float = 1) -> Cost:
        """Add a cost so many times."""
        return Cost(self.wall + times * other.wall, self.cpu + times * other.cpu)


NOTHING: Final = Cost(0, 0)


class Calls:
    """What the network cost in a crowd, and what it costs alone."""

    def __init__(self, every: int) -> None:
        """Call the bare network after so many batches."""
        self.every, self.calls, self.images, self.bare_images = every, 0, 0, 0
        self.inside = self.bare = NOTHING

    def perform(self, calls: Sequence[NetworkCall]) -> None:
        """Answer calls as `batching.perform` does; now and then call the bare network too."""
        self.inside = self.inside.plus(measured(partial(_perform, calls)))
        if calls[0].images == 1:
            return  # the late reader's digit, which is neither guided nor of this network
        self.calls += 1
        self.images += sum(call.images for call in calls)
        if self.calls % self.every == 0:
            rows = [
                x[:1].repeat(BEST, *(1 for _ in x.shape[1:])).contiguous() for x in calls[0].inputs
            ]
            self.bare = self.bare.plus(measured(partial(calls[0].function, *rows)))
            self.bare_images += BEST


_perform = batching.perform


class Crowd(NamedTuple):
    """What a crowd met: until all had their images, each reader's wait, and the late one's."""

    total: Cost
    calls: Calls
    waits: list[float]
    late: float

    @property
    def alone(self) -> Cost:
        """What as many images cost the bare network."""
        return NOTHING.plus(self.calls.bare, self.calls.images / self.calls.bare_images)


def main() -> int:
    """Print the figures; 0 if they are within the bars."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=next(iter(catalog.entries())))
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--sizes", action="store_true", help="only cost by batch size")
    asked = parser.parse_args()
    print(f"{asked.model}, {torch.get_num_threads()} threads", flush=True)
    net = catalog.load(asked.model)
    if asked.sizes:
        for size, cost in by_size(net).items():
            print(f"{size:3d} images: {1000 * cost:.1f} ms of the processor an image")
        return 0
    catalog.load("digits")
    share, ratio = say("shared network calls", asked, True)
    say("one job after the other", asked, False)
    print(f"bars: ≥ {LEAST_SHARE:.0%} of the bare network's throughput, longest wait", end=" ")
    print(f"≤ {LONGEST_WAIT:g} times the mean")
    return int(share < LEAST_SHARE or ratio > LONGEST_WAIT)


def say(name: str, asked: argparse.Namespace, share: bool) -> tuple[float, float]:
    """Measure and print; returns the share of the bare network's throughput, longest over mean."""
    crowds = [crowd(asked.model, asked.sessions, asked.images, share) for _ in range(asked.repeats)]
    wall, cpu = (statistics.median(c.total[part] for c in crowds) for part in (0, 1))
    by_clock, by_cpu = (
        statistics.median(c.alone[part] / c.total[part] for c in crowds) for part in (0, 1)
    )
    inside = statistics.median(c.calls.inside.cpu / c.total.cpu for c in crowds)
    size = statistics.median(c.calls.images / c.calls.calls for c in crowds)
    mean = statistics.median(statistics.mean(c.waits) for c in crowds)
    ratio = statistics.median(max(c.waits) / statistics.mean(c.waits) for c in crowds)
    late = statistics.median(c.late for c in crowds)
    print(f"{name}: {asked.sessions} readers, {asked.images} images each, have them after", end=" ")
    print(f"{wall:.1f} s, {cpu:.1f} s of the processor")
    print(f"  of the bare network's throughput: {by_cpu:.1%} by the processor,", end=" ")
    print(f"{by_clock:.1%} by the clock; {size:.1f} images a call,", end=" ")
    print(f"{inside:.1%} of the processor's time inside the network")
    print(f"  mean wait {mean:.1f} s, longest over mean {ratio:.2f}; a digit", end=" ")
    print(f"meanwhile {late:.2f} s", flush=True)
    return by_cpu, ratio


def crowd(model: str, sessions: int, images: int, share: bool) -> Crowd:
    """Let all ask at once, and one for a digit a little later."""
    engine = Engine(share=share)
    engine.start()
    wanted = prompts_for(model)
    prompts = itertools.cycle(one for one in wanted.every() if one)
    jobs = [
        partial(sampling.demo, model, next(prompts), number, count=images, gamma=wanted.gamma)
        for number in range(sessions)
    ]
    waits: dict[int, float] = {}

    def all_wait() -> None:
        start = time.perf_counter()
        tickets: dict[int, Ticket] = {
            number: engine.submit(f"reader {number}", "a16", f"job {number}", job)
            for number, job in enumerate(jobs)
        }
        time.sleep(LATE)
        digit = partial(sampling.demo, "digits", "3", 0, count=1)
        tickets[-1] = engine.submit("the late one", "a15", "digit", digit)
        while tickets:
            for number, ticket in list(tickets.items()):
                ticket.look()
                if ticket.wait(0):
                    ticket.result()
                    waits[number] = time.perf_counter() - start
                    del tickets[number]
            time.sleep(0.05)

    with counted(Calls(every=5 if share else 15)) as calls:
        total = measured(all_wait)
    engine.stop()
    late = waits.pop(-1) - LATE
    return Crowd(total.plus(calls.bare, -1), calls, list(waits.values()), late)


@contextmanager
def counted(calls: Calls) -> Iterator[Calls]:
    """Have the engine's network calls measured."""
    batching.perform = calls.perform
    try:
        yield calls
    finally:
        batching.perform = _perform


def by_size(net: TextToImage, rounds: int = 7) -> dict[int, float]:
    """Seconds of the processor an image, by images a call; medians of rounds over all sizes."""
    embeddings = net.embed(["", ""])
    costs: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(rounds + 1):
        for size in SIZES:
            x_t = torch.zeros(size, *net.spec.shape)
            each = embeddings[[number % 2 for number in range(size)]]
            cost = measured(partial(net.predict, x_t, len(net.spec.alpha_bars) // 2, each))
            costs[size].append(cost.cpu / size)
    # the first round warms up
    return {size: statistics.median(many[1:]) for size, many in costs.items()}


def measured(call: Callable[[], object]) -> Cost:
    """What a call costs this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    sys.exit(main())
