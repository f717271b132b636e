"""The mistakes of the bug lab that can be made in the course's functions."""

from __future__ import annotations

from typing import Final

from lessons.check.known.kinds import (
    DDPM,
    FLOW,
    FLOWED,
    NOISED,
    PART_A,
    PART_B_CODE,
    UNETS,
    Known,
)
from lessons.workshop.bug_lab.copies import Patch


def _lab(title: str, *where: str, patches: tuple[Patch, ...] = (), remark: bool = False) -> Known:
    """A mistake of the bug lab; its own patch, unless it is made outside of the solution."""
    # The bug lab stands on all lessons; what only names a mistake must not stand on top of it.
    from lessons.workshop.bug_lab.mistakes import BY_TITLE

    mistake = BY_TITLE[title]
    return Known(title, mistake.story, patches or (mistake.patch,), where, remark)


def _own(right: str, wrong: str) -> tuple[Patch, ...]:
    return (Patch(PART_B_CODE, right, wrong),)


_IN_SAMPLING: Final = "(index + 1) / num_ts)\n\n\ndef _at"

_STEP: Final = "mean, sigma = sampler.step(here)"
_MEAN_OF_ONE: Final = (
    "mean, _ = sampler.step(here._replace(alpha_bar_s=alpha_bar_at(alpha_bars, t - 1)))"
)
_ALPHA_OF_ONE: Final = (
    "one = alpha_bar_t / alpha_bar_at(alpha_bars, t - 1)\n"
    "        mean = alpha_bar_s.sqrt() * (1 - one) / (1 - alpha_bar_t) * x_0"
    " + one.sqrt() * (1 - alpha_bar_s) / (1 - alpha_bar_t) * x_t"
)
"""The same mistake in the mean alone, and in α alone."""

_WRAPPED: Final = (
    "if s == CLEAN:\n"
    "            last, left = alpha_bars[-1], 1 - alpha_bar_t\n"
    "            mean = last.sqrt() * x_0 + alpha_bar_t.sqrt() * (1 - last) / left * x_t"
)
"""The same mistake with β of the schedule's own table."""

LAB: Final = (
    _lab("Sampling loop · the step after index 0 wraps around", *DDPM),
    _lab(
        "Sampling loop · the step after index 0 wraps around",
        *DDPM,
        patches=(Patch("lessons.diffusion.samplers", _STEP, f"{_STEP}\n        {_WRAPPED}"),),
    ),
    _lab("Sampling loop · noise on the last step", *DDPM),
    _lab("Sampling loop · noise on the last step", *PART_A, remark=True),
    _lab("Sampling loop · the loop stops one step early", *PART_A, *DDPM),
    _lab("Sampling loop · α of one timestep in a step of many", *PART_A),
    *(
        _lab(
            "Sampling loop · α of one timestep in a step of many",
            *PART_A,
            patches=(Patch("lessons.diffusion.samplers", _STEP, f"{_STEP}\n        {more}"),),
        )
        for more in (_MEAN_OF_ONE, _ALPHA_OF_ONE)
    ),
    _lab("Sampling loop · the variance of one timestep in a step of many", *PART_A),
    _lab("Noise · the seed does not count", *DDPM, *FLOW),
    _lab("Noise · one noise for all images of a batch", *DDPM, *FLOW),
    _lab("Noise · the schedule in half precision", "ddpm_schedule"),
    _lab("Guidance · 1 + w called γ", *PART_A[1:], "class_ddpm_sample", "class_fm_sample"),
    _lab(
        "Guidance · the prompt and the empty prompt exchanged",
        *PART_A[1:],
        "class_ddpm_sample",
        "class_fm_sample",
    ),
    _lab(
        "Network · BatchNorm left in train mode",
        *DDPM,
        *FLOW,
        patches=tuple(
            Patch(PART_B_CODE, f"{name}\n    unet.eval()\n", f"{name}\n")
            for name in (
                '"""Digits out of noise."""',
                '"""Digits of these labels out of noise, with guidance."""',
                '"""Digits out of noise by Euler steps."""',
                '"""Digits of these labels out of noise by Euler steps, with guidance."""',
            )
        ),
        remark=True,
    ),
    _lab("Network · a GELU behind the last layer", *UNETS),
    _lab("Network · blocks in the wrong order", "UpBlock", *UNETS),
    _lab(
        "Network · t scaled otherwise than in training",
        *DDPM,
        patches=_own(_IN_SAMPLING, _IN_SAMPLING.replace("num_ts", "1000")),
    ),
    _lab("Network · the mask of the labels inverted", "ClassConditionalUNet"),
    _lab(
        "Network · the mask of the labels inverted",
        "class_ddpm_forward",
        "class_fm_forward",
        patches=_own(">= p_uncond", "< p_uncond"),
    ),
    _lab("Flow matching · the last step left out", *FLOW),
    _lab(
        "Flow matching · time reversed",
        *FLOW,
        patches=_own("torch.full((len(x_t),), t)", "torch.full((len(x_t),), 1 - t)"),
    ),
    _lab("Flow matching · run backwards", *FLOW),
    _lab("Flow matching · time one step ahead, up to t = 1", *FLOW),
    _lab(
        "Training · the level of t − 1",
        *NOISED,
        patches=_own("alpha_bars[index]", "alpha_bars[index - 1]"),
    ),
    _lab(
        "Training · one image's noise level for the whole batch",
        *NOISED,
        patches=_own(".view(-1, 1, 1, 1)\n", ".view(-1, 1, 1, 1)[:1]\n"),
    ),
    _lab(
        "Training · noise drawn once in the data set",
        *NOISED,
        patches=_own(
            "    eps = torch.randn_like(x_0)\n",
            "    torch.manual_seed(0)\n    eps = torch.randn_like(x_0)\n",
        ),
    ),
    _lab(
        "Training · noise drawn once in the data set",
        *FLOWED,
        patches=tuple(
            Patch(
                PART_B_CODE,
                f"{name}\n    unet.train()\n    x_0",
                f"{name}\n    torch.manual_seed(0)\n    x_0",
            )
            for name in (
                '"""One training step\'s loss of flow matching."""',
                '"""The same with labels, some of them dropped."""',
            )
        ),
    ),
    _lab("Inpainting · the clean original pasted in", "inpaint"),
    _lab("Inpainting · the source image under the noise of the step before", "inpaint"),
    _lab("Inpainting · the mask inverted", "inpaint"),
    _lab("Two prompts · the second noise not turned back", "make_flip_illusion"),
    _lab("Two prompts · low and high pass exchanged", "make_hybrids"),
)
