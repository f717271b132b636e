"""Ways to take a step with one and the same DDPM, by the names that measurements give them."""

from __future__ import annotations

from typing import Final

from lessons.diffusion.posterior import posterior_variance, step_variance
from lessons.diffusion.samplers import Sampler, ddim, ddpm

BETA, POSTERIOR, DDIM = "DDPM, σ² = β", "DDPM, σ² = β̃", "DDIM, η = 0"
SAMPLERS: Final[dict[str, Sampler]] = {
    BETA: ddpm(step_variance),
    POSTERIOR: ddpm(posterior_variance),
    DDIM: ddim(0.0),
}
