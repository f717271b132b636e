"""How many browsers show which page right now. Nothing is kept of it, and no names are known."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Final

PATIENCE: Final = 40.0
"""Seconds after which a browser that was silent is gone; a page tells every ten."""

MOST: Final = 5000
"""Browsers that are counted; whoever invents some can't fill the memory."""

_lock = threading.Lock()
_shown: dict[str, tuple[str, float]] = {}


def hear(browser: str, page: str) -> None:
    """A browser shows this page.

    Args:
        browser: the hash of its token.
        page: the page's name in the address.
    """
    now = time.monotonic()
    with _lock:
        if len(_shown) >= MOST:
            _forget(now)
        if browser in _shown or len(_shown) < MOST:
            _shown[browser] = page, now


def counts() -> Counter[str]:
    """Browsers by the page that they show."""
    with _lock:
        _forget(time.monotonic())
        return Counter(page for page, _ in _shown.values())


def forget_all() -> None:
    """Begin anew."""
    with _lock:
        _shown.clear()


def _forget(now: float) -> None:
    for browser, (_, when) in list(_shown.items()):
        if now - when > PATIENCE:
            del _shown[browser]
