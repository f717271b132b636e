"""Let a storm loose on the app, and count what does not stand it: `python -m benchmarks.storm`.

    python -m benchmarks.storm kills --times 200
    python -m benchmarks.storm addresses --times 10000
    python -m benchmarks.storm damage --times 2000

Exits with 1 if anything did not stand. `--seed` makes the same kills at other moments, or other
addresses and files.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.storm import addresses, damage, kills

STORMS = {"kills": (kills.storm, 200), "addresses": (addresses.storm, 10_000)}
STORMS["damage"] = (damage.storm, 2_000)


def main() -> int:
    """Run the storms that are asked for; 0 if all was well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument("storms", nargs="*", choices=STORMS, metavar="STORM")
    parser.add_argument("--times", type=int, help="kills, addresses, or files")
    parser.add_argument("--seed", type=int, default=276)
    asked = parser.parse_args()
    faults = 0
    for name in asked.storms or STORMS:
        storm, usual = STORMS[name]
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"DIFFUSION_RUNS": str(Path(folder) / "runs"), "OMP_NUM_THREADS": "1"}
            start = time.monotonic()
            found = storm(asked.times or usual, asked.seed)
            print(f"{name}: {len(found)} faults, {time.monotonic() - start:.0f} s", flush=True)
        for fault in found[:20]:
            print(f"  {fault}")
        faults += len(found)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
