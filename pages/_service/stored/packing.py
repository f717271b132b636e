"""A result as bytes and back: numbers as JSON, images as PNG, and no code.

Trajectories in colour are noise for the most part, which no lossless format makes small: frames
alone are stored as WebP at quality 90. Results themselves come back to the last bit. Numbers of
half precision, which figures in the plane are made of, are stored as NumPy writes them.
"""

from __future__ import annotations

import base64
import dataclasses
import importlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_TREE: Final = "result.json"
_FRAMES: Final = "frames"
"""The field of a data class that holds a trajectory."""


def pack(result: object, about: Mapping[str, str]) -> bytes:
    """Write a result: numbers, strings, tuples, dicts by name, uint8 images, and data classes.

    Args:
        result: what a lesson returned.
        about: a few words on what it is, for those who open the file.

    Raises:
        TypeError: it holds something else.
    """
    images: list[bytes] = []
    places: dict[bytes, int] = {}
    tree = {"about": dict(about), "result": _plain(result, images, places, trajectory=False)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, _TREE, json.dumps(tree, ensure_ascii=False).encode())
        for place, image in enumerate(images):
            _add(archive, f"{place}.image", image)
    return buffer.getvalue()


def unpack(content: bytes) -> object:
    """Read back what `pack` wrote.

    Raises:
        ValueError: it names something that is no data class of the lessons.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tree = json.loads(archive.read(_TREE))
        return _whole(tree["result"], archive)


def about(content: bytes) -> dict[str, str]:
    """What the file says of itself."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        words: dict[str, str] = json.loads(archive.read(_TREE))["about"]
        return words


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # A fixed time, so that the same result is the same file.
    kind = zipfile.ZIP_DEFLATED if name == _TREE else zipfile.ZIP_STORED
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, kind)


def _plain(value: object, images: list[bytes], places: dict[bytes, int], trajectory: bool) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray) and value.dtype == np.float16:
        return {"half": base64.b64encode(_half(value)).decode()}
    if isinstance(value, np.ndarray):
        image = _encoded(value, trajectory)
        if image not in places:
            places[image] = len(images)
            images.append(image)
        return {"image": places[image]}
    if isinstance(value, tuple):
        return {"tuple": [_plain(part, images, places, trajectory) for part in value]}
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {"dict": {n: _plain(part, images, places, trajectory) for n, part in value.items()}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        fields = {
            field.name: _plain(
                getattr(value, field.name), images, places, trajectory or field.name == _FRAMES
            )
            for field in dataclasses.fields(value)
        }
        return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": fields}
    raise TypeError(f"a {type(value).__qualname__} can't be stored")


def _whole(value: Any, archive: zipfile.ZipFile) -> object:
    if not isinstance(value, dict):
        return value
    if "image" in value:
        return _pixels(archive.read(f"{int(value['image'])}.image"))
    if "half" in value:
        return _numbers(base64.b64decode(value["half"], validate=True))
    if "tuple" in value:
        return tuple(_whole(part, archive) for part in value["tuple"])
    if "dict" in value:
        return {name: _whole(part, archive) for name, part in value["dict"].items()}
    fields = {name: _whole(part, archive) for name, part in value["fields"].items()}
    return _data_class(value["class"])(**fields)


def _data_class(name: str) -> Any:
    module, _, kind = name.partition(":")
    found = getattr(importlib.import_module(module), kind, None) if _ours(module) else None
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise ValueError(f"{name[:80]!r} is no data class of the lessons")
    return found


def _ours(module: str) -> bool:
    first, *rest = module.split(".")
    return first == "lessons" and all(part.isidentifier() for part in rest)


def _encoded(pixels: NDArray[np.uint8], trajectory: bool) -> bytes:
    if pixels.dtype != np.uint8:
        raise TypeError(f"images are uint8, not {pixels.dtype}")
    buffer = io.BytesIO()
    if trajectory and pixels.ndim == 3:
        Image.fromarray(pixels).save(buffer, "WEBP", quality=90, method=6)
    else:
        Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _pixels(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content), formats=("PNG", "WEBP")) as image:
        return np.array(image)


def _half(values: NDArray[np.float16]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _numbers(content: bytes) -> NDArray[np.float16]:
    values = np.load(io.BytesIO(content), allow_pickle=False)
    if not isinstance(values, np.ndarray) or values.dtype != np.float16:
        raise ValueError("these are no numbers of half precision")
    return values
