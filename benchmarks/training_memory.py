"""How much memory training takes: `python -m benchmarks.training_memory`.

Each line is a process of its own that trains two steps in float32; its peak is what the system says
when it has ended. `lessons.training.runs.options.memory_needed` is held against it.
"""

from __future__ import annotations

import resource
import subprocess
import sys

from lessons.part_b.train_denoiser import RECIPE, DenoiserSettings
from lessons.training.loop import TrainingState, train
from lessons.training.runs.options import memory_needed

CASES = ((16, 64), (32, 128), (64, 128), (128, 128))


def peak(width: int, batch: int) -> float:
    """Peak memory of two training steps in this process, in bytes."""
    settings = DenoiserSettings(num_hiddens=width, batch_size=batch)
    steps = train(TrainingState.begin(RECIPE, settings))
    next(steps)
    next(steps)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Measure one case that the command line names, or all of them."""
    if sys.argv[1:]:
        print(peak(*map(int, sys.argv[1:])))
        return
    for width, batch in CASES:
        command = [sys.executable, "-m", "benchmarks.training_memory", str(width), str(batch)]
        measured = float(subprocess.run(command, capture_output=True, check=True).stdout)
        expected = memory_needed(DenoiserSettings(num_hiddens=width, batch_size=batch))
        print(
            f"D = {width:3d}, batch {batch:3d}: {measured / 1e9:.2f} GB, "
            f"expected {expected / 1e9:.2f} GB, ratio {measured / expected:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
