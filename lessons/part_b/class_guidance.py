"""B2.4 · Guidance on digits: the same noise, another γ."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.denoise import clean_estimate
from lessons.diffusion.guidance import guide
from lessons.images.captioned import CaptionedImage, Progress, to_pixels
from lessons.measure import classifier
from lessons.measure.sample_quality import Quality, mean_intensity, quality
from lessons.measure.step_kinds import BETA, SAMPLERS
from lessons.part_b.sampled_digits import captioned, many, sampled
from lessons.part_b.train_class_ddpm import labelled
from lessons.part_b.train_ddpm import ALPHA_BARS, noisy
from lessons.training import networks
from lessons.training.labels import NO_LABEL
from lessons.training.previews import noise_like, test_digits
from lessons.training.runs import files

GAMMAS: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0)
_MEASURED: Final = "guidance.json"


@dataclass(frozen=True)
class GammaSweep:
    """Qualities over γ by sampler, and how they were measured.

    Attributes:
        qualities: by the sampler's name, one a γ, rising.
        steps: sampling steps, by the sampler's name.
        count: samples a γ.
        floor: the Fréchet distance of as many training digits.
        real_intensity: mean pixel of the test digits.
    """

    qualities: dict[str, tuple[Quality, ...]]
    steps: dict[str, int]
    count: int
    floor: float
    real_intensity: float

    @property
    def best(self) -> dict[str, float]:
        """The γ with the lowest Fréchet distance, by the sampler's name."""
        return {
            name: min(each, key=lambda one: one.frechet).gamma
            for name, each in self.qualities.items()
        }


def gamma_grid(
    run_id: str,
    seed: int,
    steps: int = 20,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, tuple[tuple[CaptionedImage, ...], ...]]:
    """All ten digits at seven guidance scales, every column from one noise.

    Args:
        run_id: a finished run with classes.
        seed: of the noises.
        steps: sampling steps, 1 to 300.
        weights_hash: which weights; see `networks.weights_hash`.

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
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> tuple[CaptionedImage, ...]:
    """Take one guided step apart: the clean estimates of both predictions, and the guided one.

    Args:
        run_id: a finished run with classes.
        digit: which test digit, 0 to 9.
        gamma: guidance scale.
        seed: of the noise in it.
        t: timestep, 1 to 300.
        weights_hash: which weights; see `networks.weights_hash`.

    Returns:
        x_t; the estimates without and with the label; their difference, grey where there is none;
        the guided estimate.

    Raises:
        ValueError: no such run, digit or timestep.
    """
    if not (0 <= digit <= 9 and 1 <= t <= len(ALPHA_BARS)):
        raise ValueError(f"There is no digit {digit} at t = {t}.")
    network, alpha_bar_t = networks.load_network(run_id), ALPHA_BARS[t - 1]
    clean = test_digits(10)[digit : digit + 1]
    x_t = noisy(clean, torch.tensor([t - 1]), noise_like(clean, seed))
    eps_u, eps_c = both(network, x_t, digit, t)
    estimates = [
        clean_estimate(x_t, e, alpha_bar_t) for e in (eps_u, eps_c, guide(eps_c, eps_u, gamma))
    ]
    without, with_label, follows = estimates
    return (
        CaptionedImage(
            to_pixels(x_t[0]), f"x_t at t = {t}", f"a {digit} under the noise of t = {t}", "x_t"
        ),
        CaptionedImage(to_pixels(without[0]), "estimate without the label", symbol="x_0_hat"),
        CaptionedImage(
            to_pixels(with_label[0]), f"estimate with the label {digit}", symbol="x_0_hat"
        ),
        CaptionedImage(
            to_pixels((with_label - without)[0], -1, 1),
            "what the label changes",
            "the estimate with the label minus the one without: grey where both are alike",
        ),
        CaptionedImage(to_pixels(follows[0]), f"estimate at γ = {gamma:g}", symbol="x_0_hat"),
    )


def both(network: nn.Module, x_t: Tensor, digit: int, t: int) -> tuple[Tensor, Tensor]:
    """The predictions without and with the label, from one call of the network.

    Args:
        network: with classes, in eval mode.
        x_t: one image, (1, 1, 28, 28).
        digit: the label, 0 to 9.
        t: timestep, 1 to 300.

    Returns:
        ε without and with the label, each (1, 1, 28, 28).
    """
    labels = torch.tensor([NO_LABEL, digit])
    eps_u, eps_c = labelled(network)(torch.cat([x_t, x_t]), t - 1, labels).chunk(2)
    return eps_u, eps_c


def measured(run_id: str) -> GammaSweep | None:
    """What was measured of a shipped run over γ, and how; None if it wasn't.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = files.read_json(files.folder_of(run_id) / _MEASURED)
        if not content:
            return None
        qualities = {
            name: tuple(Quality(**quality) for quality in each)
            for name, each in content.pop("qualities").items()
        }
        if not qualities:
            raise KeyError("no sampler")
        return GammaSweep(qualities, **content)
    except (files.DamagedRun, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"The measurements of {run_id} are damaged: {error}") from error


def main() -> None:
    """Measure a shipped run over γ: `python -m lessons.part_b.class_guidance RUN`.

    What was measured with other samplers is kept, if it was of as many samples.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("--sampler", choices=SAMPLERS, default=BETA)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    chosen = parser.parse_args()
    qualities = []
    for gamma in GAMMAS:
        samples = many(
            chosen.run, chosen.count, gamma, chosen.steps, sampler=SAMPLERS[chosen.sampler]
        )
        qualities.append(quality(*samples, gamma))
        print(qualities[-1], flush=True)
    before = measured(chosen.run)
    known = asdict(before) if before and before.count == chosen.count else {}
    files.write_json(
        Path(files.folder_of(chosen.run)) / _MEASURED,
        {
            "qualities": {
                **known.get("qualities", {}),
                chosen.sampler: [asdict(one) for one in qualities],
            },
            "steps": {**known.get("steps", {}), chosen.sampler: chosen.steps},
            "count": chosen.count,
            "floor": classifier.frechet_floor(chosen.count),
            "real_intensity": mean_intensity(test_digits(10_000)),
        },
    )


if __name__ == "__main__":
    main()
