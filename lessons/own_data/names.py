"""What data sets are called, in settings, addresses and folders."""

from __future__ import annotations

import re
from typing import Final

MNIST: Final = "mnist"
"""The data of every run that names no other."""

DATA_NAME: Final = r"mnist|[a-z0-9][a-z0-9-]{0,39}-[0-9a-f]{12}"
"""MNIST, or a name and twelve hexadecimal digits of what the set holds."""

LONGEST: Final = 40
CLASSES: Final = 10
"""The networks that are given a label know so many."""


def slug(name: str) -> str:
    """A name in small letters, digits and hyphens.

    Raises:
        ValueError: nothing of it is left; one sentence for the reader.
    """
    found = re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST].strip("-")
    if not found:
        raise ValueError("Give the data set a name with at least one letter or digit.")
    return found


def is_data_name(name: str) -> bool:
    """Whether this could be a data set's name; it may come from an address."""
    return re.fullmatch(DATA_NAME, name) is not None


def shown(name: str) -> str:
    """A file's name in one short line, whatever it is."""
    plain = "".join(c if c.isprintable() else "?" for c in name)
    return f"“{plain if len(plain) <= LONGEST else '…' + plain[-LONGEST:]}”"
