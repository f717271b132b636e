"""A1.5.3 · Inversion and interpolation: noises that belong to images, and what lies between."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.beyond.samplers import few_timesteps
from lessons.diffusion.denoise import PredictNoise, clean_estimate, split
from lessons.diffusion.flow import interpolate
from lessons.diffusion.guidance import guide, guided
from lessons.diffusion.samplers import (
    Frame,
    ddim,
    ddim_inversion,
    ddim_mean,
    sampling_trajectory,
)
from lessons.diffusion.schedules import CLEAN, alpha_bar_at
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress, Symbol
from lessons.measure import quality
from models.text_to_image import ModelSpec, TextToImage

STEPS: Final = (10, 20, 50, 100)
"""Steps that a reader may choose, of encoding and of decoding alike."""

WEIGHTS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far each image lies on the way from the first noise or prompt to the second."""


def slerp(z_0: Tensor, z_1: Tensor, w: Tensor) -> Tensor:
    r"""Go from one noise to another along the sphere on which unit Gaussian noise lies.

    $$
    z_w = \frac{\sin((1 - w)\,\theta)}{\sin\theta}\, z_0 + \frac{\sin(w\,\theta)}{\sin\theta}\, z_1,
    \qquad \cos\theta = \frac{z_0 \cdot z_1}{\lVert z_0 \rVert\, \lVert z_1 \rVert}
    $$

    Two noises of many pixels are nearly at right angles. In the middle of the straight line between
    them the norm is then about $1 / \sqrt 2$ of theirs, which no unit Gaussian noise of so many
    pixels has; along the sphere it stays.

    Source: Shoemake 1985, "Animating rotation with quaternion curves", section 3.3; for noises
    Song et al. 2020 (arXiv:2010.02502), appendix D.5.

    Args:
        z_0: the first noise, (1, C, H, W).
        z_1: the second, not parallel to it, shape of `z_0`.
        w: weight of the second, one an image, (B, 1, 1, 1), in [0, 1].

    Returns:
        (B, C, H, W).
    """
    cosine = (z_0 * z_1).sum() / (z_0.norm() * z_1.norm())
    theta = cosine.arccos()
    z_w: Tensor = (((1 - w) * theta).sin() * z_0 + (w * theta).sin() * z_1) / theta.sin()
    return z_w


def noise_at_both_ends(
    predict_noise: PredictNoise, timesteps: Sequence[int], alpha_bars: Tensor, rounds: int
) -> PredictNoise:
    r"""A predictor for inversion that asks again from where its answer leads.

    $$
    x_t^{(k + 1)}
        = \sqrt{\bar\alpha_t}\, \hat x_0^{(k)} + \sqrt{1 - \bar\alpha_t}\, \hat\epsilon^{(k)},
    \qquad \hat\epsilon^{(k)} = \epsilon_\theta\!\left(x_t^{(k)}, t\right), \quad x_t^{(0)} = x_s
    $$

    Where this comes to rest, $\hat\epsilon$ is the noise that decoding will find in $x_t$, and the
    step is undone exactly. One round is DDIM inversion.

    Source: Pan et al. 2023 (arXiv:2309.04907), section 3.

    Args:
        predict_noise: (x_t, t) → the noise in x_t.
        timesteps: those of the inversion, falling, without CLEAN.
        alpha_bars: share of signal power left by timestep, (T,), float64.
        rounds: predictions a step, ≥ 1.
    """
    cleaner = dict(pairwise((*timesteps, CLEAN)))

    def predict(x_s: Tensor, t: int) -> Tensor:
        alpha_bar_s = alpha_bar_at(alpha_bars, cleaner[t])
        x_t = x_s
        for _ in range(rounds):
            eps, _v = split(predict_noise(x_t, t), x_s)
            x_0 = clean_estimate(x_s, eps, alpha_bar_s)
            x_t = ddim_mean(x_0, eps, alpha_bars[t], torch.zeros(()))
        return eps

    return predict


@dataclass(frozen=True)
class RoundTrip:
    """An image, the noise that it was encoded as, and what was decoded from it.

    Attributes:
        images: the source image, its noise, decoded with the same prompt, with the other one.
        psnr: of the image decoded with the same prompt, in dB; infinite if it is equal.
        deviation: standard deviation of the encoded noise; unit Gaussian noise has 1.
    """

    images: tuple[CaptionedImage, ...]
    psnr: float
    deviation: float


@dataclass(frozen=True)
class Between:
    """Images on the way from one noise to another, and from one prompt to another.

    Attributes:
        rows: by what was interpolated and how, an image for each of WEIGHTS.
        norms: of the noises of the same rows, divided by the root of the number of pixels: unit
            Gaussian noise has about 1.
    """

    rows: dict[str, tuple[CaptionedImage, ...]]
    norms: dict[str, tuple[float, ...]]


def demo(
    model: str,
    source_image: str | NDArray[np.uint8],
    prompt: str,
    other: str,
    gamma: float,
    steps: int,
    rounds: int = 1,
) -> Generator[Progress, None, RoundTrip]:
    """Encode an image as noise, and decode it with the same prompt and with another one.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompt: what the image shows; it conditions encoding and decoding, without guidance.
        other: another prompt to decode with.
        gamma: guidance scale towards the other prompt.
        steps: of encoding, and of decoding.
        rounds: predictions for each step of encoding.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt, or there is no such image.
    """
    net = yield from t2i.loading(model)
    form, same = net.spec, t2i.make_predictor(net, prompt)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    timesteps = few_timesteps(form, steps)
    asking = noise_at_both_ends(same, timesteps[:-1], form.alpha_bars, rounds)
    back = ddim_inversion(x_0, timesteps[:-1], form.alpha_bars, asking)
    noise = yield from _ended(back, 0, 3 * steps, "encoding")
    again = _decoded(form, noise, timesteps, same)
    decoded = yield from _ended(again, steps, 3 * steps, "decoding")
    another = _decoded(form, noise, timesteps, t2i.make_predictor(net, other, gamma))
    changed = yield from _ended(another, 2 * steps, 3 * steps, "decoding with the other prompt")
    psnr = float(quality.psnr(decoded.clamp(form.low, form.high), x_0, t2i.value_range(form)))
    what = sources.title(source_image, form.shape)
    return RoundTrip(
        (
            _shown(form, x_0, "source image", what, "x_0"),
            _shown(form, noise, f"encoded, t = {timesteps[0]}", f"{what} as noise", "x_t"),
            _shown(form, decoded, f"decoded, {psnr:.1f} dB", f"{what}, decoded", "x_0_hat"),
            _shown(form, changed, "decoded with the other prompt", other or "a sample", "x_0_hat"),
        ),
        psnr,
        float(noise.std()),
    )


SLERP, STRAIGHT, PROMPTS = "two noises, along the sphere", "two noises, straight", "two prompts"


def between(
    model: str, prompt: str, other: str, gamma: float, steps: int, seed: int
) -> Generator[Progress, None, Between]:
    """Decode noises between two, along the sphere and straight; and one noise between two prompts.

    Args:
        model: name in the catalog.
        prompt: that of the noises, and the first of the two.
        other: the second prompt.
        gamma: guidance scale.
        steps: of DDIM at η = 0.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    form, w = net.spec, torch.tensor(WEIGHTS).view(-1, 1, 1, 1)
    z_0, z_1 = torch.split(t2i.source(form, seed, 2)(), 1)
    first = t2i.make_predictor(net, prompt, gamma)
    ways = {
        SLERP: (slerp(z_0, z_1, w), first),
        STRAIGHT: (interpolate(z_0, z_1, w), first),
        PROMPTS: (z_0.expand(len(w), -1, -1, -1), between_prompts(net, prompt, other, w, gamma)),
    }
    rows: dict[str, tuple[CaptionedImage, ...]] = {}
    norms: dict[str, tuple[float, ...]] = {}
    for name, (noise, predict) in ways.items():
        frames = _decoded(form, noise, few_timesteps(form, steps), predict)
        x = yield from _ended(frames, len(rows) * steps, len(ways) * steps, name)
        rows[name] = tuple(
            _shown(form, one[None], "", f"{name}, w = {weight:g}", "x_0_hat")
            for one, weight in zip(x, WEIGHTS, strict=True)
        )
        norms[name] = tuple(noise.square().flatten(1).mean(1).sqrt().tolist())
    return Between(rows, norms)


def between_prompts(
    net: TextToImage, prompt: str, other: str, w: Tensor, gamma: float
) -> PredictNoise:
    """A predictor between two prompts: guidance from one to the other with γ = w, inside of γ.

    Args:
        net: the network.
        prompt: the first prompt.
        other: the second.
        w: weight of the second, one an image, (B, 1, 1, 1), in [0, 1].
        gamma: guidance scale away from the empty prompt.

    Raises:
        ValueError: the model can't take a prompt.
    """
    first, second = net.embed([prompt, other]).chunk(2)
    mixed, without = guided(net.predict, second, first, w), t2i.make_predictor(net, "")

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        eps_c, eps_u = (split(predict(x_t, t), x_t)[0] for predict in (mixed, without))
        return guide(eps_c, eps_u, gamma)

    return predict_noise


def _decoded(
    form: ModelSpec, noise: Tensor, timesteps: tuple[int, ...], predict: PredictNoise
) -> Iterator[Frame]:
    nothing = torch.zeros(())  # η = 0 gives it no weight
    return sampling_trajectory(noise, timesteps, form.alpha_bars, predict, lambda: nothing, ddim())


def _ended(
    frames: Iterator[Frame], done: int, total: int, words: str
) -> Generator[Progress, None, Tensor]:
    for place, frame in enumerate(frames, start=1):
        x = frame.x_t
        yield Progress(done + place, total, words)
    return x


def _shown(form: ModelSpec, x: Tensor, caption: str, alt: str, symbol: Symbol) -> CaptionedImage:
    return t2i.captioned(x[0], form, caption, alt, symbol)
