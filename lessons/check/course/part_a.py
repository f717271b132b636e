"""Part A in the course's own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from lessons.diffusion.anagrams import ROTATE_180, View, anagram, mirrored
from lessons.diffusion.denoise import PredictNoise, clean_estimate
from lessons.diffusion.forward import add_noise
from lessons.diffusion.guidance import Conditional, conditional, guided
from lessons.diffusion.hybrids import hybrid
from lessons.diffusion.inpainting import keeping_source
from lessons.diffusion.samplers import AfterStep, sampling_trajectory

VIEWS: Final = {
    "180°": ROTATE_180,
    "up": View("up", mirrored, mirrored),
    "side": View("side", lambda x: x.flip(-1), lambda x: x.flip(-1)),
}
VIEW: Final = VIEWS["180°"]


def forward(im: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
    """Noise an image to timestep t, (1, 3, 64, 64)."""
    eps = torch.randn_like(im)
    return add_noise(im, alphas_cumprod[t], eps)


def denoise(
    im_noisy: Tensor, t: int, prompt_embeds: Tensor, stage_1: Any, alphas_cumprod: Tensor
) -> Tensor:
    """Estimate the clean image in one step."""
    eps = _ask(stage_1)(im_noisy, t, prompt_embeds)[:, :3]
    return clean_estimate(im_noisy, eps, alphas_cumprod[t].double())


def iterative_denoise(
    im_noisy: Tensor,
    i_start: int,
    prompt_embeds: Tensor,
    timesteps: Sequence[int],
    stage_1: Any,
    alphas_cumprod: Tensor,
) -> Tensor:
    """Denoise in many steps, from timesteps[i_start] on."""
    predict = conditional(_ask(stage_1), prompt_embeds)
    return _sampled(im_noisy, timesteps[i_start:], alphas_cumprod, predict)


def iterative_denoise_cfg(
    im_noisy: Tensor,
    i_start: int,
    prompt_embeds: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: Sequence[int],
    scale: float,
    stage_1: Any,
    alphas_cumprod: Tensor,
) -> Tensor:
    """The same with classifier-free guidance."""
    predict = guided(_ask(stage_1), prompt_embeds, uncond_prompt_embeds, scale)
    return _sampled(im_noisy, timesteps[i_start:], alphas_cumprod, predict)


def inpaint(
    original_image: Tensor,
    mask: Tensor,
    prompt_embeds: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: Sequence[int],
    scale: float,
    stage_1: Any,
    alphas_cumprod: Tensor,
) -> Tensor:
    """Make what is under a mask of ones anew."""
    x_t = torch.randn_like(original_image)
    predict = guided(_ask(stage_1), prompt_embeds, uncond_prompt_embeds, scale)
    after = keeping_source(
        original_image, mask, alphas_cumprod, lambda: torch.randn_like(original_image)
    )
    return _sampled(x_t, timesteps, alphas_cumprod, predict, after)


def make_flip_illusion(
    image: Tensor,
    i_start: int,
    prompt_embeds_1: Tensor,
    prompt_embeds_2: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: Sequence[int],
    scale: float,
    stage_1: Any,
    alphas_cumprod: Tensor,
) -> Tensor:
    """One image that shows prompt 1, and prompt 2 when it is turned."""
    first = guided(_ask(stage_1), prompt_embeds_1, uncond_prompt_embeds, scale)
    second = guided(_ask(stage_1), prompt_embeds_2, uncond_prompt_embeds, scale)
    predict = anagram(first, second, VIEW)
    return _sampled(image, timesteps[i_start:], alphas_cumprod, predict)


def make_hybrids(
    image: Tensor,
    i_start: int,
    prompt_embeds_1: Tensor,
    prompt_embeds_2: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: Sequence[int],
    scale: float,
    stage_1: Any,
    alphas_cumprod: Tensor,
) -> Tensor:
    """One image that shows prompt 1 from afar, and prompt 2 close up."""
    low = guided(_ask(stage_1), prompt_embeds_1, uncond_prompt_embeds, scale)
    high = guided(_ask(stage_1), prompt_embeds_2, uncond_prompt_embeds, scale)
    predict = hybrid(low, high, sigma=2.0, kernel=33)
    return _sampled(image, timesteps[i_start:], alphas_cumprod, predict)


def _ask(stage_1: Any) -> Conditional[int]:
    """DeepFloyd's network as guidance wants it."""

    def ask(x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        answer: Tensor = stage_1.unet(x_t, t, encoder_hidden_states=embeddings)[0]
        return answer

    return ask


def _sampled(
    x_t: Tensor,
    timesteps: Sequence[int],
    alphas_cumprod: Tensor,
    predict: PredictNoise,
    after: AfterStep = lambda x_s, _s: x_s,
) -> Tensor:
    """What the one sampling loop ends in."""
    alpha_bars = alphas_cumprod.double()
    frames = sampling_trajectory(
        x_t, timesteps, alpha_bars, predict, lambda: torch.randn_like(x_t), after=after
    )
    for frame in frames:
        x_t = frame.x_t
    return x_t
