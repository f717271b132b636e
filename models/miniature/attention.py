"""Which words the places of an image look at, read off the network while it predicts."""

from __future__ import annotations

import copy
import functools

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from models.miniature.encoder import FOLDER, LONGEST
from models.miniature.network import MiniatureUNet
from models.miniature.trunk import HEAD, Attention

Looks = list[Tensor]
"""Of each attention layer in turn the weights of places on words, (B, L, H, W), mean of heads."""


def watched(network: MiniatureUNet) -> tuple[MiniatureUNet, Looks]:
    """A twin of the network that notes where its places look; the network itself stays untouched.

    The twin shares every weight, so it costs no memory to speak of, and predicts the same.

    Args:
        network: may be used by others meanwhile.

    Returns:
        The twin, and a list to which each of its calls appends one entry a layer.
    """
    shared: dict[int, object] = {
        id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())
    }
    twin = copy.deepcopy(network, shared)
    looks: Looks = []

    def note(layer: Attention, given: tuple[Tensor, Tensor, Tensor]) -> None:
        _, _, H, W = given[0].shape
        on_words = weights(layer, *given)[..., H * W :].mean(1)
        looks.append(on_words.transpose(1, 2).reshape(len(on_words), -1, H, W))

    for module in twin.modules():
        if isinstance(module, Attention):
            module.register_forward_pre_hook(note)
    return twin, looks


def weights(layer: Attention, x: Tensor, states: Tensor, seen: Tensor) -> Tensor:
    r"""How much each place looks at every place and at every word, in one softmax.

    $$
    A = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right)
    $$

    Each place has a query, a row of $Q$; each place and each word has a key, a row of $K$, and a
    value; all have $d$ components. A place takes the mean of the values, with its row of $A$ as
    weights.

    Args:
        layer: whose attention; the arguments are those of its `forward`.
        x: feature maps, (B, C, H, W).
        states: token states, (B, L, 384).
        seen: which of them are tokens, (B, L).

    Returns:
        (B, heads, H·W, H·W + L), the last axis adding up to 1: first all places, then all words.
    """
    query, key, _ = layer.places(layer.norm(x).flatten(2).transpose(1, 2)).chunk(3, -1)
    word_key, _ = layer.words(states).chunk(2, -1)
    Q, K = _heads(query), _heads(torch.cat([key, word_key], 1))
    hidden = F.pad(-1e4 * ~seen, (query.shape[1], 0))[:, None, None]
    A: Tensor = (Q @ K.transpose(-1, -2) / HEAD**0.5 + hidden).softmax(-1)
    return A


@functools.cache
def tokens(prompt: str) -> tuple[str, ...]:
    """The pieces in which the text encoder reads a prompt, its first and last one included.

    Args:
        prompt: any words; of more than 32 pieces the last ones are cut off.
    """
    return tuple(_tokenizer().encode(prompt).tokens)


@functools.cache
def _tokenizer() -> Tokenizer:
    """One of our own: that of the encoder keeps its truncation as a setting."""
    found: Tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    found.enable_truncation(LONGEST)
    found.no_padding()
    return found


def _heads(x: Tensor) -> Tensor:
    """(B, N, C) → (B, heads, N, C / heads)."""
    B, N, C = x.shape
    return x.reshape(B, N, C // HEAD, HEAD).transpose(1, 2)
