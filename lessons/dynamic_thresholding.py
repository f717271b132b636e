"""A1.6 · Dynamic thresholding: what strong guidance overdraws, brought back into the image."""

from __future__ import annotations

from torch import Tensor

from lessons.diffusion.denoise import Limit
from models.text_to_image import ModelSpec


def threshold(x_0: Tensor, ratio: float, largest: float) -> Tensor:
    r"""Find how far an estimate's ordinary values reach, cut off the rest, and shrink it to fit.

    $$
    q = \mathrm{quantile}_p |\hat x_0|, \qquad s = \mathrm{clamp}(q, 1, s_\text{max}),
    \qquad \hat x_0 \leftarrow \frac{\mathrm{clamp}(\hat x_0, -s, s)}{s}
    $$

    No image lies outside $[-1, 1]$, but an estimate that guidance exaggerates does, and the next
    step would exaggerate it again. Cutting at 1 would leave flat patches of black and white;
    cutting at s and then shrinking keeps their shades. An estimate inside the range stays as it is.

    Source: Saharia et al. 2022 (arXiv:2205.11487), section 2.3.

    Args:
        x_0: estimates, (B, C, H, W), nominally in [-1, 1].
        ratio: p, share of an image's values that count as ordinary, in (0, 1].
        largest: $s_\text{max}$, ≥ 1.

    Returns:
        Estimates in [-1, 1], shape of `x_0`.
    """
    s = x_0.abs().flatten(1).quantile(ratio, dim=1).clamp(1, largest)
    s = s.view(-1, 1, 1, 1)
    return x_0.clamp(-s, s) / s


def limit_of(form: ModelSpec) -> Limit | None:
    """What keeps a model's estimates inside its range: nothing, as in the course, by default."""
    found = form.threshold
    if found is None:
        return None
    return lambda x_0: threshold(x_0, found.ratio, found.largest)
