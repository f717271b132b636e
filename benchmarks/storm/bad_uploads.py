"""Files that nobody should have to open; as a program, it opens many and says what happened."""

from __future__ import annotations

import functools
import io
import json
import pickle
import struct
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import psutil
from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
ZEROS = zlib.compress(bytes(30 * 2**20), 1)
"""Thirty megabytes in 130 kB."""


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """One image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file, with its checksum."""
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(width: int, height: int, *more: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG file with any header, and what follows it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG file that claims another size than it has."""
    content = bytearray(encoded(Image.new("RGB", (8, 8)), "JPEG"))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def webp_of(width: int, height: int) -> bytes:
    """A WebP file that claims another size than it has."""
    head = b"VP8X" + struct.pack("<I", 10) + bytes([0x12, 0, 0, 0])
    head += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = encoded(Image.new("RGB", (8, 8)), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(body)) + b"WEBP" + head + body


@functools.cache
def bomb(side: int) -> bytes:
    """A whole PNG file of a few kilobytes with side × side pixels."""
    return encoded(Image.new("1", (side, side)), "PNG")


@functools.cache
def scans(count: int, side: int) -> bytes:
    """A grey progressive JPEG with that many scans, of which each touches every block."""
    made, at, out = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True), 2, b""
    while True:
        marker, length = made[at + 1], struct.unpack(">H", made[at + 2 : at + 4])[0]
        out += made[at : at + 2 + length]
        at += 2 + length
        if marker == 0xDA:
            break
    end = at
    while made[end] != 0xFF or made[end + 1] == 0:
        end += 1
    # One code, "0": the next 2^14 blocks are empty, and as many more as the next 14 bits say.
    table = b"\xff\xc4" + struct.pack(">H", 20) + b"\x10" + bytes([1] + [0] * 15) + b"\xe0"
    left, bits = (side // 8) ** 2, ""
    while left > 0:
        run = max(min(left, 32767), 16384)
        bits += "0" + format(run - 16384, "014b")
        left -= run
    bits += "1" * (-len(bits) % 8)
    coded = bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8))
    scan = b"\xff\xda" + struct.pack(">H", 8) + bytes([1, 1, 0, 1, 63, 0])
    scan += coded.replace(b"\xff", b"\xff\x00")
    return b"\xff\xd8" + out + made[at:end] + table + scan * (count - 1) + b"\xff\xd9"


OTHER_KINDS = {
    "gif": encoded(Image.new("RGB", (9, 9)), "GIF"),
    "bmp": encoded(Image.new("RGB", (9, 9)), "BMP"),
    "tiff": encoded(Image.new("RGB", (9, 9)), "TIFF"),
    "ico": encoded(Image.new("RGB", (16, 16)), "ICO"),
    "ppm": encoded(Image.new("RGB", (9, 9)), "PPM"),
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "html": b"<!doctype html><title>x</title>",
    "zip": b"PK\x03\x04" + bytes(40),
    "pickle": pickle.dumps({"a": 1}),
    "text": "no image".encode("utf-16"),
}


def bad_uploads(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Make files of a dozen kinds, always the same ones for the same seed: kind and content."""
    rng = np.random.default_rng(seed)
    photo = Image.fromarray(rng.integers(0, 256, (6, 9, 3), np.uint8)).resize((90, 60))
    good = {name: encoded(photo, name) for name in FORMATS}
    kinds = (truncated, flipped, bombs, headers, strangers, magic, chunks)
    for number in range(count):
        make = kinds[number % len(kinds)]
        yield make.__name__, make(rng, good)


def truncated(rng: np.random.Generator, good: dict[str, bytes]) -> bytes:
    """The beginning of a good file."""
    content = good[str(rng.choice(FORMATS))]
    return content[: int(rng.integers(0, len(content) - 12))]


def flipped(rng: np.random.Generator, good: dict[str, bytes]) -> bytes:
    """A good file with some bytes changed; now and then it is still one."""
    content = bytearray(good[str(rng.choice(FORMATS))])
    for place in rng.integers(0, len(content), int(rng.integers(1, 40))):
        content[place] = int(rng.integers(0, 256))
    return bytes(content)


def bombs(rng: np.random.Generator, _good: dict[str, bytes]) -> bytes:
    """Small files with more pixels than may be taken."""
    return bomb(int(rng.choice([4001, 4100, 5000, 13_000], p=[0.4, 0.3, 0.2, 0.1])))


def headers(rng: np.random.Generator, _good: dict[str, bytes]) -> bytes:
    """Headers that promise far more than the file holds."""
    wide, high = (int(n) for n in rng.choice([0, 1, 3999, 4001, 16_383, 65_535, 2**24, 2**31], 2))
    kind = rng.integers(0, 3)
    if kind == 0:
        data = chunk(b"IDAT", zlib.compress(bytes(100)))
        depth, colour = (int(n) for n in rng.choice([0, 1, 2, 3, 6, 8, 16, 255], 2))
        return png(wide, high, data, depth=depth, colour=colour)
    if kind == 1:
        return jpeg_of(min(wide, 65_535), min(high, 65_535))
    return webp_of(min(max(wide, 1), 2**24), min(max(high, 1), 2**24))


def strangers(rng: np.random.Generator, _good: dict[str, bytes]) -> bytes:
    """Whole files of other kinds, and nothing at all."""
    return [*OTHER_KINDS.values(), b""][int(rng.integers(0, len(OTHER_KINDS) + 1))]


def magic(rng: np.random.Generator, good: dict[str, bytes]) -> bytes:
    """The first bytes of a good file, then noise."""
    start = good[str(rng.choice(FORMATS))][: int(rng.integers(4, 34))]
    return start + rng.bytes(int(rng.integers(0, 3000)))


def chunks(rng: np.random.Generator, good: dict[str, bytes]) -> bytes:
    """PNG files whose chunks explode, lie, come twice or are out of place."""
    evil = [
        chunk(b"zTXt", b"a\0\0" + ZEROS),
        chunk(b"iTXt", b"a\0\1\0\0\0" + ZEROS),
        chunk(b"iCCP", b"a\0\0" + ZEROS),
        chunk(b"eXIf", rng.bytes(300)),
        chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
        chunk(b"fcTL", rng.bytes(26)),
        chunk(b"PLTE", rng.bytes(301)),
        chunk(b"tRNS", rng.bytes(9)),
        chunk(b"IHDR", rng.bytes(13)),
        chunk(b"IDAT", rng.bytes(50)),
        chunk(b"IDAT", zlib.compress(bytes(7))),
        struct.pack(">I", 2**31 - 1) + b"IDAT",
        chunk(rng.bytes(4), rng.bytes(10)),
        chunk(b"tEXt", b"")[:-1],
    ]
    chosen = [evil[int(n)] for n in rng.integers(0, len(evil), 3)]
    body = good["PNG"]
    place = 33 if rng.random() < 0.5 else len(body) - 12
    return body[:place] + b"".join(chosen) + body[place:]


def open_all(seed: int, count: int) -> dict[str, object]:
    """Open them all, and count what happened; memory is looked at after every file."""
    from lessons.images.decoding import upright

    memory = psutil.Process().memory_info
    files = list(bad_uploads(seed, count))
    upright(encoded(Image.new("RGB", (900, 900)), "WEBP"))
    before = highest = memory().rss
    said: Counter[str] = Counter()
    strange: list[str] = []
    opened = 0
    for kind, content in files:
        try:
            pixels = np.asarray(upright(content))
        except ValueError as error:
            said[str(error)] += 1
        except Exception as error:
            strange.append(f"{kind}: {error!r}")
        else:
            opened += 1
            (short, long), channels = sorted(pixels.shape[:2]), pixels.shape[2]
            if pixels.dtype != np.uint8 or channels != 3 or short > 512 or long > 2 * short:
                strange.append(f"{kind}: opened as {pixels.shape} {pixels.dtype}")
        highest = max(highest, memory().rss)
    return {
        "opened": opened,
        "refused": said.total(),
        "sentences": dict(said),
        "strange": strange,
        "growth": (highest - before) / 2**20,
    }


if __name__ == "__main__":
    print(json.dumps(open_all(int(sys.argv[1]), int(sys.argv[2]))))
