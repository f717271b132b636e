"""Rebuild the images that Pictures trains on, from the packages they came from.

    python -m models.miniature_training.rebuild_data FOLDER [--only noto ...]

Needs npm (`npm pack` fetches the packages) and the PyPI package resvg-py 0.5.0, which renders SVG;
clip art, of which one gallery image is, needs an unpacked Debian package openclipart-svg 0.18
(`--openclipart FOLDER`). None of them is needed to use the app. Writes pictures.zip, 80×80 WebP
images on a transparent ground, and captions.jsonl, a line an image.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from PIL import Image

SIDE: Final = 80
NAMES: Final = "emojibase-data@17.0.0"  # names, tags and groups of emoji, MIT
ICONS: Final = {
    "noto": "@iconify-json/noto@1.2.9",  # Apache-2.0
    "noto-v1": "@iconify-json/noto-v1@1.2.5",  # Apache-2.0
    "twemoji": "@iconify-json/twemoji@1.2.5",  # CC-BY-4.0
    "fluent-emoji": "@iconify-json/fluent-emoji@1.2.7",  # MIT
    "fluent-emoji-flat": "@iconify-json/fluent-emoji-flat@1.2.6",  # MIT
    "openmoji": "@iconify-json/openmoji@1.2.29",  # CC-BY-SA-4.0
    "emojione": "@iconify-json/emojione@1.2.3",  # CC-BY-4.0
    "emojione-v1": "@iconify-json/emojione-v1@1.2.3",  # CC-BY-SA-4.0
    "fxemoji": "@iconify-json/fxemoji@1.2.2",  # Apache-2.0
}
RENDERED: Final = {"fluent-3d": "@lobehub/fluent-emoji-3d@1.1.0"}  # MIT, WebP images by code point
LEFT_OUT_GROUPS: Final = (2, 8, 9)
"""Skin tones and hair, plain symbols, flags."""


@dataclass(frozen=True)
class Entry:
    """One image and the line that goes with it."""

    image: Image.Image
    line: dict[str, Any]


def main(arguments: list[str] | None = None) -> None:
    """Fetch, render, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[*ICONS, *RENDERED])
    parser.add_argument("--openclipart", type=Path, help="unpacked openclipart-svg")
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        known = emoji_names(fetch(NAMES, Path(work)))
        parts = [entries_of(style, Path(work), known) for style in asked.only]
        if asked.openclipart:
            parts.append(clip_art(asked.openclipart))
        write(asked.folder, (entry for part in parts for entry in part))


def fetch(package: str, work: Path) -> Path:
    """Unpack an npm package, and return its folder."""
    folder = work / re.sub(r"\W+", "-", package)
    folder.mkdir()
    packed = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def emoji_names(package: Path) -> dict[str, dict[str, Any]]:
    """Names, tags and group of every emoji that is an image, by label and by code points."""
    known = {}
    for emoji in json.loads((package / "en" / "data.json").read_text("utf-8")):
        if emoji.get("group") in (None, *LEFT_OUT_GROUPS):
            continue
        names = {"caption": emoji["label"], "tags": emoji.get("tags", []), "group": emoji["group"]}
        known[slug(emoji["label"])] = known[bare(emoji["hexcode"])] = names
    return known


def slug(label: str) -> str:
    """A label as icon sets spell it: "cat with tears of joy" is cat-with-tears-of-joy."""
    plain = label.lower().replace("’", "").replace("'", "").replace("ñ", "n")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def bare(hexcode: str) -> str:
    """Code points in small letters, without the sign that asks for colour."""
    return "-".join(p for p in hexcode.lower().split("-") if p != "fe0f")


def entries_of(style: str, work: Path, known: dict[str, dict[str, Any]]) -> Iterator[Entry]:
    """Every image of one emoji set that has a name, in the set's order."""
    if style in RENDERED:
        yield from rendered(style, fetch(RENDERED[style], work), known)
        return
    icons = json.loads((fetch(ICONS[style], work) / "icons.json").read_text("utf-8"))
    for name, icon in icons["icons"].items():
        if name in known and not icon.get("hidden"):
            size = [icon.get(side, icons.get(side, 16)) for side in ("width", "height")]
            line = known[name] | {"style": style, "source": ICONS[style].rpartition("@")[0]}
            yield Entry(render(svg(icon["body"], *size)), line)


def rendered(style: str, package: Path, known: dict[str, dict[str, Any]]) -> Iterator[Entry]:
    """Every image of a set that comes as WebP files named by code points."""
    for file in sorted(package.rglob("*.webp")):
        if (code := bare(file.stem)) in known:
            with Image.open(file) as image:
                line = known[code] | {"style": style, "source": RENDERED[style].rpartition("@")[0]}
                yield Entry(reduced(image.convert("RGBA")), line)


def clip_art(folder: Path) -> Iterator[Entry]:
    """Open Clip Art: captions and tags are those its authors wrote into the files."""
    for file in sorted(folder.rglob("*.svg")):
        text = file.read_text("utf-8", "replace")
        try:
            image = cropped(render(text, 4 * SIDE))
            root = ElementTree.fromstring(text)
        except (ValueError, ElementTree.ParseError):
            continue
        title = root.findtext(".//{http://purl.org/dc/elements/1.1/}title") or file.stem
        tags = [e.text or "" for e in root.iterfind(".//{*}subject//{*}li")]
        group = str(file.parent.relative_to(folder))
        named = {"caption": title.strip().lower(), "tags": tags, "group": group}
        yield Entry(image, named | {"style": "clipart", "source": "openclipart"})


def svg(body: str, width: float, height: float) -> str:
    """Wrap an icon's body into an image of its own."""
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {names} {box}>{body}</svg>"


def render(text: str, side: int = 2 * SIDE) -> Image.Image:
    """Draw an SVG at twice the size, then reduce it.

    Raises:
        ValueError: it is no SVG that resvg can draw.
    """
    import resvg_py  # only this recipe needs it

    drawn = resvg_py.svg_to_bytes(svg_string=text, width=side)
    return reduced(Image.open(io.BytesIO(bytes(drawn))).convert("RGBA"))


def reduced(image: Image.Image) -> Image.Image:
    """Fit an image into 80×80, centred; Pillow weighs colours by how solid they are."""
    fitted = image.copy()
    fitted.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (SIDE, SIDE))
    square.paste(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    return square


def cropped(image: Image.Image) -> Image.Image:
    """Cut to the ink, with a margin of 4 %.

    Raises:
        ValueError: there is hardly any ink, or it is a long thin strip.
    """
    box = image.getchannel("A").getbbox()
    if box is None:
        raise ValueError("nothing is drawn")
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) * 4 < max(width, height) or width * height < SIDE:
        raise ValueError("too thin or too small")
    margin = round(0.04 * max(width, height))
    grown = (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
    return reduced(image.crop(grown))


def write(folder: Path, entries: Iterator[Entry]) -> None:
    """Write pictures.zip and captions.jsonl; of images that are the same, only the first."""
    seen: set[str] = set()
    with (
        zipfile.ZipFile(folder / "pictures.zip", "w") as pack,
        (folder / "captions.jsonl").open("w", encoding="utf-8") as captions,
    ):
        for entry in entries:
            buffer = io.BytesIO()
            entry.image.save(buffer, "WEBP", quality=82)
            digest = hashlib.sha256(buffer.getvalue()).hexdigest()
            if digest in seen:
                continue
            file = f"{len(seen):05}.webp"
            seen.add(digest)
            pack.writestr(file, buffer.getvalue())
            captions.write(json.dumps({"file": file} | entry.line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
