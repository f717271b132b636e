"""The images that stand for lessons on the home page."""

import io

import numpy as np
import pytest
from PIL import Image

from lessons.images.captioned import CaptionedImage
from pages import _teaching
from pages._service.stored import thumbnails
from pages._ui.session import lessons


def grey(*levels: int, side: int = 4) -> CaptionedImage:
    """Squares of these greys side by side."""
    return CaptionedImage(np.repeat(np.array([levels], np.uint8), side, 0).repeat(side, 1))


def test_one_image_stands_alone() -> None:
    found = thumbnails.mosaic([grey(10), grey(20)], (-1,))
    assert found.shape == (4, 4, 3)
    assert (found == 20).all()


def test_four_images_make_a_square_row_by_row() -> None:
    found = thumbnails.mosaic([grey(10), grey(20), grey(30), grey(40)], (3, 0, 1, 2))
    assert found.shape == (8, 8, 3)
    assert found[::4, ::4, 0].tolist() == [[40, 10], [20, 30]]


def test_a_row_of_digits_counts_as_that_many_images() -> None:
    found = thumbnails.mosaic([grey(10, 20, 30), grey(40, 50, 60)], (1, 2, 4, 5))
    assert found[::4, ::4, 0].tolist() == [[20, 30], [50, 60]]


def test_a_place_where_no_image_is_is_an_error() -> None:
    with pytest.raises(IndexError):
        thumbnails.encoded([grey(10)], (1,))


def test_it_is_written_as_webp() -> None:
    found = Image.open(io.BytesIO(thumbnails.encoded([grey(10)], (0,))))
    assert found.format == "WEBP"
    assert found.size == (4, 4)


@pytest.mark.parametrize("places", ["1 2", "1 2 3 4 5"])
def test_a_note_asks_for_one_image_or_four(places: str) -> None:
    text = (_teaching.FOLDER / "unet.md").read_text("utf-8")
    with pytest.raises(ValueError, match="one image or of four"):
        _teaching.parse(text.replace("\n\n", f"\nthumbnail: {places}\n\n", 1))


def test_every_lesson_whose_note_names_its_images_has_one_and_they_are_small() -> None:
    for lesson in (one for one in lessons.discover() if one.part):
        path, note = thumbnails.path(lesson.file), _teaching.read(lesson.file)
        named = note is not None and note.thumbnail != _teaching.LAST
        assert path.exists() or not named, (
            f"run: python -m pages._service.stored --stale --page {lesson.file}"
        )
        assert not path.exists() or path.stat().st_size < 10_000


def test_none_is_left_over() -> None:
    files = {thumbnails.path(lesson.file) for lesson in lessons.discover()}
    assert set(thumbnails.FOLDER.iterdir()) <= files
