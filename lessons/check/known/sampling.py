"""Mistakes found in write-ups: noising, clean estimate, mean and variance of a step."""

from __future__ import annotations

from typing import Final

from lessons.check.known.kinds import DDPM, PART_A, PART_A_CODE, PART_B_CODE, Known
from lessons.workshop.bug_lab.copies import Patch

_DIFFUSION: Final = "lessons.diffusion"
_SAMPLERS: Final = f"{_DIFFUSION}.samplers"
_POSTERIOR: Final = f"{_DIFFUSION}.posterior"
_STEP: Final = "return posterior_mean(here.x_t, here.x_0, *levels), sigma_2.sqrt()"
_LEARNED: Final = "sigma_2 = learned_variance(here.v, *levels)"


def _known(title: str, story: str, patch: Patch, *where: str, remark: bool = False) -> Known:
    return Known(title, story, (patch,), where, remark)


SAMPLING: Final = (
    _known(
        "Forward · ᾱ without its square root",
        "The mean is √ᾱ x₀ and the standard deviation √(1 − ᾱ); here both roots are left out.",
        Patch(
            PART_A_CODE,
            "return add_noise(im, alphas_cumprod[t], eps)",
            "return alphas_cumprod[t] * im + (1 - alphas_cumprod[t]) * eps",
        ),
        "forward",
    ),
    _known(
        "Forward · the noise multiplied by its variance",
        "1 − ᾱ is the variance of the noise; what it is multiplied by is the root of it.",
        Patch(
            PART_A_CODE,
            "return add_noise(im, alphas_cumprod[t], eps)",
            "return alphas_cumprod[t].sqrt() * im + (1 - alphas_cumprod[t]) * eps",
        ),
        "forward",
    ),
    _known(
        "Forward · the level of t − 1",
        "`alphas_cumprod` is looked up one lower; at t = 0 the index −1 is the noisiest level.",
        Patch(
            PART_A_CODE,
            "add_noise(im, alphas_cumprod[t], eps)",
            "add_noise(im, alphas_cumprod[t - 1], eps)",
        ),
        "forward",
    ),
    _known(
        "Forward · uniform noise instead of Gaussian noise",
        "`torch.rand` draws from 0 to 1, `torch.randn` from a standard Gaussian.",
        Patch(PART_A_CODE, "    eps = torch.randn_like(im)\n", "    eps = torch.rand_like(im)\n"),
        "forward",
    ),
    _known(
        "Clean estimate · not divided by √ᾱ",
        "The noise is taken away, but what is left is √ᾱ times the clean image.",
        Patch(
            f"{_DIFFUSION}.denoise",
            "return (x_t - noise) / alpha_bar_t.sqrt()",
            "return x_t - noise",
        ),
        "denoise",
        *PART_A,
    ),
    _known(
        "Clean estimate · the noise taken away whole",
        "The noise that the network predicts has unit variance; there is √(1 − ᾱ) times it.",
        Patch(f"{_DIFFUSION}.denoise", "noise = (1 - alpha_bar_t).sqrt() * eps", "noise = eps"),
        "denoise",
        *PART_A,
    ),
    _known(
        "Clean estimate · divided by ᾱ without its root",
        "The division is by √ᾱ, as x_t = √ᾱ x₀ + √(1 − ᾱ) ε says.",
        Patch(f"{_DIFFUSION}.denoise", "noise) / alpha_bar_t.sqrt()", "noise) / alpha_bar_t"),
        "denoise",
        *PART_A,
    ),
    _known(
        "Posterior mean · √(ᾱ_t′ β) under one root",
        "Only ᾱ_t′ stands under the root; β is a factor of its own.",
        Patch(
            _POSTERIOR,
            "towards_clean = alpha_bar_s.sqrt() * beta /",
            "towards_clean = (alpha_bar_s * beta).sqrt() /",
        ),
        *PART_A,
        *DDPM,
    ),
    _known(
        "Posterior mean · α without its square root",
        "The factor of x_t begins with √α.",
        Patch(_POSTERIOR, "from_here = alpha.sqrt() *", "from_here = alpha *"),
        *PART_A,
        *DDPM,
    ),
    _known(
        "Posterior mean · ᾱ_t and ᾱ_t′ exchanged in the factor of x_t",
        "The factor of x_t is √α (1 − ᾱ_t′) / (1 − ᾱ_t).",
        Patch(
            _POSTERIOR,
            "alpha.sqrt() * (1 - alpha_bar_s) / (1 - alpha_bar_t)",
            "alpha.sqrt() * (1 - alpha_bar_t) / (1 - alpha_bar_s.clamp(max=0.9999))",
        ),
        *PART_A,
    ),
    _known(
        "Sampling loop · DDIM where DDPM is asked for",
        "The step goes back along the predicted noise and adds none of its own. Deterministic "
        "sampling works too, but it is another sampler than the assignment's.",
        Patch(_SAMPLERS, "sampler: Sampler = ANCESTRAL", "sampler: Sampler = ddim(0.0)"),
        *PART_A,
    ),
    _known(
        "Sampling loop · DDIM where DDPM is asked for",
        "The step goes back along the predicted noise and adds none of its own. Deterministic "
        "sampling works too, but it is another sampler than the assignment's.",
        Patch(_SAMPLERS, "mean, sigma = sampler.step(here)", "mean, sigma = ddim(0.0).step(here)"),
        *DDPM,
    ),
    _known(
        "Sampling loop · no noise added",
        "Each step needs fresh noise besides the mean; `add_variance` adds it.",
        Patch(_SAMPLERS, _STEP, _STEP.replace("sigma_2.sqrt()", "0 * sigma_2")),
        *PART_A,
        *DDPM,
    ),
    _known(
        "Sampling loop · noise multiplied by its variance",
        "β is the variance of the noise that a step adds; z is multiplied by its root.",
        Patch(_SAMPLERS, _STEP, _STEP.replace("sigma_2.sqrt()", "sigma_2")),
        *PART_A,
        *DDPM,
    ),
    _known(
        "Sampling loop · the variance of the stride's β",
        "Few long steps with variance β add more noise than the posterior has. The network "
        "predicts how much to take between β̃ and β; `add_variance` reads it.",
        Patch(_SAMPLERS, _LEARNED, "sigma_2 = 1 - levels[0] / levels[1]"),
        *PART_A,
    ),
    _known(
        "Sampling loop · β̃ instead of the network's own variance",
        "The posterior variance is right for a network that predicts none; this one does.",
        Patch(_SAMPLERS, _LEARNED, "sigma_2 = posterior_variance(*levels)"),
        *PART_A,
        remark=True,
    ),
    _known(
        "Sampling loop · β̃ instead of β",
        "The assignment adds noise of variance β; the posterior's β̃ is the paper's other choice.",
        Patch(PART_B_CODE, "ddpm(step_variance)", "ddpm()"),
        *DDPM,
        remark=True,
    ),
)
