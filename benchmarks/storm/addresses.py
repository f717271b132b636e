"""Random addresses over all pages' controls: none may end in a traceback or "the mistake is ours".

Each opens a page with up to five of its controls set to something: an allowed value of that or of
another control, a number out of range, a word, markup, a path, a control character, nothing at all.
Most pages are opened with an engine that takes no work, so that what is tried is the reading of the
address, and a page without results; every `CALCULATED`th calculates, Pictures with a network that
answers at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final
from unittest import mock

from streamlit.testing.v1 import AppTest

from models import embedded
from pages._service import engine
from pages._ui.session import lessons

ROUTER: Final = str((lessons.FOLDER / "_router.py").resolve())
CALCULATED: Final = 25
STRANGE: Final = (
    "", " ", "0", "-1", "1", "3.5", "-0.0", "1e308", "-1e308", "1e-320", "nan", "inf", "-inf",
    "99999999999999999999", "0x10", "1_000", "١٢", "true", "False", "None", "null", "[]", "{}",
    "abc", "Ω", "👩‍🚀" * 20, "a" * 5_000, "\x00", "\r\nX: y", "\u202e", "%00", "../../etc/passwd",
    "<script>alert(1)</script>", "![](//elsewhere.example/a)", "[a](javascript:alert(1))", "$x^2$",
    ":material/home:", "`", "|", "denoiser-0000000000", "denoiser-0000000000,../..", "Digits",
    "Pictures", "deepfloyd", "a photo of a dog",
)  # fmt: skip
EVERYWHERE: Final = ("seed", "model", "year", "present", "hide", "run", "compare", "step")


def storm(times: int, seed: int) -> list[str]:
    """Open so many addresses; returns those that did not stand it, in a sentence each."""
    chance = random.Random(seed)
    pages = sorted(file.name for file in lessons.FOLDER.glob("*.py") if file.name[0] != "_")
    with mock.patch.object(embedded.Pictures, "predict", _at_once):
        names = {page: _parameters(page) for page in pages}
        print(f"{sum(map(len, names.values()))} controls on {len(pages)} pages", flush=True)
        faults = []
        for number in range(times):
            page = chance.choice(pages)
            address = _address(names[page], chance)
            faults += [f"{page}?{address}: {fault}" for fault in _faults(page, address, number)]
            if (number + 1) % 500 == 0:
                print(f"{number + 1} addresses, {len(faults)} faults", flush=True)
    return faults


def _at_once(_self: object, x_t: Any, _t: object, _embeddings: object) -> Any:
    return x_t.clone()


def _parameters(page: str) -> dict[str, list[str]]:
    """What of this page an address can set, with values that it may have."""
    test = opened(page, {})
    known = test.session_state[f"ui_controls: {'' if page == lessons.HOME else page[:-3]}"]
    found: dict[str, list[str]] = {name: [] for name in (*known, *EVERYWHERE)}
    for kind in ("slider", "number_input", "selectbox", "select_slider", "radio", "button_group"):
        widgets: list[Any] = list(test.get(kind))
        for widget in widgets:
            name = getattr(widget.proto, "query_param_key", "") or widget.key
            if name in found and hasattr(widget, "options"):
                found[name] += [str(option) for option in widget.options]
            elif name in found:
                found[name] += [str(widget.min), str(widget.max)]
    return found


def _address(names: Mapping[str, list[str]], chance: random.Random) -> dict[str, str]:
    chosen = chance.sample(sorted(names), min(len(names), chance.randint(1, 5)))
    others = [value for values in names.values() for value in values]

    def value(name: str) -> str:
        allowed = chance.random() < 0.4 and (names[name] or others)
        return chance.choice(allowed or STRANGE)

    return {name: value(name) for name in chosen}


def _faults(page: str, address: Mapping[str, str], number: int) -> list[str]:
    try:
        test = opened(page, address, calculate=number % CALCULATED == 0)
    except Exception as error:  # whatever it is, it is a fault
        return [repr(error)[:300]]
    found = [f"{e.message} {e.stack_trace[-2:]}" for e in test.exception]
    return found + [e.value for e in test.error if "mistake" in e.value or "Log id" in e.value]


def opened(page: str, address: Mapping[str, str], calculate: bool = False) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update(address)
    if page != lessons.HOME:
        test.switch_page(page)
    if calculate:
        return test.run()
    with mock.patch.object(engine, "submit", _busy):
        return test.run()


_busy: Callable[..., object] = mock.Mock(side_effect=engine.Busy("no work today"))
