"""Where the files of DeepFloyd IF are: in a folder, or on the hub and then in its cache.

Only JSON and safetensors are read. What is missing is said in one sentence, with the next step.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from models.atomic import parsed
from models.deepfloyd.settings import OWNER, STAGE_1, STAGE_2

CONFIGS: Final = ("unet/config.json", "*scheduler/scheduler_config.json")
WEIGHTS: Final = ("unet/*.fp16.safetensors",)
TEXT_CONFIGS: Final = ("text_encoder/*.json", "tokenizer/*")
TEXT_WEIGHTS: Final = ("text_encoder/*fp16*.safetensors",)
"""What is fetched of a repository on the hub: weights as float16 only."""


def published(name: str) -> bool:
    """Whether a name is one of the hub's, and no folder."""
    return name in STAGE_1 or name in STAGE_2


def find(name: str, patterns: Sequence[str]) -> Path:
    """The folder with these files; those of the hub are fetched if they aren't here yet.

    Args:
        name: a published name, or a folder.
        patterns: which files; a folder has them all.

    Raises:
        ValueError: they can't be had; the message says what to do.
    """
    return _fetch(f"{OWNER}/{name}", patterns) if published(name) else Path(name).expanduser()


def here(name: str, file: str) -> Path | None:
    """The folder of what is on this machine already, or None; fetches nothing.

    Args:
        name: a published name, or a folder.
        file: one of its files, by which a published one is found.
    """
    if not published(name):
        return Path(name).expanduser()
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(f"{OWNER}/{name}", file)
    return Path(found).parents[len(Path(file).parts) - 1] if isinstance(found, str) else None


def read_json(folder: Path, path: str) -> dict[str, Any]:
    """Read a configuration.

    Raises:
        ValueError: the folder has none, or it can't be read.
    """
    try:
        found = parsed((folder / path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"The folder {folder} is no whole DeepFloyd IF: {path} is missing or can't be read."
        ) from error
    return dict(found)


def check_unet(folder: Path, stage: int) -> dict[str, Any]:
    """Look whether a folder holds a network of this stage, and return its configuration.

    Raises:
        ValueError: it holds another one, or none, or half of one.
    """
    config = read_json(folder, "unet/config.json")
    other = 3 - stage
    if config.get("in_channels") == 3 * other and config.get("out_channels") == 6:
        variable = "DIFFUSION_DEEPFLOYD" + ("_STAGE2" if other == 2 else "")
        raise ValueError(f"{folder} holds stage {'I' * other}; name it in {variable}.")
    if config.get("in_channels") != 3 * stage or config.get("out_channels") != 6:
        raise ValueError(f"The network in {folder} is none of DeepFloyd IF.")
    weights(folder / "unet")
    return config


def weights(folder: Path) -> str | None:
    """Look whether all weights are here and whole.

    Returns:
        The variant to load, "fp16" where it is there.

    Raises:
        ValueError: some are missing or cut off.
    """
    half = bool(list(folder.glob("*.fp16*.safetensors")))
    missing = sorted(name for name in _expected(folder, half) if not (folder / name).exists())
    found = _files(folder, half)
    broken = [path.name for path in found if not _whole(path)]
    if missing or broken or not found:
        what = ", ".join(missing + broken) or "*.safetensors"
        raise ValueError(
            f"{folder} is only half there: {what} is missing or cut off. Fetch it again; what is "
            "whole is not fetched twice."
        )
    return "fp16" if half else None


def parameters(folder: Path) -> int:
    """Count the numbers in the weights that would be loaded, from their headers alone.

    Raises:
        ValueError: some are missing or cut off.
    """
    total = 0
    for path in _files(folder, half=weights(folder) == "fp16"):
        with safe_open(path, framework="pt") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
        total += sum(math.prod(shape) for shape in shapes)
    return total


def _files(folder: Path, half: bool) -> list[Path]:
    """The weights that would be loaded; those in 8 bits are of a format that is no more."""
    found = sorted(folder.glob("*.safetensors"))
    return [path for path in found if (".fp16" in path.name) == half and ".8bit" not in path.name]


def _expected(folder: Path, half: bool) -> set[str]:
    """What the index of weights in several files names."""
    found = folder.glob("*.safetensors.index*.json")
    chosen = [read_json(folder, path.name) for path in found if (".fp16" in path.name) == half]
    return {part for index in chosen for part in index.get("weight_map", {}).values()}


def _whole(path: Path) -> bool:
    """A safetensors file says in its header how long it is."""
    try:
        with safe_open(path, framework="pt"):
            return True
    except (OSError, SafetensorError):
        return False


def _fetch(repository: str, patterns: Sequence[str]) -> Path:
    from huggingface_hub import errors, get_token, snapshot_download

    address = f"https://huggingface.co/{repository}"
    try:
        return Path(snapshot_download(repository, allow_patterns=list(patterns)))
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if not get_token():
            raise ValueError(
                f"{repository} needs a token: accept its licence at {address}, make a token at "
                "https://huggingface.co/settings/tokens, and set HF_TOKEN to it."
            ) from error
        if isinstance(error, errors.GatedRepoError) or status == 403:
            raise ValueError(
                f"The licence of {repository} is not accepted by the owner of this token: accept "
                f"it at {address}, once, and try again."
            ) from error
        if status == 401:
            raise ValueError(
                "The hub doesn't know this token: set HF_TOKEN to a valid one from "
                "https://huggingface.co/settings/tokens."
            ) from error
        raise ValueError(f"The hub answers {status}; try again in a few minutes.") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ValueError(
                "The disk is full: make room, or set HF_HOME to a folder on a larger one."
            ) from error
        raise ValueError(
            f"The hub can't be reached, and not all files of {repository} are here yet: check the "
            "network, or name a folder that holds them."
        ) from error


def weights_hash(name: str) -> str:
    """What changes when the weights do: a published name, or the sizes of a folder's files."""
    if published(name):
        return name
    folder = Path(name).expanduser() / "unet"
    sizes = {path.name: os.path.getsize(path) for path in sorted(folder.glob("*"))}
    return json.dumps(sizes, sort_keys=True)
