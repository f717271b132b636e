"""What a class sees: whose run it is, the instructor's room, the board, training on the wall."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from awaited import awaited
from small_runs import folder_of, prepared, tiny, trained_here
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from test_pages import assert_fine, opened

from lessons.classroom import board, limits, presence, readers, state
from lessons.classroom.readers import Reader
from lessons.training import costs, runs
from lessons.training.runs import files, notes, processes
from pages._service.class_news import class_news
from pages._service.reader_cookie import NAME, ReaderCookie, is_token
from pages._shared import class_board
from pages._shared.training import projector
from pages._ui.session import classroom, lessons
from pages._ui.session import reader as reading

KEY = "the key of this class"
TOKENS = {name: readers.new_token() for name in ("owner", "stranger", "teacher")}
OWNER, STRANGER = (Reader(readers.hashed(TOKENS[name])) for name in ("owner", "stranger"))
TEACHER = Reader(readers.hashed(TOKENS["teacher"]), teacher=True)


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "spawn", lambda _: None)
    monkeypatch.setattr(costs, "measure_soon", lambda _: None)
    monkeypatch.setattr(readers, "SLOWLY", 0.0)


@pytest.fixture(autouse=True)
def a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(readers.KEY, KEY)


@pytest.fixture
def as_browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Pages that are opened or run again from now on are those of this browser."""

    def use(name: str) -> None:
        monkeypatch.setattr(reading, "_token", lambda: TOKENS[name])
        if name == "teacher":
            state.sign_in(files.root(), TEACHER.browser)

    return use


def said(page: AppTest) -> str:
    kinds = (*page.error, *page.warning, *page.info, *page.markdown, *page.caption)
    return "\n".join(one.value for one in kinds)


def labels(page: AppTest) -> set[str]:
    return {button.label for button in page.button}


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()


def owned(by: Reader = OWNER, steps: int = 2, **changes: object) -> str:
    run_id = prepared(tiny(**changes), steps=steps)
    readers.note_owner(folder_of(run_id), by)
    return run_id


def test_a_foreign_run_has_no_buttons_and_its_settings_can_be_copied(
    as_browser: Callable[[str], None],
) -> None:
    run_id = owned(epochs=3)
    as_browser("stranger")
    page = opened("train_denoiser.py", run=run_id)
    assert_fine(page)
    assert not {"Pause", "Resume", "Stop", "Delete this run"} & labels(page)
    assert readers.FOREIGN in said(page)
    press(page, "Copy its settings")
    assert page.session_state["denoiser: epochs"] == 3
    assert page.session_state["denoiser: num_hiddens"] == 8
    assert_fine(page)
    as_browser("owner")
    page.run()
    assert {"Resume", "Stop", "Delete this run"} <= labels(page)
    assert readers.FOREIGN not in said(page)


def test_a_press_that_comes_after_the_button_is_no_longer_the_reader_s_is_refused(
    as_browser: Callable[[str], None],
) -> None:
    run_id = owned()
    as_browser("owner")
    page = opened("train_denoiser.py", run=run_id)
    as_browser("stranger")  # the browser sends the press of a button that it should not have
    before = (folder_of(run_id) / "control.json").exists()
    for label in ("Resume", "Stop", "Delete this run"):
        if label in labels(page):
            press(page, label)
    assert readers.FOREIGN in said(page)
    assert (folder_of(run_id) / "control.json").exists() == before
    assert runs.view(run_id).state == "paused"


def test_without_a_key_the_page_says_that_everybody_may_do_everything(
    as_browser: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(readers.KEY)
    run_id = owned()
    as_browser("stranger")
    page = opened("train_denoiser.py", run=run_id)
    assert reading.ANYBODY in said(page)
    assert {"Resume", "Stop", "Delete this run"} <= labels(page)
    room = opened("instructor.py")
    assert reading.ANYBODY in said(room)
    assert "Teacher's key" not in [box.label for box in room.text_input]


def test_start_with_a_foreign_run_s_settings_asks_and_leaves_that_run_alone(
    as_browser: Callable[[str], None],
) -> None:
    run_id = owned(seed=180, precision="float32")
    as_browser("stranger")
    page = opened("train_denoiser.py", run=run_id)
    press(page, "Copy its settings")
    press(page, "Start")
    assert "Another reader has begun a run with these settings" in said(page)
    press(page, "Train again")
    assert_fine(page)
    assert readers.is_own(folder_of(f"{run_id}-2"), STRANGER)
    assert not (folder_of(run_id) / "control.json").exists()


def test_start_says_the_limits_and_which_was_reached(
    as_browser: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(limits.IMAGES, "1000")
    as_browser("stranger")
    page = opened("train_denoiser.py")
    assert "At most, on this server: 3 waiting runs a reader, 1,000 images a run" in said(page)
    press(page, "Start")
    [error] = page.error
    assert "1,000 are allowed on this server" in error.value
    assert not list(files.root().glob("denoiser-*"))
    state.freeze(files.root(), TEACHER, True)
    assert state.FROZEN in said(page.run())


def test_the_room_opens_with_the_key_alone_and_is_listed_for_its_holder_alone() -> None:
    room = opened("instructor.py")
    assert_fine(room)
    assert "All runs" not in said(room)
    [box] = [box for box in room.text_input if box.key == "ui_teacher_key_room"]
    box.set_value("not the key").run()
    assert "not the teacher's key" in said(room)
    assert "All runs" not in said(room)
    [box] = [box for box in room.text_input if box.key == "ui_teacher_key_room"]
    box.set_value(KEY).run()
    assert "All runs" in said(room)
    assert not [box for box in room.text_input if KEY in str(box.value)]
    press(room, "Forget the key in this browser")
    assert "All runs" not in said(room)


def test_a_page_for_teachers_says_so_itself_and_no_list_names_it(tmp_path: Path) -> None:
    assert [x.file for x in lessons.discover() if x.for_teachers] == ["instructor.py"]
    (tmp_path / "a.py").write_text('"""A"""\n\nFOR_TEACHERS = True\n')
    (tmp_path / "b.py").write_text('"""B"""\n\nFOR_TEACHERS = False\n')
    assert [x.for_teachers for x in lessons.discover(tmp_path)] == [True, False]
    router = (lessons.FOLDER / "_router.py").read_text()
    assert "instructor" not in router


def test_the_home_page_shows_the_room_to_its_holder_alone(
    as_browser: Callable[[str], None],
) -> None:
    for name, shown in (("stranger", False), ("teacher", True)):
        as_browser(name)
        page = opened(lessons.HOME)
        links = [one.proto.page for one in page.get("page_link")]
        assert ("instructor" in links) is shown
        assert "board" in links


def test_the_teacher_steers_every_run_hands_one_over_and_switches_start_off(
    as_browser: Callable[[str], None],
) -> None:
    run_id, other = owned(seed=1), owned(seed=2)
    as_browser("teacher")
    room = opened("instructor.py")
    assert_fine(room)
    [pause] = [one for one in room.button if one.key == f"room: {run_id}: Resume"]
    pause.click().run()
    assert notes.RunControl.read(folder_of(run_id)).until_step == 10**9
    [give] = [one for one in room.button if one.key == f"room: {run_id}: class"]
    give.click().run()
    assert state.read(files.root()).class_runs == {"denoiser": run_id}
    assert "**The class's run**" in said(room)
    press(room, "Switch Start off for all")
    assert state.read(files.root()).frozen
    assert "Switch Start on for all" in labels(room)
    as_browser("stranger")
    page = opened("train_denoiser.py")
    [box] = [box for box in page.selectbox if box.label == "Run"]
    assert box.value == run_id
    assert box.options[0].startswith("The class's run · ")
    assert readers.OF_THE_CLASS in said(page)
    assert other in [run.id for run in runs.all_runs("denoiser")]


def test_a_button_of_the_room_does_nothing_once_the_key_is_forgotten(
    as_browser: Callable[[str], None],
) -> None:
    as_browser("teacher")
    room = opened("instructor.py")
    state.sign_out(files.root(), TEACHER.browser)
    press(room, "Switch Start off for all")
    assert not state.read(files.root()).frozen


@pytest.mark.parametrize(
    ("address", "slug", "query"),
    [
        ("http://here:8501/class/unet?b11_level=2&present=1", "unet", "b11_level=2"),
        ("train_ddpm?run=ddpm-1", "train_ddpm", "run=ddpm-1"),
        ("https://here/", "", ""),
        ("javascript:alert(1)/unet?x=<b>", "unet", "x=%3Cb%3E"),
    ],
)
def test_a_link_for_everybody_leads_to_a_page_of_this_app(
    address: str, slug: str, query: str, as_browser: Callable[[str], None]
) -> None:
    as_browser("teacher")
    room = opened("instructor.py")
    room.text_input(key="room_address").set_value(address)
    room.text_input(key="room_words").set_value("[now](http://x) <b>").run()
    press(room, "Show it to everybody")
    assert_fine(room)
    look = state.read(files.root()).look
    assert look is not None
    assert (look.page, look.query) == (slug, query)
    assert "[now](http://x)" not in said(room)  # plain text, whatever it is
    press(room, "Take it away")
    assert state.read(files.root()).look is None


def test_an_address_that_is_no_page_is_refused_in_a_sentence(
    as_browser: Callable[[str], None],
) -> None:
    as_browser("teacher")
    room = opened("instructor.py")
    for wrong in ("http://evil.example/steal", "http://[bad", "../../etc/passwd"):
        room.text_input(key="room_address").set_value(wrong).run()
        press(room, "Show it to everybody")
        assert len(room.error) == 1
        assert state.read(files.root()).look is None


def asked(page: str, token: str) -> Any:
    scope = {
        "type": "http",
        "query_string": f"page={page}".encode(),
        "headers": [(b"cookie", f"{NAME}={token}".encode())],
    }
    answer = awaited(class_news(Request(scope)))
    assert answer.headers["cache-control"] == "no-store"
    return json.loads(answer.body)["look"]


def test_a_page_that_asks_for_news_is_counted_and_told(
    monkeypatch: pytest.MonkeyPatch, as_browser: Callable[[str], None]
) -> None:
    presence.forget_all()
    assert asked("unet", TOKENS["owner"]) is None
    assert asked("unet", "no token") is None
    assert asked("no page", TOKENS["stranger"]) is None
    assert presence.counts() == {"unet": 1}
    state.look_here(files.root(), TEACHER, "sampling", "seed=7", "this one")
    look = asked("sampling", TOKENS["owner"])
    assert (look["title"], look["query"], look["words"]) == ("1.5 Sampling", "seed=7", "this one")
    assert presence.counts() == {"sampling": 1}
    as_browser("teacher")
    assert "| 1.5 Sampling | 1 |" in said(opened("instructor.py"))
    monkeypatch.delenv(readers.KEY)
    assert asked("sampling", TOKENS["owner"]) is None
    presence.forget_all()


def answered(headers: dict[str, str], scheme: str = "http") -> list[str]:
    """The cookies that an answer to a request with these headers sets."""
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def keep(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": scheme, "headers": raw}
    awaited(ReaderCookie(app, "/class")(scope, None, keep))  # type: ignore[arg-type]
    headers_sent = sent[0]["headers"]
    cookies = [value.decode() for name, value in headers_sent if name == b"set-cookie"]
    if cookies:
        assert (b"cache-control", b"private, no-store") in headers_sent
    return cookies


def test_a_browser_gets_a_token_with_its_first_page_that_no_script_reads() -> None:
    [cookie] = answered({"accept": "text/html,*/*"})
    token = cookie.partition(";")[0].partition("=")[2]
    assert is_token(token)
    assert cookie.endswith("Path=/class; Max-Age=31536000; HttpOnly; SameSite=Lax")
    assert answered({"accept": "text/html", "cookie": f"a=b; {NAME}={token}"}) == []
    assert answered({"accept": "image/png"}) == []
    for junk in ("", "short", "x" * 44, "é" * 43):
        [fresh] = answered({"accept": "text/html", "cookie": f"{NAME}={junk}"})
        assert fresh.partition(";")[0] != cookie.partition(";")[0]
    assert answered({"accept": "text/html"}, scheme="https")[0].endswith("; Secure")
    [behind] = answered({"accept": "text/html", "x-forwarded-proto": "https"})
    assert behind.endswith("; Secure")


def test_the_board_sorts_runs_and_what_was_not_measured_comes_last() -> None:
    finished = trained_here("denoiser", tiny(epochs=1).model_dump())
    begun = owned(seed=3, steps=0)
    for by in ("loss", "PSNR", "images"):
        order = [row.run.id for row in board.rows("denoiser", by)]
        assert order.index(begun) > order.index(finished), by
    assert board.rows("denoiser", "newest")[0].run.id == begun
    rows = {row.run.id: row for row in board.rows("denoiser", "loss")}
    view = runs.view(finished)
    assert rows[finished].loss == pytest.approx(sum(view.curve.losses) / len(view.curve.losses))
    assert rows[finished].psnr == view.epochs[-1].numbers["psnr"]
    losses = [row.loss for row in board.rows("denoiser", "loss") if row.loss == row.loss]
    assert losses == sorted(losses)
    assert {board.page_of(name) for name in class_board.trained()} == {
        "train_denoiser",
        "pure_noise",
        "train_ddpm",
        "train_class_ddpm",
        "flow_matching",
    }


def test_everybody_sees_the_board_and_goes_from_it_to_a_run(
    as_browser: Callable[[str], None],
) -> None:
    run_id = owned()
    as_browser("stranger")
    page = opened("board.py", board_by="newest", runs=f"{run_id},nonsense")
    assert_fine(page)
    assert page.session_state["board_runs_denoiser"] == [run_id]
    tables = [
        one.proto.body for one in page.get("html") if '<div class="ui-board' in one.proto.body
    ]
    assert len(tables) == 1
    assert '<th scope="col">loss</th>' in tables[0]
    [button] = [one for one in page.button if one.label.startswith("Watch ")]
    button.click().run()
    assert page.title[0].value == "Train a denoiser"
    [box] = [box for box in page.selectbox if box.label == "Run"]
    assert box.value == run_id


@pytest.mark.parametrize("recipe", projector.RECIPES)
def test_in_front_of_the_room_a_run_stands_alone(recipe: str) -> None:
    file = f"{board.page_of(recipe)}.py"
    page = opened(file, present="1")
    assert_fine(page)
    assert "Start" not in labels(page)
    assert "**Finished**" in said(page)
    assert "images" in said(page)
    figures = [one.proto.body for one in page.get("html") if "<figure" in one.proto.body]
    assert len(figures) == 1
    press(page, "The lesson's text")
    assert "Start" in labels(page)
    press(page, "Training on the whole screen")
    assert "Start" not in labels(page)


def test_the_wall_follows_the_run_at_work_and_a_link_keeps_to_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = opened("train_denoiser.py", present="1")
    first, run_id = owned(seed=1, steps=1), owned(seed=2, steps=3)
    notes.Status("running", step=3).write(folder_of(run_id))
    monkeypatch.setattr(processes, "alive", lambda folder: folder.name == run_id)
    page.run()
    assert page.session_state["denoiser: watched run"] == run_id
    assert "**Running** · 192 of 2,000 images" in said(page)
    linked = opened("train_denoiser.py", present="1", run=first)
    assert linked.session_state["denoiser: watched run"] == first
    state.hand_over(files.root(), TEACHER, "denoiser", first)
    page.run()
    assert page.session_state["denoiser: watched run"] == first


def test_the_sidebar_shows_the_page_to_everybody(
    as_browser: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_browser("teacher")

    class Fold:
        open = True

        def __enter__(self) -> None:
            return None

        def __exit__(self, *_: object) -> None:
            return None

    from pages._ui.session import room

    monkeypatch.setattr(room.st, "expander", lambda *_, **__: Fold())
    page = opened("unet.py", seed="7", hide="year")
    press(page, "Look here now")
    look = state.read(files.root()).look
    assert look is not None
    assert look.page == "unet"
    assert "seed=7" in look.query
    assert "present" not in look.query
    assert classroom.has_key()
