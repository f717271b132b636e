"""What a second busy process does to training: `python -m benchmarks.threads`.

Trains the D = 16 denoiser for a few seconds with all threads and with one, alone and beside another
training. `lessons.training.runs.threads` draws its conclusion from it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import torch

from lessons.part_b.train_denoiser import RECIPE, DenoiserSettings
from lessons.training.loop import TrainingState, train
from models.devices import Precision

SECONDS = 6.0
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def rate(precision: Precision, threads: int, seconds: float) -> float:
    """Images a second of a training with so many threads."""
    torch.set_num_threads(threads)
    settings = DenoiserSettings(num_hiddens=16, batch_size=128, precision=precision)
    steps = train(TrainingState.begin(RECIPE, settings, torch.device("cpu")))
    next(steps)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(steps)
        done += settings.batch_size
    return done / (time.perf_counter() - start)


def main() -> None:
    """Print a line for each case; with the argument "beside" be the other training."""
    every = os.cpu_count() or 1
    if sys.argv[1:] == ["beside"]:
        rate("float32", every, 600)
        return
    command = [sys.executable, "-m", "benchmarks.threads", "beside"]
    for beside in (False, True):
        other = subprocess.Popen(command) if beside else None
        time.sleep(8.0 if beside else 0.0)
        try:
            for precision in PRECISIONS:
                for threads in (every, 1):
                    found = rate(precision, threads, SECONDS)
                    where = "beside another training" if beside else "alone"
                    print(f"{precision}, {threads} threads, {where}: {found:.0f} images/s")
        finally:
            if other:
                other.kill()


if __name__ == "__main__":
    main()
