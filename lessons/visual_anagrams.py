"""A1.8 · Visual anagrams: one picture, two readings."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.iterative_denoising import PredictNoise, joined, split
from lessons.picture import Picture, Progress


class View:
    """A way to look at a picture that only moves its pixels or changes their sign.

    Both keep unit Gaussian noise what it is: independent, of mean 0 and variance 1. So would any
    orthogonal map; a view that blurred or squashed would not, and the network would meet noise that
    it never saw.
    """

    name: str = ""

    def move(self, x: Tensor) -> Tensor:
        """Move the pixels, (B, C, H, W)."""
        return x

    def move_back(self, x: Tensor) -> Tensor:
        """Undo `move`."""
        return x

    def see(self, x: Tensor) -> Tensor:
        """Look at pictures this way, (B, C, H, W)."""
        return self.move(x)

    def undo(self, x: Tensor) -> Tensor:
        """Undo `see`."""
        return self.move_back(x)


class Rotate180(View):
    """Upside down by half a turn: what the course's own anagrams do."""

    name = "180°"

    def move(self, x: Tensor) -> Tensor:
        """Turn by half a turn."""
        return x.flip(-2, -1)

    move_back = move


class FlipVertical(View):
    """Upside down as in a pond."""

    name = "vertical flip"

    def move(self, x: Tensor) -> Tensor:
        """Mirror top and bottom."""
        return x.flip(-2)

    move_back = move


class Rotate90(View):
    """A quarter turn to the left."""

    name = "90°"

    def move(self, x: Tensor) -> Tensor:
        """Turn to the left."""
        return x.rot90(1, (-2, -1))

    def move_back(self, x: Tensor) -> Tensor:
        """Turn to the right."""
        return x.rot90(-1, (-2, -1))


class Negative(View):
    """As on photographic film. The variance has no sign, so it is left as it is."""

    name = "negative"

    def see(self, x: Tensor) -> Tensor:
        """Change the sign of every pixel."""
        return -x

    undo = see


class QuarterPermutation(View):
    """The four quarters go round, each into the next one's place."""

    name = "quarters"

    def move(self, x: Tensor) -> Tensor:
        """Send every quarter clockwise."""
        top_left, top_right, bottom_left, bottom_right = _quarters(x)
        return _whole(bottom_left, top_left, bottom_right, top_right)

    def move_back(self, x: Tensor) -> Tensor:
        """Send every quarter counterclockwise."""
        top_left, top_right, bottom_left, bottom_right = _quarters(x)
        return _whole(top_right, bottom_right, top_left, bottom_left)


VIEWS: Final = {
    view.name: view
    for view in (Rotate180(), FlipVertical(), Rotate90(), Negative(), QuarterPermutation())
}


def mean_of_views(eps_1: Tensor, eps_2: Tensor, view: View) -> Tensor:
    r"""Ask for one thing upright and for another as the view sees it, and take the middle.

    $$
    \epsilon = \tfrac{1}{2}\left(\epsilon_1 + \mathrm{view}^{-1}(\epsilon_2)\right)
    $$

    Source: Geng et al. 2024 (arXiv:2311.17919), eq. 4.

    Args:
        eps_1: noise predicted in x_t, (B, C, H, W).
        eps_2: noise predicted in view(x_t), shape of `eps_1`.
        view: the way of looking.
    """
    return (eps_1 + view.undo(eps_2)) / 2


def anagram(upright: PredictNoise, viewed: PredictNoise, view: View) -> PredictNoise:
    """A predictor for a picture that is one thing upright and another one through a view.

    Args:
        upright: for the one prompt, guidance included.
        viewed: for the other.
        view: the way of looking.
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        eps_1, between_1 = split(upright(x_t, t), x_t)
        eps_2, between_2 = split(viewed(view.see(x_t), t), x_t)
        if between_1 is None or between_2 is None:
            return mean_of_views(eps_1, eps_2, view)
        between = (between_1 + view.move_back(between_2)) / 2
        return joined(mean_of_views(eps_1, eps_2, view), between)

    return predict_noise


@dataclass(frozen=True)
class Anagrams:
    """Several tries at one anagram.

    Attributes:
        film: their making.
        upright: the finished pictures.
        viewed: the same pictures as the view sees them.
    """

    film: t2i.Film
    upright: tuple[Picture, ...]
    viewed: tuple[Picture, ...]


def views_for(model: str) -> tuple[str, ...]:
    """The views that suit a model; a negative needs black and white to lie around 0.

    Raises:
        ValueError: there is no such model.
    """
    form = t2i.outline(model)
    symmetric = form.low == -form.high
    return tuple(name for name in VIEWS if symmetric or name != Negative.name)


def demo(
    model: str, first: str, second: str, view: str, gamma: float, count: int, seed: int
) -> Generator[Progress, None, Anagrams]:
    """Make several anagrams from different noises.

    Args:
        model: name in the catalog.
        first: what they are upright.
        second: what they are through the view.
        view: a key of VIEWS.
        gamma: guidance strength of both.
        count: how many, 1 to 6.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt, or there is no such view.
    """
    net = yield from t2i.loading(model)
    if view not in views_for(model):
        raise ValueError(f"The views here are {', '.join(views_for(model))}, not {view[:20]!r}.")
    look = VIEWS[view]
    predict = anagram(t2i.told(net, first, gamma), t2i.told(net, second, gamma), look)
    film, x = yield from t2i.from_noise(net.outline, predict, seed, count)
    return Anagrams(
        film,
        tuple(t2i.picture(one, net.outline, "", first, "x_0_hat") for one in x),
        tuple(t2i.picture(one, net.outline, "", second, "x_0_hat") for one in look.see(x)),
    )


def _quarters(x: Tensor) -> tuple[Tensor, ...]:
    """Top left, top right, bottom left, bottom right."""
    top, bottom = x.chunk(2, -2)
    return (*top.chunk(2, -1), *bottom.chunk(2, -1))


def _whole(*quarters: Tensor) -> Tensor:
    """Undo `_quarters`."""
    top, bottom = torch.cat(quarters[:2], -1), torch.cat(quarters[2:], -1)
    return torch.cat([top, bottom], -2)
