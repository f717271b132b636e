"""A fixed case for every kind of run: what its network is given, and what it should answer.

It is written anew from the lesson's equations and not taken from the recipe's loss: where a loss
asks for something else by mistake, the two differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from lessons.diffusion.flow import interpolate
from lessons.own_data.names import MNIST
from lessons.own_data.parts import shown
from lessons.part_b.train_ddpm import STEPS, noisy, normalised
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training.previews import noise_like, test_digits

COUNT: Final = 40
_SEED: Final = 1866


@dataclass(frozen=True)
class HeldOut:
    """Test digits under fixed noise, the same for every run of a kind.

    Attributes:
        inputs: what the network is given, by the names of its parameters; (COUNT, …) each.
        target: the right answer, (COUNT, 1, 28, 28).
        level: how noisy each image is, (COUNT,) in [0, 1]; None where all are alike.
        others: what a network could have learnt to answer by mistake, by its name in a sentence.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor
    level: Tensor | None
    others: Mapping[str, Tensor]

    def part(self, which: Tensor) -> HeldOut:
        """Some of the images, by their numbers."""
        return HeldOut(
            {name: value[which] for name, value in self.inputs.items()},
            self.target[which],
            None if self.level is None else self.level[which],
            {name: value[which] for name, value in self.others.items()},
        )


def held_out(recipe: str, settings: Any) -> HeldOut | None:
    """The case of a kind of run; None if there is none, as for a classifier.

    Args:
        recipe: its name.
        settings: those of the run; a denoiser's σ is taken from them.
    """
    make = _CASES.get(recipe)
    return make(settings) if make else None


def _denoiser(settings: Any) -> HeldOut:
    x = test_digits(COUNT)
    eps = noise_like(x, _SEED)
    z = add_unscaled_noise(x, eps, settings.sigma)
    return HeldOut({"x": z}, x, None, {"the noise": eps})


def _ddpm(_: Any) -> HeldOut:
    x_0 = test_digits(COUNT)
    eps = noise_like(x_0, _SEED)
    index = (_spread() * STEPS).long()
    inputs = {"x": noisy(x_0, index, eps), "t": normalised(index)}
    return HeldOut(inputs, eps, _spread(), {"the clean digit": x_0})


def _flow(_: Any) -> HeldOut:
    x_1 = test_digits(COUNT)
    x_0 = noise_like(x_1, _SEED)
    t = 1 - _spread()  # noise is at 0
    inputs = {"x": interpolate(x_0, x_1, t[:, None, None, None]), "t": t}
    others = {"the clean digit": x_1, "the velocity of the way back": x_0 - x_1}
    return HeldOut(inputs, x_1 - x_0, _spread(), others)


def _with_labels(make: Callable[[Any], HeldOut]) -> Callable[[Any], HeldOut]:
    def labelled(settings: Any) -> HeldOut:
        case = make(settings)
        inputs = {**case.inputs, "c": shown(MNIST, COUNT).labels}
        return HeldOut(inputs, case.target, case.level, case.others)

    return labelled


def _spread() -> Tensor:
    """COUNT noise levels, evenly spread in (0, 1), and not in the order of the digits."""
    return ((torch.arange(COUNT) * 7) % COUNT + 0.5) / COUNT


_CASES: Final[Mapping[str, Callable[[Any], HeldOut]]] = {
    "denoiser": _denoiser,
    "ddpm": _ddpm,
    "class-ddpm": _with_labels(_ddpm),
    "flow": _flow,
    "class-flow": _with_labels(_flow),
}
