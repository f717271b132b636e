"""The miniature's network: a small UNet over folded pixels that reads a prompt.

Folding 4×4 pixels into channels makes 16×16×48 of 64×64×3. Nothing is lost, and every layer has a
sixteenth of the places to visit: that is what makes it quick on a processor without a GPU.

Outside it speaks noise like DeepFloyd IF, so every lesson and diffusers' own pipelines take it;
inside it predicts v, because that is what learns quickly.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn

from models.miniature.encoder import WIDTH, pooled
from models.miniature.schedule import STEPS, alpha_bars, noise_in

GROUPS = 16
"""Channels are normalised in so many groups."""

HEAD = 32
"""Channels of one attention head."""


class MiniatureUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Down, middle, up; time and prompt scale and shift every block, the small levels attend.

    Args:
        channels: width of each level, from 16×16 down; multiples of 32 where a level attends.
        attends: which levels look at all places and all words at once.
        text_width: numbers a token.
        fold: pixels a side that are folded into channels.
        in_channels: 3, red, green and blue.
        out_channels: 3; or 6 as DeepFloyd IF has, which its pipelines count on. Then the last
            three are -1, IF's word for the posterior's variance: this network learns none.
        sample_size: 64, for diffusers' pipelines to read.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        channels: tuple[int, ...] = (96, 160, 256),
        attends: tuple[bool, ...] = (False, True, True),
        text_width: int = WIDTH,
        fold: int = 4,
        in_channels: int = 3,
        out_channels: int = 3,  # noqa: ARG002 (kept in the config)
        sample_size: int = 64,  # noqa: ARG002 (kept in the config)
    ) -> None:
        super().__init__()
        width, folded = 4 * channels[0], in_channels * fold**2
        self.time = _two_layers(channels[0], width)
        self.text = _two_layers(text_width, width)
        self.enter = nn.Conv2d(folded, channels[0], 3, padding=1)
        self.down = nn.ModuleList(
            Block(c, c, width, text_width, a) for c, a in zip(channels, attends, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(wide, deep, 3, stride=2, padding=1) for wide, deep in pairwise(channels)
        )
        self.middle = Block(channels[-1], channels[-1], width, text_width, True)
        self.up = nn.ModuleList(
            Block(2 * c, c, width, text_width, a)
            for c, a in zip(channels[::-1], attends[::-1], strict=True)
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(deep, wide, 1) for deep, wide in pairwise(channels[::-1])
        )
        self.norm = nn.GroupNorm(GROUPS, channels[0])
        self.leave = _silent(nn.Conv2d(channels[0], folded, 3, padding=1))

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor | float | int,
        encoder_hidden_states: Tensor,
        return_dict: bool = True,
        **_unused: object,
    ) -> UNet2DConditionOutput | tuple[Tensor]:
        """Predict the noise, as diffusers' pipelines ask for it.

        Args:
            sample: x_t, (B, 3, 64, 64).
            timestep: index 0 … 999 into the schedule, one or (B,).
            encoder_hidden_states: token states, (B, L, 384); rows of zeros are no tokens.
            return_dict: wrap the answer in diffusers' own class.

        Returns:
            The predicted noise, (B, out_channels, 64, 64).
        """
        t = torch.as_tensor(timestep, device=sample.device).long().expand(len(sample))
        alpha_bar_t = alpha_bars().to(sample.device)[t][:, None, None, None]
        v = self.predict_v(sample, t, encoder_hidden_states)
        eps = noise_in(sample.double(), v.double(), alpha_bar_t).to(sample.dtype)
        if self.config.out_channels == 2 * self.config.in_channels:
            eps = torch.cat([eps, -torch.ones_like(eps)], 1)
        return UNet2DConditionOutput(sample=eps) if return_dict else (eps,)

    def predict_v(self, x_t: Tensor, t: Tensor, states: Tensor) -> Tensor:
        """Predict v, which is what training teaches.

        Args:
            x_t: noisy pictures, (B, 3, 64, 64).
            t: indices into the schedule, (B,).
            states: token states, (B, L, 384); rows of zeros are no tokens.

        Returns:
            v, shape of `x_t`.
        """
        seen = (states != 0).any(-1)
        about = self.time(wave(t, self.config.channels[0]).to(x_t.dtype))
        about = about + self.text(F.layer_norm(pooled(states), states.shape[-1:]))
        about = F.silu(about)
        h = self.enter(fold(x_t, self.config.fold))
        kept = []
        for block, shrink in zip(self.down, [*self.shrink, None], strict=True):
            h = block(h, about, states, seen)
            kept.append(h)
            h = h if shrink is None else shrink(h)
        h = self.middle(h, about, states, seen)
        for block, grow in zip(self.up, [*self.grow, None], strict=True):
            h = block(torch.cat([h, kept.pop()], 1), about, states, seen)
            h = h if grow is None else F.interpolate(grow(h), scale_factor=2.0, mode="nearest")
        return unfold(self.leave(F.silu(self.norm(h))), self.config.fold)


class Block(nn.Module):
    """Two convolutions around a scale and shift by time and prompt; then attention, maybe."""

    def __init__(
        self, inside: int, outside: int, width: int, text_width: int, attends: bool
    ) -> None:
        super().__init__()
        self.norm_1 = nn.GroupNorm(GROUPS, inside)
        self.conv_1 = nn.Conv2d(inside, outside, 3, padding=1)
        self.film = nn.Linear(width, 2 * outside)
        self.norm_2 = nn.GroupNorm(GROUPS, outside)
        self.conv_2 = _silent(nn.Conv2d(outside, outside, 3, padding=1))
        self.skip = nn.Conv2d(inside, outside, 1) if inside != outside else nn.Identity()
        self.attention = Attention(outside, text_width) if attends else None

    def forward(self, x: Tensor, about: Tensor, states: Tensor, seen: Tensor) -> Tensor:
        """Map (B, inside, H, W) to (B, outside, H, W)."""
        h: Tensor = self.conv_1(F.silu(self.norm_1(x)))
        scale, shift = self.film(about)[:, :, None, None].chunk(2, 1)
        h = self.conv_2(F.silu(self.norm_2(h) * (1 + scale) + shift))
        h = h + self.skip(x)
        if self.attention is not None:
            h = self.attention(h, states, seen)
        return h


class Attention(nn.Module):
    """Every place looks at all places and at all words, in one softmax, as in DeepFloyd IF."""

    def __init__(self, channels: int, text_width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.places = nn.Linear(channels, 3 * channels)
        self.words = nn.Linear(text_width, 2 * channels)
        self.out = _silent(nn.Linear(channels, channels))

    def forward(self, x: Tensor, states: Tensor, seen: Tensor) -> Tensor:
        """Add to (B, C, H, W) what its places found; `seen` (B, L) masks what is no word."""
        B, C, H, W = x.shape
        query, key, value = self.places(self.norm(x).flatten(2).transpose(1, 2)).chunk(3, -1)
        word_key, word_value = self.words(states).to(key.dtype).chunk(2, -1)
        key, value = torch.cat([key, word_key], 1), torch.cat([value, word_value], 1)
        # by hand: PyTorch's own attention takes three times as long to train on a processor
        nearness = _heads(query) @ _heads(key).transpose(-1, -2) / min(C, HEAD) ** 0.5
        hidden = F.pad(-1e4 * ~seen, (H * W, 0))[:, None, None].to(nearness.dtype)
        found = (nearness + hidden).softmax(-1) @ _heads(value)
        found = found.transpose(1, 2).reshape(B, H * W, C)
        added: Tensor = self.out(found)
        return x + added.transpose(1, 2).reshape(B, C, H, W)


def fold(pixels: Tensor, side: int) -> Tensor:
    """Move squares of pixels into channels: (B, C, H, W) → (B, C·side², H/side, W/side)."""
    return F.pixel_unshuffle(pixels, side)


def unfold(folded: Tensor, side: int) -> Tensor:
    """Undo `fold`."""
    return F.pixel_shuffle(folded, side)


def wave(t: Tensor, width: int) -> Tensor:
    """Write a noise level as cosines and sines of rising wavelength.

    Source: Vaswani et al. 2017 (arXiv:1706.03762), section 3.5.

    Args:
        t: indices 0 … 999, (B,).
        width: numbers a level, even.

    Returns:
        (B, width) float32 in [-1, 1].
    """
    places = torch.arange(width // 2, device=t.device) / (width // 2)
    angles = t[:, None].float() * torch.exp(-math.log(10 * STEPS) * places)
    return torch.cat([angles.cos(), angles.sin()], 1)


def _heads(x: Tensor) -> Tensor:
    B, N, C = x.shape
    return x.reshape(B, N, -1, min(C, HEAD)).transpose(1, 2)


def _two_layers(inside: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inside, width), nn.SiLU(), nn.Linear(width, width))


def _silent(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    """Let a layer begin at zero: each block starts as the identity."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
