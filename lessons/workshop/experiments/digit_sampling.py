"""Experiments on trajectories to digits: the wrong time, the wrong mode, a masked label, γ = 1."""

from __future__ import annotations

import copy
from collections.abc import Generator
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.denoise import PredictNoise
from lessons.images.captioned import Progress
from lessons.measure.sample_quality import mean_intensity
from lessons.part_b import train_class_ddpm, train_ddpm
from lessons.training.networks import load_network
from lessons.workshop.experiments.comparing import Compared
from lessons.workshop.experiments.digit_networks import TEN, MeasuredRows, compared, shown

CPU: Final = torch.device("cpu")
STEPS: Final = 25

SamplingTraces = Generator[Progress, None, Compared]


def wrong_time(
    run_id: str,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, MeasuredRows]:
    """Sample with the time as the network learnt it, t / T, and with t itself.

    Args:
        run_id: a finished DDPM without classes.
        seed: of the noises.
        weights_hash: which weights; see `networks.weights_hash`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run.
    """
    network = load_network(run_id)

    def unscaled(x_t: Tensor, t: int) -> Tensor:
        eps: Tensor = network(x_t, torch.full((len(x_t),), float(t + 1)))
        return eps

    sides = (("t / T", train_ddpm.predictor(network)), ("t", unscaled))
    made = []
    for place, (name, predict) in enumerate(sides):
        x = yield from _sampled(predict, seed, TEN, place, len(sides))
        made.append((f"given {name}: mean intensity {mean_intensity(x):.1%}", x))
    return shown(made)


def batch_statistics(
    run_id: str,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, MeasuredRows]:
    """Make one digit alone and beside nine others, with BatchNorm in each of its two modes.

    Arguments, and what is raised, as in `wrong_time`.

    Yields:
        Progress after each step.
    """
    network = load_network(run_id)
    rows = []
    for place, (name, mode) in enumerate((("evaluation", False), ("training", True))):
        alone = yield from _sampled(_in_mode(network, mode), seed, 1, 2 * place, 4)
        company = yield from _sampled(_in_mode(network, mode), seed, TEN, 2 * place + 1, 4)
        far = float((alone - company[:1]).abs().max())
        rows.append(
            (f"{name} mode, alone and of ten: {far:.4f} apart", torch.cat([alone, company[:1]]))
        )
    return shown(rows)


def masked_labels(
    run_id: str,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> SamplingTraces:
    """Ask a network for 3 and for 8 with the mask at 0.

    Args:
        run_id: a finished DDPM with classes.
        seed: of the noises.
        weights_hash: which weights; see `networks.weights_hash`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run.
    """
    network, made = load_network(run_id), []
    for place, digit in enumerate((3, 8)):
        predict = _labelled(network, torch.full((TEN,), digit), mask=0.0)
        x = yield from _sampled(predict, seed, TEN, place, 2)
        made.append((f"label {digit}, mask 0", x))
    return compared(made)


def gamma_one(
    run_id: str,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> SamplingTraces:
    """Guidance with γ = 1 beside the prediction with the label alone.

    Arguments, and what is raised, as in `masked_labels`.

    Yields:
        Progress after each step.
    """
    network, labels = load_network(run_id), torch.arange(TEN)
    sides = (
        ("the label alone", _labelled(network, labels, mask=1.0)),
        ("γ = 1", train_class_ddpm.following(network, labels, 1.0)),
    )
    made = []
    for place, (words, predict) in enumerate(sides):
        made.append((words, (yield from _sampled(predict, seed, TEN, place, 2))))
    return compared(made)


def _in_mode(network: nn.Module, training: bool) -> PredictNoise:
    """A predictor with a network of its own, whose BatchNorms may move their statistics."""
    own = copy.deepcopy(network)
    own.train(training)
    return train_ddpm.predictor(own)


def _labelled(network: nn.Module, labels: Tensor, mask: float) -> PredictNoise:
    def predict(x_t: Tensor, t: int) -> Tensor:
        times = train_ddpm.normalised(torch.full((len(x_t),), t))
        eps: Tensor = network(x_t, labels, times, torch.full((len(x_t),), mask))
        return eps

    return predict


def _sampled(
    predict: PredictNoise, seed: int, count: int, place: int, of: int
) -> Generator[Progress, None, Tensor]:
    """One trajectory of several, with progress; returns the digits."""
    for done, frame in enumerate(
        train_ddpm.sample(predict, seed, count, CPU, STEPS), start=place * STEPS + 1
    ):
        yield Progress(done, of * STEPS, "sampling")
        x = frame.x_t
    return x
