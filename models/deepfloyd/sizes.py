"""What DeepFloyd IF occupies, from published figures; counted where the files are here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.deepfloyd import files
from models.deepfloyd.settings import STAGE_1, STAGE_2, DeepFloydSettings
from models.needs import Need

T5: Final = 4.5e9
"""Parameters of the text encoder (huggingface.co/blog/if)."""

T5_BYTES: Final = {"on": 11e9, "8bit": 8e9}
"""Its size in float16 and in 8 bits (the same); more than two bytes each, for a part is float32."""


def needs(chosen: DeepFloydSettings, bytes_each: int) -> tuple[Need, ...]:
    """What the parts of the chosen model occupy.

    Args:
        chosen: which parts.
        bytes_each: bytes of a number in the networks that draw, 2 or 4.

    Raises:
        ValueError: files are missing or cut off.
    """
    stages = [name for name in (chosen.stage_1, chosen.stage_2) if name]
    drawing = [_stage(name, bytes_each) for name in stages]
    encoder = [] if chosen.text_encoder == "off" else [_encoder(chosen)]
    return (*drawing, *encoder)


def _stage(name: str, bytes_each: int) -> Need:
    if files.published(name):
        count = {**STAGE_1, **STAGE_2}[name]
        return Need(name, count, 2 * count, bytes_each * count)
    count = files.parameters(Path(name).expanduser() / "unet")
    return Need(Path(name).name, count, 0, bytes_each * count)


def _encoder(chosen: DeepFloydSettings) -> Need:
    words = "text encoder T5"
    if files.published(chosen.stage_1):
        return Need(words, T5, T5_BYTES["on"], T5_BYTES[chosen.text_encoder], alone=True)
    home = Path(chosen.stage_1).expanduser() / "text_encoder"
    count = files.parameters(home)
    each = 1 if chosen.text_encoder == "8bit" else 2
    return Need(words, count, 0, each * count, alone=True)
