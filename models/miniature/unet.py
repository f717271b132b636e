"""The network itself: a small UNet over folded pixels that reads a prompt. It imports torch alone.

Folding 4×4 pixels into channels makes 16×16×48 of 64×64×3. Nothing is lost, and every layer has a
sixteenth of the places to visit: that is what makes it quick on a processor without a GPU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.miniature.linear import WienerDenoiser
from models.miniature.schedule import STEPS, alpha_bars
from models.miniature.trunk import TEXT_WIDTH, Trunk, silent


class PromptUNet(nn.Module):
    """Predicts v: the linear denoiser's, and what a UNet finds beyond it.

    Args:
        channels: width of each level, from 16×16 down; multiples of 32 where a level attends.
        blocks: blocks a level, down and up.
        attends: which levels look at all places and all words at once.
        fold: pixels a side that are folded into channels.
        size: pixels a side of an image.
        grown: the network began at half the size: see `coarse_view`.
    """

    alpha_bar: Tensor
    residual: Tensor
    level: Tensor
    text_mean: Tensor
    text_whitening: Tensor

    def __init__(
        self,
        channels: Sequence[int] = (128, 224, 320),
        blocks: int = 2,
        attends: Sequence[bool] = (False, True, True),
        fold: int = 4,
        size: int = 64,
        grown: bool = False,
    ) -> None:
        super().__init__()
        self.channels, self.blocks, self.attends = tuple(channels), blocks, tuple(attends)
        self.fold, self.grown = fold, grown
        width, folded = 4 * channels[0], 3 * fold**2
        self.linear = WienerDenoiser(size)
        self.register_buffer("alpha_bar", alpha_bars().float(), persistent=False)
        self.register_buffer("residual", self.linear.residual_scale())
        level = coarse_view()[0] if grown else torch.arange(STEPS, dtype=torch.float32)
        self.register_buffer("level", level, persistent=False)
        self.register_buffer("text_mean", torch.zeros(TEXT_WIDTH))
        self.register_buffer("text_whitening", torch.eye(TEXT_WIDTH))
        self.time = _two_layers(channels[0], width)
        self.text = _two_layers(TEXT_WIDTH, width)
        self.enter = nn.Conv2d(2 * folded, channels[0], 3, padding=1)
        self.trunk = Trunk(channels, blocks, attends, width)
        self.leave = silent(nn.Conv2d(channels[0], folded, 3, padding=1))

    def forward(self, x_t: Tensor, t: Tensor, states: Tensor) -> Tensor:
        """Predict v.

        Args:
            x_t: noisy images, (B, 3, size, size), float32.
            t: indices 0 … 999 into the schedule, (B,).
            states: token states, (B, L, 384); rows of zeros are no tokens.

        Returns:
            v, shape of `x_t`, float32.
        """
        v_linear, x_linear = self.linear_v(x_t, t)
        found = self.correction(x_t, x_linear, t, states)
        return v_linear + self.residual[t][:, None, None, None] * found

    def linear_v(self, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """The linear denoiser's v and its estimate of x_0, each of the shape of `x_t`."""
        with torch.autocast(x_t.device.type, enabled=False):
            alpha_bar_t = self.alpha_bar[t][:, None, None, None]
            x_linear = self.linear(x_t, alpha_bar_t)
            v = (alpha_bar_t.sqrt() * x_t - x_linear) / (1 - alpha_bar_t).sqrt()
        return v, x_linear

    def correction(self, x_t: Tensor, x_linear: Tensor, t: Tensor, states: Tensor) -> Tensor:
        """What the UNet adds, of unit size before it has learned: (B, 3, size, size) float32."""
        if self.grown:
            alpha_bar_t = self.alpha_bar[t][:, None, None, None]
            x_t = x_t / (alpha_bar_t + (1 - alpha_bar_t) / 4).sqrt()
        both = torch.cat([fold(x_t, self.fold), fold(x_linear, self.fold)], 1)
        h = self.enter(both.contiguous(memory_format=torch.channels_last))
        seen = (states != 0).any(-1)
        about = self.time(wave(self.level[t], self.channels[0])) + self.text(self.whitened(states))
        return unfold(self.leave(self.trunk(h, F.silu(about), states, seen)), self.fold).float()

    def whitened(self, states: Tensor) -> Tensor:
        """One vector a prompt, (B, 384): the mean of its tokens, decorrelated over all captions.

        The plain means all look alike (cosine of dog and cat .64), which a short training can't
        tell apart; whitened they don't.
        """
        with torch.autocast(states.device.type, enabled=False):
            return (pooled(states.float()) - self.text_mean) @ self.text_whitening

    @torch.no_grad()
    def fit_text(self, vectors: Tensor) -> None:
        """Measure the whitening.

        Args:
            vectors: pooled prompts of all captions, (N, 384).
        """
        self.text_mean.copy_(vectors.mean(0))
        _, scale, axes = torch.linalg.svd(vectors - self.text_mean, full_matrices=False)
        std = scale / math.sqrt(len(vectors))
        whitening = axes.T / (std + 0.1 * std.max())
        size = ((vectors - self.text_mean) @ whitening).square().mean().sqrt()
        self.text_whitening.zero_()[:, : whitening.shape[1]] = whitening / size

    @torch.no_grad()
    def fit_images(self, images: Tensor) -> None:
        """Measure the linear denoiser on clean images, (N, 3, size, size) in [-1, 1]."""
        self.linear.fit(images)
        self.residual.copy_(self.linear.residual_scale())

    @torch.no_grad()
    def grow_from(self, small: PromptUNet) -> None:
        """Take over what a network of half the size and half the fold has learned.

        Args:
            small: trained on 2×2 means of these images; its layers become this network's own.
        """
        self.trunk, self.time, self.text = small.trunk, small.time, small.text
        self.text_mean.copy_(small.text_mean)
        self.text_whitening.copy_(small.text_whitening)
        ours, theirs = self.enter.state_dict(), small.enter.state_dict()
        wide = _spread(theirs["weight"].transpose(0, 1), 6, small.fold).transpose(0, 1)
        ours["weight"].copy_(wide / 4)
        ours["bias"].copy_(theirs["bias"])
        ours, theirs = self.leave.state_dict(), small.leave.state_dict()
        for name in ("weight", "bias"):
            ours[name].copy_(_spread(theirs[name], 3, small.fold))


def pooled(states: Tensor) -> Tensor:
    """The mean of a prompt's token states: one vector for the whole prompt.

    Args:
        states: (B, L, 384); rows of zeros are no tokens.

    Returns:
        (B, 384).
    """
    seen = (states != 0).any(-1, keepdim=True)
    return (states * seen).sum(1) / seen.sum(1).clamp(min=1)


def coarse_view() -> tuple[Tensor, Tensor]:
    r"""What a network of half the size would be told of these noise levels.

    The mean of 2×2 pixels keeps the signal and a quarter of the noise's power, so

    $$
    \bar\alpha' = \frac{\bar\alpha}{\bar\alpha + (1 - \bar\alpha) / 4}
    $$

    Returns:
        t′ with ᾱ(t′) = ᾱ′, interpolated, (1000,) float32, and ᾱ′ itself, (1000,) float64.
    """
    levels = alpha_bars()
    coarse = levels / (levels + (1 - levels) / 4)
    rising = levels.flip(0)
    after = torch.searchsorted(rising, coarse).clamp(1, STEPS - 1)
    low, high = rising[after - 1], rising[after]
    place = after - 1 + ((coarse - low) / (high - low)).clamp(0, 1)
    return (STEPS - 1 - place).float(), coarse


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
        t: places in the schedule, 0 … 999, (B,).
        width: numbers a level, even.

    Returns:
        (B, width) float32 in [-1, 1].
    """
    places = torch.arange(width // 2, device=t.device) / (width // 2)
    angles = t[:, None].float() * torch.exp(-math.log(10 * STEPS) * places)
    return torch.cat([angles.cos(), angles.sin()], 1)


def _spread(weights: Tensor, images: int, side: int) -> Tensor:
    """Repeat what is said of a folded pixel for the 2×2 that take its place."""
    squares = weights.reshape(images, side, side, *weights.shape[1:])
    return squares.repeat_interleave(2, 1).repeat_interleave(2, 2).flatten(0, 2)


def _two_layers(inside: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inside, width), nn.SiLU(), nn.Linear(width, width))
