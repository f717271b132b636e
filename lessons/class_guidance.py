"""B2.4 · Guidance on digits: the same noise, another γ."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from lessons import judge, trained
from lessons.guidance import guide
from lessons.iterative_denoising import clean_estimate
from lessons.picture import Picture, Progress, to_pixels
from lessons.runs import files
from lessons.sampled_digits import captioned, ink, sampled
from lessons.train_ddpm import ALPHA_BARS, noisy, normalised
from lessons.train_denoiser import noise_like, test_digits
from models.devices import autocast, fast_precision

CPU: Final = torch.device("cpu")
GAMMAS: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0)
_AT_ONCE: Final = 250
_MEASURED: Final = "guidance.json"


@dataclass(frozen=True)
class Quality:
    """What many samples are worth at one γ.

    Attributes:
        gamma: guidance strength.
        accuracy: share that the judge reads as asked for.
        confidence: how sure it is, mean.
        diversity: spread within the classes, 1 = as the test digits.
        frechet: distance to the test digits in the judge's features.
        ink: mean pixel, 0 to 1.
    """

    gamma: float
    accuracy: float
    confidence: float
    diversity: float
    frechet: float
    ink: float


@dataclass(frozen=True)
class Sweep:
    """Qualities over γ, and how they were measured.

    Attributes:
        qualities: one a γ, rising.
        count: samples a γ.
        steps: sampling steps.
        floor: the Fréchet distance between two halves of the test digits.
        real_ink: mean pixel of the test digits.
    """

    qualities: tuple[Quality, ...]
    count: int
    steps: int
    floor: float
    real_ink: float


def gamma_grid(
    run_id: str,
    seed: int,
    steps: int = 20,
    edition: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, tuple[tuple[Picture, ...], ...]]:
    """All ten digits at seven strengths, every column from one noise.

    Args:
        run_id: a finished run with classes.
        seed: of the noises.
        steps: sampling steps, 1 to 300.
        edition: which weights; see `trained.edition`.

    Yields:
        Progress after each row.

    Returns:
        A row of ten for each of GAMMAS.
    """
    rows, labels = [], torch.arange(10)
    for done, gamma in enumerate(GAMMAS, start=1):
        for frame in sampled(run_id, labels, seed, steps, gamma):
            final = frame.x_t
            yield Progress(done - 1, len(GAMMAS), f"γ = {gamma:g}")
        rows.append(captioned(final, labels))
        yield Progress(done, len(GAMMAS), f"γ = {gamma:g}")
    return tuple(rows)


def anatomy(
    run_id: str,
    digit: int,
    gamma: float,
    seed: int,
    t: int,
    edition: str = "",  # noqa: ARG001 - new weights, new result
) -> tuple[Picture, ...]:
    """Take one guided step apart: what the two predictions think the digit is, and what γ does.

    Args:
        run_id: a finished run with classes.
        digit: which test digit, 0 to 9.
        gamma: guidance strength.
        seed: of the noise in it.
        t: timestep, 1 to 300.
        edition: which weights; see `trained.edition`.

    Returns:
        x_t; the guesses without and with the label; their difference, grey where there is none;
        the guided guess.

    Raises:
        ValueError: no such run, digit or timestep.
    """
    if not (0 <= digit <= 9 and 1 <= t <= len(ALPHA_BARS)):
        raise ValueError(f"There is no digit {digit} at t = {t}.")
    network, alpha_bar_t = trained.load_network(run_id), ALPHA_BARS[t - 1]
    clean = test_digits(10)[digit : digit + 1]
    x_t = noisy(clean, torch.tensor([t - 1]), noise_like(clean, seed))
    eps_u, eps_c = both(network, x_t, digit, t)
    guesses = [
        clean_estimate(x_t, e, alpha_bar_t) for e in (eps_u, eps_c, guide(eps_c, eps_u, gamma))
    ]
    without, with_label, follows = guesses
    return (
        Picture(
            to_pixels(x_t[0]), f"x_t at t = {t}", f"a {digit} under the noise of t = {t}", "x_t"
        ),
        Picture(to_pixels(without[0]), "guess without the label", symbol="x_0_hat"),
        Picture(to_pixels(with_label[0]), f"guess with the label {digit}", symbol="x_0_hat"),
        Picture(
            to_pixels((with_label - without)[0], -1, 1),
            "what the label changes",
            "the guess with the label minus the one without: grey where both are alike",
        ),
        Picture(to_pixels(follows[0]), f"guess at γ = {gamma:g}", symbol="x_0_hat"),
    )


def both(network: nn.Module, x_t: Tensor, digit: int, t: int) -> tuple[Tensor, Tensor]:
    """The predictions without and with the label, from one call of the network.

    Args:
        network: with classes, in eval mode.
        x_t: one picture, (1, 1, 28, 28).
        digit: the label, 0 to 9.
        t: timestep, 1 to 300.

    Returns:
        ε without and with the label, each (1, 1, 28, 28).
    """
    labels, mask = torch.full((2,), digit), torch.tensor([0.0, 1.0])
    eps = network(torch.cat([x_t, x_t]), labels, normalised(torch.full((2,), t - 1)), mask)
    eps_u, eps_c = eps.chunk(2)
    return eps_u, eps_c


def measured(run_id: str) -> Sweep | None:
    """What was measured of a shipped run over γ, and how; None if it wasn't.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = files.read_json(files.folder_of(run_id) / _MEASURED)
        if not content:
            return None
        qualities = tuple(Quality(**quality) for quality in content.pop("qualities"))
        return Sweep(qualities, **content)
    except (files.DamagedRun, TypeError, KeyError) as error:
        raise ValueError(f"The measurements of {run_id} are damaged: {error}") from error


def measure(
    run_id: str, gammas: tuple[float, ...], count: int, steps: int, seed: int = 276
) -> Iterator[Quality]:
    """Judge `count` samples, all classes alike, at each γ; yields one quality a γ."""
    labels = torch.arange(count) % 10
    for gamma in gammas:
        parts = [
            _last(run_id, part, gamma, seed + place, steps)
            for place, part in enumerate(torch.split(labels, _AT_ONCE))
        ]
        yield _quality(torch.cat(parts), labels, gamma)


def _quality(images: Tensor, labels: Tensor, gamma: float) -> Quality:
    reading = judge.read(images)
    return Quality(
        gamma=gamma,
        accuracy=float((reading.labels == labels).float().mean()),
        confidence=float(reading.confidence.mean()),
        diversity=judge.diversity(images, labels),
        frechet=judge.frechet(images),
        ink=ink(images),
    )


def _last(run_id: str, labels: Tensor, gamma: float, seed: int, steps: int) -> Tensor:
    with autocast(CPU, fast_precision(CPU)):
        for frame in sampled(run_id, labels, seed, steps, gamma):
            final = frame.x_t
    return final


def main() -> None:
    """Measure a shipped run over γ: `python -m lessons.class_guidance RUN`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    chosen = parser.parse_args()
    qualities = []
    for quality in measure(chosen.run, GAMMAS, chosen.count, chosen.steps):
        print(quality, flush=True)
        qualities.append(asdict(quality))
    files.write_json(
        Path(files.folder_of(chosen.run)) / _MEASURED,
        {
            "qualities": qualities,
            "count": chosen.count,
            "steps": chosen.steps,
            "floor": judge.frechet_floor(),
            "real_ink": ink(test_digits(10_000)),
        },
    )


if __name__ == "__main__":
    main()
