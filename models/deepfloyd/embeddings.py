"""Encoded prompts on disk, so that the text encoder is needed once a prompt and never again."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from models import checkpoints
from models.atomic import write_atomically

TOKENS: Final = 77
"""Tokens of a prompt, padding included."""


def tidy(prompt: str) -> str:
    """A prompt as the encoder gets it: DeepFloyd IF knows no capitals."""
    return " ".join(prompt.lower().split())


class Embeddings:
    """The encoded prompts of one text encoder, a file each, by sha256 of encoder and text."""

    def __init__(self, folder: Path, encoder: str, width: int) -> None:
        """Open a store.

        Args:
            folder: where the files are; made when it is needed.
            encoder: name of the text encoder.
            width: of what it says of each token.
        """
        self.folder, self.encoder, self.width = folder, encoder, width

    def path(self, prompt: str) -> Path:
        """The file of a prompt, which need not exist."""
        name = hashlib.sha256(f"{self.encoder}\n{tidy(prompt)}".encode()).hexdigest()
        return self.folder / f"{name}.safetensors"

    def get(self, prompt: str) -> Tensor | None:
        """An encoded prompt, (77, width); None if it was never encoded, or its file is broken."""
        try:
            tensors, _ = checkpoints.load_tensors(self.path(prompt))
        except checkpoints.BrokenCheckpoint:
            return None
        found = tensors.get("embedding")
        return found if found is not None and found.shape == (TOKENS, self.width) else None

    def keep(self, prompt: str, embedding: Tensor) -> None:
        """Store an encoded prompt, whole or not at all.

        Args:
            prompt: its words.
            embedding: (77, width) or (1, 77, width).

        Raises:
            ValueError: it has another shape, or is not finite.
            OSError: the disk refused.
        """
        flat = embedding.squeeze(0) if embedding.ndim == 3 else embedding
        if flat.shape != (TOKENS, self.width) or not flat.isfinite().all():
            raise ValueError(
                f"“{prompt[:40]}”: expected {TOKENS} × {self.width} finite numbers, found "
                f"{' × '.join(map(str, embedding.shape))}."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        notes = {"prompt": tidy(prompt), "encoder": self.encoder}
        checkpoints.save_tensors(self.path(prompt), {"embedding": flat}, notes)

    def known(self) -> tuple[str, ...]:
        """The prompts that were encoded, in the order of the alphabet."""
        notes = [_notes(path) for path in self.folder.glob("*.safetensors")]
        return tuple(sorted(n["prompt"] for n in notes if n.get("encoder") == self.encoder))


def read_course_file(path: Path) -> dict[str, Tensor]:
    """Read the course's `prompt_embeds_dict.pth`: prompt → tensor.

    The file is a pickle, which could run any code; only tensors and plain containers are let in.

    Raises:
        ValueError: it is missing, or holds anything else.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{path} is not read: it is missing, damaged, or holds more than tensors."
        ) from error
    if not isinstance(found, Mapping) or not all(
        isinstance(prompt, str) and isinstance(one, Tensor) for prompt, one in found.items()
    ):
        raise ValueError(f"{path} holds no prompts: expected a dictionary of words and tensors.")
    return dict(found)


def write_course_file(path: Path, prompts: Mapping[str, Tensor]) -> None:
    """Write prompts as the course's `prompt_embeds_dict.pth` does, whole or not at all.

    Args:
        path: the file.
        prompts: words → (77, width); written as (1, 77, width) in half precision, which is what
            the text encoder says on a GPU.

    Raises:
        OSError: the disk refused.
    """
    tensors = {words: one[None].half() for words, one in prompts.items()}
    write_atomically(path, lambda part: torch.save(tensors, part))


def _notes(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}
