"""Visual anagrams: one image, two readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

from lessons.diffusion.denoise import PredictNoise, joined, split


class View(NamedTuple):
    """A way to look at an image that only moves its pixels or changes their sign.

    Both keep unit Gaussian noise what it is: independent, of mean 0 and variance 1. So would any
    orthogonal map; a view that blurred or squashed would not, and the network would meet noise that
    it never saw.

    Attributes:
        name: what readers call it.
        move: moves the pixels, (B, C, H, W).
        move_back: undoes `move`.
        sign: -1 for a negative; the variance has no sign, so it is only moved.
    """

    name: str = ""
    move: Callable[[Tensor], Tensor] = lambda x: x
    move_back: Callable[[Tensor], Tensor] = lambda x: x
    sign: int = 1

    def see(self, x: Tensor) -> Tensor:
        """Look at images this way, (B, C, H, W)."""
        return self.sign * self.move(x)

    def undo(self, x: Tensor) -> Tensor:
        """Undo `see`."""
        return self.sign * self.move_back(x)


def half_turn(x: Tensor) -> Tensor:
    """Upside down by half a turn: what the course's own anagrams do."""
    return x.flip(-2, -1)


def mirrored(x: Tensor) -> Tensor:
    """Upside down as in a pond."""
    return x.flip(-2)


def turned_left(x: Tensor) -> Tensor:
    """A quarter turn to the left."""
    return x.rot90(1, (-2, -1))


def turned_right(x: Tensor) -> Tensor:
    """A quarter turn to the right."""
    return x.rot90(-1, (-2, -1))


def quarters_clockwise(x: Tensor) -> Tensor:
    """The four quarters go round, each into the next one's place."""
    return _permuted(x, (2, 0, 3, 1))


def quarters_counterclockwise(x: Tensor) -> Tensor:
    """The four quarters go round the other way."""
    return _permuted(x, (1, 3, 0, 2))


ROTATE_180: Final = View("180°", half_turn, half_turn)
NEGATIVE: Final = View("negative", sign=-1)
VIEWS: Final = {
    view.name: view
    for view in (
        ROTATE_180,
        View("vertical flip", mirrored, mirrored),
        View("90°", turned_left, turned_right),
        NEGATIVE,
        View("quarters", quarters_clockwise, quarters_counterclockwise),
    )
}


def mean_of_views(eps_1: Tensor, eps_2: Tensor, view: View) -> Tensor:
    r"""Average two predictions: prompt 1 for the image, prompt 2 for its view, transformed back.

    $$
    \hat\epsilon = \tfrac{1}{2}\left(\epsilon_1 + \mathrm{view}^{-1}(\epsilon_2)\right)
    $$

    Source: Geng et al. 2024 (arXiv:2311.17919), eq. 4.

    Args:
        eps_1: noise predicted in x_t, (B, C, H, W).
        eps_2: noise predicted in view(x_t), shape of `eps_1`.
        view: the way of looking.
    """
    return (eps_1 + view.undo(eps_2)) / 2


def anagram(upright: PredictNoise, viewed: PredictNoise, view: View) -> PredictNoise:
    """A predictor for an image that is one thing upright and another one through a view.

    Args:
        upright: for prompt 1, guidance included.
        viewed: for prompt 2.
        view: the way of looking.
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        eps_1, v_1 = split(upright(x_t, t), x_t)
        eps_2, v_2 = split(viewed(view.see(x_t), t), x_t)
        if v_1 is None or v_2 is None:
            return mean_of_views(eps_1, eps_2, view)
        v = (v_1 + view.move_back(v_2)) / 2
        return joined(mean_of_views(eps_1, eps_2, view), v)

    return predict_noise


def _permuted(x: Tensor, order: tuple[int, ...]) -> Tensor:
    """Put quarter `order[i]` into place i: top left, top right, bottom left, bottom right."""
    quarters = [quarter for half in x.chunk(2, -2) for quarter in half.chunk(2, -1)]
    rows = [torch.cat([quarters[i] for i in order[k : k + 2]], -1) for k in (0, 2)]
    return torch.cat(rows, -2)
