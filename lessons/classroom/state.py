"""What the teacher has said to the class, in one small file beside the runs.

It is changed under a lock and replaced in one move, so that two tabs lose nothing of each other's,
and it outlives the server. Whatever stands in it was checked before, and is checked when it is
read: a file that makes no sense is a class to whom nothing was said.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from lessons.classroom.readers import Reader, badge, teachers_key
from models.atomic import parsed, read_text, stamp, write_atomically

NOT_YOURS: Final = "Only the holder of the teacher's key may do that."
FROZEN: Final = "The teacher has switched Start off for a while."
LONGEST_WORDS: Final = 120
LONGEST_QUERY: Final = 1000
_MOST_TEACHERS: Final = 20
_FILE: Final = ".class.json"
_known: dict[Path, tuple[object, ClassState]] = {}
_known_lock = threading.Lock()


@dataclass(frozen=True)
class LookHere:
    """A link that the teacher shows to everybody.

    Attributes:
        number: which it is, counted from 1; a reader hides one number for good.
        page: the page's name in the address; "" is the home page.
        query: what follows the question mark.
        words: what the teacher says about it, plain text.
    """

    number: int = 0
    page: str = ""
    query: str = ""
    words: str = ""


@dataclass(frozen=True)
class ClassState:
    """What was said to the class.

    Attributes:
        frozen: whether only the teacher may start runs.
        look: the link that is shown to everybody, None if there is none.
        looked: how many links were shown so far.
        class_runs: the run that belongs to the class, by recipe.
        teachers: badges of the browsers that were given the key.
    """

    frozen: bool = False
    look: LookHere | None = None
    looked: int = 0
    class_runs: Mapping[str, str] = field(default_factory=dict)
    teachers: tuple[str, ...] = ()


def read(root: Path) -> ClassState:
    """What was said; nothing holds where there is no teacher's key (any more).

    Args:
        root: the folder of all runs.
    """
    if teachers_key() is None:
        return ClassState()
    path = root / _FILE
    now = stamp(path)
    with _known_lock:
        known = _known.get(path)
    if known and known[0] == now:
        return known[1]
    found = _read(path)
    with _known_lock:
        _known.clear()  # one folder at a time
        _known[path] = now, found
    return found


def is_teacher(root: Path, browser: str) -> bool:
    """Whether this browser was given the key that holds today."""
    return bool(browser) and teachers_key() is not None and badge(browser) in read(root).teachers


def sign_in(root: Path, browser: str) -> None:
    """Remember that this browser was given the key.

    Raises:
        OSError: the disk refused.
    """
    mine = badge(browser)

    def signed_in(now: ClassState) -> ClassState:
        others = [one for one in now.teachers if one != mine]
        return replace(now, teachers=(*others[-(_MOST_TEACHERS - 1) :], mine))

    _change(root, signed_in)


def sign_out(root: Path, browser: str) -> None:
    """Forget it.

    Raises:
        OSError: the disk refused.
    """
    mine = badge(browser)
    _change(root, lambda now: replace(now, teachers=tuple(x for x in now.teachers if x != mine)))


def freeze(root: Path, by: Reader, frozen: bool) -> None:
    """Switch Start off for all but the teacher, or on again.

    Raises:
        ValueError: who asks is not the teacher.
        OSError: the disk refused.
    """
    only_teachers(by)
    _change(root, lambda now: replace(now, frozen=frozen))


def look_here(root: Path, by: Reader, page: str, query: str, words: str) -> None:
    """Show a link to everybody.

    Args:
        root: the folder of all runs.
        by: who asks.
        page: the page's name in the address, one that there is.
        query: what follows the question mark.
        words: a remark, plain text.

    Raises:
        ValueError: who asks is not the teacher, or the link is too long.
        OSError: the disk refused.
    """
    only_teachers(by)
    if len(query) > LONGEST_QUERY:
        raise ValueError(f"The link is longer than {LONGEST_QUERY} characters.")
    said = " ".join(words.split())[:LONGEST_WORDS]

    def looking(now: ClassState) -> ClassState:
        number = now.looked + 1
        return replace(now, look=LookHere(number, page, query, said), looked=number)

    _change(root, looking)


def look_away(root: Path, by: Reader) -> None:
    """Take the link away again.

    Raises:
        ValueError: who asks is not the teacher.
        OSError: the disk refused.
    """
    only_teachers(by)
    _change(root, lambda now: replace(now, look=None))


def hand_over(root: Path, by: Reader, recipe: str, run_id: str | None) -> None:
    """Make a run that of the class, in the place of the one before; None takes it back.

    Raises:
        ValueError: who asks is not the teacher.
        OSError: the disk refused.
    """
    only_teachers(by)

    def handed_over(now: ClassState) -> ClassState:
        others = {name: run for name, run in now.class_runs.items() if name != recipe}
        return replace(now, class_runs=others | ({recipe: run_id} if run_id else {}))

    _change(root, handed_over)


def only_teachers(by: Reader) -> None:
    """Refuse all others.

    Raises:
        ValueError: who asks is not the teacher.
    """
    if not by.teacher or teachers_key() is None:
        raise ValueError(NOT_YOURS)


def _change(root: Path, to: Callable[[ClassState], ClassState]) -> None:
    """Put what `to` makes of the state into its place, nobody else changing it meanwhile."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / _FILE
    with FileLock(root / ".class.lock"):
        text = json.dumps(asdict(to(_read(path))), indent=1) + "\n"
        write_atomically(path, lambda part: part.write_text(text, "utf-8"))


def _read(path: Path) -> ClassState:
    try:
        said = parsed(read_text(path))
        look = said.get("look")
        return ClassState(
            frozen=said.get("frozen") is True,
            look=_look(look) if look else None,
            looked=int(said.get("looked", 0)),
            class_runs={str(k): str(v) for k, v in said.get("class_runs", {}).items()},
            teachers=tuple(str(one) for one in said.get("teachers", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ClassState()


def _look(said: Mapping[str, Any]) -> LookHere:
    return LookHere(int(said["number"]), *(str(said[n]) for n in ("page", "query", "words")))
