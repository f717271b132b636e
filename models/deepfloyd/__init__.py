"""DeepFloyd IF (Shonenkov et al. 2023): the course's own model, for those who have the hardware.

Stage I draws 64×64 images from words, stage II enlarges them to 256×256. Nothing is imported
or loaded before somebody asks for it.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from models.deepfloyd import files, sizes, t5
from models.deepfloyd.embeddings import Embeddings
from models.deepfloyd.settings import VARIABLE, configured, embeddings_folder, settings
from models.devices import device_name, pick_device
from models.diffusers_model import (
    DiffusersModel,
    Host,
    Upscaler,
    alpha_bars,
    minding_memory,
    spec_of,
    threshold_of,
)
from models.needs import Need
from models.text_to_image import ModelSpec, Threshold

__all__ = [
    "about",
    "check",
    "configured",
    "encode",
    "has_upscaler",
    "load",
    "load_upscaler",
    "needs",
    "spec",
    "store",
    "threshold",
    "title",
    "unread",
    "weights_hash",
]  # fmt: skip

PUBLISHED_UNET: Final = {"sample_size": 64, "encoder_hid_dim": 4096}
PUBLISHED_SCHEDULE: Final = {
    "beta_schedule": "squaredcos_cap_v2",
    "thresholding": True,
    "dynamic_thresholding_ratio": 0.95,
    "sample_max_value": 1.5,
}
ADVICE: Final = (
    "Set DIFFUSION_DEEPFLOYD_OFFLOAD=on, or choose a smaller network "
    "(DIFFUSION_DEEPFLOYD=IF-I-M-v1.0), or make fewer images at once."
)
XXL: Final = "t5-v1_1-xxl"
"""The text encoder of all published sizes, so that their encoded prompts are the same."""


def title() -> str:
    """What readers call it."""
    return f"DeepFloyd {Path(_stage_1()).name}"


def about() -> str:
    """One sentence on what it is."""
    height, width = spec().shape[1:]
    return (
        f"The course's own model, at {height}×{width}: it draws what you write, in English, and "
        "wants a GPU."
    )


def spec() -> ModelSpec:
    """Its images and its schedule; the published ones where its files are not here yet."""
    return spec_of(*_configs())


def threshold() -> Threshold | None:
    """How its makers kept its estimates inside the range."""
    return threshold_of(_configs()[1])


def weights_hash() -> str:
    """What changes when its weights do."""
    return files.weights_hash(_stage_1())


def check(prompt: str) -> None:
    """Look whether a prompt can be taken.

    Raises:
        ValueError: it was never encoded, and the text encoder is off.
    """
    try:
        chosen = settings()
    except ValueError:
        return  # loading says it better
    kept = store()
    if chosen.text_encoder == "off" and kept.get(prompt) is None:
        raise ValueError(_never_encoded(prompt, kept))


def unread(prompt: str) -> str:
    """The words at a prompt's end that T5 cuts off; "" too where its tokenizer isn't here yet."""
    try:
        folder = files.here(settings().stage_1, "tokenizer/spiece.model")
        return t5.unread(folder, prompt) if folder else ""
    except ValueError:
        return ""  # loading says what is wrong


def has_upscaler() -> bool:
    """Whether a stage II was asked for."""
    return bool(os.environ.get(f"{VARIABLE}_STAGE2"))


def needs() -> tuple[Need, ...]:
    """What its parts occupy; see `models.needs`.

    Raises:
        ValueError: a setting is none, or files are missing.
    """
    return sizes.needs(settings(), precision(pick_device()).itemsize)


def store() -> Embeddings:
    """The prompts that were encoded for the chosen model."""
    width = int(_configs()[0]["encoder_hid_dim"])
    home = Path(_stage_1()).expanduser()
    encoder = XXL if width == PUBLISHED_UNET["encoder_hid_dim"] else f"{home.name}-{width}"
    return Embeddings(embeddings_folder(), encoder, width)


def encode(prompts: Sequence[str]) -> Tensor:
    """Prompts as the networks get them, (B, 77, width): from the store, else from T5.

    Raises:
        ValueError: a prompt was never encoded and T5 is off, or can't be had; what to do is said.
    """
    chosen, kept = settings(), store()
    missing = [prompt for prompt in dict.fromkeys(prompts) if kept.get(prompt) is None]
    if missing and chosen.text_encoder == "off":
        raise ValueError(_never_encoded(missing[0], kept))
    if missing:
        folder = files.find(chosen.stage_1, (*files.TEXT_CONFIGS, *files.TEXT_WEIGHTS))
        fresh = t5.encode(folder, missing, host(), chosen.text_encoder == "8bit")
        for prompt, embedding in zip(missing, fresh, strict=True):
            kept.keep(prompt, embedding)
    found = [kept.get(prompt) for prompt in prompts]
    return torch.stack([one for one in found if one is not None]).float()


def load() -> Generator[str, None, DiffusersModel]:
    """Load stage I.

    Yields:
        What it does next.

    Raises:
        ValueError: a setting, a file, a token, the network or memory is missing; what to do is
            said.
    """
    chosen = settings()
    folder = yield from _found(chosen.stage_1, stage=1)
    network = yield from _network(folder, chosen.stage_1)
    form = spec_of(*_read(folder))
    count = sum(p.numel() for p in network.parameters()) + _encoder_size(folder)
    return DiffusersModel(network, form, encode, parameters=count, host=host(), advice=ADVICE)


def load_upscaler() -> Generator[str, None, Upscaler]:
    """Load stage II; otherwise as `load`."""
    chosen = settings()
    folder = yield from _found(chosen.stage_2, stage=2)
    network = yield from _network(folder, chosen.stage_2)
    form = spec_of(*_read(folder))
    noising = files.read_json(folder, "image_noising_scheduler/scheduler_config.json")
    limits = threshold_of(files.read_json(folder, "scheduler/scheduler_config.json"))
    return Upscaler(network, form, encode, alpha_bars(noising), limits, host=host(), advice=ADVICE)


@functools.cache
def host() -> Host:
    """Where both stages and the text encoder calculate."""
    return Host(pick_device(), settings().offload)


def _found(name: str, stage: int) -> Generator[str, None, Path]:
    yield f"fetching {name}" if files.published(name) else f"looking into {name}"
    folder = files.find(name, (*files.CONFIGS, *files.WEIGHTS))
    files.check_unet(folder, stage)
    return folder


def _network(folder: Path, name: str) -> Generator[str, None, Any]:
    import diffusers

    library: Any = diffusers  # its classes carry no types
    place = host()
    yield f"reading {Path(name).name} into memory"
    with minding_memory(ADVICE):
        network = library.UNet2DConditionModel.from_pretrained(
            folder / "unet",
            local_files_only=True,
            use_safetensors=True,
            variant=files.weights(folder / "unet"),
            torch_dtype=precision(place.device),
            low_cpu_mem_usage=importlib.util.find_spec("accelerate") is not None,
        )
    yield f"bringing it to {device_name(place.device)}"
    with minding_memory(ADVICE), place.hosting(network):
        return network


def precision(device: torch.device) -> torch.dtype:
    """The precision to draw in: float16 as published, float32 on a CPU."""
    return torch.float32 if device.type == "cpu" else torch.float16


def _stage_1() -> str:
    try:
        return settings().stage_1
    except ValueError:
        return ""  # loading says what is wrong


def _configs() -> tuple[dict[str, Any], dict[str, Any]]:
    name = _stage_1()
    if name and not files.published(name):
        try:
            return _read(Path(name).expanduser())
        except ValueError:
            pass  # loading says what is wrong
    return dict(PUBLISHED_UNET), dict(PUBLISHED_SCHEDULE)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    scheduler = files.read_json(folder, "scheduler/scheduler_config.json")
    return files.read_json(folder, "unet/config.json"), scheduler


def _encoder_size(folder: Path) -> int:
    """Numbers in the text encoder, if it is here."""
    try:
        return files.parameters(folder / "text_encoder")
    except ValueError:
        return 0


def _never_encoded(prompt: str, kept: Embeddings) -> str:
    known = kept.known()
    some = "; ".join(f"“{one}”" for one in known[:5] if one) or "none so far"
    return (
        f"“{prompt[:60]}” was never encoded, and the text encoder is off "
        f"(DIFFUSION_DEEPFLOYD_T5). Encoded are {len(known)} prompts: {some}."
    )
