"""Words of a reader inside words of the app: shown as they are, whatever Markdown makes of them."""

from __future__ import annotations

import re
from typing import Final

_SPECIAL: Final = re.compile(r"([\\\\`*_\[\]$<!:~|#])")


def plain_text(text: str) -> str:
    """Keep Markdown from reading anything into a text: no formula, no link, no picture."""
    return _SPECIAL.sub(r"\\\1", text)
