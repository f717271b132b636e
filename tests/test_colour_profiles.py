"""Colours, depths and transparency as phones and editors write them, in all their pairs."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from benchmarks.storm.bad_uploads import chunk, encoded, png
from lessons.images import masks
from lessons.images.decoding import upright
from lessons.images.opening import open_image

D50 = (0.9642, 1.0, 0.8249)
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
GREEN = (60, 180, 60)
GREEN_IN_SRGB = (0, 185, 22)
"""That green of Display P3 (gamma 2.2), by its matrix and that of sRGB; red is out of range."""


def profile(space: bytes = b"RGB ", gamma: float = 2.2) -> bytes:
    """A matrix or grey profile, ICC version 2, by the specification's tables."""

    def fixed(values: tuple[float, ...]) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    words = b"desc\0\0\0\0" + struct.pack(">I", 2) + b"a\0" + b"\0" * 78
    tags = {b"desc": words, b"wtpt": b"XYZ \0\0\0\0" + fixed(D50)}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    for letter, primary in zip(b"rgb", P3, strict=True):
        if space == b"RGB ":
            tags[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(primary)
            tags[bytes([letter]) + b"TRC"] = curve
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02100000, b"mntr", space, b"XYZ ")
    head = head + struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp"
    return head.ljust(68, b"\0").ljust(68, b"\0") + fixed(D50).ljust(60, b"\0") + table + body


def middle(content: bytes, paper: str = "white") -> tuple[int, ...]:
    pixels = np.asarray(upright(content, paper))
    return tuple(int(value) for value in pixels[len(pixels) // 2, len(pixels) // 2])


def near(seen: tuple[int, ...], right: tuple[int, ...], most: int = 4) -> bool:
    return max(abs(a - b) for a, b in zip(seen, right, strict=True)) <= most


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_display_p3_is_brought_into_srgb(kind: str) -> None:
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    image = Image.new("RGB", (16, 16), GREEN)
    assert near(middle(encoded(image, kind, **options)), GREEN)
    with_profile = encoded(image, kind, icc_profile=profile(), **options)
    assert near(middle(with_profile), GREEN_IN_SRGB)
    assert near(tuple(open_image(with_profile)[8, 8].tolist()), GREEN_IN_SRGB)


def test_a_palette_and_half_transparency_keep_their_profile() -> None:
    palette = Image.new("RGB", (16, 16), GREEN).convert("P", palette=Image.Palette.ADAPTIVE)
    assert near(middle(encoded(palette, "PNG", icc_profile=profile())), GREEN_IN_SRGB)
    half = Image.new("RGBA", (16, 16), (*GREEN, 128))
    for kind in ("PNG", "WEBP"):
        content = encoded(half, kind, icc_profile=profile(), lossless=True)
        assert near(middle(content), tuple(round((v + 255) / 2) for v in GREEN_IN_SRGB))
        assert near(middle(content, "black"), tuple(round(v / 2) for v in GREEN_IN_SRGB))


def test_a_grey_profile_changes_greys_and_one_of_colours_on_grey_does_too() -> None:
    # 128 at gamma 1 is half of the light, which sRGB writes as 188.
    grey = Image.new("L", (16, 16), 128)
    for space in (b"GRAY", b"RGB "):
        content = encoded(grey, "PNG", icc_profile=profile(space, gamma=1.0))
        assert near(middle(content), (188, 188, 188))
    clear = encoded(grey.convert("LA"), "PNG", icc_profile=profile(b"GRAY", gamma=1.0))
    assert near(middle(clear), (188, 188, 188))


@pytest.mark.parametrize("broken", [b"no profile", profile()[:150], profile(b"GRAY")])
def test_a_profile_that_is_none_or_belongs_to_other_pixels_says_nothing(broken: bytes) -> None:
    image = Image.new("RGB", (16, 16), GREEN)
    assert middle(encoded(image, "PNG", icc_profile=broken)) == GREEN


def test_cmyk_opens_with_a_profile_of_other_pixels_and_without() -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    for more in ({}, {"icc_profile": profile()}):
        assert near(middle(encoded(image, "JPEG", quality=95, **more)), (0, 255, 255), 12)


def test_cmyk_with_a_profile_of_its_own_is_read_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # A real CMYK profile takes half a megabyte of tables, so only the way into LittleCMS is shown.
    seen = []

    class Profile:
        def __init__(self, _file: object) -> None:
            self.profile = type("Core", (), {"xcolor_space": "CMYK"})

    def converted(image: Image.Image, *_: object, **more: object) -> Image.Image:
        seen.append((image.mode, more["outputMode"]))
        return Image.new("RGB", image.size, (1, 2, 3))

    monkeypatch.setattr(ImageCms, "ImageCmsProfile", Profile)
    monkeypatch.setattr(ImageCms, "profileToProfile", converted)
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    assert middle(encoded(image, "JPEG", icc_profile=b"cmyk")) == (1, 2, 3)
    assert seen == [("CMYK", "RGB")]


def rows(*samples: int, bits: int) -> bytes:
    """One row of samples of so many bits, as a PNG stores it; the same row twice."""
    packed = "".join(format(sample, f"0{bits}b") for sample in samples)
    packed += "0" * (-len(packed) % 8)
    row = b"\0" + bytes(int(packed[k : k + 8], 2) for k in range(0, len(packed), 8))
    return chunk(b"IDAT", zlib.compress(row * 2))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_grey_of_any_depth_is_paper_and_no_other_grey_is(bits: int) -> None:
    white = 2**bits - 1
    key = chunk(b"tRNS", struct.pack(">H", white))
    content = png(2, 2, key, rows(white, 0, bits=bits), depth=bits, colour=0)
    pixels = np.asarray(upright(content, "red"))
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[0, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour_of_any_depth_is_paper(bits: int) -> None:
    most = 2**bits - 1
    key = chunk(b"tRNS", struct.pack(">HHH", most, 0, 0))
    content = png(2, 2, key, rows(most, 0, 0, 0, most, 0, bits=bits), depth=bits)
    pixels = np.asarray(upright(content, "white"))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[0, 1].tolist() == [0, 255, 0]


def test_a_transparent_entry_of_a_palette_is_paper() -> None:
    palette = chunk(b"PLTE", bytes([255, 255, 255, 0, 0, 255, 0, 0, 0]))
    content = png(2, 2, palette, chunk(b"tRNS", b"\xff\0"), rows(1, 2, bits=4), depth=4, colour=3)
    pixels = np.asarray(upright(content, "red"))
    assert pixels[0].tolist() == [[255, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("colour", [4, 6])
def test_sixteen_bits_with_an_alpha_channel(colour: int) -> None:
    grey = [0x8000] * (1 if colour == 4 else 3)
    content = png(2, 2, rows(*grey, 0xFFFF, *grey, 0, bits=16), depth=16, colour=colour)
    pixels = np.asarray(upright(content, "white"))
    assert pixels[0, 0].tolist() == [128, 128, 128]
    assert pixels[0, 1].tolist() == [255, 255, 255]


def test_what_is_transparent_in_a_mask_stays() -> None:
    """White strokes on nothing, as a paint program saves a layer."""
    layer = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    layer.paste((255, 255, 255, 255), (0, 0, 32, 64))
    mask = masks.from_image(open_image(encoded(layer, "PNG"), "black"), (64, 64))
    assert mask[:, :32].all()
    assert not mask[:, 32:].any()


@pytest.mark.parametrize("space", [b"R\xe2B ", b"\xff\xff\xff\xff", b"XYZ "])
def test_a_profile_whose_space_has_no_name_or_is_that_of_no_pixels_says_nothing(
    space: bytes,
) -> None:
    content = encoded(Image.new("RGB", (16, 16), GREEN), "PNG", icc_profile=profile(space))
    assert near(middle(content), GREEN, 0)
