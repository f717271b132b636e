"""The controls of a run, a look at what it will cost, and Start."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lessons.training import runs, speed
from pages import _ui as ui
from pages._shared.training import fork
from pages._shared.training.data_choice import data_control
from pages._shared.training.helps import HELP
from pages._shared.training.starting import start_row
from pages._ui.session.address import arriving

_USUAL = "Laptop"
_MAIN = ("num_hiddens", "epochs", "learning_rate")
_DATA = "data"


def choose(recipe: str) -> None:
    """Show presets, controls, the estimate and Start."""
    _begin(recipe)
    if forked := fork.take_settings(recipe):
        _set(recipe, forked)
    if copied := st.session_state.pop(_copied(recipe), None):
        fork.drop(recipe)
        _set(recipe, copied)
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
                persist_state="session",
            )
        by_name = {parameter.name: parameter for parameter in runs.parameters(recipe)}
        for column, name in zip(st.columns(len(_MAIN)), _MAIN, strict=True):
            with column:
                _control(recipe, by_name.pop(name))
        if by_name.pop(_DATA, None):
            data_control(recipe, _key(recipe, _DATA))
        with st.expander("More settings", key="ui_more_settings"):
            columns = st.columns(3)
            for i, parameter in enumerate(by_name.values()):
                with columns[i % 3]:
                    (_seed if parameter.name == "seed" else _control)(recipe, parameter)
        settings, changes = runs.nearest_settings(recipe, _values(recipe))
        _tell_address(recipe)
        for sentence in (*st.session_state.pop(f"{recipe}: from the address", ()), *changes):
            ui.warning(sentence)
        start_row(recipe, settings, fork.chosen(recipe, settings))


def offer_copy(run: runs.RunView) -> None:
    """Offer to set the controls above to what a run was trained with, whosever it is."""
    if _copied(run.recipe) in st.session_state:
        st.rerun()  # the settings above are to show it
    if run.settings:
        st.button("Copy its settings", key=f"{run.id}: copy", on_click=_copy, args=(run,))


def _copy(run: runs.RunView) -> None:
    if run.settings:
        st.session_state[_copied(run.recipe)] = run.settings.model_dump()


def _copied(recipe: str) -> str:
    return f"{recipe}: settings to copy"


def _control(recipe: str, parameter: runs.Option) -> None:
    key = _key(recipe, parameter.name)
    ui.register(_in_address(parameter.name), None, parameter.title, bound=False)
    with ui.place_of(_in_address(parameter.name)):
        if parameter.choices:
            st.selectbox(
                parameter.title,
                parameter.choices,
                key=key,
                help=HELP.get(parameter.name),
                persist_state="session",
            )
        elif parameter.step:
            st.number_input(
                parameter.title,
                int(parameter.low or 0),
                int(parameter.high or 0),
                step=parameter.step,
                key=key,
                help=HELP.get(parameter.name),
                persist_state="session",
            )
        else:
            st.number_input(
                parameter.title,
                parameter.low,
                parameter.high,
                step=(parameter.low or 0.01),
                format="%g",
                key=key,
                help=HELP.get(parameter.name),
                persist_state="session",
            )


def _seed(recipe: str, parameter: runs.Option) -> None:
    """The sidebar's seed, unless the reader wants another one for this run."""
    own = _own_seed(recipe)
    if st.session_state.get(own):
        _control(recipe, parameter)
    else:
        st.session_state[_key(recipe, "seed")] = ui.seed()
    with ui.place_of("own_seed"):
        st.toggle(
            "A seed of its own",
            key=own,
            persist_state="session",
            help="Without it the run takes the sidebar's seed, as everything else does.",
        )


def _own_seed(recipe: str) -> str:
    return f"{recipe}: own seed"


def _begin(recipe: str) -> None:
    """On arrival take the Laptop preset, and what the address says instead.

    So too where a run of the page ended above the settings, and Streamlit forgot them.
    """
    if not arriving(f"{recipe}: settings") and f"{recipe}: preset" in st.session_state:
        return
    named = st.query_params.get("preset")
    st.session_state[f"{recipe}: preset"] = named if named in runs.presets(recipe) else _USUAL
    _take_preset(recipe)
    in_address = {k.name: _in_address(k.name) for k in runs.parameters(recipe)}
    wanted = {k: st.query_params[n] for k, n in in_address.items() if n in st.query_params}
    if wanted:
        settings, changes = runs.nearest_settings(recipe, {**_values(recipe), **wanted})
        st.session_state[f"{recipe}: from the address"] = changes
        _set(recipe, settings.model_dump())


def _take_preset(recipe: str) -> None:
    fork.drop(recipe)
    start, data = _start_of(recipe), st.session_state.get(_key(recipe, _DATA))
    _set(recipe, {**start, _DATA: data} if data and _DATA in start else start)


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
    st.session_state[_own_seed(recipe)] = values["seed"] != ui.seed()
    for name, value in values.items():
        st.session_state[_key(recipe, name)] = value


def _values(recipe: str) -> dict[str, object]:
    return {
        parameter.name: st.session_state[_key(recipe, parameter.name)]
        for parameter in runs.parameters(recipe)
    }


def _key(recipe: str, name: str) -> str:
    return f"{recipe}: {name}"
