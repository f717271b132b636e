"""The images that Pictures trains on, before they get a ground.

A data folder holds `pictures.zip` and `captions.jsonl`, as `rebuild_data.py` writes them. `pack`
keeps what the vocabulary uses and adds the scenes; `load` opens that. Every 50th picture and the
whole style fxemoji are held out: no training ever sees them. Nor clip art, whose authors' titles
say too little of what is seen.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lessons.diffusion.noise import stream
from models.miniature.words import NOUNS, STYLES
from models.miniature_training.filters import FILTERS
from models.miniature_training.scenes import SCENES, SIDE

STYLE_NAMES: Final = tuple(STYLES)
NOUN_NAMES: Final = tuple(NOUNS)
HELD_OUT_STYLE: Final = "fxemoji"
HELD_OUT_EVERY: Final = 50
SCENES_EACH: Final = 120
SCENE: Final = "scene"
"""The style of what `pack` adds to the data."""

STYLE_OF: Final = {
    "fluent-3d": "photo",
    "fluent-emoji": "photo",  # the same objects, shaded: twins of fluent-3d
    "fluent-emoji-flat": "icon",
    "twemoji": "icon",
    "openmoji": "line",
}
"""Source → style of its pictures; all others are plain drawings."""

UNUSED: Final = frozenset(
    ("emojione", caption)
    for caption in ("dog", "tiger", "leopard", "cow", "pig", "ox", "mouse", "deer", "koala")
)
"""Sources that show a face where the others show the whole animal, or the reverse."""


@dataclass(frozen=True)
class Sprites:
    """Premultiplied RGBA images and what they show.

    Attributes:
        pixels: (N, 4, 100, 100) uint8; an object fills the middle 80 at most, a scene all.
        noun: (N,) index into NOUN_NAMES.
        style: (N,) index into STYLE_NAMES.
        source: (N,) line of captions.jsonl of the data folder; a scene's is -1.
    """

    pixels: Tensor
    noun: Tensor
    style: Tensor
    source: Tensor

    def __len__(self) -> int:
        """How many there are."""
        return len(self.noun)

    def to(self, device: torch.device) -> Sprites:
        """The same on a device."""
        moved = (t.to(device) for t in (self.pixels, self.noun, self.style, self.source))
        return Sprites(*moved)

    @property
    def scene(self) -> Tensor:
        """(N,) bool: it covers its whole ground."""
        return (self.pixels[:, 3, 0, 0] == 255) & (self.pixels[:, 3, -1, -1] == 255)


def is_held_out(line: int, style: str) -> bool:
    """Whether the picture on this line of captions.jsonl is kept from training."""
    return style == HELD_OUT_STYLE or (style != SCENE and line % HELD_OUT_EVERY == 0)


def read_captions(data: Path) -> list[dict[str, Any]]:
    """The lines of captions.jsonl, in the order of the pictures."""
    lines = (data / "captions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def pack(data: Path, folder: Path, scenes_each: int = SCENES_EACH) -> None:
    """Write the pictures that training uses, and the scenes, in the data's own format.

    Args:
        data: folder with pictures.zip and captions.jsonl.
        folder: gets a smaller pictures.zip and captions.jsonl, whose `line` is the data's.
        scenes_each: how many of each scene.

    Raises:
        FileNotFoundError: the data is not there.
    """
    used = {caption for captions in NOUNS.values() for caption in captions}
    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    with (
        zipfile.ZipFile(data / "pictures.zip") as old,
        zipfile.ZipFile(folder / "pictures.zip", "w") as new,
    ):
        names = {Path(name).name: name for name in old.namelist()}
        for line, entry in enumerate(read_captions(data)):
            caption, style = entry["caption"].lower(), entry["style"]
            if caption in used and style != "clipart" and (style, caption) not in UNUSED:
                new.writestr(entry["file"], old.read(names[entry["file"]]))
                kept.append(
                    {"file": entry["file"], "caption": caption, "style": style, "line": line}
                )
        by_caption: dict[str, list[Image.Image]] = {}
        for entry in kept:
            if not is_held_out(entry["line"], entry["style"]) and entry["style"] != "openmoji":
                picture = Image.open(io.BytesIO(old.read(names[entry["file"]])))
                by_caption.setdefault(entry["caption"], []).append(picture.convert("RGBA"))
        for file, noun, image in _scenes(by_caption, scenes_each):
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", quality=92)
            new.writestr(file, buffer.getvalue())
            kept.append({"file": file, "caption": noun, "style": SCENE, "line": -1})
    lines = "\n".join(json.dumps(entry) for entry in kept)
    (folder / "captions.jsonl").write_text(lines + "\n", "utf-8")


PIECES: Final = {
    "bearded": ("man: beard",),
    "fir tree": ("evergreen tree",),
    "hat": ("top hat",),
    "house": ("house",),
    "cup of coffee": ("hot beverage",),
    "man": ("man", "man: blond hair", "man: red hair", "man: curly hair"),
    "woman": ("woman", "woman: red hair", "woman: blond hair"),
    "old man": ("old man",),
    "boy": ("boy",),
    "girl": ("girl",),
}
"""What a scene asks for → captions of the pictures that it may get."""


def _scenes(
    by_caption: dict[str, list[Image.Image]], each: int
) -> Iterator[tuple[str, str, Image.Image]]:
    for noun, draw in SCENES.items():
        for number in range(each):
            rng = np.random.default_rng((number, len(noun)))

            def pick(what: str, rng: np.random.Generator = rng) -> Image.Image:
                some = [image for c in PIECES[what] for image in by_caption.get(c, ())]
                return some[rng.integers(len(some))]

            yield f"{noun.replace(' ', '-')}-{number:03}.webp", noun, draw(pick, rng)


def load(folder: Path, part: str) -> Sprites:
    """Open what `pack` wrote.

    Args:
        folder: with the packed pictures.zip and captions.jsonl.
        part: "training" or "held_out".

    Raises:
        FileNotFoundError: nothing is packed there.
    """
    noun_of = {caption: noun for noun, all_ in NOUNS.items() for caption in all_}
    with zipfile.ZipFile(folder / "pictures.zip") as archive:
        wanted = [
            (entry, archive.read(entry["file"]))
            for entry in read_captions(folder)
            if is_held_out(entry["line"], entry["style"]) == (part == "held_out")
        ]
    with ThreadPoolExecutor() as pool:
        pixels = list(pool.map(_decoded, (data for _, data in wanted)))
    labels = [_label(entry, noun_of) for entry, _ in wanted]
    columns = torch.tensor(labels, dtype=torch.long).reshape(-1, 3)
    return Sprites(torch.from_numpy(np.stack(pixels)), *columns.unbind(1))


def _label(entry: dict[str, Any], noun_of: dict[str, str]) -> tuple[int, int, int]:
    if entry["style"] == SCENE:
        style = "photo" if int(entry["file"][-8:-5]) % 2 else "plain"
        return NOUN_NAMES.index(entry["caption"]), STYLE_NAMES.index(style), -1
    style = STYLE_OF.get(entry["style"], "plain")
    return NOUN_NAMES.index(noun_of[entry["caption"]]), STYLE_NAMES.index(style), entry["line"]


def _decoded(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(4, 100, 100) uint8, premultiplied; what is smaller stands in the middle."""
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"), np.float32)
    alpha = image[..., 3:] / 255
    image = np.concatenate([image[..., :3] * alpha, image[..., 3:]], -1).round()
    spare = (SIDE - image.shape[0]) // 2
    return (
        np.pad(image, ((spare, spare), (spare, spare), (0, 0))).astype(np.uint8).transpose(2, 0, 1)
    )


def painted(sprites: Sprites, seed: int = 0, at_once: int = 256) -> Sprites:
    """The sprites and, behind them, each in three painted styles.

    Line drawings are left as they are: they have too few tones to paint with.
    """
    rows = (sprites.style != STYLE_NAMES.index("line")).nonzero()[:, 0]
    parts = [sprites]
    for style, apply in FILTERS.items():
        random = stream(seed, "painted", style)
        pixels = [
            _premultiplied(apply(_straight(sprites.pixels[some]), random))
            for some in torch.split(rows, at_once)
        ]
        number = torch.full_like(rows, STYLE_NAMES.index(style))
        parts.append(Sprites(torch.cat(pixels), sprites.noun[rows], number, sprites.source[rows]))
    return concatenated(parts)


def concatenated(parts: Iterable[Sprites]) -> Sprites:
    """Several sets of sprites as one."""
    columns = zip(*((p.pixels, p.noun, p.style, p.source) for p in parts), strict=True)
    return Sprites(*(torch.cat(column) for column in columns))


def _straight(pixels: Tensor) -> Tensor:
    image = pixels.float() / 255
    return torch.cat([image[:, :3] / image[:, 3:].clamp(min=1 / 255), image[:, 3:]], 1).clamp(0, 1)


def _premultiplied(image: Tensor) -> Tensor:
    ready = torch.cat([image[:, :3] * image[:, 3:], image[:, 3:]], 1)
    return (ready * 255).round().clamp(0, 255).byte()
