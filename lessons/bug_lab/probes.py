"""Other numbers that betray a mistake: what a judge reads, and what one function answers."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from lessons import judge, originals, runs
from lessons import text_to_image as t2i
from lessons.bug_lab import displays
from lessons.bug_lab.bench import DIGITS, Bench, Probe, Steps, at_once, rms
from lessons.bug_lab.displays import random_like
from lessons.bug_lab.scenes import COUNT, LABELS, STEPS, inpainted, original, sampled, ten_digits
from lessons.bug_lab.worlds import the_picture
from lessons.perfect_denoiser import noise_beside
from lessons.train_ddpm import ALPHA_BARS
from lessons.training import Settings
from models import catalog
from models.digits import OUTLINE, digit_of

KEPT_T: Final = 150


def _asked(bench: Bench) -> Steps[float]:
    return judge.judged((yield from ten_digits(bench)), LABELS)["accuracy"]


def _flow_asked(bench: Bench) -> Steps[float]:
    return judge.judged((yield from ten_digits(bench, "class-flow")), LABELS)["accuracy"]


def _samples_asked(bench: Bench) -> Steps[float]:
    made = yield from sampled(bench, DIGITS)
    images = torch.stack([torch.from_numpy(one.pixels.copy()) for one in made])[:, None] / 255
    wanted = digit_of(Bench(bench.code, DIGITS, 0).prompts.wanted)
    return judge.judged(images, torch.tensor([wanted] * COUNT))["accuracy"]


@at_once
def _batch(bench: Bench) -> float:
    network = bench.code["lessons.trained"].load_network(_run("class-ddpm"))
    x, t = random_like((COUNT, 1, 28, 28), bench.seed, "batch"), torch.full((COUNT,), 0.5)
    with torch.no_grad():
        together = network(x, LABELS[:COUNT], t)[:1]
        alone = network(x[:1], LABELS[:1], t[:1])
    return rms(together, alone)


@at_once
def _lowest(bench: Bench) -> float:
    model = catalog.finish(bench.code["models.digits"].load())
    x = random_like((COUNT, 1, 28, 28), bench.seed, "batch")
    return float(model.predict(x, len(OUTLINE.alpha_bars) - 1, model.embed(["3"] * COUNT)).min())


@at_once
def _parameters(bench: Bench) -> float:
    network = bench.code["models.unet"].ClassConditionalUNet(1, 10, 64)
    return float(sum(p.numel() for p in network.parameters()))


def rate_in(bench: Bench, epoch: int, epochs: int = 20) -> float:
    """Learning rate of an epoch, the first being 1, as a share of the first one's."""
    settings = Settings(decay=0.1, epochs=epochs)
    rate = bench.code["lessons.training"].learning_rate
    return float(rate(settings, (epoch - 1) * settings.steps_per_epoch) / rate(settings, 0))


@at_once
def _rate(bench: Bench) -> float:
    return rate_in(bench, 20)


@at_once
def _gamma_one(bench: Bench) -> float:
    eps_c, eps_u = (random_like((1, 1, 28, 28), bench.seed, name) for name in ("c", "u"))
    return rms(bench.code["lessons.guidance"].guide(eps_c, eps_u, 1.0), eps_c)


def _kept(bench: Bench) -> Steps[float]:
    made = yield from inpainted(bench, DIGITS)
    upper = slice(0, 14)
    old = torch.from_numpy(originals.seen(original(DIGITS), OUTLINE.shape).pixels[upper] / 255)
    return max(rms(torch.from_numpy(one.pixels[upper] / 255), old) for one in made.results)


@at_once
def _kept_noise(bench: Bench) -> float:
    noise = t2i.source(OUTLINE, bench.seed, COUNT, "kept")
    hook = bench.code["lessons.inpainting"].keeping_original(
        the_picture(), torch.zeros(1, 1, 28, 28), OUTLINE.alpha_bars, noise
    )
    x_s = hook(torch.zeros(COUNT, 1, 28, 28), KEPT_T)
    return float(noise_beside(x_s, the_picture(), OUTLINE.alpha_bars[KEPT_T]).std())


@at_once
def _grey(bench: Bench) -> float:
    values = torch.from_numpy(displays.mask(bench).astype(float))
    return float(((values != 0) & (values != 1)).sum())


@at_once
def _black(bench: Bench) -> float:
    image = torch.tensor([[-0.5, 0.0], [1.0, 1.5]])
    return float(bench.code["lessons.picture"].to_pixels(image)[0, 1])


@at_once
def _lowest_given(bench: Bench) -> float:
    load = bench.code["lessons.originals"].load
    return float(load("digit-3", OUTLINE.shape, OUTLINE.low, OUTLINE.high).min())


@at_once
def _roundness(bench: Bench) -> float:
    inked = displays.fitted(bench) > 127
    return float(inked.any(0).sum() / inked.any(1).sum())


@at_once
def _paper(bench: Bench) -> float:
    return float(displays.opened(bench)[0, 0].mean())


@at_once
def _seeds(bench: Bench) -> float:
    source = bench.code["lessons.iterative_denoising"].NoiseSource
    one, other = (source(bench.seed + more, 1, OUTLINE.shape)() for more in (0, 1))
    return rms(one, other)


@at_once
def _siblings(bench: Bench) -> float:
    source = bench.code["lessons.iterative_denoising"].NoiseSource
    first, second = source(bench.seed, 2, OUTLINE.shape)()
    return rms(first, second)


@at_once
def _signal_left(bench: Bench) -> float:
    ours = float(bench.code["lessons.schedules"].ddpm_schedule(1e-4, 0.02, 300).alpha_bars[-1])
    exact = float(torch.linspace(1e-4, 0.02, 300, dtype=torch.float64).neg().log1p().sum().exp())
    return abs(ours / exact - 1)


@at_once
def _first_noise(bench: Bench) -> float:
    noisy = bench.code["lessons.train_ddpm"].noisy
    eps = random_like((1, 1, 28, 28), bench.seed, "first")
    return rms(noisy(the_picture(), torch.tensor([0]), eps), the_picture())


@at_once
def _last_noise(bench: Bench) -> float:
    x_t, _ = displays.noised(bench)
    return float(noise_beside(x_t[-1:], the_picture(), ALPHA_BARS[-1]).std())


@at_once
def _repeated(bench: Bench) -> float:
    first, second = displays.step_noises(bench)
    return float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1])


@at_once
def _flow_time(bench: Bench) -> float:
    asked: list[float] = []

    def predict(x_t: Tensor, t: float) -> Tensor:
        asked.append(t)
        return torch.zeros_like(x_t)

    list(bench.code["lessons.flow_matching"].euler(torch.zeros(1, 1, 28, 28), predict, STEPS))
    return max(asked)


def _run(recipe: str) -> str:
    return next(run.id for run in runs.all_runs(recipe) if run.shipped)


ASKED: Final = Probe(_asked, "digits that a judge reads as asked for", low=0.9, form=".0%")
FLOW_ASKED: Final = Probe(
    _flow_asked, "digits that a judge reads as asked for", low=0.9, form=".0%"
)
SAMPLES_ASKED: Final = Probe(
    _samples_asked, "samples that a judge reads as the digit asked for", low=0.8, form=".0%"
)
BATCH: Final = Probe(
    _batch, "the same picture alone and among five: difference in the noise predicted", high=1e-3
)
LOWEST: Final = Probe(_lowest, "the smallest value that the network predicts", high=-0.5)
PARAMETERS: Final = Probe(
    _parameters, "parameters of the class-conditioned UNet with D = 64", 2019201, 2019201, ",.0f"
)
RATE: Final = Probe(
    _rate,
    "learning rate in the last of 20 epochs, as a share of the first",
    low=0.1,
    high=0.12,
    form=".3g",
)
GAMMA_ONE: Final = Probe(_gamma_one, "γ = 1: distance to the prediction with the prompt", high=1e-6)
KEPT: Final = Probe(_kept, "what should stay: distance to the original", high=0.03)
KEPT_NOISE: Final = Probe(
    _kept_noise,
    "noise on what stays, halfway, as a multiple of what the schedule says",
    low=0.95,
    high=1.05,
)
GREY: Final = Probe(_grey, "pixels of the mask that are neither 0 nor 1", 0, 0, ".0f")
BLACK: Final = Probe(_black, "how black is shown, 0 to 255, beside noise", 0, 0, ".0f")
LOWEST_GIVEN: Final = Probe(
    _lowest_given, "black as the network gets it; it learnt that black is 0", 0, 0, ".1f"
)
ROUNDNESS: Final = Probe(
    _roundness, "a disc's width over its height", low=0.9, high=1.1, form=".2f"
)
PAPER: Final = Probe(_paper, "brightness where nothing was drawn, 0 to 255", 255, 255, ".0f")
SEEDS: Final = Probe(_seeds, "distance between the noises of two seeds", low=1.0)
SIBLINGS: Final = Probe(_siblings, "distance between the noises of two pictures", low=1.0)
SIGNAL: Final = Probe(
    _signal_left, "error of ᾱ at the last of 300 timesteps", high=1e-4, form=".2%"
)
FIRST_NOISE: Final = Probe(
    _first_noise, "distance between a clean digit and its x_t at t = 1", high=0.02
)
LAST_NOISE: Final = Probe(
    _last_noise,
    "noise in the last picture, as a multiple of what its timestep says",
    low=0.9,
    high=1.1,
)
REPEATED: Final = Probe(
    _repeated, "correlation of the noises of two training steps", low=-0.1, high=0.1
)
FLOW_TIME: Final = Probe(
    _flow_time, "the latest time that the network is asked for, in 20 steps", high=0.95
)
