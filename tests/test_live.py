"""`live` on a page: remembered results at once, slow ones with progress and Cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

import numpy as np
import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest

from lessons.images.captioned import CaptionedImage, Progress
from pages._service import engine as engine
from pages._ui.display.no_result import NOTHING
from pages._ui.display.waiting import _ordinal, _sentence, _time_left, _words

calls: list[object] = []
stopped: list[object] = []
run = 0
gate = threading.Event()
script_requests = ScriptRequests()


def quick(t: int) -> str:
    calls.append(t)
    return f"result for {t} in run {run}"


def slow(t: int, run: int) -> Generator[Progress, None, str]:
    """Take fifty steps of 20 ms, with an image after each."""
    frame = (CaptionedImage(np.zeros((4, 4), np.uint8)),)
    finished = False
    try:
        for step in range(50):
            time.sleep(0.02)
            yield Progress(step + 1, 50, "sampling", frame)
        finished = True
        return f"slow result for {t}"
    finally:
        if not finished:
            stopped.append((t, run))


def stuck(**_parameters: object) -> None:
    """Make the waiting page out of date, and tell it nothing for a long time."""
    gate.wait(1)
    script_requests.request_stop()
    if not gate.wait(5):
        calls.append("the page waited to the end")


def refuses(t: int) -> None:
    raise ValueError(f"t is {t}, but must be below 1000")


def breaks() -> None:
    raise ZeroDivisionError("inner matter")


def page() -> None:
    """One control, one demo; `leave` leaves the page at the first frame, while it waits."""
    import streamlit as st
    import test_live as lessons
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from pages._ui.display.live import live, made_before

    lessons.script_requests = get_script_run_ctx().script_requests
    name = st.session_state.get("demo", "quick")
    t = st.slider("t", 0, 2000, 250)
    parameters = {"run": lessons.run} if name in ("slow", "stuck") else {}
    parameters |= {"t": t} if name not in ("breaks", "stuck") else {}
    leave = (lambda _: st.stop()) if st.session_state.get("leave") else None
    result = live(getattr(lessons, name), slot="demo", on_frame=leave, **parameters)
    st.text(result)
    st.text("the text below")
    if st.session_state.get("label"):
        st.caption(made_before(f"made with t = {t}"))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Give every test keys of its own, and leave no job behind."""
    global run
    run += 1
    calls.clear()
    stopped.clear()
    yield
    engine.stop()


def open_page(**state: object) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def texts(app: AppTest) -> list[str]:
    assert not app.exception
    return [text.value for text in app.text]


def test_a_second_visit_finds_the_result_without_calculating() -> None:
    first = texts(open_page())
    assert texts(open_page()) == first
    assert first[0].startswith("result for 250")
    assert calls.count(250) <= 1


def test_another_parameter_is_another_result() -> None:
    app = open_page()
    app.slider[0].set_value(7 + run).run()
    assert texts(app)[0].startswith(f"result for {7 + run}")


def test_a_slow_demo_arrives_and_leaves_no_trace_of_waiting() -> None:
    app = open_page(demo="slow")
    assert texts(app) == ["slow result for 250", "the text below"]
    assert not app.button
    assert not app.get("progress")


def test_a_slow_demo_shows_steps_time_left_and_cancel_while_it_runs() -> None:
    app = open_page(demo="slow", leave=True)
    (bar,) = app.get("progress")
    assert "Sampling · step " in bar.proto.text
    assert " of 50" in bar.proto.text
    assert "left" in bar.proto.text or "almost done" in bar.proto.text
    assert [button.label for button in app.button] == ["Cancel"]


def test_a_run_that_is_left_takes_its_job_along() -> None:
    open_page(demo="slow", leave=True)
    while engine.health().running:
        time.sleep(0.01)
    assert stopped == [(250, run)]


def test_a_run_that_is_out_of_date_ends_though_its_job_tells_nothing() -> None:
    app = open_page(demo="stuck")
    gate.set()
    assert texts(app) == calls == []


def test_cancel_says_so_keeps_the_page_and_run_again_runs_again() -> None:
    app = open_page(demo="slow", leave=True)
    app.session_state["leave"] = False
    app.button[0].click().run()
    assert app.markdown[0].value == "Cancelled. Move a control, or press Run again."
    assert texts(app) == ["–", "the text below"]
    assert [button.label for button in app.button] == ["Run again"]
    app.button[0].click().run()
    assert texts(app)[0] == "slow result for 250"


def test_after_cancel_the_last_result_stays_and_a_moved_parameter_runs() -> None:
    app = open_page(demo="slow")
    app.session_state["leave"] = True
    app.slider[0].set_value(300).run()
    app.session_state["leave"] = False
    app.button[0].click().run()
    assert (
        "Below is the last finished result, made with the controls as they were then."
        in app.markdown[0].value
    )
    assert texts(app)[0] == "slow result for 250"
    app.slider[0].set_value(301).run()
    assert texts(app)[0] == "slow result for 301"
    assert not app.button


def test_after_cancel_the_label_is_that_of_the_result_and_not_of_the_parameters() -> None:
    app = open_page(demo="slow", label=True)
    assert app.caption[0].value == "made with t = 250"
    app.session_state["leave"] = True
    app.slider[0].set_value(300).run()
    app.session_state["leave"] = False
    app.button[0].click().run()
    assert texts(app)[0] == "slow result for 250"
    assert app.caption[0].value == "Last finished: made with t = 250"
    app.slider[0].set_value(301).run()
    assert app.caption[0].value == "made with t = 301"


def fragment_page() -> None:
    """A demo in a fragment, one of whose widgets is pressed at the first frame."""
    import streamlit as st
    import test_live as lessons
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

    from pages._ui.display.live import live

    def press(_: object) -> None:
        context, fragment = get_script_run_ctx(), ThreadState.get().fragment_id
        if not st.session_state.get("pressed"):
            st.session_state["pressed"] = True
            context.script_requests.request_rerun(RerunData(fragment_id=fragment))

    @st.fragment
    def demo() -> None:
        pressed = st.session_state.get("pressed", False)
        t = 2 if pressed else 1
        st.text(live(lessons.slow, slot="fragment", on_frame=press, t=t, run=lessons.run))

    demo()


def test_a_widget_of_the_demos_own_fragment_interrupts_it_too() -> None:
    app = AppTest.from_function(fragment_page, default_timeout=30).run()
    assert texts(app) == ["slow result for 2"]
    assert stopped == [(1, run)]


def test_a_refused_parameter_is_one_sentence_and_the_page_goes_on() -> None:
    app = open_page(demo="refuses")
    assert [error.value for error in app.error] == ["t is 250, but must be below 1000"]
    assert texts(app) == ["–", "the text below"]


def test_a_broken_lesson_shows_a_log_id_and_logs_the_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = open_page(demo="breaks")
    (error,) = app.error
    number = error.value.rstrip(".").split()[-1]
    assert "inner matter" not in error.value
    assert texts(app) == ["–", "the text below"]
    assert number in caplog.text
    assert "ZeroDivisionError: inner matter" in caplog.text


def test_a_full_line_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine._engine, "_limit", 0)
    app = open_page(demo="slow")
    assert "Please try again" in app.error[0].value
    assert texts(app) == ["–", "the text below"]


def test_waiting_is_told_in_plain_words() -> None:
    waiting = [_words(engine.Snapshot("waiting", place))[1] for place in (1, 2, 3, 11)]
    assert waiting[0] == "You are next in line"
    assert waiting[1] == "You are 2nd in line"
    assert waiting[3] == "You are 11th in line"
    shot = engine.Snapshot("running", done=3, total=20, seconds_left=8.4)
    assert _words(shot) == (0.15, "Step 3 of 20 · about 8 s left")
    with_symbol = engine.Snapshot("running", done=3, total=7, note="γ = 3")
    assert _words(with_symbol)[1] == "γ = 3 · step 3 of 7"
    assert [_ordinal(n) for n in (12, 21, 22, 23, 64)] == ["12th", "21st", "22nd", "23rd", "64th"]
    assert _time_left(200) == "about 3 min left"


def test_nothing_draws_nothing_and_is_nothing_in_every_part() -> None:
    assert not NOTHING
    assert list(NOTHING) == []
    assert NOTHING["loss"].pixels[0] is NOTHING
    assert f"{NOTHING:.2f} {NOTHING}" == "– –"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sampling · step 3 of 9", "Sampling · step 3 of 9"),
        ("t = 840 · step 3 of 9", "t = 840 · step 3 of 9"),
        ("i_start = 7 · step 3 of 9", "i_start = 7 · step 3 of 9"),
        ("γ = 7 · step 3 of 9", "γ = 7 · step 3 of 9"),
    ],
)
def test_a_line_of_progress_begins_with_a_capital_but_a_symbol_stays_as_it_is(
    line: str, said: str
) -> None:
    assert _sentence(line) == said
