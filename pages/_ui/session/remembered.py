"""What this browser has done before: restored when a session begins, kept as it goes on.

Opened lessons, answers, results and remarks are in the session's state, where the pages read them.
What changes there is written to the server's disk too, for browsers that keep our cookie.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

import streamlit as st

from lessons.classroom import kept
from lessons.training.runs import files
from pages._ui.session.controls import Setting
from pages._ui.session.reader import known_browser
from pages._ui.session.results import KEPT, PRODUCED, Produced, Shown
from pages._ui.text.messages import warning

FIRST: Final = "ui_first"
OPENED: Final = "ui_opened"
ANSWERS: Final = "predict"
REMARKS: Final = "remarks"
_RESTORED: Final = "ui_restored"
_LONGEST: Final = 4000
"""Characters of a text that is restored; no box of ours takes more."""


def restore() -> None:
    """Put back what this browser did in its last session, once in each session."""
    if st.session_state.get(_RESTORED):
        return
    st.session_state[_RESTORED] = True
    kept.tidy_daily(files.root(), time.time())
    for name, piece in kept.read(files.root(), known_browser()).items():
        with suppress(ValueError, TypeError, KeyError, AttributeError):  # of another version
            if put := _PIECES.get(name):
                put(piece)
            else:
                _put_results(name, piece)


def save(name: str, piece: object) -> None:
    """Keep one piece for this browser's next session."""
    try:
        kept.write(files.root(), known_browser(), name, piece)
    except (OSError, ValueError) as error:
        warning(str(error))


def save_results(number: str) -> None:
    """Keep the results of one deliverable as they are now."""
    latest = st.session_state.get(PRODUCED, {}).get(number)
    others = st.session_state.get(KEPT, {}).get(number, ())
    piece = {"latest": latest and _packed(latest), "kept": [_packed(one) for one in others]}
    save(number, piece if latest or others else None)


def save_answers() -> None:
    """Keep which questions were answered, and how."""
    state = st.session_state.items()
    save("answers", {str(k): v for k, v in state if str(k).startswith(f"{ANSWERS}: ")})


def save_remarks(name: str, remarks: Mapping[str, str]) -> None:
    """Keep what was written on the report's page, if it is not kept already."""
    piece = {"name": name, **{row: text for row, text in remarks.items() if text}}
    if st.session_state.get(REMARKS, {"name": ""}) != piece:
        st.session_state[REMARKS] = piece
        save(REMARKS, piece)


def is_kept() -> bool:
    """Whether what this browser does outlives a reload."""
    return bool(known_browser()) and bool(kept.days())


def days_kept() -> int:
    """For how many days after a browser's last visit all this is kept."""
    return kept.days()


def forget_all() -> None:
    """Forget this browser's lessons, answers, results and remarks, here and on the disk."""
    kept.forget(files.root(), known_browser())
    for key in list(st.session_state):
        if str(key).startswith((f"{ANSWERS}: ", "report_")):
            del st.session_state[key]
    for key in (FIRST, OPENED, PRODUCED, KEPT, REMARKS):
        st.session_state.pop(key, None)


def _put_opened(piece: Any) -> None:
    st.session_state[OPENED] = {str(one) for one in piece} | st.session_state.get(OPENED, set())


def _put_first(piece: Any) -> None:
    st.session_state[FIRST] = {str(page): str(what) for page, what in piece.items()}


def _put_answers(piece: Any) -> None:
    for key, option in piece.items():
        if str(key).startswith(f"{ANSWERS}: ") and isinstance(option, int):
            st.session_state[str(key)] = option


def _put_remarks(piece: Any) -> None:
    texts = {str(row): str(text)[:_LONGEST] for row, text in piece.items()}
    st.session_state[REMARKS] = texts
    for row, text in texts.items():
        st.session_state["report_name" if row == "name" else f"report_remark_{row}"] = text


def _put_results(number: str, piece: Any) -> None:
    others = tuple(_unpacked(one) for one in piece["kept"])
    if piece["latest"]:
        st.session_state.setdefault(PRODUCED, {})[number] = _unpacked(piece["latest"])
    if others:
        st.session_state.setdefault(KEPT, {})[number] = others


_PIECES: Final[dict[str, Callable[[Any], None]]] = {
    "opened": _put_opened,
    "first": _put_first,
    "answers": _put_answers,
    REMARKS: _put_remarks,
}


def _packed(result: Produced) -> dict[str, Any]:
    images = [
        asdict(one) | {"content": base64.b64encode(one.content).decode()} for one in result.images
    ]
    return {name: getattr(result, name) for name in result.__slots__} | {"images": images}


def _unpacked(piece: dict[str, Any]) -> Produced:
    images = tuple(
        Shown(
            base64.b64decode(one["content"], validate=True),
            int(one["width"]),
            int(one["height"]),
            str(one["caption"]),
            str(one["alt"]),
        )
        for one in piece["images"]
    )
    return Produced(
        id=str(piece["id"]),
        images=images,
        left_out=int(piece["left_out"]),
        caption=str(piece["caption"]),
        weights_hash=str(piece["weights_hash"]),
        seed=int(piece["seed"]),
        parameters=tuple(Setting(*map(str, one)) for one in piece["parameters"]),
        address=str(piece["address"]),
        curve=tuple((int(step), float(loss)) for step, loss in piece["curve"]),
    )
