"""Who asks: a browser, known by a token that only it has, or the holder of the teacher's key."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.atomic import parsed, read_text, write_atomically

KEY: Final = "DIFFUSION_TEACHER_KEY"
SHORTEST_KEY: Final = 8
"""Characters; wrong ones are answered slowly, so that this many can't be tried out."""

SLOWLY: Final = 0.5
"""Seconds that a wrong key takes, one after the other for all who try."""

FOREIGN: Final = (
    "This run belongs to another reader. You may watch it and copy its settings; only its owner "
    "and the teacher may change it."
)
OF_THE_CLASS: Final = "This run belongs to the class: only the teacher may change it."
_OWNER: Final = "owner.json"
_tries = threading.Lock()


@dataclass(frozen=True)
class Reader:
    """Somebody who asks for something.

    Attributes:
        browser: the hash of the token that the browser keeps; "" is nobody's.
        teacher: whether this browser was given the teacher's key.
    """

    browser: str = ""
    teacher: bool = False


NOBODY: Final = Reader()
"""Who asks without a browser; once there is a teacher's key, no run is theirs."""


def new_token() -> str:
    """What a browser is to keep: 256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What the server keeps of a token, which can't be turned back."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def teachers_key() -> str | None:
    """The teacher's key, or None where there is none: then everybody may do everything.

    Raises:
        ValueError: it is too short. The message keeps the key to itself.
    """
    key = os.environ.get(KEY)
    if key is None:
        return None
    if len(key.strip()) < SHORTEST_KEY:
        raise ValueError(
            f"{KEY} is too short; allowed is a key of {SHORTEST_KEY} characters or more."
        )
    return key.strip()


def is_teachers_key(said: str) -> bool:
    """Whether this is the teacher's key, compared in constant time; a wrong one takes a while."""
    key = teachers_key()
    if key is None:
        return False
    with _tries:
        right = hmac.compare_digest(_bytes(said.strip()), _bytes(key))
        if not right:
            time.sleep(SLOWLY)
    return right


def badge(browser: str) -> str:
    """What is kept of a browser that was given the key; another key makes it worthless.

    Args:
        browser: the hash of its token.
    """
    return hmac.new(_bytes(teachers_key() or ""), _bytes(browser), "sha256").hexdigest()


def note_owner(folder: Path, by: Reader) -> None:
    """Put down whose run this is.

    Raises:
        OSError: the disk refused.
    """
    if by.browser:
        text = json.dumps({"browser": by.browser}) + "\n"
        write_atomically(folder / _OWNER, lambda part: part.write_text(text))


def owner_of(folder: Path) -> str:
    """The hash of the token of the browser that started a run; "" if that is not known."""
    try:
        return str(parsed(read_text(folder / _OWNER))["browser"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def is_own(folder: Path, by: Reader) -> bool:
    """Whether a run was started by this reader's browser."""
    owner = owner_of(folder)
    return bool(owner) and hmac.compare_digest(_bytes(owner), _bytes(by.browser))


def refusal(folder: Path, by: Reader, class_runs: tuple[str, ...]) -> str:
    """Why a reader may not change a run, in one sentence; "" if they may.

    Args:
        folder: the run's.
        by: who asks.
        class_runs: the names of the runs that were handed to the class.
    """
    if teachers_key() is None or by.teacher:
        return ""
    if folder.name in class_runs:
        return OF_THE_CLASS
    return "" if is_own(folder, by) else FOREIGN


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
