"""Words from outside inside words of the app: shown as they are, whatever Markdown makes of it."""

from __future__ import annotations

import re
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_\[\]$<>&!~|#]|:(?=\S))")
_BEGINS_A_LIST: Final = re.compile(r"^(\d*)([-+=.)])")
# An escape doesn't hold these back: Streamlit looks for addresses, icons and smileys in the text
# that is left when the escapes are gone. A character that has no width does.
_MADE_LATER: Final = re.compile(r"(:(?=\S)|@|www(?=\.))", re.IGNORECASE)
_NO_WIDTH: Final = "\N{WORD JOINER}"


def plain_text(text: str) -> str:
    """Keep Markdown from reading anything into a text: no formula, no link, no image, no list."""
    one_line = " ".join(text.split())
    escaped = _BEGINS_A_LIST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", one_line))
    return _MADE_LATER.sub(rf"\1{_NO_WIDTH}", escaped)
