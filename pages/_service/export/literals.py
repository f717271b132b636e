"""Parameters as Python text."""

from __future__ import annotations

import base64
import inspect
import io
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FORGOTTEN: Final = "weights_hash"
"""The parameter by which results with other weights are told apart; the files are what they are."""


def written_parameters(
    function: Callable[..., object], parameters: Mapping[str, object]
) -> dict[str, object]:
    """The parameters that a file needs: all but those that have a default and calculate nothing."""
    known = inspect.signature(function).parameters
    forgotten = FORGOTTEN in known and known[FORGOTTEN].default is not inspect.Parameter.empty
    return {name: value for name, value in parameters.items() if name != FORGOTTEN or not forgotten}


def literal(value: object, pixels: str) -> str:
    """Write a parameter as an expression that gives it back.

    Args:
        value: a number, a string, None, or a uint8 image or mask, or tuples, lists and dicts of
            those.
        pixels: name of the function that reads an image from text.

    Raises:
        TypeError: it is of another kind.
    """
    if isinstance(value, np.bool_ | np.number):
        value = value.item()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, np.ndarray):
        return _image(value, pixels)
    if isinstance(value, tuple):
        inner = ", ".join(literal(part, pixels) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(literal(part, pixels) for part in value)}]"
    if isinstance(value, dict):
        pairs = (f"{literal(k, pixels)}: {literal(v, pixels)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"a {type(value).__qualname__} can't be written into a file")


def _text(value: str) -> str:
    if not value.isprintable():
        return ascii(value)  # lets no character through that is shown otherwise than it is
    # Python itself takes double quotes as soon as there is a single one.
    return repr(value) if '"' in value else '"' + repr("'" + value)[2:]


def _image(value: NDArray[Any], pixels: str) -> str:
    if value.dtype != np.uint8 or value.ndim not in (2, 3):
        raise TypeError(f"images are uint8, not {value.dtype} of shape {value.shape}")
    buffer = io.BytesIO()
    Image.fromarray(value).save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode()
    lines = "".join(f'\n        "{text[i : i + 80]}"' for i in range(0, len(text), 80))
    return f"{pixels}({lines}\n    )"
