"""The wall: who may put what on it and take it away, that it is kept, and what is seen of it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from test_pages import assert_fine, opened

from lessons.classroom import readers, state, wall
from lessons.classroom.readers import Reader
from lessons.training.runs import files
from pages._service import wall_file
from pages._ui.display.encode import png
from pages._ui.session import reader as reading

OWNER, OTHER = (Reader(readers.hashed(readers.new_token())) for _ in range(2))
TEACHER = Reader(readers.hashed("t"), teacher=True)
EVIL = '<script>alert(1)</script> [x](http://evil) "\n## title'


@pytest.fixture(autouse=True)
def a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(readers.KEY, "the key of this class")
    files.root().mkdir(exist_ok=True)


def image(value: int = 0) -> bytes:
    return png(np.full((8, 8), value, np.uint8))


def put(by: Reader = OWNER, value: int = 0, caption: str = "an anagram") -> None:
    address = "visual_anagrams?seed=7"
    wall.put(files.root(), by, image(value), title="1.8 A", caption=caption, address=address)


def names() -> list[str]:
    return [one.name for one in wall.read(files.root()).images]


def pngs() -> set[str]:
    return {path.stem for path in (files.root() / ".wall").glob("*.png")}


def test_what_is_put_on_the_wall_is_kept_with_its_words_and_address() -> None:
    put(value=9, caption=EVIL)
    [one] = wall.read(files.root()).images
    assert wall.png_of(files.root(), one) == image(9)
    assert one.address == "visual_anagrams?seed=7"
    assert "\n" not in one.caption
    assert pngs() == {one.name}


def test_a_reader_takes_away_their_own_and_the_teacher_any() -> None:
    put()
    put(value=1)
    first, second = names()
    for by in (OTHER, readers.NOBODY):
        with pytest.raises(ValueError, match="another reader's"):
            wall.take_away(files.root(), by, first)
    wall.take_away(files.root(), OWNER, first)
    assert names() == [second]
    assert pngs() == {second}
    wall.take_away(files.root(), TEACHER, second)
    assert names() == []
    assert pngs() == set()
    wall.take_away(files.root(), OTHER, "../../evil")  # nothing has that name


def test_only_the_teacher_closes_and_empties_the_wall() -> None:
    put()
    for by in (OWNER, readers.NOBODY):
        with pytest.raises(ValueError, match="holder of the teacher's key"):
            wall.empty(files.root(), by)
        with pytest.raises(ValueError, match="holder of the teacher's key"):
            wall.freeze(files.root(), by, True)
    wall.freeze(files.root(), TEACHER, True)
    with pytest.raises(ValueError, match="closed the wall"):
        put()
    put(TEACHER)
    wall.empty(files.root(), TEACHER)
    assert wall.read(files.root()) == wall.Wall((), frozen=True)
    assert pngs() == set()


def test_a_reader_may_have_so_many_on_it_and_the_wall_holds_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(wall.EACH, "2")
    monkeypatch.setattr(wall, "MOST", 3)
    put()
    put()
    with pytest.raises(ValueError, match=r"^2 images of yours .* 2 are allowed.*WALL_IMAGES"):
        put()
    put(OTHER)
    with pytest.raises(ValueError, match="The wall is full: 3"):
        put(OTHER)
    wall.take_away(files.root(), OWNER, names()[0])
    put(OTHER)
    assert len(pngs()) == 3


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(wall.LARGEST)])
def test_what_is_no_small_png_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="PNG file of at most"):
        wall.put(files.root(), OWNER, content, title="", caption="", address="")
    assert pngs() == set()


def test_readers_who_come_at_once_lose_nothing() -> None:
    threads = [threading.Thread(target=put, args=(Reader(str(n)), n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names()) == 8
    assert pngs() == set(names())


def test_a_list_that_makes_no_sense_is_an_empty_wall_and_leads_nowhere() -> None:
    put()
    path = files.root() / ".wall" / "wall.json"
    for wrong in ("", "[]", path.read_text().replace(names()[0], "../../settings")):
        path.write_text(wrong)
        assert wall.read(files.root()) == wall.Wall()


def test_the_wall_is_on_where_there_is_a_teacher_and_can_be_switched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert wall.is_on()
    monkeypatch.setenv(wall.SWITCH, "off")
    assert not wall.is_on()
    with pytest.raises(ValueError, match="no wall"):
        put()
    monkeypatch.delenv(wall.SWITCH)
    monkeypatch.delenv(readers.KEY)
    assert not wall.is_on()
    monkeypatch.setenv(wall.SWITCH, "on")
    put()


def test_the_file_to_keep_holds_every_image_and_nothing_that_runs() -> None:
    put(caption=EVIL)
    put(value=5)
    page = wall_file.html(files.root()).decode()
    assert page.count("data:image/png;base64,") == 2
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "visual_anagrams?seed=7" in page


def test_a_changed_result_is_shown_to_the_class_from_its_lesson(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = readers.new_token()
    monkeypatch.setattr(reading, "_token", lambda: token)
    page = opened("forward_process.py", model="Digits")
    assert "Put it on the wall" not in [button.label for button in page.button]
    page.slider(key="a11_t_digits").set_value(200).run()
    assert_fine(page)
    [which] = [box for box in page.number_input if box.label.startswith("Which image")]
    which.set_value(3).run()
    next(one for one in page.button if one.label == "Put it on the wall").click().run()
    assert_fine(page)
    [one] = wall.read(files.root()).images
    assert one.browser == readers.hashed(token)
    assert one.address.startswith("forward_process?")
    assert "a11_t_digits=200" in one.address
    assert one.title == "1.1 The forward process"
    shown = opened("wall.py")
    assert_fine(shown)
    assert "Take it away" in [button.label for button in shown.button]
    assert "Close the wall" not in [button.label for button in shown.button]
    next(one for one in shown.button if one.label == "Take it away").click().run()
    assert names() == []


def test_on_the_wall_s_page_words_of_others_are_text_and_the_teacher_clears_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(caption=EVIL)
    token = readers.new_token()
    monkeypatch.setattr(reading, "_token", lambda: token)
    state.sign_in(files.root(), readers.hashed(token))
    page = opened("wall.py")
    assert_fine(page)
    said = "\n".join(one.value for one in (*page.markdown, *page.caption))
    assert "<script>" not in said
    next(one for one in page.button if one.label == "Close the wall").click().run()
    assert wall.read(files.root()).frozen
    next(one for one in page.button if one.label == "Take all images away").click().run()
    assert names() == []
    assert_fine(opened("wall.py", present="1"))
