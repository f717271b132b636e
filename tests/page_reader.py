"""A page read without a browser: what it hands to the page kit, with the results that a test gives.

The page's own code runs, with the functions that it shares with others; what it shows is noted
instead of drawn, and what it asks the reader for is answered by the test. So captions, tables and
curves can be held against numbers of which no two are alike, in milliseconds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import streamlit as st

from lessons.images.captioned import CaptionedImage
from pages import _ui as ui
from pages._ui.session import lessons

SEED: Final = 4711
"""What the reader chose as the seed of all noises."""

WORDS: Final = ("say", "caption", "label", "note", "info", "warning", "standing_line")
_REAL: Final = ("Panel", "PlaneLayer", "Question", "Trace", "Which", "Deliverable", "Produced")


@dataclass
class Call:
    """One call of a function of the kit, in the order of the page."""

    name: str
    args: tuple[Any, ...]
    given: dict[str, Any]

    @property
    def function(self) -> str:
        """What is calculated, of `live`: its name."""
        return str(self.args[0].__name__)


@dataclass
class Page:
    """What a page handed over, and its own names.

    Attributes:
        calls: of the kit, in order.
        names: the page's functions and constants.
        asked: what the reader answered, by the control's key.
    """

    calls: list[Call] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    def of(self, name: str) -> list[Call]:
        """All calls of one function."""
        return [call for call in self.calls if call.name == name]

    @property
    def said(self) -> str:
        """All sentences, one after the other."""
        return "\n".join(str(call.args[0]) for call in self.calls if call.name in WORDS)

    def live(self, function: str) -> Call:
        """The first calculation of that name."""
        return next(call for call in self.of("live") if call.function == function)

    def curves(self, key: str) -> dict[str, ui.Trace]:
        """The curves of a chart that have a name, by it."""
        [chart] = [call for call in self.of("live_plot") if call.given["key"] == key]
        return {trace.name: trace for trace in chart.args[0] if trace.name}

    def all_curves(self, key: str) -> list[ui.Trace]:
        """The curves of a chart in their order."""
        [chart] = [call for call in self.of("live_plot") if call.given["key"] == key]
        return list(chart.args[0])

    def table(self, label: str) -> list[list[str]]:
        """The cells of a table, its head first."""
        [call] = [one for one in self.of("table") if one.given["label"].startswith(label)]
        return [list(call.args[0]), *(list(row) for row in call.args[1])]


def images(values: Any) -> list[CaptionedImage]:
    """All images in whatever was handed over, in order."""
    if isinstance(values, CaptionedImage):
        return [values]
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return []
    return [image for value in values for image in images(value)]


Answer = Callable[[str, Any, tuple[Any, ...]], Any]
"""(key of the control, what it stands at, its options or bounds) → what the reader chose."""


def read(
    file: str,
    results: Mapping[str, Any] | Callable[[Call], Any] | None = None,
    answers: Mapping[str, Any] | Answer | None = None,
    model: str = "pictures",
) -> Page:
    """Run a page.

    Args:
        file: its name, e.g. "samplers.py".
        results: of its calculations, by the name of the function; None where nothing is given.
        answers: what the reader chose, by the control's key; else what it stands at.
        model: which model was chosen.
    """
    page = Page()
    with pytest.MonkeyPatch.context() as patch:
        for name in ui.__all__:
            thing = getattr(ui, name)
            if callable(thing) and name not in _REAL:
                patch.setattr(ui, name, _noted(page, name, results or {}, answers or {}))
        patch.setattr(ui, "model", lambda: model)
        patch.setattr(st, "fragment", lambda function=None, **_: function or (lambda one: one))
        source = (lessons.FOLDER / file).read_text("utf-8")
        names: dict[str, Any] = {"__name__": f"read {file}", "__file__": file}
        exec(compile(source, file, "exec"), names)
    page.names = names
    return page


def _noted(page: Page, name: str, results: Any, answers: Any) -> Any:
    def noted(*args: Any, **given: Any) -> Any:
        call = Call(name, args, given)
        if name == "downloads":
            call.args = ({file: make() for file, make in args[0].items()},)
        page.calls.append(call)
        if name == "live":
            return results(call) if callable(results) else results.get(call.function)
        if name in _CONTROLS:
            at, options = _CONTROLS[name](args, given)
            key = given.get("key", name)
            chosen = answers(key, at, options) if callable(answers) else answers.get(key, at)
            page.asked[key] = chosen
            return chosen
        return _RETURNED.get(name, lambda *_a, **_g: None)(*args, **given)

    return noted


def _number(args: tuple[Any, ...], given: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    return args[3], ("from", args[1], args[2], given.get("step"))


def _choice(args: tuple[Any, ...], _: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    return args[2], tuple(args[1])


_CONTROLS: Final[dict[str, Callable[..., tuple[Any, tuple[Any, ...]]]]] = {
    "slider": _number,
    "number": _number,
    "choice": _choice,
    "select": lambda args, _: (args[2], tuple(args[1])),
    "toggle": lambda args, given: (args[1] if len(args) > 1 else given.get("value", False), ()),
    "named_choice": lambda args, _: (next(iter(args[1])), tuple(args[1])),
    "prompt": lambda args, _: (args[1], ()),
    "prompt_pair": lambda args, _: (args[1][0], tuple(args[1])),
    "gallery_input": lambda _, given: (f"gallery of {given['model']}", ()),
    "image_input": lambda _, given: (given.get("start", "an image"), ()),
    "mask_input": lambda _, __: (None, ()),
    "drawing_input": lambda _, __: (None, ()),
    "plane_drawing": lambda _, __: ([], ()),
    "predict": lambda _, __: (False, ()),
}


@contextlib.contextmanager
def _nothing(*_: Any, **__: Any) -> Iterator[None]:
    yield


_RETURNED: Final[dict[str, Callable[..., Any]]] = {
    "seed": lambda: SEED,
    "more": _nothing,
    "telling": _nothing,
    "named": lambda name, *_: name,
    "per_model": lambda key, _: key,
    "montage": lambda some, **_: tuple(some),
    "duration": lambda seconds: f"{seconds:.0f} s",
    "plain_text": lambda text: text,
}
