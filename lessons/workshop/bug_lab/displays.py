"""Without a sampler: how images come in, go out, and are noised for training."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor, nn

from lessons.diffusion.denoise import noise_estimate
from lessons.diffusion.forward import add_noise
from lessons.training.previews import noise_like, test_digits
from lessons.training.recipe import DigitBatch, Preview, RunRecipe, Settings
from lessons.workshop.bug_lab.bench import (
    Bench,
    Pictures,
    Probe,
    Scene,
    at_once,
    digit_images,
    random_like,
    rms,
    shown,
)
from models import gallery
from models.digits import SPEC
from models.unet import UnconditionalUNet

TIMES: Final = (1, 75, 150, 225, 300)
DIGIT: Final = 3
INK: Final = 90
"""Width and height of the inked disc in pixels, on paper twice as wide as high."""


def the_digit() -> Tensor:
    """The test digit that is shown, (1, 1, 28, 28)."""
    return test_digits(10)[DIGIT : DIGIT + 1]


def noised(bench: Bench) -> tuple[Tensor, Tensor]:
    """One test digit at five timesteps, each with noise of its own; and that noise.

    Returns:
        x_t and eps, (5, 1, 28, 28).
    """
    clean = the_digit().expand(len(TIMES), -1, -1, -1)
    eps = noise_like(clean, bench.seed)
    index = torch.tensor(TIMES) - 1
    x_t: Tensor = bench.code["lessons.part_b.train_ddpm"].noisy(clean, index, eps)
    return x_t, eps


@at_once
def _forward(bench: Bench) -> Pictures:
    return digit_images(noised(bench)[0], tuple(f"t = {t}" for t in TIMES))


@at_once
def _display(bench: Bench) -> Pictures:
    clean = the_digit().expand(len(TIMES), -1, -1, -1)
    alpha_bar_t = SPEC.alpha_bars[torch.tensor(TIMES) - 1].float().view(-1, 1, 1, 1)
    x_t = add_noise(clean, alpha_bar_t, noise_like(clean, bench.seed))
    to_pixels = bench.code["lessons.images.captioned"].to_pixels
    return tuple(
        shown(to_pixels(one), f"t = {t}", "x_t") for one, t in zip(x_t, TIMES, strict=True)
    )


def mask(bench: Bench) -> NDArray[np.generic]:
    """A stroke drawn on a canvas of 280 pixels, as a mask of 28, whatever its values are."""
    canvas = Image.new("RGBA", (280, 280))
    ImageDraw.Draw(canvas).line((60, 220, 215, 65), fill=(255, 255, 255, 255), width=62)
    values: NDArray[np.generic] = bench.code["lessons.images.masks"].from_drawing(
        np.array(canvas), (28, 28)
    )
    return values


@at_once
def _mask(bench: Bench) -> Pictures:
    values = mask(bench).astype(float)
    image = gallery.pixels("digit-3").astype(float)
    grey = 127.0
    return (
        shown((values * 255).round(), "the mask m"),
        shown(((1 - values) * image + values * grey).round(), "what stays, on grey"),
    )


def fitted(bench: Bench) -> NDArray[np.uint8]:
    """A disc on paper that is wider than high, at 28×28, white on black."""
    wide = Image.new("L", (4 * INK, 2 * INK))
    corner = (4 * INK - INK) // 2, (2 * INK - INK) // 2
    ImageDraw.Draw(wide).ellipse((*corner, corner[0] + INK, corner[1] + INK), fill=255)
    return np.array(bench.code["lessons.images.fitting"].fit(wide, 28, 28))


@at_once
def _fitted(bench: Bench) -> Pictures:
    fit = bench.code["lessons.images.fitting"].fit
    cat = Image.fromarray(gallery.pixels("photo-cat"))
    return (
        shown(fitted(bench), "a disc, 28×28"),
        shown(np.array(fit(cat, 64, 64)), "a photograph of 256×170, 64×64"),
    )


def opened(bench: Bench) -> NDArray[np.uint8]:
    """A drawing in black ink on nothing, saved as a PNG file and opened, (112, 112, 3)."""
    drawing = Image.new("RGBA", (112, 112))
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((24, 24, 88, 88), outline=(0, 0, 0, 255), width=9)
    pen.line((24, 96, 88, 16), fill=(0, 0, 0, 255), width=9)
    file = io.BytesIO()
    drawing.save(file, "PNG")
    return np.array(bench.code["lessons.images.decoding"].upright(file.getvalue()))


@at_once
def _opened(bench: Bench) -> Pictures:
    return (shown(opened(bench), "a drawing without paper"),)


def step_noises(bench: Bench) -> tuple[Tensor, Tensor]:
    """The noise that the first two steps of a training draw, (16, 1, 28, 28) each."""
    drawn: list[Tensor] = []

    def loss(network: nn.Module, batch: DigitBatch, _: Settings) -> Tensor:
        drawn.append(batch.noise())
        answer: Tensor = network(batch.images)
        return answer.square().mean()

    recipe = RunRecipe(
        name="noise",
        settings=Settings,
        build=lambda settings: UnconditionalUNet(1, settings.num_hiddens),
        loss=loss,
        preview=lambda *_: Preview((), {}),
    )
    settings = Settings(num_hiddens=8, batch_size=16, images_per_epoch=1000, seed=bench.seed)
    loop = bench.code["lessons.training.loop"]
    training = loop.TrainingState.begin(recipe, settings, torch.device("cpu"))
    steps = loop.train(training)
    next(steps), next(steps)
    steps.close()
    return drawn[0], drawn[1]


@at_once
def _step_noises(bench: Bench) -> Pictures:
    first, second = step_noises(bench)
    both = torch.stack([first[0], second[0], first[1], second[1]]) / 4 + 0.5
    words = tuple(f"image {p}, step {s}" for p in (1, 2) for s in (1, 2))
    return digit_images(both, words)


@at_once
def _grey(bench: Bench) -> float:
    values = torch.from_numpy(mask(bench).astype(float))
    return float(((values != 0) & (values != 1)).sum())


@at_once
def _roundness(bench: Bench) -> float:
    inked = fitted(bench) > 127
    return float(inked.any(0).sum() / inked.any(1).sum())


@at_once
def _paper(bench: Bench) -> float:
    return float(opened(bench)[0, 0].mean())


@at_once
def _last_noise(bench: Bench) -> float:
    x_t, _ = noised(bench)
    return float(noise_estimate(x_t[-1:], the_digit(), SPEC.alpha_bars[-1]).std())


@at_once
def _repeated(bench: Bench) -> float:
    first, second = step_noises(bench)
    return float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1])


@at_once
def _first_noise(bench: Bench) -> float:
    noisy = bench.code["lessons.part_b.train_ddpm"].noisy
    eps = random_like((1, 1, 28, 28), bench.seed, "first")
    return rms(noisy(the_digit(), torch.tensor([0]), eps), the_digit())


FORWARD: Final = Scene(_forward, "one test digit at several noise levels, as in training")
DISPLAY: Final = Scene(_display, "one test digit at five noise levels, as a display shows it")
MASK: Final = Scene(_mask, "a stroke of a canvas as a mask, and what it leaves of a digit")
FITTED: Final = Scene(_fitted, "images wider than high, made square")
OPENED: Final = Scene(_opened, "a black drawing on a transparent background, opened")
STEP_NOISES: Final = Scene(_step_noises, "the noise over one place of two training batches")

GREY: Final = Probe(_grey, "pixels of the mask that are neither 0 nor 1", 0, 0, ".0f")
ROUNDNESS: Final = Probe(
    _roundness, "a disc's width over its height", low=0.9, high=1.1, form=".2f"
)
PAPER: Final = Probe(_paper, "brightness where nothing was drawn, 0 to 255", 255, 255, ".0f")
LAST_NOISE: Final = Probe(
    _last_noise,
    "noise in the last image, as a multiple of what its timestep says",
    low=0.9,
    high=1.1,
)
REPEATED: Final = Probe(
    _repeated, "correlation of the noises of two training steps", low=-0.1, high=0.1
)
FIRST_NOISE: Final = Probe(
    _first_noise, "distance between a clean digit and its x_t at t = 1", high=0.02
)
