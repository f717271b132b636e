"""Data of the reader's own: drawings that are collected, uploads, and the sets that are kept."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lessons.own_data import keeping, sets, showing
from lessons.own_data.opening import LIMITS, open_upload
from lessons.own_data.uploads import FEWEST, Uploaded
from pages import _ui as ui
from pages._shared import class_drawings
from pages._shared.training.data_choice import title
from pages._ui.session.reader import reader

PLACE: Final = "own data"
_DRAWN: Final = "own data: drawn"
_MOST_DRAWN: Final = 500
_TRAINED_ON: Final = {
    "train_denoiser.py": "Train a denoiser on it",
    "train_ddpm.py": "Train a DDPM on it",
    "train_class_ddpm.py": "… with classes",
    "flow_matching.py": "Train flow matching on it",
}


def offer_to_collect(pixels: NDArray[np.uint8]) -> None:
    """Let the reader put the drawing above, (28, 28), among those of a set to come."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = ui.number("It is a", 0, 9, 0, key="b124_label")
        collected = st.button(
            "Collect it for a data set",
            icon=":material/add:",
            key="b124_collect",
            on_click=_collect,
            args=(pixels, label),
        )
        class_drawings.offer(pixels, label)
    if collected:
        st.rerun()  # the whole page: the set is shown below
    ui.label(f"{len(_drawn())} collected; below they become a data set.")


def section() -> None:
    """Everything that is done with data of one's own."""
    ui.say(
        "## Your own data\n"
        "A data set of yours takes MNIST's place in the lessons that train. Every tenth image is "
        "held out, to measure with. On this server everybody sees the sets that are kept, and may "
        "train on them."
    )
    drawn, together, uploaded = st.tabs(["Your drawings", class_drawings.TAB, "Upload"])
    with drawn:
        _collected()
    with together:
        class_drawings.section(PLACE)
    with uploaded:
        _upload()
    ui.problems(PLACE)
    if said := st.session_state.pop(f"{PLACE}: kept", ""):
        ui.toast(said)
    _kept()


def _collected() -> None:
    images = _drawn()
    if images:
        ui.grid(showing.drawn_rows(images), size=56)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", "our digits", max_chars=40, key="b124_drawn_name")
        st.button(
            "Keep as a data set",
            key="b124_keep",
            disabled=len(images) < FEWEST,
            on_click=_keep_drawn,
        )
        st.button("Drop the last", key="b124_drop", disabled=not images, on_click=_drop)
    if len(images) < FEWEST:
        ui.label(f"{len(images)} of at least {FEWEST} drawings.")


def _upload() -> None:
    with st.form("b124_upload", border=False):
        st.file_uploader(
            f"A zip of images or of IDX files, or an IDX file with its labels: {LIMITS}",
            accept_multiple_files=True,
            key="b124_files_sent",
        )
        st.text_input("Name", "", max_chars=40, key="b124_upload_name")
        st.toggle("Exchange black and white", key="b124_exchange")
        st.form_submit_button("Read and keep", on_click=_keep_upload)
    ui.caption(
        "In a zip of images (PNG, JPEG or WebP) the folder's name is the label, for at most ten "
        "folders. Images are cropped to a square, scaled to 28×28 and become grey; MNIST's are "
        "white on black."
    )


def _kept() -> None:
    here = {one.name: one for one in sets.all_sets()}
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        titles = {name: title(one) for name, one in here.items()}
        chosen = ui.named_choice(
            "Data sets that are here", titles, key="b124_set", left_out=sets.DIGITS.name
        )
    one = here[chosen]
    try:
        ui.grid(showing.first_rows(one.name), size=56)
    except ValueError as error:
        ui.error(str(error))
        return
    if one.kept:
        with right:
            said = keeping.refusal(one.name, reader())
            st.button(
                "Delete it",
                icon=":material/delete:",
                key="b124_delete",
                disabled=bool(said),
                help=said or None,
                on_click=_delete,
                args=(one.name,),
            )
        ui.downloads({f"{one.name}.zip": lambda: showing.as_zip(one.name)}, key="b124_set_file")
    with st.container(horizontal=True):
        for page, words in _TRAINED_ON.items():
            if one.labelled or page not in ("train_class_ddpm.py", "flow_matching.py"):
                ui.to_page(page, words, data=one.name)


def _collect(pixels: NDArray[np.uint8], label: int) -> None:
    with ui.telling(PLACE):
        if len(_drawn()) >= _MOST_DRAWN:
            raise ValueError(f"{_MOST_DRAWN} drawings are collected, as many as are kept here.")
        st.session_state[_DRAWN] = (*_drawn(), (pixels, label))


def _drop() -> None:
    st.session_state[_DRAWN] = _drawn()[:-1]


def _keep_drawn() -> None:
    name = str(st.session_state.get("b124_drawn_name") or "")
    images, labels = zip(*_drawn(), strict=True)
    classes = tuple(map(str, range(10)))
    found = Uploaded(np.stack(images), np.array(labels, np.uint8), classes)
    if _keep(name, found):
        st.session_state[_DRAWN] = ()


def _keep_upload() -> None:
    sent: Any = st.session_state.get("b124_files_sent") or []
    with ui.telling(PLACE):
        files = {file.name: file.getvalue() for file in sent}
        found = open_upload(files, bool(st.session_state.get("b124_exchange")))
        name = str(st.session_state.get("b124_upload_name") or "") or next(iter(files))
        _keep(name.partition(".")[0], found)


def _keep(name: str, found: Uploaded) -> bool:
    """Keep a set; False, with a sentence, where it can't be."""
    with ui.telling(PLACE):
        st.session_state["b124_set"] = keeping.keep(name, found, by=reader())
        st.session_state[f"{PLACE}: kept"] = f"Kept: {len(found.images):,} images."
        return True
    return False


def _delete(name: str) -> None:
    with ui.telling(PLACE):
        keeping.delete(name, by=reader())


def _drawn() -> tuple[tuple[NDArray[np.uint8], int], ...]:
    return tuple(st.session_state.get(_DRAWN, ()))
