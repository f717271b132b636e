"""The knobs of a run, a look at what it will cost, and Start."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lessons import runs, speed
from pages import _ui as ui
from pages._training import focus, fork
from pages._ui.address import arriving

_WHILE_BUSY = " while another run trains; alone it will be faster"
_USUAL = "Laptop"
_MAIN = ("num_hiddens", "epochs", "learning_rate")


def choose(recipe: str) -> None:
    """Show presets, knobs, the estimate and Start."""
    _begin(recipe)
    if forked := fork.take_settings(recipe):
        _set(recipe, forked)
    presets = runs.presets(recipe)
    with st.container(border=True, key=f"settings_{recipe}"):
        with ui.place_of("preset"):
            st.segmented_control(
                "Preset",
                list(presets),
                key=f"{recipe}: preset",
                on_change=_take_preset,
                args=(recipe,),
                required=True,
            )
        by_name = {knob.name: knob for knob in runs.knobs(recipe)}
        for column, name in zip(st.columns(len(_MAIN)), _MAIN, strict=True):
            with column:
                _control(recipe, by_name.pop(name))
        with st.expander("More settings", key="ui_more_settings"):
            columns = st.columns(3)
            for i, knob in enumerate(by_name.values()):
                with columns[i % 3]:
                    _control(recipe, knob)
        settings, changes = runs.nearest_settings(recipe, _values(recipe))
        _tell_address(recipe)
        for sentence in (*st.session_state.pop(f"{recipe}: from the address", ()), *changes):
            st.warning(sentence)
        _start_row(recipe, settings, fork.chosen(recipe, settings))


def _start_row(recipe: str, settings: Any, origin: runs.Fork | None) -> None:
    button, words = st.columns([1, 4], vertical_alignment="center")
    button.button(
        "Start",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{recipe}: start",
        on_click=_start,
        args=(recipe, settings, origin),
    )
    with words:
        busy = runs.busy()
        rate = ui.live(
            speed.images_per_second,
            slot=f"{recipe} speed",
            name=recipe,
            num_hiddens=settings.num_hiddens,
            precision=settings.precision,
            busy=busy,
        )
        if rate:
            seconds = settings.total_images / rate
            ui.caption(
                f"{settings.total_images:,} images: **about {ui.duration(seconds)}** on this "
                f"machine, measured at {rate:,.0f} images/s{_WHILE_BUSY if busy else ''}."
            )
    ui.problems(recipe)


def _start(recipe: str, settings: Any, origin: runs.Fork | None) -> None:
    with ui.telling(recipe):
        focus.watch(recipe, runs.start(recipe, settings, origin))


def _control(recipe: str, knob: runs.Knob) -> None:
    key = _key(recipe, knob.name)
    ui.knob(_in_address(knob.name), None, knob.title, bound=False)
    with ui.place_of(_in_address(knob.name)):
        if knob.choices:
            st.selectbox(knob.title, knob.choices, key=key)
        elif knob.step:
            st.number_input(
                knob.title, int(knob.low or 0), int(knob.high or 0), step=knob.step, key=key
            )
        else:
            st.number_input(
                knob.title, knob.low, knob.high, step=(knob.low or 0.01), format="%g", key=key
            )


def _begin(recipe: str) -> None:
    """On arrival take the Laptop preset, and what the address says instead.

    So too where a run of the page ended above the settings, and Streamlit forgot them.
    """
    if not arriving(f"{recipe}: settings") and f"{recipe}: preset" in st.session_state:
        _keep(recipe)
        return
    named = st.query_params.get("preset")
    st.session_state[f"{recipe}: preset"] = named if named in runs.presets(recipe) else _USUAL
    _take_preset(recipe)
    in_address = {k.name: _in_address(k.name) for k in runs.knobs(recipe)}
    wanted = {k: st.query_params[n] for k, n in in_address.items() if n in st.query_params}
    if wanted:
        settings, changes = runs.nearest_settings(recipe, {**_values(recipe), **wanted})
        st.session_state[f"{recipe}: from the address"] = changes
        _set(recipe, settings.model_dump())


def _take_preset(recipe: str) -> None:
    fork.drop(recipe)
    _set(recipe, _start_of(recipe))


def _start_of(recipe: str) -> dict[str, Any]:
    """The values that the chosen preset sets."""
    preset = runs.presets(recipe)[st.session_state[f"{recipe}: preset"]]
    return {**preset, "precision": speed.recommended_precision(), "seed": ui.seed()}


def _tell_address(recipe: str) -> None:
    """Put into the address which preset it is, and what differs from it."""
    preset, usual = st.session_state[f"{recipe}: preset"], _start_of(recipe)
    differing = {
        _in_address(name): None if value == usual[name] else str(value)
        for name, value in _values(recipe).items()
    }
    ui.keep({"preset": None if preset == _USUAL else preset, **differing})


def _in_address(name: str) -> str:
    """What the address calls a setting; `seed` there is the seed of everything."""
    return "train_seed" if name == "seed" else name


def _set(recipe: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        st.session_state[_key(recipe, name)] = value


def _keep(recipe: str) -> None:
    """Hold on to the values while the reader is on another page, where widgets lose theirs."""
    for name in (k.name for k in runs.knobs(recipe)):
        if _key(recipe, name) in st.session_state:
            st.session_state[_key(recipe, name)] = st.session_state[_key(recipe, name)]
    st.session_state[f"{recipe}: preset"] = st.session_state[f"{recipe}: preset"]


def _values(recipe: str) -> dict[str, object]:
    return {knob.name: st.session_state[_key(recipe, knob.name)] for knob in runs.knobs(recipe)}


def _key(recipe: str, name: str) -> str:
    return f"{recipe}: {name}"
