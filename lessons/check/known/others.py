"""Mistakes found in write-ups: guidance, two prompts, training and flow matching."""

from __future__ import annotations

from typing import Final

from lessons.check.known.kinds import FLOW, FLOWED, NOISED, PART_A, PART_B_CODE, Known
from lessons.workshop.bug_lab.copies import Patch

_DIFFUSION: Final = "lessons.diffusion"
_GUIDED: Final = (*PART_A[1:], "class_ddpm_sample", "class_fm_sample")
_TIME_IN_TRAINING: Final = "    times_in = (index + 1) / num_ts\n"
_LOSS: Final = "return (answer - target).square().mean()"


def _known(title: str, story: str, patch: Patch, *where: str, remark: bool = False) -> Known:
    return Known(title, story, (patch,), where, remark)


OTHERS: Final = (
    _known(
        "Guidance · the variance guided too",
        "Guidance is for the noise; the variance is the conditional prediction's own.",
        Patch(
            f"{_DIFFUSION}.guidance",
            "eps_u, _ = split(without, x_t)",
            "eps_u, v_u = split(without, x_t)\n"
            "        v = v if v is None or v_u is None else v_u + gamma * (v - v_u)",
        ),
        "iterative_denoise_cfg",
    ),
    _known(
        "Guidance · the variance of the empty prompt",
        "The variance comes from the conditional prediction.",
        Patch(
            f"{_DIFFUSION}.guidance",
            "eps_u, _ = split(without, x_t)",
            "eps_u, v = split(without, x_t)",
        ),
        "iterative_denoise_cfg",
        remark=True,
    ),
    _known(
        "Guidance · left out",
        "The conditional prediction is used as it is.",
        Patch(
            f"{_DIFFUSION}.guidance",
            "return eps_u + gamma * (eps_c - eps_u)",
            "return eps_c + 0 * gamma",
        ),
        *_GUIDED,
    ),
    _known(
        "Two prompts · the image not turned before it is shown to the network",
        "The second prediction is for the turned image; only its answer is turned here.",
        Patch(
            f"{_DIFFUSION}.anagrams",
            "split(viewed(view.see(x_t), t), x_t)",
            "split(viewed(x_t, t), x_t)",
        ),
        "make_flip_illusion",
    ),
    _known(
        "Two prompts · the noises added, not averaged",
        "The sum of two predictions is twice as strong as noise is.",
        Patch(
            f"{_DIFFUSION}.anagrams", "(eps_1 + view.undo(eps_2)) / 2", "eps_1 + view.undo(eps_2)"
        ),
        "make_flip_illusion",
    ),
    _known(
        "Two prompts · the high pass left out",
        "The second prediction is added whole; its low frequencies belong to the first.",
        Patch(
            f"{_DIFFUSION}.hybrids",
            "fine = eps_high - lowpass(eps_high, sigma, kernel)",
            "fine = eps_high",
        ),
        "make_hybrids",
    ),
    _known(
        "Two prompts · the high frequencies of the first prompt",
        "Low and high pass are both taken of one prediction.",
        Patch(
            f"{_DIFFUSION}.hybrids",
            "lowpass(eps_low, sigma, kernel) + fine",
            "eps_low",
        ),
        "make_hybrids",
    ),
    _known(
        "Network · products where sums belong, and the reverse",
        "The class is multiplied, the time is added: c1 · unflatten + t1.",
        Patch(
            "models.unet",
            "at_7=lambda u: c1 * u + t1, at_14=lambda u: c2 * u + t2",
            "at_7=lambda u: t1 * u + c1, at_14=lambda u: t2 * u + c2",
        ),
        "ClassConditionalUNet",
    ),
    _known(
        "Training · t not divided by T",
        "The network is told the timestep as a number up to T, and learnt numbers up to 1.",
        Patch(PART_B_CODE, _TIME_IN_TRAINING, "    times_in = (index + 1).float()\n"),
        *NOISED,
    ),
    _known(
        "Training · one coin for the labels of the whole batch",
        "Each label is dropped by a coin of its own; here all of a batch are dropped, or none.",
        Patch(PART_B_CODE, "(torch.rand(count) >=", "(torch.rand(1).expand(count) >="),
        "class_ddpm_forward",
        "class_fm_forward",
    ),
    _known(
        "Training · the clean image as target",
        "The loss compares with the image; this network is asked for the noise.",
        Patch(PART_B_CODE, _LOSS, "return (answer - x).square().mean()"),
        *NOISED,
        *FLOWED,
    ),
    _known(
        "Training · the loss summed, not averaged",
        "A sum grows with the batch, and the learning rate is for the mean.",
        Patch(PART_B_CODE, _LOSS, "return (answer - target).square().sum()"),
        *NOISED,
        *FLOWED,
    ),
    _known(
        "Flow matching · the target with its sign changed",
        "The velocity leads from noise x₀ to image x₁: x₁ − x₀.",
        Patch(PART_B_CODE, _LOSS, "return (answer + target).square().mean()"),
        *FLOWED,
    ),
    _known(
        "Flow matching · image and noise exchanged",
        "At t = 0 there is noise, at t = 1 the image: x_t = (1 − t) x₀ + t x₁.",
        Patch(
            f"{_DIFFUSION}.flow", "return (1 - t) * x_0 + t * x_1", "return t * x_0 + (1 - t) * x_1"
        ),
        *FLOWED,
    ),
    _known(
        "Flow matching · times spread over one step too few",
        "`linspace(0, 1, steps)` ends at 1; the last of so many steps begins at 1 − 1/steps.",
        Patch(f"{_DIFFUSION}.flow", "t = k / steps", "t = k / (steps - 1)"),
        *FLOW,
    ),
    _known(
        "Flow matching · a step's length forgotten",
        "Each step goes 1/steps of the velocity.",
        Patch(f"{_DIFFUSION}.flow", "x_t = x_t + u / steps", "x_t = x_t + u"),
        *FLOW,
    ),
)
