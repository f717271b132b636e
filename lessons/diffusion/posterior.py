"""The step from one noise level to a lower one, if the clean image were known: mean, variance."""

from __future__ import annotations

from torch import Tensor


def posterior_mean(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""Step from timestep $t$ to a less noisy $s$: a weighted sum of clean estimate and sample.

    $$
    \mu = \frac{\sqrt{\bar\alpha_s}\,\beta}{1 - \bar\alpha_t}\, \hat x_0
        + \frac{\sqrt{\alpha}\,(1 - \bar\alpha_s)}{1 - \bar\alpha_t}\, x_t
    $$

    $$
    \alpha = \frac{\bar\alpha_t}{\bar\alpha_s}, \qquad \beta = 1 - \alpha
    $$

    The new sample is $x_s = \mu + \sigma z$ with fresh noise $z$. The step may be of any length: α
    and β belong to the step from $t$ to $s$, not to the schedule's own single steps.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 7.

    Args:
        x_t: samples at timestep t, (B, C, H, W); μ has their shape.
        x_0: clean estimates, shape of `x_t`.
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s, larger; 1 if s is clean.
    """
    alpha = alpha_bar_t / alpha_bar_s
    beta = 1 - alpha
    towards_clean = alpha_bar_s.sqrt() * beta / (1 - alpha_bar_t)
    from_here = alpha.sqrt() * (1 - alpha_bar_s) / (1 - alpha_bar_t)
    return towards_clean * x_0 + from_here * x_t


def posterior_variance(alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""The variance that would remain if the clean estimate were exactly right: $\sigma^2$.

    $$
    \tilde\beta = \frac{1 - \bar\alpha_s}{1 - \bar\alpha_t} \, \beta
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 7.

    Args:
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s.

    Returns:
        The variance; 0 if s is clean.
    """
    beta = step_variance(alpha_bar_t, alpha_bar_s)
    return (1 - alpha_bar_s) / (1 - alpha_bar_t) * beta


def step_variance(alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""The other common choice: as much noise as the forward step from $s$ to $t$ adds.

    $$
    \sigma^2 = \beta = 1 - \frac{\bar\alpha_t}{\bar\alpha_s}
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), section 3.2.

    Args:
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s.
    """
    return 1 - alpha_bar_t / alpha_bar_s


def learned_variance(v: Tensor, alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    r"""Let the network choose, pixel by pixel, between the two variances.

    $$
    \log \sigma^2 = u \log \beta + (1 - u) \log \tilde\beta, \qquad u = \frac{v + 1}{2}
    $$

    Source: Nichol and Dhariwal 2021 (arXiv:2102.09672), eq. 15.

    Args:
        v: interpolation weights, one a pixel, (B, C, H, W); −1 is the lower bound, 1 the upper.
        alpha_bar_t: share of signal power left at t, in (0, 1), float64.
        alpha_bar_s: the same at s; not clean, for there the lower bound is 0.
    """
    upper = step_variance(alpha_bar_t, alpha_bar_s).log()
    lower = posterior_variance(alpha_bar_t, alpha_bar_s).log()
    u = (v + 1) / 2
    return (u * upper + (1 - u) * lower).exp()
