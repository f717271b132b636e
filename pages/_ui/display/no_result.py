"""What stands in for a result that there is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final


class NoResult:
    """What `live` returns when there is no result: false, empty, and shown as a dash.

    Its parts have no result either, so that a page which draws a result stays one line and draws
    nothing, while the text around it stays. Only unpacking needs an `if result:`.
    """

    def __bool__(self) -> bool:
        """Be false."""
        return False

    def __len__(self) -> int:
        """Be empty."""
        return 0

    def __iter__(self) -> Iterator[NoResult]:
        """Be empty."""
        return iter(())

    def __getitem__(self, _part: object) -> NoResult:
        """Be nothing in every part."""
        return self

    def __getattr__(self, name: str) -> NoResult:
        """Be nothing in every part, except for what Python itself asks about."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __str__(self) -> str:
        """Be a dash."""
        return "–"

    def __format__(self, _spec: str) -> str:
        """Be a dash in every format."""
        return "–"


NOTHING: Final = NoResult()
