"""What a stranger sends is opened as an image or refused in one sentence; nothing else happens."""

import contextlib
import json
import subprocess
import sys
import threading
import time
import tomllib
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.storm import bad_uploads
from benchmarks.storm.bad_uploads import bomb, chunk, encoded, jpeg_of, png, scans, webp_of
from lessons.images import decoding, opening
from lessons.images.fitting import square_at
from lessons.images.opening import open_drawing, open_image


def corners() -> Image.Image:
    """Red, green; blue, yellow: says which way is up."""
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:20, :20, 0] = pixels[:20, 20:, 1] = pixels[20:, :20, 2] = 255
    pixels[20:, 20:, :2] = 255
    return Image.fromarray(pixels)


def named(pixels: NDArray[np.uint8]) -> str:
    """The colours of the four corners, row by row."""
    words = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 0): "yellow"}
    places = [pixels[8, 8], pixels[8, -8], pixels[-8, 8], pixels[-8, -8]]
    return " ".join(words[tuple(int(value > 127) for value in place)] for place in places)


# -- what is opened -----------------------------------------------------------------------------


@pytest.mark.parametrize("format", bad_uploads.FORMATS)
def test_the_three_kinds_of_files_open(format: str) -> None:
    pixels = open_image(encoded(corners(), format))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (40, 40, 3)
    assert named(pixels) == "red green blue yellow"


def test_a_large_image_becomes_small_and_what_is_too_long_is_cut_at_both_ends() -> None:
    wide = np.zeros((1000, 3000, 3), np.uint8)
    wide[:, 500:2500] = 255
    for format in bad_uploads.FORMATS:
        pixels = open_image(encoded(Image.fromarray(wide), format))
        assert pixels.shape == (512, 1024, 3)
        assert pixels[:, 8:-8].min() > 200, format
    assert open_image(encoded(Image.new("RGB", (3, 7)), "PNG")).shape == (6, 3, 3)
    assert open_image(encoded(Image.new("RGB", (1, 1)), "PNG")).shape == (1, 1, 3)


def test_a_square_is_cut_where_it_is_asked_for() -> None:
    wide = np.repeat(np.arange(12, dtype=np.uint8)[None, :, None], 3, 2).repeat(6, 0)
    for turned in (wide, wide.transpose(1, 0, 2)):
        for place, first in ((0.0, 0), (0.5, 3), (1.0, 6)):
            found = square_at(turned, place)
            assert found.shape == (6, 6, 3)
            assert (found.min(), found.max()) == (first, first + 5)
    assert (square_at(wide[:, :6], 0.7) == wide[:, :6]).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photograph_is_turned_as_its_camera_says(turn: int) -> None:
    """Stored as the sensor saw it, with a note on how to show it (EXIF 2.32, tag 274)."""
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = corners() if turn == 1 else corners().transpose(stored[turn])
    exif = Image.Exif()
    exif[274] = turn
    pixels = open_image(encoded(image, "JPEG", exif=exif, quality=95))
    assert named(pixels) == "red green blue yellow"


def test_what_is_transparent_becomes_white_and_not_black() -> None:
    drawing = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    drawing.paste((0, 0, 0, 255), (5, 5, 15, 15))
    for format in ("PNG", "WEBP"):
        pixels = open_image(encoded(drawing, format, lossless=True))
        assert pixels[0, 0].tolist() == [255, 255, 255]
        assert pixels[10, 10].tolist() == [0, 0, 0]


def test_half_transparent_ink_is_half_as_dark() -> None:
    grey = open_image(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"))
    assert abs(int(grey[4, 4, 0]) - 127) <= 1


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_colour_that_is_declared_transparent_becomes_white(mode: str) -> None:
    image = Image.new(mode, (8, 8), 0)
    transparent = (0, 0, 0) if mode == "RGB" else 0
    pixels = open_image(encoded(image, "PNG", transparency=transparent))
    assert pixels.min() == 255


def test_of_a_trajectory_the_first_frame_is_taken() -> None:
    later = [Image.new("RGB", (40, 40), "black")] * 3
    for format in ("PNG", "WEBP"):
        trajectory = encoded(corners(), format, save_all=True, append_images=later, lossless=True)
        assert named(open_image(trajectory)) == "red green blue yellow"


def test_sixteen_bits_keep_their_grey() -> None:
    ramp = np.linspace(0, 65_535, 256 * 256).astype(np.uint16).reshape(256, 256)
    pixels = open_image(encoded(Image.fromarray(ramp), "PNG"))
    assert abs(pixels[..., 0].astype(int) - ramp // 257).max() <= 1


@pytest.mark.parametrize("mode", ["CMYK", "L", "RGB", "1", "P", "LA"])
def test_every_kind_of_pixels_becomes_rgb(mode: str) -> None:
    grey = Image.new("RGB", (16, 16), (200, 200, 200)).convert("L" if mode == "LA" else mode)
    pixels = open_image(encoded(grey.convert(mode), "JPEG" if mode == "CMYK" else "PNG"))
    assert pixels.shape == (16, 16, 3)
    assert abs(pixels.mean() - (200 if mode != "1" else 199)) < 12


def test_a_image_of_exactly_sixteen_million_pixels_is_taken() -> None:
    assert open_image(bomb(4000)).shape == (512, 512, 3)


def test_a_photograph_of_24_megapixels_is_scaled_down_while_it_is_decoded() -> None:
    wide = np.zeros((4000, 6000, 3), np.uint8)
    wide[:, 1000:5000] = 255
    pixels = open_image(encoded(Image.fromarray(wide), "JPEG"))
    assert pixels.shape == (512, 768, 3)
    assert pixels[:, 136:-136].min() > 200
    assert pixels[:, :120].max() < 50
    with pytest.raises(ValueError, match="50 million of a JPEG"):
        open_image(jpeg_of(10_000, 5001))


# -- limits of time -----------------------------------------------------------------------------


def test_a_file_that_keeps_its_decoder_busy_is_given_up() -> None:
    slow = scans(decoding.MOST_SCANS - 1, side=7000)
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"takes more than 0\.2 s"):
        open_image(slow, seconds=0.2)
    assert time.monotonic() - start < 4


def test_one_readers_slow_file_delays_nobody_elses() -> None:
    slow = scans(decoding.MOST_SCANS - 1, side=7000)

    def keep_busy() -> None:
        with contextlib.suppress(ValueError):
            open_image(slow)

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        assert open_image(encoded(corners(), "PNG")).shape == (40, 40, 3)
        assert busy.is_alive()
    finally:
        busy.join()


def test_where_all_places_are_taken_a_reader_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SECONDS", 0.01)
    for _ in range(opening.AT_ONCE):
        opening._places.acquire()
    try:
        with pytest.raises(ValueError, match="Try again in a moment"):
            open_image(encoded(corners(), "PNG"))
    finally:
        for _ in range(opening.AT_ONCE):
            opening._places.release()
    assert open_image(encoded(corners(), "PNG")).shape == (40, 40, 3)


def test_a_mistake_of_ours_is_not_taken_for_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise AttributeError("ours")

    monkeypatch.setattr(decoding, "in_srgb", mistaken)
    with pytest.raises(AttributeError, match="ours"):
        decoding.upright(encoded(corners(), "PNG"))
    with pytest.raises(RuntimeError, match="no colour"):
        open_image(encoded(Image.new("RGBA", (8, 8)), "PNG"), "no colour")  # type: ignore[arg-type]


def test_the_limits_that_are_named_are_those_that_hold() -> None:
    config = tomllib.loads(Path(".streamlit/config.toml").read_text("utf-8"))
    assert config["server"]["maxUploadSize"] == opening.MOST_BYTES / 2**20
    assert opening.LIMITS == "at most 12 MB and 16 million pixels, a JPEG 50 million"


# -- what is refused ----------------------------------------------------------------------------

REFUSED = {
    "nothing": (b"", "is empty"),
    "too many bytes": (bytes(12 * 2**20 + 1), r"12\.0 MB; at most 12 MB"),
    "too many pixels": (bomb(4001), "at most 16 million"),
    "far too many pixels": (bomb(14_000), "at most 16 million"),
    "a huge PNG header": (png(2**31 - 1, 2**31 - 1), "at most 16 million"),
    "a huge JPEG header": (jpeg_of(65_535, 65_535), "at most 16 million"),
    "a huge WebP header": (webp_of(16_383, 16_383), "at most 16 million"),
    "a strip of a pixel's height": (png(2**31 - 1, 1), "at most 16 million"),
    "a JPEG of too many scans": (scans(201, side=64), "too many layers"),
    "no data": (png(10, 10), "damaged or incomplete"),
    "too little data": (png(9, 9, chunk(b"IDAT", zlib.compress(bytes(7)))), "damaged"),
    "half a JPEG": (encoded(corners(), "JPEG")[:-60], "damaged or incomplete"),
    "half a WebP": (encoded(corners(), "WEBP")[:-20], "damaged"),
    **{kind: (file, "no PNG, JPEG or WebP") for kind, file in bad_uploads.OTHER_KINDS.items()},
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", REFUSED)
def test_anything_else_is_refused_in_one_sentence(kind: str) -> None:
    content, words = REFUSED[kind]
    with pytest.raises(ValueError, match=words) as refusal:
        open_image(content)
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    assert len(sentence) < 100


def test_too_many_pixels_are_refused_before_they_are_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unpack(*_: object) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    with pytest.raises(ValueError, match="at most 16 million"):
        decoding.upright(bomb(4001))


def test_a_thousand_bad_uploads_leave_no_trace() -> None:
    """No exception but the one promised, few different sentences, no growth of memory."""
    command = [sys.executable, "-m", bad_uploads.__name__, "276", "1000"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)
    found = json.loads(done.stdout)
    assert found["strange"] == []
    assert found["refused"] > 850
    assert found["refused"] + found["opened"] == 1000
    assert len(found["sentences"]) == 3
    assert found["growth"] < 50


# -- drawings -----------------------------------------------------------------------------------


def test_a_drawing_keeps_its_transparency() -> None:
    ink = Image.new("RGBA", (32, 32), (10, 20, 30, 0))
    ink.putpixel((3, 4), (1, 2, 3, 200))
    pixels = open_drawing(encoded(ink, "PNG"), 32)
    assert pixels.shape == (32, 32, 4)
    assert pixels[4, 3].tolist() == [1, 2, 3, 200]
    assert pixels[..., 3].sum() == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no image",
        bytes(opening.MOST_DRAWN + 1),
        bomb(14_000),
        encoded(corners(), "PNG"),
        encoded(Image.new("RGB", (32, 32)), "JPEG"),
        encoded(Image.new("RGB", (32, 32)), "PNG")[:-30],
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_drawing_of_another_size_or_kind_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        open_drawing(content, 32)


def test_numbers_of_colours_without_the_colours_are_refused() -> None:
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + bytes(4)) * 4))
    with pytest.raises(decoding.Refused, match="damaged"):
        decoding.upright(png(4, 4, pixels, colour=3))
