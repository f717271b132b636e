"""The text encoder: loaded to encode, then let go. It is larger than all the rest."""

from __future__ import annotations

import functools
import gc
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models import reading
from models.deepfloyd import files
from models.deepfloyd.embeddings import TOKENS, tidy
from models.diffusers_model import Host, minding_memory

ADVICE = (
    "Set DIFFUSION_DEEPFLOYD_OFFLOAD=on or DIFFUSION_DEEPFLOYD_T5=8bit, or import prompts that "
    "were encoded elsewhere and set DIFFUSION_DEEPFLOYD_T5=off."
)


def encode(folder: Path, prompts: Sequence[str], host: Host, eight_bit: bool = False) -> Tensor:
    """Encode prompts as `IFPipeline` does.

    Args:
        folder: holds text_encoder and tokenizer.
        prompts: what to encode.
        host: where to calculate.
        eight_bit: keep the weights in 8 bits, half the memory of float16.

    Returns:
        (B, 77, width), padding included, in the encoder's precision, on the CPU.

    Raises:
        ValueError: files or packages are missing, or the memory is too small.
    """
    words = _tokenizer(folder)(
        [tidy(prompt) for prompt in prompts],
        padding="max_length",
        max_length=TOKENS,
        truncation=True,
        return_tensors="pt",
    )
    try:
        with minding_memory(ADVICE):
            return _encoded(folder, words, host, eight_bit)
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def unread(folder: Path, prompt: str) -> str:
    """The words at a prompt's end that are cut off, or "".

    Raises:
        ValueError: the tokenizer is missing or damaged.
    """
    tokenizer = _kept_tokenizer(folder)
    return reading.unread(prompt, lambda text: len(tokenizer(tidy(text)).input_ids), TOKENS)


@functools.cache
def _kept_tokenizer(folder: Path) -> Any:
    return _tokenizer(folder)


@torch.no_grad()
def _encoded(folder: Path, words: Any, host: Host, eight_bit: bool) -> Tensor:
    """A frame of its own, so that the encoder is let go when it returns."""
    with host.hosting(None) as device:
        encoder = _encoder(folder, device, eight_bit)
        found: Tensor = encoder(
            words.input_ids.to(device), attention_mask=words.attention_mask.to(device)
        ).last_hidden_state
        return found.cpu()


def _tokenizer(folder: Path) -> Any:
    from transformers import T5Tokenizer

    home = folder / "tokenizer"
    ready, raw = (home / name for name in ("tokenizer.json", "spiece.model"))
    if raw.exists() and not ready.exists() and importlib.util.find_spec("sentencepiece") is None:
        raise ValueError("The tokenizer needs one more package: pip install sentencepiece.")
    try:
        if not ready.exists() and not raw.exists():
            raise FileNotFoundError(ready)  # transformers would make up an empty one
        return T5Tokenizer.from_pretrained(home, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{home} is missing or damaged: fetch it again, or import encoded prompts and set "
            "DIFFUSION_DEEPFLOYD_T5=off."
        ) from error


def _encoder(folder: Path, device: torch.device, eight_bit: bool) -> Any:
    import transformers

    library: Any = transformers  # its classes carry no types
    home = folder / "text_encoder"
    files.read_json(home, "config.json")
    more: dict[str, Any] = {"dtype": precision(device)}
    if eight_bit:
        packages = ("bitsandbytes", "accelerate")
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if missing:
            raise ValueError(
                f"T5 in 8 bits needs more packages: pip install {' '.join(missing)}; or set "
                "DIFFUSION_DEEPFLOYD_T5=on."
            )
        more["quantization_config"] = library.BitsAndBytesConfig(load_in_8bit=True)
        more["device_map"] = {"": device}
    encoder = library.T5EncoderModel.from_pretrained(
        home, local_files_only=True, use_safetensors=True, variant=files.weights(home), **more
    ).eval()
    return encoder if eight_bit else encoder.to(device)


def precision(device: torch.device) -> torch.dtype:
    """The precision to encode in: float16 as published, bfloat16 on a CPU that lacks the other."""
    return torch.bfloat16 if device.type == "cpu" else torch.float16
