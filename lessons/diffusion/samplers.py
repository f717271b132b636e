"""Samplers, and the one loop that takes one: many small steps from noise to an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import torch
from torch import Tensor

from lessons.diffusion.denoise import Limit, PredictNoise, clean_estimate, noise_estimate, split
from lessons.diffusion.forward import log_snr
from lessons.diffusion.noise import Noise
from lessons.diffusion.posterior import learned_variance, posterior_mean, posterior_variance
from lessons.diffusion.schedules import CLEAN, alpha_bar_at


class State(NamedTuple):
    """All that a sampler may use to go from timestep t to a less noisy s.

    Attributes:
        x_t: the current samples, (B, C, H, W); all other images have their shape.
        x_0: the clean estimates that were made from them.
        eps: the noise that goes with these estimates.
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s, larger; 1 if s is clean.
        v: the network's weight between the variance's bounds; None if it learnt none.
        x_0_before: the clean estimates of the step before; None on the first step.
        alpha_bar_before: share of signal power left where that step began.
    """

    x_t: Tensor
    x_0: Tensor
    eps: Tensor
    alpha_bar_t: Tensor
    alpha_bar_s: Tensor
    v: Tensor | None = None
    x_0_before: Tensor | None = None
    alpha_bar_before: Tensor | None = None


class Sampler(NamedTuple):
    """A way to take a step.

    Attributes:
        step: state → the mean of the samples at s, a weighted sum of its images; σ of the noise.
        written: the weights in LaTeX, by the name of the image in the state; "z" for the noise.
    """

    step: Callable[[State], tuple[Tensor, Tensor]]
    written: Mapping[str, str] = {}


Variance = Callable[[Tensor, Tensor], Tensor]
"""(alpha_bar_t, alpha_bar_s) → the variance of the noise that a step adds."""

AfterStep = Callable[[Tensor, int], Tensor]
"""(x_s, s) → what to go on with. Inpainting is one."""


class Frame(NamedTuple):
    """What one step reached.

    Attributes:
        t: the timestep reached; CLEAN after the last.
        x_t: the samples there, (B, C, H, W); not clamped.
        x_0: the clean estimates that the step was made from, shape of `x_t`.
        state: what the sampler was given; None in flow matching, which has no sampler.
        z: the unit noise that was added; None on the last step, which adds none.
    """

    t: int
    x_t: Tensor
    x_0: Tensor
    state: State | None = None
    z: Tensor | None = None


def ddpm(variance: Variance = posterior_variance, learned: bool = True) -> Sampler:
    r"""Ancestral sampling: the mean of the step, and fresh noise around it.

    $$
    x_s = \mu + \sigma z, \qquad z \sim \mathcal{N}(0, \mathbf{I})
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), algorithm 2.

    Args:
        variance: σ², `posterior_variance` or `step_variance`.
        learned: whether a network that learnt its variance is followed instead.
    """

    def step(here: State) -> tuple[Tensor, Tensor]:
        levels = here.alpha_bar_t, here.alpha_bar_s
        sigma_2 = variance(*levels)
        if learned and here.v is not None:
            sigma_2 = learned_variance(here.v, *levels)
        return posterior_mean(here.x_t, here.x_0, *levels), sigma_2.sqrt()

    return Sampler(
        step,
        {
            "x_0": r"\frac{\sqrt{\bar\alpha_{t'}}\,\beta}{1 - \bar\alpha_t}",
            "x_t": r"\frac{\sqrt{\alpha}\,(1 - \bar\alpha_{t'})}{1 - \bar\alpha_t}",
            "z": r"\sigma",
        },
    )


def ddim_mean(x_0: Tensor, eps: Tensor, alpha_bar_s: Tensor, sigma: Tensor) -> Tensor:
    r"""Go to the clean estimate, and back to noise level $s$ along the predicted noise.

    $$
    \mu = \sqrt{\bar\alpha_s}\, \hat x_0 + \sqrt{1 - \bar\alpha_s - \sigma^2}\, \hat\epsilon
    $$

    The noise is that which was predicted, not fresh noise: of the variance $1 - \bar\alpha_s$ that
    level $s$ has, only $\sigma^2$ is left to chance.

    Source: Song et al. 2020 (arXiv:2010.02502), eq. 12.

    Args:
        x_0: clean estimates, (B, C, H, W); μ has their shape.
        eps: the predicted noise, shape of `x_0`.
        alpha_bar_s: share of signal power left at s, float64; 1 if s is clean.
        sigma: standard deviation of the fresh noise, σ² ≤ 1 − ᾱ_s.
    """
    direction = (1 - alpha_bar_s - sigma**2).sqrt() * eps
    return alpha_bar_s.sqrt() * x_0 + direction


def ddim(eta: float = 0.0) -> Sampler:
    r"""Leave as much to chance as you like: nothing at η = 0, as much as DDPM at η = 1.

    $$
    x_s = \mu + \sigma z, \qquad \sigma = \eta \sqrt{\tilde\beta}
    $$

    At η = 0 the same noise always ends in the same image, and few steps suffice. At η = 1 the step
    is the ancestral one with variance $\tilde\beta$, written differently.

    Source: Song et al. 2020 (arXiv:2010.02502), eqs. 12 and 16.

    Args:
        eta: η, 0 to 1.

    Raises:
        ValueError: η is out of range.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"η must be 0 to 1, not {eta}")

    def step(here: State) -> tuple[Tensor, Tensor]:
        sigma = eta * posterior_variance(here.alpha_bar_t, here.alpha_bar_s).sqrt()
        return ddim_mean(here.x_0, here.eps, here.alpha_bar_s, sigma), sigma

    return Sampler(
        step,
        {
            "x_0": r"\sqrt{\bar\alpha_{t'}}",
            "eps": r"\sqrt{1 - \bar\alpha_{t'} - \sigma^2}",
            "z": r"\sigma",
        },
    )


def dpm_solver_2m() -> Sampler:
    r"""DPM-Solver++(2M): a step of DDIM towards an estimate that knows where it is heading.

    $$
    x_s = \frac{\sigma_s}{\sigma_t}\, x_t
        + \left(\alpha_s - \alpha_t \frac{\sigma_s}{\sigma_t}\right) D,
    \qquad \alpha^2 = \bar\alpha, \quad \sigma^2 = 1 - \bar\alpha
    $$

    $$
    D = \hat x_0 + \frac{1}{2 r} \left(\hat x_0 - \hat x_0^\text{before}\right),
    \qquad r = \frac{\lambda_t - \lambda_\text{before}}{\lambda_s - \lambda_t}
    $$

    With $D = \hat x_0$ this is DDIM at η = 0. The second order costs no further call of the
    network: it takes up the clean estimate of the step before. The first step has none, and in
    $\lambda$ a clean image is infinitely far away: those two steps are of first order.

    Source: Lu et al. 2022 (arXiv:2211.01095), algorithm 2.
    """

    def step(here: State) -> tuple[Tensor, Tensor]:
        D, before = here.x_0, here.alpha_bar_before
        if here.x_0_before is not None and before is not None and here.alpha_bar_s < 1:
            past, now, then = map(log_snr, (before, here.alpha_bar_t, here.alpha_bar_s))
            half = (then - now) / (now - past) / 2
            D = (1 + half) * here.x_0 - half * here.x_0_before
        shrink = ((1 - here.alpha_bar_s) / (1 - here.alpha_bar_t)).sqrt()
        towards = here.alpha_bar_s.sqrt() - here.alpha_bar_t.sqrt() * shrink
        return towards * D + shrink * here.x_t, torch.zeros_like(shrink)

    weight = r"\left(\alpha_{t'} - \alpha_t \frac{\sigma_{t'}}{\sigma_t}\right)"
    return Sampler(
        step,
        {
            "x_0": rf"\left(1 + \tfrac{{1}}{{2r}}\right) {weight}",
            "x_0_before": rf"-\tfrac{{1}}{{2r}} {weight}",
            "x_t": r"\frac{\sigma_{t'}}{\sigma_t}",
        },
    )


ANCESTRAL: Final = ddpm()
"""The sampler of the course: DDPM with the posterior variance, or the network's own."""


def sampling_trajectory(
    x_t: Tensor,
    timesteps: Sequence[int],
    alpha_bars: Tensor,
    predict_noise: PredictNoise,
    noise: Noise,
    sampler: Sampler = ANCESTRAL,
    limit: Limit | None = None,
    after: AfterStep = lambda x_s, _s: x_s,
) -> Iterator[Frame]:
    """Go from the first timestep to the last, and yield every step. The only loop there is.

    Args:
        x_t: samples at the first timestep, (B, C, H, W).
        timesteps: falling indices into `alpha_bars`, at least two; the last may be CLEAN.
        alpha_bars: share of signal power left by timestep, (T,), float64.
        predict_noise: (x_t, t) → the noise in x_t, and perhaps v for the variance.
        noise: draws unit Gaussian noise in the shape of `x_t`; not asked on the last step.
        sampler: how a step is taken.
        limit: keeps the clean estimates inside what an image can be; None leaves them alone.
        after: has the last word on what each step reached.

    Yields:
        A `Frame` a step.

    Raises:
        ValueError: the timesteps don't fall, or leave the schedule.
    """
    _check(timesteps, len(alpha_bars))
    x_0_before = alpha_bar_before = None
    for t, s in pairwise(timesteps):
        alpha_bar_t, alpha_bar_s = alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, s)
        eps, v = split(predict_noise(x_t, t), x_t)
        x_0 = clean_estimate(x_t, eps, alpha_bar_t)
        if limit is not None:
            x_0 = limit(x_0)
            eps = noise_estimate(x_t, x_0, alpha_bar_t)
        here = State(x_t, x_0, eps, alpha_bar_t, alpha_bar_s, v, x_0_before, alpha_bar_before)
        mean, sigma = sampler.step(here)
        z = None if s == timesteps[-1] else noise()
        x_t = after(mean if z is None else mean + sigma * z, s)
        x_0_before, alpha_bar_before = x_0, alpha_bar_t
        yield Frame(s, x_t, x_0, here, z)


def ddim_inversion(
    x_0: Tensor, timesteps: Sequence[int], alpha_bars: Tensor, predict_noise: PredictNoise
) -> Iterator[Frame]:
    r"""Encode an image as noise: take the steps of DDIM at η = 0 backwards.

    $$
    x_t = \sqrt{\bar\alpha_t}\, \hat x_0 + \sqrt{1 - \bar\alpha_t}\, \hat\epsilon,
    \qquad \hat\epsilon = \epsilon_\theta(x_s, t)
    $$

    To undo the step from $t$ to $s$ exactly, the noise would have to be predicted from $x_t$, which
    is still unknown; $x_s$ stands in for it. The shorter the steps, the smaller the error.

    Source: Song et al. 2020 (arXiv:2010.02502), section 5.4.

    Args:
        x_0: clean images, (B, C, H, W).
        timesteps: those that decoding visits, falling, without CLEAN.
        alpha_bars: share of signal power left by timestep, (T,), float64.
        predict_noise: (x_t, t) → the noise in x_t.

    Yields:
        A `Frame` a step, from the least noisy timestep to the noisiest.

    Raises:
        ValueError: the timesteps don't fall, or leave the schedule.
    """
    _check((*timesteps, CLEAN), len(alpha_bars))
    zero = torch.zeros(())
    back = Sampler(lambda here: (ddim_mean(here.x_0, here.eps, here.alpha_bar_s, zero), zero))
    levels = torch.cat([alpha_bars[list(timesteps)], alpha_bars.new_ones(1)])  # the last is clean
    places = range(len(timesteps), -1, -1)
    frames = sampling_trajectory(
        x_0, places, levels, lambda x, k: predict_noise(x, timesteps[k - 1]), lambda: zero, back
    )
    return (frame._replace(t=timesteps[frame.t]) for frame in frames)


def _check(timesteps: Sequence[int], length: int) -> None:
    falls = all(t > s for t, s in pairwise(timesteps))
    if len(timesteps) < 2 or not falls or timesteps[0] >= length or timesteps[-1] < CLEAN:
        raise ValueError(f"timesteps must fall inside {length - 1} … {CLEAN}: {timesteps}")
