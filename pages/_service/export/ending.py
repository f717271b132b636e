"""How a result is run, kept and compared."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def finished(steps: Any) -> Any:
    """Return a result; a generator is run to its end first, and says how far it is."""
    if not isinstance(steps, Generator):
        return steps
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            print()
            return end.value
        print(f"\r{step.done} of {step.total} {step.note:40}", end="", flush=True)


def pixels(text: str) -> Any:
    """Read back an image or mask that is written in this file: PNG in base64, uint8."""
    with Image.open(io.BytesIO(base64.b64decode(text)), formats=("PNG",)) as image:
        return np.array(image)


def leaves(result: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every image and every number in a result, with a name that says where it is."""
    if isinstance(result, np.ndarray | bool | int | float):
        yield name.removesuffix("-pixels") or "result", result
    elif isinstance(result, tuple | list):
        for place, part in enumerate(result):
            yield from leaves(part, f"{name}-{place}".lstrip("-"))
    elif isinstance(result, dict):
        for key, part in result.items():
            yield from leaves(part, f"{name}-{key}".lstrip("-"))
    elif dataclasses.is_dataclass(result):
        for field in dataclasses.fields(result):
            yield from leaves(getattr(result, field.name), f"{name}-{field.name}".lstrip("-"))


def is_trajectory(name: str) -> bool:
    """Whether an image is one of a trajectory's frames."""
    return "frames" in name.split("-")


def fingerprint(result: Any) -> str:
    """64 hexadecimal digits: sha256 over all images, or over the numbers if there are none.

    A trajectory's frames don't count: what the page shows of them may be compressed.
    """
    parts = [(name, part) for name, part in leaves(result) if not is_trajectory(name)]
    images = [(name, part) for name, part in parts if isinstance(part, np.ndarray)]
    digest = hashlib.sha256()
    for name, part in images or parts:
        digest.update(name.encode())
        if isinstance(part, np.ndarray):
            digest.update(repr(part.shape).encode() + part.tobytes())
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()


def save(result: Any, folder: Path) -> None:
    """Write every image as a PNG, frames into a folder of their own, and the numbers."""
    lines = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in leaves(result):
        if isinstance(part, np.ndarray) and part.dtype != np.uint8:
            np.save(folder / f"{name}.npy", part)  # coordinates, say
        elif isinstance(part, np.ndarray):
            target = folder / "trajectory" if is_trajectory(name) else folder
            target.mkdir(parents=True, exist_ok=True)
            Image.fromarray(part).save(target / f"{name}.png")
        else:
            lines.append(f"{name}: {part}\n")
    (folder / "numbers.txt").write_text("".join(lines), "utf-8")


def compare(found: str, page: str) -> None:
    """Say whether this is the page's result."""
    print("sha256", found)
    if found == page:
        print("the same as on the page")
    else:
        print(f"the page has {page}")
        print("They differ where the code was changed, and where another processor, library or ")
        print("number of threads rounds otherwise.")
