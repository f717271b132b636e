"""What is observed of the functions of Part A: what the network sees on the way, and the result."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from lessons.check.observe.scripted import fixed, scripted
from lessons.check.observe.world import (
    ALPHA_BARS,
    SIZE,
    STAGE_1,
    TIMESTEPS,
    UNET,
    embedding,
    picture,
)
from lessons.check.solution import Observation, Place, Solution, Wrong, image
from lessons.diffusion.forward import add_noise

GAMMA: Final = 7
START: Final = 10
LEVELS: Final = (0, 250, 500, 750)
EMPTY, WANTED, FIRST, SECOND = 0, 1, 2, 3

_KNOWN: Final[dict[str, Any]] = {
    "display": False,
    "stage_1": STAGE_1,
    "stage_1_unet": UNET,
    "scheduler": STAGE_1.scheduler,
    "alphas_cumprod": ALPHA_BARS,
    "device": "cpu",
}


def _noisy(t: int) -> Tensor:
    """The image of the wanted prompt at timestep t, (1, 3, 64, 64)."""
    eps = fixed((1, 3, SIZE, SIZE))
    return add_noise(picture(WANTED).expand_as(eps), ALPHA_BARS[t], eps)


def forward(solution: Solution) -> Observation:
    """The source image at four noise levels."""
    place = Place(("forward", "forward_process", "add_noise", "noise_image", "q_sample"))
    seen = []
    for t in LEVELS:
        with scripted():
            returned = solution.call(place, {"im": picture(WANTED)[None], "t": t}, _KNOWN)
        seen.append(_one(returned))
    return {"x_t": torch.stack(seen)}


def denoise(solution: Solution) -> Observation:
    """Clean estimates from three noise levels."""
    place = Place(
        (
            "denoise",
            "one_step_denoise",
            "one_step_denoising",
            "denoise_one_step",
            "onestep",
            "estimate_clean",
            "clean_estimate",
        )
    )
    seen = []
    for t in LEVELS[1:]:
        needed = {"im_noisy": _noisy(t), "t": t, "prompt_embeds": embedding(WANTED)}
        with scripted():
            returned = solution.call(place, needed, _KNOWN)
        seen.append(_one(returned))
    return {"result": torch.stack(seen)}


def iterative_denoise(solution: Solution) -> Observation:
    """From i_start = 10 on."""
    place = Place(("iterative_denoise", "iterative_denoising", "denoise_iterative"))
    needed = {
        "im_noisy": _noisy(TIMESTEPS[START]),
        "i_start": START,
        "prompt_embeds": embedding(WANTED),
        "timesteps": list(TIMESTEPS),
    }
    return _trajectory(solution, place, needed, WANTED, even=False)


def iterative_denoise_cfg(solution: Solution) -> Observation:
    """From pure noise, with guidance."""
    place = Place(("iterative_denoise_cfg", "iterative_denoising_cfg", "cfg_denoise"))
    needed = {
        "im_noisy": fixed((1, 3, SIZE, SIZE)),
        "i_start": 0,
        "prompt_embeds": embedding(WANTED),
        "uncond_prompt_embeds": embedding(EMPTY),
        "timesteps": list(TIMESTEPS),
        "scale": GAMMA,
    }
    return _trajectory(solution, place, needed, WANTED, even=False)


def mask() -> Tensor:
    """A mask that is not symmetric: ones where content is new, (1, 3, 64, 64)."""
    free = torch.zeros(1, 3, SIZE, SIZE)
    free[..., 20:50, 8:40] = 1
    return free


def inpaint(solution: Solution) -> Observation:
    """The image of one prompt, with a piece made anew for another prompt."""
    needed = {
        "original_image": picture(FIRST)[None],
        "mask": mask(),
        "prompt_embeds": embedding(WANTED),
        "uncond_prompt_embeds": embedding(EMPTY),
        "timesteps": list(TIMESTEPS),
        "scale": GAMMA,
    }
    return _trajectory(solution, Place(("inpaint", "inpainting")), needed, WANTED)


def make_flip_illusion(solution: Solution) -> Observation:
    """From pure noise, with two prompts."""
    names = ("make_flip_illusion", "flip_illusion", "make_anagram", "visual_anagram")
    return _trajectory(solution, Place((*names, "visual_anagrams")), _two(), FIRST)


def make_hybrids(solution: Solution) -> Observation:
    """From pure noise, with two prompts."""
    names = ("make_hybrids", "make_hybrid", "hybrid_image", "hybrid_images", "make_hybrid_image")
    return _trajectory(solution, Place(names), _two(), FIRST)


def _two() -> dict[str, Any]:
    return {
        "image": fixed((1, 3, SIZE, SIZE)),
        "i_start": 0,
        "prompt_embeds_1": embedding(FIRST),
        "prompt_embeds_2": embedding(SECOND),
        "uncond_prompt_embeds": embedding(EMPTY),
        "timesteps": list(TIMESTEPS),
        "scale": GAMMA,
    }


def _trajectory(
    solution: Solution, place: Place, needed: dict[str, Any], prompt: int, even: bool = True
) -> Observation:
    """Run a sampling loop, and read off what the network was asked for this prompt."""
    UNET.asked.clear()
    UNET.even = even
    STAGE_1.scheduler.set_timesteps(timesteps=TIMESTEPS)
    more = dict(_KNOWN)
    if "prompt_embeds_1" in needed:
        more["both_prompts"] = (needed["prompt_embeds_1"], needed["prompt_embeds_2"])
    if "original_image" in needed:
        more["image"], more["i_start"] = fixed((1, 3, SIZE, SIZE)), 0
    with scripted():
        returned = solution.call(place, needed, more)
    rows = [(x_t, t) for x_t, t, asked in UNET.asked if asked == prompt]
    if not rows:
        raise Wrong("It never asks stage_1.unet for the prompt that it was given.")
    return {
        "t": torch.tensor([float(t) for _, t in rows]),
        # Every second pixel tells as much, and is kept for every known mistake.
        "x_t": torch.stack([x_t[:, ::2, ::2] for x_t, _ in rows]),
        "result": _one(returned),
    }


def _one(returned: Any) -> Tensor:
    """The first image that was returned, (3, 64, 64), in [-1, 1]."""
    x = image(returned, 3, SIZE)
    return x[0]
