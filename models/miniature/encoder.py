"""The prompt as the network reads it: one vector a token, from a small frozen language model.

all-MiniLM-L6-v2 (Apache-2.0) knows that a puppy is a dog, so the miniature draws one although
nobody ever showed it the word. It plays the part that T5 plays for DeepFloyd IF.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from models.checkpoints import load_tensors, load_weights

FOLDER: Final = Path(__file__).parent / "text"
LONGEST: Final = 32
"""Tokens of a prompt that are read; what follows is cut off."""


class TextEncoder:
    """Turns prompts into token states."""

    def __init__(self, folder: Path = FOLDER, device: torch.device | None = None) -> None:
        """Open tokenizer and model; on the processor if no device is named.

        Raises:
            OSError: tokenizer or configuration is missing or unreadable.
            BrokenCheckpoint: the weights are.
        """
        self._tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]"
        )
        config = BertConfig.from_json_file(folder / "config.json")
        self._model = BertModel(config, add_pooling_layer=False).eval().requires_grad_(False)
        load_weights(self._model, load_tensors(folder / "model.safetensors")[0])
        self._model.to(device or "cpu")
        self._lock = threading.Lock()  # the tokenizer keeps its truncation as a setting
        self.size = sum(p.numel() for p in self._model.parameters())

    @torch.inference_mode()
    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Read prompts.

        Args:
            prompts: words; "" is the empty prompt, which still has its first and last token.

        Returns:
            (B, L, 384) float32, L as long as the longest prompt needs, at most 32. Rows behind a
            prompt's end are zero, and that is how the network knows the end.
        """
        with self._lock:
            tokens = self._tokenizer(
                list(prompts),
                padding=True,
                truncation=True,
                max_length=LONGEST,
                return_tensors="pt",
            )
        tokens = tokens.to(self._model.device)
        mask = tokens["attention_mask"]
        states: Tensor = self._model(
            input_ids=tokens["input_ids"], attention_mask=mask
        ).last_hidden_state
        return states.masked_fill(mask[..., None] == 0, 0.0)


def alikeness(a: Tensor, b: Tensor) -> Tensor:
    """Cosine similarity of every pooled prompt with every other.

    Args:
        a: (N, 384).
        b: (M, 384).

    Returns:
        (N, M) in [-1, 1].
    """
    return F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).T
