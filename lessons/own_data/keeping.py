"""Keeping a reader's data set, and deleting it. Every wish is checked here, as with runs."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from safetensors.numpy import save_file

from lessons.classroom import limits, readers
from lessons.classroom.readers import NOBODY, Reader
from lessons.own_data import sets
from lessons.own_data.names import CLASSES, slug
from lessons.own_data.uploads import FEWEST, MOST_IMAGES, SIDE, Uploaded
from lessons.training.runs import files, watch
from lessons.training.runs.recipes import NAMES
from lessons.training.runs.run_view import ENDED
from models.atomic import write_atomically

MOST_EACH: Final = 10
"""Sets that one reader may keep, where the server knows readers apart."""

MOST_OF_ALL: Final = 200
NO_LABELS: Final = 255
"""In the place of a label, in a set that has none."""

FOREIGN: Final = (
    "This data set belongs to another reader: only its owner and the teacher may delete it."
)


def keep(name: str, found: Uploaded, *, by: Reader = NOBODY) -> str:
    """Keep images as a data set that runs can be trained on; the same twice is one set.

    Args:
        name: what the reader calls it.
        found: what was read or drawn.
        by: who asks, and whose it will be.

    Returns:
        The set's name: the reader's, and twelve digits of what it holds.

    Raises:
        ValueError: it has too few or too many images, or a limit is reached.
        OSError: the disk refused.
    """
    images, labels = _checked(found)
    data = f"{slug(name)}-{sets.digest(images, labels)}"
    folder = sets.root() / data
    sets.root().mkdir(parents=True, exist_ok=True)
    with FileLock(sets.root() / ".keep.lock"):
        if (folder / sets.ABOUT).exists():
            return data
        limits.check_size(files.root())
        _check_number(by)
        folder.mkdir(exist_ok=True)
        readers.note_owner(folder, by)
        _write(folder / sets.TENSORS, images, labels)
        about = {
            "name": name.strip()[:80],
            "count": len(images),
            "classes": list(found.classes) if found.labels is not None else [],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        files.write_json(folder / sets.ABOUT, about)
    return data


def refusal(data: str, by: Reader) -> str:
    """Why a reader may not delete this set, in one sentence; "" if they may."""
    return FOREIGN if readers.refusal(sets.root() / data, by, ()) else ""


def delete(data: str, *, by: Reader = NOBODY) -> None:
    """Delete a set that a reader kept; runs that are over keep their results.

    Raises:
        ValueError: there is none, it is not this reader's, or a run needs it still.
        OSError: the disk refused.
    """
    if not sets.find(data).kept:
        raise ValueError("This data set is a part of the server and can't be deleted here.")
    if said := refusal(data, by):
        raise ValueError(said)
    if needed := _unfinished_run(data):
        raise ValueError(f"The run {needed} is not over and needs it: stop that run first.")
    gone = sets.root() / f".gone-{data}-{os.getpid()}"
    os.replace(sets.root() / data, gone)
    shutil.rmtree(gone)


def _unfinished_run(data: str) -> str:
    """The name of a run that still trains on a set, or may go on with it; "" if there is none."""
    for recipe in NAMES:
        for run in watch.all_runs(recipe):
            if run.state not in ENDED and getattr(run.settings, "data", "") == data:
                return run.id
    return ""


def _checked(found: Uploaded) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = np.ascontiguousarray(found.images, np.uint8)
    count = len(images)
    if images.shape != (count, SIDE, SIDE) or not FEWEST <= count <= MOST_IMAGES:
        raise ValueError(
            f"A data set needs {FEWEST} to {MOST_IMAGES:,} images of {SIDE}×{SIDE}; "
            f"this one has {count:,}."
        )
    if found.labels is None:
        return images, np.full(count, NO_LABELS, np.uint8)
    labels = np.ascontiguousarray(found.labels, np.uint8)
    if len(labels) != count or labels.max() >= CLASSES or labels.max() >= len(found.classes):
        raise ValueError("The labels don't fit the images.")
    return images, labels


def _check_number(by: Reader) -> None:
    kept = [one for one in sets.all_sets() if one.kept]
    if len(kept) >= MOST_OF_ALL:
        raise ValueError(f"There are {MOST_OF_ALL} data sets on this server; delete some first.")
    own = [one for one in kept if readers.is_own(sets.root() / one.name, by)]
    if readers.teachers_key() is not None and not by.teacher and len(own) >= MOST_EACH:
        raise ValueError(f"You keep {MOST_EACH} data sets, as many as allowed; delete one first.")


def _write(path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    tensors = {"images": images, "labels": labels}
    write_atomically(path, lambda part: save_file(tensors, part))
