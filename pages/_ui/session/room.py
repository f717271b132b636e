"""For the front of the room: large type, the way on by keyboard, and controls taken away.

`?present=1` and `?hide=a14_start,seed` hold from lesson to lesson. A control that is hidden works
as ever, with the value that the address gives it; it only can't be seen, pointed at or reached by
keyboard. It is no lock: who edits the address can have it back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages._ui.assets import ASSETS
from pages._ui.inputs.numbers import check_address
from pages._ui.session import address, classroom, lessons
from pages._ui.session.controls import registered
from pages._ui.text.contents import link

ALL: Final = "all"
_LONGEST: Final = 500
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")
_WIDGETS: Final = ", ".join(
    f'[data-testid="{kind}"]'
    for kind in (
        "stSlider",
        "stNumberInput",
        "stSelectbox",
        "stMultiSelect",
        "stButtonGroup",
        "stCheckbox",
        "stRadio",
        "stTextInput",
        "stTextArea",
        "stColorPicker",
        "stFileUploader",
    )
)
_keys = st.components.v2.component(
    "room_keys",
    html='<span class="ui-room-keys" hidden></span>',
    js=(ASSETS / "room_keys.js").read_text("utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Room:
    """How the address asks to be shown.

    Attributes:
        present: whether for the front of a room.
        hide: names of controls, or beginnings of names, that are taken away.
    """

    present: bool
    hide: tuple[str, ...]

    def hides(self, name: str) -> bool:
        """Whether the control of that name is taken away."""
        return ALL in self.hide or any(
            name == one or name.startswith(f"{one}_") for one in self.hide
        )


def room() -> Room:
    """Read from the address how to show the pages; the router asks before anything is drawn.

    Two widgets that nobody sees hold it: so Streamlit carries it from page to page.
    """
    check_address("present", 0, 1, 0)
    with st.container(key="ui_room"):
        present = st.number_input("Present", 0, 1, 0, key="present", bind="query-params")
        hide = st.text_input("Hide", max_chars=_LONGEST, key="hide", bind="query-params")
    return Room(present == 1, names(hide))


def presenting() -> bool:
    """Whether this page is shown for the front of a room."""
    return st.session_state.get("present") == 1


def names(sent: object) -> tuple[str, ...]:
    """Read a list of names, separated by commas; what can't be a name is left out."""
    words = str(sent or "")[:_LONGEST].split(",")
    return tuple(dict.fromkeys(w.strip() for w in words if _NAME.fullmatch(w.strip())))


def style(shown: Room) -> str:
    """Write the style sheet that takes the hidden controls away."""
    if not shown.hide:
        return ""
    if ALL in shown.hide:
        everything = f'.stElementContainer[class*="st-key-"]:has({_WIDGETS})'
        kept = ':not([class*="st-key-ui_teacher"])'
        also = '[class*="st-key-ui_more"], [class*="st-key-ui_knob"]'
        return f"{everything}{kept}, {also} {{ display: none !important; }}"
    keyed = [f'.st-key-{one}, [class*="st-key-{one}_"]' for one in shown.hide]
    # The settings of training have longer keys than names, so a place around each has the name.
    places = [f".st-key-ui_knob_{one}" for one in shown.hide]
    hidden = f".stElementContainer:is({', '.join(keyed)}):has({_WIDGETS})"
    # A fold whose controls are all hidden goes too.
    fold = f'[class*="st-key-ui_more"]:not(:has([class*="st-key-"]:not({", ".join(keyed)})))'
    return f"{', '.join([hidden, *places, fold])} {{ display: none !important; }}"


def bar(file: str) -> None:
    """Show the ways back, on and out, and listen to the keys for them.

    Args:
        file: the page's file name.
    """
    found = lessons.discover()
    before, after = lessons.before(file, found), lessons.after(file, found)
    if file == lessons.HOME and found:
        after = found[0]
    with st.container(horizontal=True, key="ui_bar", vertical_alignment="center"):
        with st.container(key="ui_bar_back", width="content"):
            if before:
                link(before, f"← {before.title}")
            elif file != lessons.HOME:
                st.page_link(lessons.FOLDER / lessons.HOME, label="← Home")
        with st.container(key="ui_bar_on", width="content"):
            if after:
                link(after, f"{after.title} →")
        st.button("Leave (Esc)", key="ui_bar_leave", on_click=_leave, type="tertiary")
        _keys(key="ui_room_keys")


def link_and_reset(here: str, shown: Room) -> None:
    """Offer to copy the address of this page, and to put its controls back; for the sidebar.

    Args:
        here: "" on the home page, which has no controls.
        shown: what is hidden from the reader stays as it is.
    """
    with st.container(horizontal=True, vertical_alignment="top"):
        address.copy_link(key="ui_copy")
        if here:
            st.button(
                "Reset this lesson",
                key="ui_reset",
                on_click=address.reset,
                args=(shown.hides,),
                help="All controls of this page return to their defaults, and so does its address. "
                "Seed, model and other lessons stay as they are, and so do drawings, uploads and "
                "training runs.",
            )


def for_teachers(here: str) -> None:
    """Offer, folded away, to make a link for a class; for the sidebar.

    Args:
        here: "" on the home page, which has no controls.
    """
    fold = st.expander("For teachers", on_change="rerun", key="ui_teacher")
    with fold:
        if not fold.open:
            return
        st.markdown(
            "A link to this page as it is now, for a class. It holds for all lessons that are "
            "opened from there."
        )
        present = st.toggle(
            "For the front of the room",
            key="ui_teacher_present",
            persist_state="session",
            help="Large type, no sidebar. Page Down and Page Up, or the arrow keys, go to the next "
            "and the previous lesson; Esc leaves.",
        )
        offered = _offered(here)
        hide = st.multiselect(
            "Take away",
            list(offered),
            format_func=lambda name: offered.get(name, name),
            key=f"ui_teacher_hide_{here}",
            persist_state="session",
            help="These controls are not shown, and keep the values that they have now.",
        )
        also = {"present": "1" if present else "", "hide": ",".join(hide)}
        address.copy_link(key="ui_teacher_link", label="Copy this link", also=also)
        classroom.send_all_here(here)
        classroom.key_input("sidebar")


def _offered(here: str) -> dict[str, str]:
    """What can be taken away, in words."""
    named = {name: one.label for name, one in registered().items() if name not in address.FRAME}
    words = {ALL: "all controls", "seed": "Seed", "model": "Model"}
    if not here:
        return words
    return words | {name: f"{label} · {name}" if label else name for name, label in named.items()}


def _leave() -> None:
    st.session_state["present"] = 0
