"""What the environment says about DeepFloyd IF, and what its makers published about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from models import environment

STAGE_1: Final = {"IF-I-M-v1.0": 400e6, "IF-I-L-v1.0": 900e6, "IF-I-XL-v1.0": 4.3e9}
STAGE_2: Final = {"IF-II-M-v1.0": 450e6, "IF-II-L-v1.0": 1.2e9}
"""Parameters as published (github.com/deep-floyd/IF, model zoo)."""

OWNER: Final = "DeepFloyd"
"""Whose repositories these are on the hub."""

TextEncoder = Literal["on", "8bit", "off"]
VARIABLE: Final = "DIFFUSION_DEEPFLOYD"


@dataclass(frozen=True)
class DeepFloydSettings:
    """Which DeepFloyd IF, and how.

    Attributes:
        stage_1: one of STAGE_1, or a folder.
        stage_2: one of STAGE_2, or a folder, or "" for none.
        text_encoder: "on" to load T5 when a prompt was never encoded, "8bit" to load it in half the
            memory, "off" to take only prompts that were.
        offload: one network at a time on the device.
    """

    stage_1: str
    stage_2: str
    text_encoder: TextEncoder
    offload: bool


def configured() -> bool:
    """Whether a DeepFloyd IF was asked for, rightly or not."""
    return bool(os.environ.get(VARIABLE))


def settings() -> DeepFloydSettings:
    """Read the environment.

    Raises:
        ValueError: a setting is none; the message says what it may be.
    """
    return DeepFloydSettings(
        stage_1=_stage("", STAGE_1),
        stage_2=_stage("_STAGE2", STAGE_2),
        text_encoder=cast(TextEncoder, environment.choice(f"{VARIABLE}_T5", ("on", "8bit", "off"))),
        offload=environment.choice(f"{VARIABLE}_OFFLOAD", ("off", "on")) == "on",
    )


def embeddings_folder() -> Path:
    """Where encoded prompts are kept: DIFFUSION_EMBEDDINGS, or `embeddings` beside the app."""
    return environment.folder("DIFFUSION_EMBEDDINGS", Path(__file__).parents[2] / "embeddings")


def _stage(suffix: str, published: dict[str, float]) -> str:
    """A published name without its owner, or a folder as it was given."""
    asked = os.environ.get(VARIABLE + suffix, "").strip()
    name = asked.removeprefix(f"{OWNER}/")
    if not asked or name in published:
        return name
    if not Path(asked).expanduser().is_dir():
        raise environment.refusal(
            VARIABLE + suffix, f"a folder that is there, or {', '.join(published)}"
        )
    return asked
