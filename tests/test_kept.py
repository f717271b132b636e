"""What a reader did outlives a reload and a restart: for that browser alone, and not for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import assert_fine, opened, quick  # noqa: F401 - the fixture

from lessons.classroom import kept, readers
from lessons.training.runs import files
from pages._ui.session import reader as reading
from pages._ui.session import remembered

BROWSER = readers.hashed("somebody")
OTHER = readers.hashed("somebody else")
DAY = 86_400


@pytest.fixture
def as_browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sessions that begin from now on are those of a browser that sends this cookie."""

    def use(token: str) -> None:
        monkeypatch.setattr(reading, "_sent", lambda: token)

    use("somebody")
    return use


def said(page: AppTest) -> str:
    return "\n".join(one.value for one in (*page.markdown, *page.caption, *page.warning))


def press(page: AppTest, label: str) -> None:
    next(one for one in page.button if one.label == label).click()
    page.run()


# -- on the disk ----------------------------------------------------------------------------------


def test_each_browser_has_its_own_and_gets_it_back(tmp_path: Path) -> None:
    kept.write(tmp_path, BROWSER, "A1.4", {"a": [1, "ε"]})
    kept.write(tmp_path, OTHER, "A1.4", {"b": 2})
    assert kept.read(tmp_path, BROWSER) == {"A1.4": {"a": [1, "ε"]}}
    kept.forget(tmp_path, BROWSER)
    assert kept.read(tmp_path, BROWSER) == {}
    assert kept.read(tmp_path, OTHER) == {"A1.4": {"b": 2}}
    kept.write(tmp_path, OTHER, "A1.4", None)
    assert kept.read(tmp_path, OTHER) == {}


@pytest.mark.parametrize("browser", ["", "..", "../../etc", "A" * 64, BROWSER[:63], BROWSER + "/"])
def test_nothing_is_kept_of_what_is_no_browser(tmp_path: Path, browser: str) -> None:
    kept.write(tmp_path, browser, "opened", [1])
    kept.forget(tmp_path, browser)
    assert kept.read(tmp_path, browser) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 40, "a\0b"])
def test_a_name_is_no_way_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        kept.write(tmp_path, BROWSER, name, 1)
    assert list(tmp_path.rglob("*")) == []


def test_a_damaged_piece_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    kept.write(tmp_path, BROWSER, "opened", ["A1.4"])
    kept.write(tmp_path, BROWSER, "first", {})
    file = tmp_path / ".readers" / BROWSER / "first.json"
    for damage in (b"", b"{", b"\xff\xfe", file.read_bytes() * 2):
        file.write_bytes(damage)
        assert kept.read(tmp_path, BROWSER) == {"opened": ["A1.4"]}


def test_there_is_a_limit_to_a_piece_and_to_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="no room"):
        kept.write(tmp_path, BROWSER, "A1.4", "x" * kept.LARGEST)
    monkeypatch.setattr(kept, "MOST", 1000)
    kept.write(tmp_path, BROWSER, "A1.4", "x" * 600)
    with pytest.raises(ValueError, match="no room"):
        kept.write(tmp_path, BROWSER, "A1.5", "x" * 600)
    assert set(kept.read(tmp_path, BROWSER)) == {"A1.4"}


def test_who_does_not_come_back_is_forgotten_and_who_does_is_not(tmp_path: Path) -> None:
    for browser in (BROWSER, OTHER):
        kept.write(tmp_path, browser, "opened", ["A1.4"])
    now = (tmp_path / ".readers" / OTHER / "opened.json").stat().st_mtime
    for path in (tmp_path / ".readers" / BROWSER, tmp_path / ".readers" / BROWSER / "opened.json"):
        os.utime(path, (now - 31 * DAY, now - 31 * DAY))
    assert kept.tidy_daily(tmp_path, now) == 1
    assert not (tmp_path / ".readers" / BROWSER).exists()
    assert kept.read(tmp_path, OTHER) == {"opened": ["A1.4"]}
    assert kept.tidy_daily(tmp_path, now + DAY / 2) == 0  # it was done today


def test_a_server_may_keep_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.write(tmp_path, BROWSER, "opened", ["A1.4"])
    monkeypatch.setenv(kept.DAYS, "0")
    assert kept.read(tmp_path, BROWSER) == {}
    kept.write(tmp_path, OTHER, "opened", ["A1.4"])
    assert not (tmp_path / ".readers" / OTHER).exists()


# -- on the pages ---------------------------------------------------------------------------------


def worked() -> AppTest:
    """A session that looks at a lesson, changes it, keeps the result, and answers a question."""
    page = opened("sampling.py", model="Digits")
    page.sidebar.number_input(key="seed").set_value(7).run()
    press(page, "Keep for the report")
    page.radio(key="a15_q1").set_value(page.radio(key="a15_q1").options[0])
    press(page, "Show me")
    assert_fine(page)
    return page


def test_a_new_session_of_the_same_browser_has_it_all(as_browser: Callable[[str], None]) -> None:
    before = worked()
    again = opened("report.py")
    assert_fine(again)
    assert again.session_state["ui_produced"] == before.session_state["ui_produced"]
    assert again.session_state["ui_kept"] == before.session_state["ui_kept"]
    assert again.session_state["ui_first"] == before.session_state["ui_first"]
    assert again.session_state["ui_opened"] == {"A1.5"}
    assert again.session_state["predict: a15_q1"] == 0
    as_browser("somebody else")
    assert "Nothing yet" in "".join(one.value for one in opened("report.py").info)
    as_browser("")  # keeps no cookies
    assert "ui_produced" not in opened("report.py").session_state
    assert "a reload begins anew" in said(opened("report.py"))


@pytest.mark.usefixtures("as_browser")
def test_remarks_and_the_name_come_back_and_all_can_be_forgotten() -> None:
    worked()
    page = opened("report.py")
    page.text_input(key="report_name").set_value("Ada").run()
    page.text_area(key="report_remark_A1.5").set_value("<b>two</b>\nlines").run()
    again = opened("report.py")
    assert again.text_input(key="report_name").value == "Ada"
    assert again.text_area(key="report_remark_A1.5").value == "<b>two</b>\nlines"
    assert "30 days after the last visit" in said(again)
    press(again, "Forget all of it")
    assert_fine(again)
    assert "Nothing yet" in "".join(one.value for one in again.info)
    assert again.text_input(key="report_name").value == ""
    fresh = opened("report.py")
    assert fresh.text_input(key="report_name").value == ""
    assert "Nothing yet" in "".join(one.value for one in fresh.info)


@pytest.mark.usefixtures("as_browser")
def test_a_removed_result_does_not_come_back() -> None:
    worked()
    page = opened("report.py")
    press(page, "Remove 1.5")
    assert "Nothing yet" in "".join(one.value for one in opened("report.py").info)


@pytest.mark.usefixtures("as_browser")
@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("opened", 5),
        ("first", [1, 2]),
        ("answers", {"predict: a15_q1": "x", "seed": 3}),
        ("remarks", [1]),
        ("A1.5", {"latest": {"id": "A1.5"}, "kept": []}),
        ("A1.5", {"latest": None, "kept": [{"images": [{"content": "no base64 !"}]}]}),
        ("A1.5", "text"),
        ("Z9", {"latest": None, "kept": []}),
    ],
)
def test_what_another_version_kept_does_no_harm(name: str, piece: object) -> None:
    kept.write(files.root(), BROWSER, name, piece)
    for file in ("report.py", "sampling.py"):
        page = opened(file, model="Digits")
        assert_fine(page)
        assert page.sidebar.number_input(key="seed").value == 276


@pytest.mark.usefixtures("as_browser")
def test_a_disk_that_refuses_is_said_and_the_lesson_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(remembered.kept, "write", full)
    page = opened("sampling.py", model="Digits")
    assert_fine(page)
    assert "No space left" in said(page)
