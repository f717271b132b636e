"""The images in the box: found, credited, and readable."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import gallery, mnist

PHOTOGRAPHS = [
    f"photo-{name}" for name in ("cat", "coffee", "rocket", "astronaut", "pagoda", "dahlia")
]
LISTS = sorted(gallery.FOLDER.glob("*/gallery.json"))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A gallery of the test's own, with the tower in it."""
    shutil.copytree(gallery.FOLDER / "pictures", tmp_path / "pictures")
    monkeypatch.setattr(gallery, "FOLDER", tmp_path)
    gallery.pixels.cache_clear()
    yield tmp_path
    gallery.pixels.cache_clear()


def add(folder: Path, **changes: str) -> Path:
    """Put a folder with one image beside the tower's."""
    folder.mkdir()
    entry = {"file": "dot.png", "title": "A dot", "prompt": "a dot", "source": "us"}
    entry |= {"licence": "MIT", **changes}
    (folder / "gallery.json").write_text(json.dumps([entry]), "utf-8")
    Image.new("RGB", (4, 2), "red").save(folder / "dot.png")
    return folder


def test_the_tower_comes_first_and_the_photographs_last() -> None:
    names = [entry.name for entry in gallery.entries()]
    assert names[0] == "tower"
    assert names[-6:] == PHOTOGRAPHS


def test_every_image_opens_and_none_is_large() -> None:
    for entry in gallery.entries():
        height, width, channels = gallery.pixels(entry.name).shape
        assert channels == 3
        assert 64 <= min(height, width) <= max(height, width) <= 256, entry.name


def test_every_image_is_told_apart_by_its_title_and_credited() -> None:
    entries = (*gallery.entries(), *gallery.digits())
    assert len({entry.title for entry in entries}) == len(entries)
    assert all(entry.source and entry.licence and entry.prompt for entry in entries)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.parent.name)
def test_a_folder_lists_exactly_the_images_that_lie_in_it(path: Path) -> None:
    listed = {record["file"] for record in json.loads(path.read_text("utf-8"))}
    ours = {f.name for f in path.parent.iterdir() if f.suffix in (".png", ".jpg", ".webp")}
    assert listed == ours


def test_the_tower_is_small_and_colourful() -> None:
    tower = gallery.pixels("tower")
    assert tower.shape == (64, 64, 3)
    assert tower.min() < 64 < 192 < tower.max()


def test_a_digit_is_the_first_of_its_class_in_the_test_part() -> None:
    test = mnist.load("test")
    for label, entry in enumerate(gallery.digits()):
        where = [image for image, own in zip(test.images, test.labels, strict=True) if own == label]
        assert np.array_equal(gallery.pixels(entry.name), where[0][0])


def test_a_image_is_shared_and_so_it_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        gallery.pixels("tower")[0, 0] = 0
    assert gallery.pixels("tower") is gallery.pixels("tower")


def test_folders_come_in_their_order_and_new_ones_after_them(shelf: Path) -> None:
    add(shelf / "a new one", file="c.png", title="c")
    add(shelf / "photographs", file="b.png", title="b")
    add(shelf / "gallery", file="a.png", title="a")
    assert [entry.name for entry in gallery.entries()] == ["tower", "a", "b", "c"]


def test_what_is_transparent_is_on_white(shelf: Path) -> None:
    folder = add(shelf / "gallery")
    Image.new("RGBA", (4, 2), (0, 0, 0, 0)).save(folder / "dot.png")
    assert gallery.pixels("dot").min() == 255


def test_a_caption_is_a_prompt(shelf: Path) -> None:
    folder = add(shelf / "gallery")
    text = (folder / "gallery.json").read_text("utf-8")
    (folder / "gallery.json").write_text(text.replace('"prompt"', '"caption"'), "utf-8")
    assert gallery.entries()[1].prompt == "a dot"


@pytest.mark.parametrize("name", ["nowhere", "", "../pictures/tower", "tower.png", "digit-10"])
def test_a_image_that_is_not_in_the_gallery_is_refused(name: str) -> None:
    with pytest.raises(gallery.MissingImage, match="no image of this name"):
        gallery.pixels(name)


def test_a_missing_or_damaged_image_is_named(shelf: Path) -> None:
    folder = add(shelf / "gallery")
    (folder / "dot.png").write_bytes(b"no image")
    with pytest.raises(gallery.MissingImage, match=r"dot\.png is missing or damaged"):
        gallery.pixels("dot")
    (folder / "dot.png").unlink()
    with pytest.raises(gallery.MissingImage, match=r"git checkout models/data/gallery"):
        gallery.pixels("dot")


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../tower.png"},
        {"file": "/etc/passwd"},
        {"file": "dot.gif"},
        {"title": ""},
        {"prompt": ""},
        {"licence": ""},
        {"source": ""},
    ],
)
def test_a_list_with_a_mistake_is_named(shelf: Path, change: dict[str, str]) -> None:
    add(shelf / "gallery", **change)
    with pytest.raises(gallery.MissingImage, match=r"gallery/gallery\.json can't be read"):
        gallery.entries()


def test_two_images_of_one_name_are_a_mistake(shelf: Path) -> None:
    add(shelf / "gallery", file="tower.png")
    with pytest.raises(gallery.MissingImage, match="Two images"):
        gallery.entries()
