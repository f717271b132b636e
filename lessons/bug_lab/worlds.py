"""Numbers from a world with a single picture, or two.

There the noise in x_t is known exactly, so every right sampler finds the picture again.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from torch import Tensor

from lessons import text_to_image as t2i
from lessons.bug_lab.bench import Bench, Probe, at_once, rms
from lessons.bug_lab.displays import random_like
from lessons.bug_lab.scenes import COUNT, STEPS
from lessons.hybrid_images import lowpass, scaled
from lessons.iterative_denoising import CLEAN, PredictNoise
from lessons.perfect_denoiser import noise_beside
from lessons.train_denoiser import test_digits
from lessons.visual_anagrams import Rotate180
from models.digits import OUTLINE

COURSE: Final = t2i.timesteps_of(OUTLINE)
MIDDLE: Final = 17


def only(picture: Tensor) -> PredictNoise:
    """The exact noise in a world where nothing but `picture`, (1, 1, 28, 28), exists."""
    return lambda x_t, t: noise_beside(x_t, picture, OUTLINE.alpha_bars[t])


def the_picture() -> Tensor:
    """What that world holds."""
    return test_digits(10)[3:4]


def walked(bench: Bench, predict: PredictNoise, timesteps: tuple[int, ...] = COURSE) -> Tensor:
    """Five walks from pure noise with the bench's sampling loop, (5, 1, 28, 28)."""
    loop = bench.code["lessons.iterative_denoising"]
    noise = loop.NoiseSource(bench.seed, COUNT, OUTLINE.shape)
    for frame in loop.denoise(noise(), timesteps, OUTLINE.alpha_bars, predict, noise):
        x_t: Tensor = frame.x_t
    return x_t


@at_once
def _end(bench: Bench) -> float:
    return rms(walked(bench, only(the_picture())), the_picture().expand(COUNT, -1, -1, -1))


@at_once
def _clean_end(bench: Bench) -> float:
    x = walked(bench, only(the_picture()), (*COURSE, CLEAN))
    return rms(x, the_picture().expand(COUNT, -1, -1, -1))


@at_once
def _middle(bench: Bench) -> float:
    loop = bench.code["lessons.iterative_denoising"]
    noise = loop.NoiseSource(bench.seed, COUNT, OUTLINE.shape)
    predict = only(the_picture())
    frames = loop.denoise(noise(), COURSE, OUTLINE.alpha_bars, predict, noise)
    frame = next(islice(frames, MIDDLE, None))
    eps = noise_beside(frame.x_t, the_picture(), OUTLINE.alpha_bars[frame.t])
    return float(eps.std())


@at_once
def _anagram_end(bench: Bench) -> float:
    view, picture = Rotate180(), the_picture()
    predict = bench.code["lessons.visual_anagrams"].anagram(
        only(picture), only(view.see(picture)), view
    )
    return rms(walked(bench, predict), picture.expand(COUNT, -1, -1, -1))


@at_once
def _hybrid_end(bench: Bench) -> float:
    far, near = test_digits(10)[3:4], test_digits(10)[8:9]
    sigma, kernel = scaled(28)
    predict = bench.code["lessons.hybrid_images"].hybrid(only(far), only(near), sigma, kernel)
    wanted = lowpass(far, sigma, kernel) + near - lowpass(near, sigma, kernel)
    return rms(walked(bench, predict), wanted.expand(COUNT, -1, -1, -1))


@at_once
def _flow_end(bench: Bench) -> float:
    noise, picture = random_like((1, 1, 28, 28), bench.seed, "flow"), the_picture()
    flow = bench.code["lessons.flow_matching"]
    for frame in flow.euler(noise, lambda x_t, t: (picture - x_t) / (1 - t), STEPS):
        x = frame.x_t
    return rms(x, picture)


_WORLD: Final = "in a world of a single picture: distance to it at the end of the walk"

END: Final = Probe(_end, _WORLD, high=0.005, form=".4f")
CLEAN_END: Final = Probe(_clean_end, f"{_WORLD}, taken to the clean end", high=0.005, form=".4g")
ANAGRAM_END: Final = Probe(_anagram_end, f"{_WORLD}, asked for upright and turned", high=0.005)
HYBRID_END: Final = Probe(
    _hybrid_end,
    "in a world of two pictures: distance at the end to the hybrid of both",
    high=0.005,
)
FLOW_END: Final = Probe(_flow_end, f"{_WORLD}, by flow matching", high=0.005, form=".4g")
MIDDLE_NOISE: Final = Probe(
    _middle,
    "in a world of a single picture: noise halfway, as a multiple of what the schedule says",
    low=0.95,
    high=1.05,
)
