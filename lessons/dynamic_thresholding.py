"""A1.6 · Dynamic thresholding: what strong guidance overdraws, brought back into the picture."""

from __future__ import annotations

from torch import Tensor

from lessons.iterative_denoising import Limit
from models.text_to_image import Outline


def threshold(x_0: Tensor, ratio: float, largest: float) -> Tensor:
    r"""Find how far a guess's ordinary values reach, cut off the rest, and shrink it to fit.

    $$
    q = \mathrm{quantile}_p |\hat x_0|, \qquad s = \mathrm{clamp}(q, 1, s_\text{max}),
    \qquad \hat x_0 \leftarrow \frac{\mathrm{clamp}(\hat x_0, -s, s)}{s}
    $$

    No picture lies outside $[-1, 1]$, but a guess that guidance exaggerates does, and the next step
    would exaggerate it again. Cutting at 1 would leave flat patches of black and white; cutting
    at s and then shrinking keeps their shades. A guess inside the range stays as it is.

    Source: Saharia et al. 2022 (arXiv:2205.11487), section 2.3.

    Args:
        x_0: guesses, (B, C, H, W), nominally in [-1, 1].
        ratio: p, share of a picture's values that count as ordinary, in (0, 1].
        largest: $s_\text{max}$, ≥ 1.

    Returns:
        Guesses in [-1, 1], shape of `x_0`.
    """
    s = x_0.abs().flatten(1).quantile(ratio, dim=1).clamp(1, largest)
    s = s.view(-1, 1, 1, 1)
    return x_0.clamp(-s, s) / s


def limit_of(form: Outline) -> Limit:
    """What keeps a model's guesses inside its range; by default, as in the course, nothing does."""
    found = form.threshold
    if found is None:
        return lambda x_0: x_0
    return lambda x_0: threshold(x_0, found.ratio, found.largest)
