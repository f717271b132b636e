"""What the text-to-image model costs: opening it, a guided step, memory.

    python -m benchmarks.miniature [--threads 2]

A guided step is one call of the network for a batch of two, with the prompt and without.
"""

from __future__ import annotations

import argparse
import statistics
import time

import psutil
import torch

PROMPT = "an oil painting of a snowy mountain village"


def main() -> None:
    """Print seconds, milliseconds and megabytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    before = _megabytes()

    start = time.perf_counter()
    from models.miniature import load

    imported = time.perf_counter()
    model = load()
    opened = time.perf_counter()
    states = model.embed([PROMPT, ""])
    read = time.perf_counter()
    parameters = sum(p.numel() for p in model.network.parameters())
    print(f"parameters            {parameters / 1e6:.1f} million")
    print(f"import of its modules {imported - start:.2f} s")
    print(f"opening               {opened - imported:.2f} s")
    print(f"reading a prompt      {1000 * (read - opened):.0f} ms")

    x_t = torch.randn(2, 3, 64, 64)
    times = []
    with torch.inference_mode():
        for _ in range(40):
            start = time.perf_counter()
            model.network(x_t, 500, states)
            times.append(1000 * (time.perf_counter() - start))
    quick, middle = min(times), statistics.median(times)
    print(f"guided step           {quick:.0f} ms at best, {middle:.0f} ms usually")
    print(f"memory                {_megabytes() - before:.0f} MB more than torch alone")


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
