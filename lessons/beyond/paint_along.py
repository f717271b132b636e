"""A1.7.4 · Paint along: what is drawn so far under noise, denoised in a few steps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.forward import add_noise
from lessons.diffusion.guidance import conditional
from lessons.diffusion.samplers import ddim, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, spread
from lessons.dynamic_thresholding import limit_of
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress
from lessons.model_choice import family
from models.text_to_image import ModelSpec, TextToImage

COUNT: Final = 4
"""Images side by side, all in one call of the network."""

STEPS: Final = (6, 8, 10)
SIDE: Final = 320


@dataclass(frozen=True)
class Painted:
    """A drawing, and what the network makes of it.

    Attributes:
        drawn: at the model's size.
        noisy: the same under the first of the noises, where denoising begins.
        images: one for each noise.
        times: the timesteps at which the network was asked.
    """

    drawn: CaptionedImage
    noisy: CaptionedImage
    images: tuple[CaptionedImage, ...]
    times: tuple[int, ...]


def few_timesteps(t: int, steps: int) -> tuple[int, ...]:
    r"""From t down to a clean image in a few even steps, each of which asks the network once.

    $$
    t_k = \operatorname{round}\!\left(t \left(1 - \frac{k}{n}\right)\right),
    \qquad k = 0, \dots, n - 1
    $$

    The last step goes from $t_{n-1}$ straight to the clean estimate.

    Args:
        t: where to begin, ≥ `steps`.
        steps: how many, ≥ 1.

    Raises:
        ValueError: there are not so many timesteps.
    """
    return (*spread(t + 1, steps + 1)[:-1], CLEAN)


def prompt_for(model: str) -> str:
    """The prompt of the example drawing."""
    return "a handwritten 3" if family(model) == "digits" else "a photo of an apple"


def predictor(net: TextToImage, prompt: str, gamma: float, until: int = 0) -> PredictNoise:
    r"""Guide where much is still open, and save the second prediction where little is.

    $$
    \hat\epsilon = \begin{cases}
    \epsilon_u + \gamma \, (\epsilon_c - \epsilon_u) & t > t_{\text{until}} \\
    \epsilon_c & \text{otherwise}
    \end{cases}
    $$

    Source: Kynkäänniemi et al. 2024 (arXiv:2404.07724), eq. 5, with one end of the interval.

    Args:
        net: which network.
        prompt: what to make.
        gamma: guidance scale; 1 needs no second prediction at all.
        until: the timestep below which there is no guidance; 0 guides everywhere but there.

    Raises:
        ValueError: the model can't take the prompt.
    """
    alone = conditional(net.predict, net.embed([prompt]))
    if gamma == 1:
        return alone
    both = t2i.make_predictor(net, prompt, gamma)
    return lambda x_t, t: both(x_t, t) if t > until else alone(x_t, t)


def demo(
    model: str,
    prompt: str,
    gamma: float,
    t: int,
    steps: int,
    seed: int,
    guided_half: bool = True,
    drawing: NDArray[np.uint8] | None = None,
    count: int = COUNT,
) -> Generator[Progress, None, Painted]:
    """Add noise to a drawing and denoise it with a prompt (SDEdit), by DDIM with η = 0.

    Args:
        model: name in the catalog.
        prompt: what the network is conditioned on.
        gamma: guidance scale.
        t: the noise level at which to begin, a timestep of the model's schedule.
        steps: calls of the network.
        seed: of the noises, one an image.
        guided_half: guide the first half of the steps alone.
        drawing: (H, W, 3) RGB; None for the example.
        count: how many images.

    Yields:
        Progress after each step, with the clean estimates so far.

    Raises:
        ValueError: the model can't take the prompt, or there are not so many timesteps.
    """
    net = yield from t2i.loading(model)
    form, times = net.spec, few_timesteps(t, steps)
    pixels = example(form.shape) if drawing is None else drawing
    x_0 = sources.load(pixels, form.shape, form.low, form.high)
    noise = t2i.source(form, seed, count, "paint along")
    x_t = add_noise(x_0.expand(count, -1, -1, -1), t2i.alpha_bar_of(form, t), noise())
    frames = sampling_trajectory(
        x_t,
        times,
        form.alpha_bars,
        predictor(net, prompt, gamma, t // 2 if guided_half else 0),
        noise,
        ddim(0.0),
        limit_of(form),
    )
    for done, frame in enumerate(frames, start=1):
        yield Progress(done, steps, f"t = {frame.t}", _images(frame.x_0, form, prompt))
    return Painted(
        t2i.captioned(x_0[0], form, "the drawing", "the drawing at the model's size", "x_0"),
        t2i.captioned(x_t[0], form, f"under noise, t = {t}", "the drawing under noise", "x_t"),
        _images(frame.x_t, form, prompt),
        times[:-1],
    )


def example(shape: sources.Shape) -> NDArray[np.uint8]:
    """A drawing to begin with, (320, 320, 3): a round red thing with a stem; for digits, a loop."""
    paper = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(paper)
    if shape[0] == 1:
        pen.arc((110, 60, 220, 160), 150, 450, "black", 26)
        pen.arc((100, 140, 225, 265), 270, 560, "black", 26)
    else:
        pen.ellipse((70, 95, 250, 275), "#c8281e")
        pen.line((160, 110, 175, 50), "#5a3a1a", 12)
        pen.ellipse((175, 40, 235, 75), "#3f8f3a")
    return np.asarray(paper)


def _images(x: Tensor, form: ModelSpec, prompt: str) -> tuple[CaptionedImage, ...]:
    return tuple(
        t2i.captioned(
            one, form, f"noise {n}", f"{prompt or 'a sample'}, from the drawing", "x_0_hat"
        )
        for n, one in enumerate(x, start=1)
    )
