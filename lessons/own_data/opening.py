"""Opening an upload of many images in a process of its own, in limited time."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from lessons.images.opening import MOST_BYTES
from lessons.own_data.uploads import FEWEST, MOST_IMAGES, SIDE, Uploaded, packed

log = logging.getLogger(__name__)

SECONDS: Final = 30.0
"""What an upload may take to be read, and to wait until its turn comes."""

LIMITS: Final = f"{FEWEST} to {MOST_IMAGES:,} images, at most {MOST_BYTES >> 20} MB"
_PROJECT: Final = Path(__file__).parents[2]
_place = threading.Semaphore(1)


def open_upload(
    files: Mapping[str, bytes], exchange: bool = False, *, seconds: float = SECONDS
) -> Uploaded:
    """Read an upload as `lessons.own_data.uploads.read` does, and in limited time.

    Args:
        files: content by name, as a browser sent them.
        exchange: exchange black and white.
        seconds: how long it may take.

    Raises:
        ValueError: it can't be taken, or takes too long; one sentence for the reader.
    """
    if sum(map(len, files.values())) > MOST_BYTES:
        raise ValueError(f"An upload may have at most {MOST_BYTES >> 20} MB.")
    if not _place.acquire(timeout=SECONDS):
        raise ValueError("Another upload is being read right now. Try again in a moment.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lessons.own_data.uploads"],
            cwd=_PROJECT,
            input=packed(files, exchange),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"This upload takes more than {seconds:g} s to read.") from None
    finally:
        _place.release()
    if done.returncode:
        log.warning("reading an upload ended with %d: %s", done.returncode, done.stderr[-500:])
        raise ValueError("This upload can't be read.")
    head, _, rest = done.stdout.partition(b"\n")
    said = json.loads(head)
    if "refused" in said:
        raise ValueError(said["refused"])
    end = said["count"] * SIDE * SIDE
    images = np.frombuffer(rest[:end], np.uint8).reshape(-1, SIDE, SIDE).copy()
    labels = np.frombuffer(rest[end:], np.uint8).copy() if said["labelled"] else None
    return Uploaded(images, labels, tuple(said["classes"]))
