"""What is loaded once, at the start of the server, so that no reader waits for it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Final

LESSONS: Final = Path(__file__).parent
NO_PAGE_OPENS: Final = ("lessons.check", "lessons.measure.")
"""What only commands import, unless a lesson does."""


def warm_up() -> None:
    """Import all lessons, and with them the heavy libraries, and read the data set."""
    # Threads that wait must sleep: spinning, they take the cores from a training beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from models import mnist

    for path in sorted(LESSONS.rglob("[!_]*.py")):
        name = ".".join(path.relative_to(LESSONS.parent).with_suffix("").parts)
        if not name.startswith(NO_PAGE_OPENS):
            importlib.import_module(name)
    for part in ("train", "test"):
        try:
            mnist.load(part)
        except mnist.BrokenData:
            return  # the page that needs it says so; all others work
