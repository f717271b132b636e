"""The forward process: from a clean image straight to any noise level."""

from __future__ import annotations

from torch import Tensor


def forward_step(x_before: Tensor, beta_t: Tensor, eps: Tensor) -> Tensor:
    r"""Take one step of the chain: fade the image a little, and add as much noise as was lost.

    $$
    x_t = \sqrt{1 - \beta_t}\, x_{t-1} + \sqrt{\beta_t}\, \epsilon,
    \qquad \epsilon \sim \mathcal{N}(0, \mathbf{I})
    $$

    $\beta_t$ is the variance that the step adds, $\alpha_t = 1 - \beta_t$ the share that it keeps.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 2.

    Args:
        x_before: x_{t-1}, (B, C, H, W); x_t has its shape and is not clamped.
        beta_t: variance that the step adds, in (0, 1).
        eps: unit Gaussian noise, drawn anew for every step, shape of `x_before`.
    """
    return (1 - beta_t).sqrt() * x_before + beta_t.sqrt() * eps


def add_noise(x_0: Tensor, alpha_bar_t: Tensor, eps: Tensor) -> Tensor:
    r"""Jump from a clean image straight to noise level $t$.

    $$
    x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,
    \qquad \epsilon \sim \mathcal{N}(0, \mathbf{I})
    $$

    $\bar\alpha_t$ is the share of signal power that is left, $1 - \bar\alpha_t$ that of the noise.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 4.

    Args:
        x_0: clean images, (B, C, H, W), range [-1, 1].
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].
        eps: unit Gaussian noise, shape of `x_0`.

    Returns:
        Noisy images, shape of `x_0`; not clamped.

    Raises:
        ValueError: `eps` has another shape than `x_0`.
    """
    if eps.shape != x_0.shape:
        raise ValueError(f"eps is {tuple(eps.shape)} but x_0 is {tuple(x_0.shape)}")
    signal = alpha_bar_t.sqrt() * x_0
    noise = (1 - alpha_bar_t).sqrt() * eps
    return signal + noise


def signal_to_noise(alpha_bar_t: Tensor) -> Tensor:
    r"""Compare the power of the signal with that of the noise.

    $$
    \mathrm{SNR}(t) = \frac{\bar\alpha_t}{1 - \bar\alpha_t}
    $$

    Source: Kingma et al. 2021 (arXiv:2107.00630), section 3.1.

    Args:
        alpha_bar_t: share of signal power left, any shape, in [0, 1).
    """
    return alpha_bar_t / (1 - alpha_bar_t)


def log_snr(alpha_bar_t: Tensor) -> Tensor:
    r"""Measure noise levels on a scale on which solvers take even steps.

    $$
    \lambda_t = \tfrac{1}{2} \log \mathrm{SNR}(t)
    $$

    Source: Lu et al. 2022 (arXiv:2206.00927), section 3.1.

    Args:
        alpha_bar_t: share of signal power left, any shape, in (0, 1).
    """
    return signal_to_noise(alpha_bar_t).log() / 2
