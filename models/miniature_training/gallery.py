"""Twelve held-out images, on plain grounds, for the app to show: no training ever saw them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from models.miniature_training.batches import SIZE
from models.miniature_training.sprites import is_held_out, read_captions

FOLDER: Final = Path(__file__).parents[1] / "data" / "gallery"

SOURCES: Final = {
    "fxemoji": ("FxEmojis, Mozilla", "Apache-2.0"),
    "fluent-3d": ("Fluent Emoji, Microsoft", "MIT"),
    "fluent-emoji-flat": ("Fluent Emoji, Microsoft", "MIT"),
    "noto": ("Noto Emoji, Google", "Apache-2.0"),
    "clipart": ("Open Clip Art Library", "public domain"),
}

CHOICE: Final = (
    # caption, style, title, prompt, ground
    ("rocket", "fxemoji", "Rocket", "a rocket ship", "#e8eef7"),
    ("skull", "fxemoji", "Skull", "a skull", "#efe6d8"),
    ("volcano", "fxemoji", "Volcano", "a volcano", "#dcebf2"),
    ("sailboat", "fxemoji", "Sailboat", "a sailboat", "#ffffff"),
    ("camping", "fxemoji", "Tent", "a tent", "#ffffff"),
    ("dog face", "noto", "Dog", "a dog", "#f4efe2"),
    ("Christmas tree", "noto", "Fir tree", "a fir tree", "#eef3ee"),
    ("owl", "fluent-emoji-flat", "Owl", "an owl", "#e6ecf5"),
    ("sunflower", "fluent-3d", "Sunflower", "a sunflower", "#e3eef8"),
    ("whale", "fluent-3d", "Whale", "a whale", "#f6f1e7"),
    ("hut", "fluent-3d", "Hut", "a house", "#e9f1df"),
    ("grapes", "clipart", "Grapes", "grapes", "#ffffff"),
)


def write(data: Path, folder: Path = FOLDER) -> None:
    """Write the images, 64×64, and gallery.json, which says what each is and whose.

    Args:
        data: folder with pictures.zip and captions.jsonl.
        folder: where to write.

    Raises:
        LookupError: the data has no held-out image of a chosen caption and style.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    with zipfile.ZipFile(data / "pictures.zip") as pack:
        names = {Path(name).name: name for name in pack.namelist()}
        for caption, style, title, prompt, ground in CHOICE:
            sprite = Image.open(io.BytesIO(pack.read(names[_find(data, caption, style)])))
            file = f"{title.lower().replace(' ', '-')}.png"
            _on_ground(sprite.convert("RGBA"), ground).save(folder / file, optimize=True)
            source, licence = SOURCES[style]
            entry = {"file": file, "title": title, "prompt": prompt}
            entries.append(entry | {"source": source, "licence": licence})
    (folder / "gallery.json").write_text(json.dumps(entries, indent=2) + "\n", "utf-8")


def _find(data: Path, caption: str, style: str) -> str:
    for line, entry in enumerate(read_captions(data)):
        named = entry["caption"] == caption and entry["style"] == style
        if named and is_held_out(line, style):
            return str(entry["file"])
    raise LookupError(f"no held-out image {caption!r} in {style}")


def _on_ground(sprite: Image.Image, ground: str) -> Image.Image:
    """Centre an image with a margin; one that fills its square to the corners gets none."""
    side = SIZE if np.asarray(sprite)[sprite.height // 2, 2, 3] == 255 else SIZE - 6
    image = Image.new("RGBA", (SIZE, SIZE), ground)
    small = sprite.resize((side, side), Image.Resampling.LANCZOS)
    image.alpha_composite(small, ((SIZE - side) // 2, (SIZE - side) // 2))
    return image.convert("RGB")
