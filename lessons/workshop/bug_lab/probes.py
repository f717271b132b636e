"""What one function or one network answers, as a number that betrays a mistake."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.schedules import ddpm_schedule
from lessons.training.recipe import Settings
from lessons.workshop.bug_lab.bench import (
    COUNT,
    LABELS,
    MATHEMATICS,
    STEPS,
    Bench,
    Probe,
    at_once,
    random_like,
    rms,
)
from models import catalog, shipped
from models.digits import SPEC


@at_once
def _batch(bench: Bench) -> float:
    network = bench.code["lessons.training.networks"].load_network(
        shipped.folder("class-ddpm").name
    )
    x, t = random_like((COUNT, 1, 28, 28), bench.seed, "batch"), torch.full((COUNT,), 0.5)
    with torch.no_grad():
        together = network(x, LABELS[:COUNT], t)[:1]
        alone = network(x[:1], LABELS[:1], t[:1])
    return rms(together, alone)


@at_once
def _lowest(bench: Bench) -> float:
    model = catalog.finish(bench.code["models.digits"].load())
    x = random_like((COUNT, 1, 28, 28), bench.seed, "batch")
    return float(model.predict(x, len(SPEC.alpha_bars) - 1, model.embed(["3"] * COUNT)).min())


@at_once
def _parameters(bench: Bench) -> float:
    network = bench.code["models.unet"].ClassConditionalUNet(1, 10, 64)
    return float(sum(p.numel() for p in network.parameters()))


def rate_in(bench: Bench, epoch: int, epochs: int = 20) -> float:
    """Learning rate of an epoch, the first being 1, as a share of the first one's."""
    settings = Settings(decay=0.1, epochs=epochs)
    rate = bench.code["lessons.training.loop"].learning_rate
    return float(rate(settings, (epoch - 1) * settings.steps_per_epoch) / rate(settings, 0))


@at_once
def _rate(bench: Bench) -> float:
    return rate_in(bench, 20)


@at_once
def _gamma_one(bench: Bench) -> float:
    eps_c, eps_u = (random_like((1, 1, 28, 28), bench.seed, name) for name in ("c", "u"))
    return rms(bench.code[f"{MATHEMATICS}.guidance"].guide(eps_c, eps_u, 1.0), eps_c)


@at_once
def _black(bench: Bench) -> float:
    image = torch.tensor([[-0.5, 0.0], [1.0, 1.5]])
    return float(bench.code["lessons.images.captioned"].to_pixels(image)[0, 1])


@at_once
def _lowest_given(bench: Bench) -> float:
    load = bench.code["lessons.images.sources"].load
    return float(load("digit-3", SPEC.shape, SPEC.low, SPEC.high).min())


@at_once
def _seeds(bench: Bench) -> float:
    source = bench.code[f"{MATHEMATICS}.noise"].NoiseSource
    one, other = (source(bench.seed + more, 1, SPEC.shape)() for more in (0, 1))
    return rms(one, other)


@at_once
def _siblings(bench: Bench) -> float:
    source = bench.code[f"{MATHEMATICS}.noise"].NoiseSource
    first, second = source(bench.seed, 2, SPEC.shape)()
    return rms(first, second)


@at_once
def _signal_left(bench: Bench) -> float:
    ours = float(
        bench.code[f"{MATHEMATICS}.schedules"].ddpm_schedule(1e-4, 0.02, 300).alpha_bars[-1]
    )
    exact = float(ddpm_schedule(1e-4, 0.02, 300).alpha_bars[-1])
    return abs(ours / exact - 1)


@at_once
def _flow_time(bench: Bench) -> float:
    asked: list[float] = []

    def predict(x_t: Tensor, t: float) -> Tensor:
        asked.append(t)
        return torch.zeros_like(x_t)

    euler = bench.code[f"{MATHEMATICS}.flow"].euler
    list(euler(torch.zeros(1, 1, 28, 28), predict, STEPS))
    return max(asked)


BATCH: Final = Probe(
    _batch, "the same image alone and among five: difference in the noise predicted", high=1e-3
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
BLACK: Final = Probe(_black, "how black is shown, 0 to 255, beside noise", 0, 0, ".0f")
LOWEST_GIVEN: Final = Probe(
    _lowest_given, "black as the network gets it; it learnt that black is 0", 0, 0, ".1f"
)
SEEDS: Final = Probe(_seeds, "distance between the noises of two seeds", low=1.0)
SIBLINGS: Final = Probe(_siblings, "distance between the noises of two images", low=1.0)
SIGNAL: Final = Probe(
    _signal_left, "error of ᾱ at the last of 300 timesteps", high=1e-4, form=".2%"
)
FLOW_TIME: Final = Probe(
    _flow_time, "the latest time that the network is asked for, in 20 steps", high=0.95
)
