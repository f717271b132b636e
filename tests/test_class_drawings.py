"""Digits that a class draws together: who may give, take back and take out, and what is kept."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from test_pages import assert_fine, opened

from lessons.classroom import drawings, readers
from lessons.classroom.readers import Reader
from lessons.own_data import parts, sets
from lessons.training.runs import files
from pages._ui.session import reader as reading

CLAIMS = {
    "_shared/class_drawings.py": {
        "A data set needs at least": "by definition",
    },
}
OWNER, OTHER = (Reader(readers.hashed(readers.new_token())) for _ in range(2))
TEACHER = Reader(readers.hashed("t"), teacher=True)


@pytest.fixture
def a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(readers.KEY, "the key of this class")


def drawing(value: int = 255) -> np.ndarray:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 13:15] = value
    return pixels


def give(by: Reader = OWNER, label: int = 1, value: int = 255) -> None:
    drawings.give(files.root(), by, drawing(value), label)


def labels() -> list[int]:
    return drawings.read(files.root()).labels.tolist()


def test_what_is_given_is_there_in_its_order_and_says_whose_it_is() -> None:
    give(label=1, value=200)
    give(OTHER, label=7)
    here = drawings.read(files.root())
    assert here.labels.tolist() == [1, 7]
    assert (here.images[0] == drawing(200)).all()
    assert here.are_of(OWNER).tolist() == [True, False]
    assert here.are_of(OTHER).tolist() == [False, True]
    assert not here.are_of(readers.NOBODY).any()


def test_who_gives_at_the_same_moment_loses_nothing() -> None:
    threads = [threading.Thread(target=give, args=(OWNER, i % 10)) for i in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(labels()) == sorted([*range(10)] * 3)


def test_a_reader_takes_back_their_own_newest_alone() -> None:
    for by, label in ((OWNER, 1), (OWNER, 2), (OTHER, 3)):
        give(by, label)
    drawings.take_back(files.root(), OWNER)
    assert labels() == [1, 3]
    for by in (TEACHER, readers.NOBODY):
        with pytest.raises(ValueError, match="None of these drawings is yours"):
            drawings.take_back(files.root(), by)
    assert labels() == [1, 3]


@pytest.mark.usefixtures("a_class")
def test_in_a_class_only_the_teacher_takes_out_what_others_gave() -> None:
    give(label=1)
    give(OTHER, label=2)
    for by in (OWNER, OTHER, readers.NOBODY):
        with pytest.raises(ValueError, match="holder of the teacher's key"):
            drawings.take_out(files.root(), by, 1)
        with pytest.raises(ValueError, match="holder of the teacher's key"):
            drawings.empty(files.root(), by)
    assert labels() == [1, 2]
    drawings.take_out(files.root(), TEACHER, 1)
    assert labels() == [2]
    for number in (0, 2):
        with pytest.raises(ValueError, match="no drawing"):
            drawings.take_out(files.root(), TEACHER, number)
    drawings.empty(files.root(), TEACHER)
    assert labels() == []


def test_without_a_key_everybody_may_take_out_any() -> None:
    give(label=1)
    drawings.take_out(files.root(), OTHER, 1)
    assert labels() == []


@pytest.mark.usefixtures("a_class")
def test_one_reader_may_give_so_many_and_the_teacher_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawings, "MOST_EACH", 2)
    monkeypatch.setattr(drawings, "MOST", 5)
    for _ in range(2):
        give()
    with pytest.raises(ValueError, match="2 of these drawings are yours"):
        give()
    give(OTHER)
    give(TEACHER)
    give(TEACHER)
    with pytest.raises(ValueError, match="as many as are kept"):
        give(OTHER)


@pytest.mark.parametrize(
    ("pixels", "label"),
    [
        (np.zeros((28, 28), np.uint8), 1),
        (drawing(), 10),
        (drawing(), -1),
        (drawing().astype(np.float32), 1),
        (np.full((27, 28), 255, np.uint8), 1),
    ],
)
def test_what_is_no_drawing_is_refused_in_one_sentence(pixels: np.ndarray, label: int) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z][^.]*\.$"):
        drawings.give(files.root(), OWNER, pixels, label)
    assert labels() == []


def test_a_record_that_was_cut_off_is_left_out_and_the_next_one_is_whole() -> None:
    give(label=1)
    give(label=2)
    path = files.root() / ".drawings" / "drawings.bin"
    path.write_bytes(path.read_bytes()[:-100])
    assert labels() == [1]
    give(label=3)
    assert labels() == [1, 3]
    path.write_bytes(b"nonsense" * 1000)
    assert all(label <= 9 for label in labels())


def test_the_page_gives_the_newest_first_and_keeps_all_as_a_data_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "reader", lambda: OWNER)
    for i in range(12):
        give(OTHER, label=i % 10, value=100 + i)
    page = opened("own_digit.py")
    assert_fine(page)
    said = " ".join(one.proto.body for one in page.get("html"))
    assert "12 drawings, 0 of them yours" in said
    assert said.index("12: a 1") < said.index("11: a 0")
    page.text_input(key="b124_class_name").set_value("Room 12")
    page.button(key="b124_class_keep").click().run()
    assert_fine(page)
    [kept] = [one for one in sets.all_sets() if one.kept]
    assert kept.name.startswith("room-12-")
    assert kept.count == 12
    assert page.selectbox(key="b124_set").value == kept.name
    held_out = parts.load(kept.name, "test")
    assert held_out.labels.tolist() == [9]
    assert (held_out.images[0, 0].numpy() == drawing(109)).all()
    assert labels() == [i % 10 for i in range(12)]  # and the class goes on


def test_too_few_drawings_and_none_of_ones_own_are_said_in_a_sentence() -> None:
    give(OTHER)
    page = opened("own_digit.py")
    page.button(key="b124_class_keep").click().run()
    assert [error.value for error in page.error] == ["A data set needs at least 10 drawings."]
    page.button(key="b124_class_back").click().run()
    assert [error.value for error in page.error] == ["None of these drawings is yours."]
    page.button(key="b124_class_out").click().run()
    assert_fine(page)
    assert labels() == []
