"""Numbers from a world with a single image, or two.

There the noise in x_t is known exactly, so every right sampler finds the image again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.anagrams import ROTATE_180
from lessons.diffusion.denoise import PredictNoise, noise_estimate
from lessons.diffusion.hybrids import lowpass
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import Frame
from lessons.diffusion.schedules import CLEAN, course_timesteps
from lessons.training.previews import test_digits
from lessons.workshop.bug_lab.bench import (
    COUNT,
    MATHEMATICS,
    STEPS,
    Bench,
    Probe,
    at_once,
    random_like,
    rms,
)
from models.digits import SPEC

COURSE: Final = course_timesteps(len(SPEC.alpha_bars))
MIDDLE: Final = 17
KEPT_T: Final = 150


def only(image: Tensor) -> PredictNoise:
    """The exact noise in a world where nothing but `image`, (1, 1, 28, 28), exists."""
    return lambda x_t, t: noise_estimate(x_t, image, SPEC.alpha_bars[t])


def the_image() -> Tensor:
    """What that world holds."""
    return test_digits(10)[3:4]


def sampled_by(bench: Bench, predict: PredictNoise, timesteps: tuple[int, ...] = COURSE) -> Tensor:
    """Five trajectories from pure noise with the bench's sampling loop, (5, 1, 28, 28)."""
    for frame in trajectory(bench, predict, timesteps):
        x_t = frame.x_t
    return x_t


def trajectory(
    bench: Bench, predict: PredictNoise, timesteps: tuple[int, ...] = COURSE
) -> Iterator[Frame]:
    """The bench's sampling loop from five noises of its own."""
    noise = bench.code[f"{MATHEMATICS}.noise"].NoiseSource(bench.seed, COUNT, SPEC.shape)
    loop = bench.code[f"{MATHEMATICS}.samplers"].sampling_trajectory
    yield from loop(noise(), timesteps, SPEC.alpha_bars, predict, noise)


@at_once
def _end(bench: Bench) -> float:
    return rms(sampled_by(bench, only(the_image())), the_image().expand(COUNT, -1, -1, -1))


@at_once
def _clean_end(bench: Bench) -> float:
    x = sampled_by(bench, only(the_image()), (*COURSE, CLEAN))
    return rms(x, the_image().expand(COUNT, -1, -1, -1))


@at_once
def _middle(bench: Bench) -> float:
    frame = next(islice(trajectory(bench, only(the_image())), MIDDLE, None))
    eps = noise_estimate(frame.x_t, the_image(), SPEC.alpha_bars[frame.t])
    return float(eps.std())


@at_once
def _anagram_end(bench: Bench) -> float:
    view, image = ROTATE_180, the_image()
    predict = bench.code[f"{MATHEMATICS}.anagrams"].anagram(
        only(image), only(view.see(image)), view
    )
    return rms(sampled_by(bench, predict), image.expand(COUNT, -1, -1, -1))


@at_once
def _hybrid_end(bench: Bench) -> float:
    far, near = test_digits(10)[3:4], test_digits(10)[8:9]
    sigma, kernel = bench.code["lessons.part_a.hybrid_images"].scaled(28)
    predict = bench.code[f"{MATHEMATICS}.hybrids"].hybrid(only(far), only(near), sigma, kernel)
    wanted = lowpass(far, sigma, kernel) + near - lowpass(near, sigma, kernel)
    return rms(sampled_by(bench, predict), wanted.expand(COUNT, -1, -1, -1))


@at_once
def _flow_end(bench: Bench) -> float:
    noise, image = random_like((1, 1, 28, 28), bench.seed, "flow"), the_image()
    flow = bench.code[f"{MATHEMATICS}.flow"]
    for frame in flow.euler(noise, lambda x_t, t: (image - x_t) / (1 - t), STEPS):
        x = frame.x_t
    return rms(x, image)


@at_once
def _kept_noise(bench: Bench) -> float:
    noise = NoiseSource(bench.seed, COUNT, SPEC.shape, "kept")
    hook = bench.code[f"{MATHEMATICS}.inpainting"].keeping_source(
        the_image(), torch.zeros(1, 1, 28, 28), SPEC.alpha_bars, noise
    )
    x_s = hook(torch.zeros(COUNT, 1, 28, 28), KEPT_T)
    return float(noise_estimate(x_s, the_image(), SPEC.alpha_bars[KEPT_T]).std())


_WORLD: Final = "in a world of a single image: distance to it at the end of the trajectory"

END: Final = Probe(_end, _WORLD, high=0.005, form=".4f")
CLEAN_END: Final = Probe(_clean_end, f"{_WORLD}, taken to the clean end", high=0.005, form=".4g")
ANAGRAM_END: Final = Probe(_anagram_end, f"{_WORLD}, as both views of an anagram", high=0.005)
HYBRID_END: Final = Probe(
    _hybrid_end,
    "in a world of two images: distance at the end to the hybrid of both",
    high=0.005,
)
FLOW_END: Final = Probe(_flow_end, f"{_WORLD}, by flow matching", high=0.005, form=".4g")
MIDDLE_NOISE: Final = Probe(
    _middle,
    "in a world of a single image: noise halfway, as a multiple of what the schedule says",
    low=0.95,
    high=1.05,
)
KEPT_NOISE: Final = Probe(
    _kept_noise,
    "noise on what stays, halfway, as a multiple of what the schedule says",
    low=0.95,
    high=1.05,
)
