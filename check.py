"""Everything that must hold before a change lands: `python check.py`.

Style, types, the layers' import contracts, then all tests (those in a real browser too, where there
is one). Each check's own output is shown; the exit status is 0 only if all of them passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

LAYERS = "from importlinter.cli import lint_imports_command as lint; lint(['--no-logo'])"

PROCESSES = min(4, os.cpu_count() or 1)

CHECKS = {
    "style": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "layers": ["-c", LAYERS],
    # Shared out in the order of tests/conftest.py, which puts the longest files first.
    "tests": ["-m", "pytest", "-n", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder"],
}


ALONE = os.environ | {"OMP_NUM_THREADS": "1"}
"""One thread a process: several that wait for each other take longer than one."""


def main() -> int:
    """Run all checks, also after one has failed; returns how many did."""
    failed = []
    for name, command in CHECKS.items():
        print(f"── {name}", flush=True)
        start = time.monotonic()
        if subprocess.run([sys.executable, *command, *_arguments(name)], env=ALONE).returncode:
            failed.append(name)
        print(f"── {name}: {time.monotonic() - start:.0f} s", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "All checks passed.", flush=True)
    return len(failed)


def _arguments(name: str) -> list[str]:
    """What was written after `python check.py` goes to pytest."""
    return sys.argv[1:] if name == "tests" else []


if __name__ == "__main__":
    sys.exit(main())
