"""From a folder of transparent pictures to one small file of what the miniature trains on.

The folder holds `pictures.zip` and `captions.jsonl`, as `rebuild_data.py` writes them. Every 50th
picture and the whole style fxemoji are held out: no training ever sees them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from models.checkpoints import BrokenCheckpoint, load_tensors, save_tensors
from models.miniature.filters import FILTERS
from models.miniature.scenes import SCENES, SIDE
from models.miniature.words import NOUNS, STYLES

STYLE_NAMES: Final = tuple(STYLES)
NOUN_NAMES: Final = tuple(NOUNS)
HELD_OUT_STYLE: Final = "fxemoji"
HELD_OUT_EVERY: Final = 50
SCENES_EACH: Final = 60
STYLE_OF: Final = {
    "fluent-3d": "photo",
    "fluent-emoji-flat": "icon",
    "twemoji": "icon",
    "openmoji": "line",
}
"""Source → style of its pictures; all others are plain drawings."""


@dataclass(frozen=True)
class Pictures:
    """Premultiplied RGBA pictures and what they show.

    Attributes:
        pixels: (N, 80, 80, 4) uint8.
        noun: (N,) index into NOUN_NAMES.
        style: (N,) index into STYLE_NAMES.
        line: (N,) line of captions.jsonl the picture came from, -1 for a scene.
    """

    pixels: Tensor
    noun: Tensor
    style: Tensor
    line: Tensor


def is_held_out(line: int, style: str) -> bool:
    """Whether the picture on this line of captions.jsonl is kept from training."""
    return style == HELD_OUT_STYLE or line % HELD_OUT_EVERY == 0


def prepare(data: Path, cache: Path) -> None:
    """Read the folder, apply the filters, put the scenes together, write one file.

    Raises:
        FileNotFoundError: the folder has no pictures.zip or captions.jsonl.
    """
    known = list(_known(data))
    training = [(noun, style, line, p) for noun, style, line, p, held in known if not held]
    held_out = [(noun, style, line, p) for noun, style, line, p, held in known if held]
    everything = [*training, *_scenes(training)]
    filtered = list(_filtered(everything))
    tensors = _tensors("training", [*everything, *filtered]) | _tensors("held_out", held_out)
    save_tensors(cache, tensors, {"nouns": json.dumps(NOUN_NAMES)})


def load(cache: Path, part: str) -> Pictures:
    """Open what `prepare` wrote.

    Args:
        cache: the file.
        part: "training" or "held_out".

    Raises:
        BrokenCheckpoint: the file is missing, damaged, or of another vocabulary.
    """
    tensors, notes = load_tensors(cache)
    if notes.get("nouns") != json.dumps(NOUN_NAMES):
        raise BrokenCheckpoint(f"{cache.name} is of another vocabulary: delete it")
    names = ("pixels", "noun", "style", "line")
    return Pictures(**{name: tensors[f"{part}.{name}"] for name in names})


Known = tuple[str, str, int, Image.Image]


def _known(data: Path) -> Iterator[tuple[str, str, int, Image.Image, bool]]:
    noun_of = {caption: noun for noun, all_ in NOUNS.items() for caption in all_}
    with zipfile.ZipFile(data / "pictures.zip") as pack:
        names = {Path(name).name: name for name in pack.namelist()}
        for line, entry in enumerate(read_captions(data)):
            noun = noun_of.get(entry["caption"].lower())
            if noun is None:
                continue
            picture = Image.open(io.BytesIO(pack.read(names[entry["file"]]))).convert("RGBA")
            style = STYLE_OF.get(entry["style"], "plain")
            yield noun, style, line, picture, is_held_out(line, entry["style"])


def read_captions(data: Path) -> list[dict[str, Any]]:
    """The lines of captions.jsonl, in the order of the pictures."""
    lines = (data / "captions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _scenes(training: list[Known]) -> Iterator[Known]:
    by_noun: dict[str, list[Image.Image]] = {}
    for noun, style, _, picture in training:
        if style in ("photo", "plain"):
            by_noun.setdefault(noun, []).append(picture)
    for noun, paint in SCENES.items():
        for number in range(SCENES_EACH):
            rng = np.random.default_rng((number, len(noun)))

            def pick(what: str, rng: np.random.Generator = rng) -> Image.Image:
                return by_noun[what][rng.integers(len(by_noun[what]))]

            scene = paint(pick, rng).convert("RGB").convert("RGBA")  # no hole where pieces met
            yield noun, "photo" if number % 2 else "plain", -1, scene


def _filtered(known: list[Known]) -> Iterator[Known]:
    for number, (noun, _, line, picture) in enumerate(known):
        alpha = picture.getchannel("A")
        ground = Image.new("RGBA", picture.size, (246, 244, 240, 255))
        ground.alpha_composite(picture)
        for style, apply in FILTERS.items():
            made = apply(ground.convert("RGB"), np.random.default_rng((number, len(style))))
            on_paper = style != "oil"  # a pencil's stroke goes over the edge
            made.putalpha(alpha.filter(ImageFilter.MaxFilter(3)) if on_paper else alpha)
            yield noun, style, line, made


def _tensors(part: str, known: Iterable[Known]) -> dict[str, Tensor]:
    rows = [
        (NOUN_NAMES.index(noun), STYLE_NAMES.index(style), line, _premultiplied(picture))
        for noun, style, line, picture in known
    ]
    pixels = np.stack([row[3] for row in rows]) if rows else np.zeros((0, SIDE, SIDE, 4), "uint8")
    labels = torch.tensor([row[:3] for row in rows], dtype=torch.long).reshape(-1, 3)
    return {
        f"{part}.pixels": torch.from_numpy(pixels),
        f"{part}.noun": labels[:, 0],
        f"{part}.style": labels[:, 1],
        f"{part}.line": labels[:, 2],
    }


def _premultiplied(picture: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    pixels = np.asarray(picture, np.float32)
    alpha = pixels[..., 3:] / 255
    return np.concatenate([pixels[..., :3] * alpha, pixels[..., 3:]], -1).round().astype(np.uint8)
