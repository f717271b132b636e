"""The settings that come from the environment, all named DIFFUSION_…: what each may be.

A value that is not allowed ends the start in one sentence, which names the variable, the value and
what is allowed. A folder is the same one for every process, whichever folder that works in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_SAME: Final = {"1": "on", "true": "on", "yes": "on", "0": "off", "false": "off", "no": "off"}


def whole_number(name: str, otherwise: int, low: int, high: int) -> int:
    """Read a whole number.

    Args:
        name: the variable.
        otherwise: what it is where it is not set.
        low: the smallest allowed.
        high: the largest allowed.

    Raises:
        ValueError: it is something else.
    """
    asked = os.environ.get(name, str(otherwise)).strip()
    if asked.isascii() and asked.isdecimal() and len(asked) < 10 and low <= int(asked) <= high:
        return int(asked)
    raise refusal(name, f"a whole number from {low} to {high}")


def choice(name: str, allowed: Sequence[str]) -> str:
    """Read one word of several; the first is the default.

    Raises:
        ValueError: it is another one.
    """
    asked = os.environ.get(name, allowed[0]).strip().lower()
    word = _SAME.get(asked, asked)
    if word not in allowed:
        raise refusal(name, f"{', '.join(allowed[:-1])} or {allowed[-1]}")
    return word


def folder(name: str, otherwise: Path) -> Path:
    """Read the path of a folder, which need not be there yet; relative to where we were started.

    Raises:
        ValueError: it is empty, or there is something else in its place.
    """
    asked = os.environ.get(name)
    if asked is None:
        return otherwise
    path = Path(asked.strip()).expanduser()
    if not asked.strip() or (path.exists() and not path.is_dir()):
        raise refusal(name, "the path of a folder")
    return path.absolute()


def refusal(name: str, allowed: str) -> ValueError:
    """What to raise for a value that is not allowed."""
    return ValueError(f"{name} is {os.environ.get(name, '')!r}; allowed is {allowed}.")
