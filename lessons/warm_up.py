"""What is loaded once, at the start of the server, so that no reader waits for it."""

from __future__ import annotations

import os


def warm_up() -> None:
    """Import the heavy libraries and read the data set."""
    # Threads that wait must sleep: spinning, they take the cores from a training beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from models import mnist

    for part in ("train", "test"):
        try:
            mnist.load(part)
        except mnist.BrokenData:
            return  # the page that needs it says so; all others work
