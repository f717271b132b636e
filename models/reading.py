"""How much of a prompt a text encoder reads: it cuts off what is longer than it was built for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable


def unread(prompt: str, tokens: Callable[[str], int], most: int) -> str:
    """Find the words at a prompt's end that are cut off, the first of them perhaps in its middle.

    Args:
        prompt: the words.
        tokens: counts the tokens of a text, those that mark its ends included.
        most: how many are read.

    Returns:
        The words that are not read as a whole, or "".
    """
    words = prompt.split()
    if tokens(" ".join(words)) <= most:
        return ""
    lengths = range(1, len(words) + 1)
    read = bisect_right(lengths, most, key=lambda count: tokens(" ".join(words[:count])))
    return " ".join(words[read:])
