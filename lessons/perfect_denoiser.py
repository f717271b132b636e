"""A1.5.1 · The best denoiser that a finite set of pictures allows, and what the network adds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from lessons import originals, quality
from lessons import text_to_image as t2i
from lessons.forward_process import add_noise
from lessons.iterative_denoising import PredictNoise, clean_estimate, split
from lessons.picture import Picture, Progress
from models import mnist
from models.randomness import stream
from models.text_to_image import Outline

COUNT: Final = 5
"""Pictures that each of the two makes."""

MEASURED: Final = 16
"""Pictures, at most, that each point of the curves is a mean over."""

LEVELS: Final = 8
"""Points of the curves."""

_DIGITS: Final = (1, 10, 100, 1000, 2000)


def responsibilities(x_t: Tensor, known: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Ask of every known picture how likely it is to lie under this noise.

    $$
    w_i = \mathrm{softmax}_i \left(
        -\frac{\lVert x_t - \sqrt{\bar\alpha_t}\, x_i \rVert^2}{2 (1 - \bar\alpha_t)} \right)
    $$

    That is Bayes' rule: before we look, each of the pictures $x_i$ is as likely as any other. Deep
    in the noise all stay likely; close to a picture only the nearest one does.

    Source: Karras et al. 2022 (arXiv:2206.00364), appendix B.3.

    Args:
        x_t: noisy pictures, (B, C, H, W).
        known: the whole set, (N, C, H, W).
        alpha_bar_t: share of signal power left, in (0, 1), float64.

    Returns:
        w, (B, N) float64; each row sums to 1.
    """
    centres = alpha_bar_t.sqrt() * known.flatten(1).double()
    distance = torch.cdist(x_t.flatten(1).double(), centres).square()
    return (-distance / (2 * (1 - alpha_bar_t))).softmax(dim=1)


def expected_picture(w: Tensor, known: Tensor) -> Tensor:
    r"""Guess the mean of all that might have been: nothing has a smaller squared error.

    $$
    \hat x_0 = \sum_i w_i \, x_i
    $$

    A guess is always a mixture of known pictures, never anything else.

    Source: Karras et al. 2022 (arXiv:2206.00364), appendix B.3.

    Args:
        w: how likely each known picture is, (B, N).
        known: the whole set, (N, C, H, W).

    Returns:
        Guesses, (B, C, H, W) float32.
    """
    mixed = w @ known.flatten(1).double()
    return mixed.view(-1, *known.shape[1:]).float()


def noise_beside(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Call noise whatever the guess does not explain.

    $$
    \epsilon = \frac{x_t - \sqrt{\bar\alpha_t}\, \hat x_0}{\sqrt{1 - \bar\alpha_t}}
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 4 solved for the noise.

    Args:
        x_t: noisy pictures, (B, C, H, W).
        x_0: guesses at the clean ones, shape of `x_t`.
        alpha_bar_t: share of signal power left, in [0, 1), float64.
    """
    return (x_t - alpha_bar_t.sqrt() * x_0) / (1 - alpha_bar_t).sqrt()


def perfect(known: Tensor, alpha_bars: Tensor) -> PredictNoise:
    """A predictor that nothing beats on a finite set of pictures. It learns nothing: it looks up.

    Args:
        known: the whole set, (N, C, H, W).
        alpha_bars: the schedule, (T,), float64.
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        w = responsibilities(x_t, known, alpha_bars[t])
        return noise_beside(x_t, expected_picture(w, known), alpha_bars[t])

    return predict_noise


def still_possible(w: Tensor) -> Tensor:
    r"""Count the pictures that are still possible: N if all weigh alike, 1 if one has it all.

    $$
    n = \frac{1}{\sum_i w_i^2}
    $$

    Source: Kish 1965, "Survey Sampling", section 8.2 (the effective sample size).

    Args:
        w: how likely each known picture is, (B, N), rows of sum 1.

    Returns:
        One number for each row, (B,), 1 to N.
    """
    return 1 / w.square().sum(dim=1)


@dataclass(frozen=True)
class Made:
    """Pictures of one of the two, and what they come closest to in the known set.

    Attributes:
        pictures: the finished ones.
        nearest: the known picture closest to each, captioned with its distance.
        distances: root mean square difference of the pixels, black to white being 1.
    """

    pictures: tuple[Picture, ...]
    nearest: tuple[Picture, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True)
class Beside:
    """The perfect denoiser and the network, from the same noises.

    Attributes:
        perfect: what comes of looking up.
        network: what comes of having learnt.
        film: the guesses of both, step by step.
    """

    perfect: Made
    network: Made
    film: t2i.Film


@dataclass(frozen=True)
class Curves:
    """Mean squared errors of guesses over the noise level, black to white being 1.

    Attributes:
        timesteps: of the points, rising.
        known: those of the perfect denoiser and of the network on pictures of the set.
        new: the same on pictures that are not in the set.
        apart: mean squared difference between the two guesses, on new pictures.
        possible: how many known pictures are still possible, on pictures of the set.
    """

    timesteps: tuple[int, ...]
    known: tuple[tuple[float, ...], tuple[float, ...]]
    new: tuple[tuple[float, ...], tuple[float, ...]]
    apart: tuple[float, ...]
    possible: tuple[float, ...]


def set_sizes(model: str) -> tuple[int, ...]:
    """How many pictures the perfect denoiser may know: digits by the thousand, or the gallery's.

    Raises:
        ValueError: there is no such model.
    """
    if t2i.outline(model).shape[0] == 1:
        return _DIGITS
    names = _gallery(t2i.outline(model))[0]
    return 1, 4, len(names)


def sets(form: Outline, size: int) -> tuple[Tensor, Tensor]:
    """The pictures that are known, and others that are not.

    Args:
        form: whose pictures: one channel takes digits of MNIST, three the gallery.
        size: how many are known.

    Returns:
        (size, C, H, W): training digits, or pictures of the gallery; and at most MEASURED others:
        test digits, or every third picture of the gallery.

    Raises:
        ValueError: there are not so many, or fewer than one.
    """
    known, new = _digits(form, size) if form.shape[0] == 1 else _coloured(form, size)
    if size < 1 or len(known) != size:
        raise ValueError(f"There is no set of {size} pictures here.")
    return known, new


def demo(model: str, size: int, prompt: str, seed: int) -> Generator[Progress, None, Beside]:
    """Walk from the same noises with the perfect denoiser and with the network.

    Args:
        model: name in the catalog.
        size: how many pictures the perfect denoiser knows.
        prompt: what the network is told.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such set, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, (known, _) = net.outline, sets(net.outline, size)
    steps = len(t2i.timesteps_of(form)) - 1
    films, made = [], []
    for place, (words, predict) in enumerate(
        (
            ("the perfect denoiser", perfect(known, form.alpha_bars)),
            ("the network", t2i.told(net, prompt)),
        )
    ):
        walk = t2i.from_noise(form, predict, seed, COUNT)
        film, x = yield from t2i.part(walk, place * steps, 2 * steps, words)
        films.append(tuple(_called(guess, words) for _, guess in film.frames))
        made.append(_made(x, known, form, words))
    return Beside(made[0], made[1], t2i.Film(tuple(zip(*films, strict=True)), film.times))


def curves(model: str, size: int, prompt: str, seed: int) -> Generator[Progress, None, Curves]:
    """Measure both denoisers under every strength of noise, on known pictures and on new ones.

    Arguments, and what is raised, as in `demo`.

    Yields:
        Progress after each level.
    """
    net = yield from t2i.loading(model)
    form, (known, new) = net.outline, sets(net.outline, size)
    best, learnt = perfect(known, form.alpha_bars), t2i.told(net, prompt)
    timesteps = [round(k * (len(form.alpha_bars) - 1) / (LEVELS - 1)) for k in range(LEVELS)]
    rows = []
    for done, t in enumerate(timesteps, start=1):
        seen = [_guesses(form, x_0, t, seed, best, learnt) for x_0 in (known[:MEASURED], new)]
        w = responsibilities(seen[0][0], known, form.alpha_bars[t])
        (_, *on_known), (_, *on_new) = seen
        rows.append(
            (
                *(_error(guess, known[:MEASURED], form) for guess in on_known),
                *(_error(guess, new, form) for guess in on_new),
                _error(on_new[0], on_new[1], form),
                float(still_possible(w).mean()),
            )
        )
        yield Progress(done, LEVELS, f"t = {t}")
    perfect_known, network_known, perfect_new, network_new, apart, possible = zip(
        *rows, strict=True
    )
    return Curves(
        tuple(timesteps),
        (perfect_known, network_known),
        (perfect_new, network_new),
        apart,
        possible,
    )


def _guesses(
    form: Outline, x_0: Tensor, t: int, seed: int, *predictors: PredictNoise
) -> tuple[Tensor, ...]:
    """x_t, and each predictor's guess at x_0 from there."""
    eps = torch.randn(x_0.shape, generator=stream(seed, "perfect denoiser", t))
    x_t, alpha_bar_t = add_noise(x_0, t2i.level(form, t), eps), form.alpha_bars[t]
    noises = [split(predict(x_t, t), x_t)[0] for predict in predictors]
    return (x_t, *(clean_estimate(x_t, eps, alpha_bar_t) for eps in noises))


def _error(guess: Tensor, truth: Tensor, form: Outline) -> float:
    error = quality.mean_squared_error(guess, truth).mean()
    return float(error) / t2i.value_range(form) ** 2


def _made(x: Tensor, known: Tensor, form: Outline, words: str) -> Made:
    shown = x.clamp(form.low, form.high)
    distance, places = torch.cdist(shown.flatten(1).double(), known.flatten(1).double()).min(1)
    distances = (distance / known[0].numel() ** 0.5 / t2i.value_range(form)).tolist()
    return Made(
        tuple(t2i.picture(one, form, "", f"made by {words}", "x_0_hat") for one in x),
        tuple(
            t2i.picture(known[i], form, f"{far:.3f} away", "the nearest known picture", "x_0")
            for i, far in zip(places.tolist(), distances, strict=True)
        ),
        tuple(distances),
    )


def _called(guess: Picture, words: str) -> Picture:
    return replace(guess, caption=words, alt=f"{COUNT} guesses of {words}")


def _digits(form: Outline, size: int) -> tuple[Tensor, Tensor]:
    parts = mnist.load("train").images[:size], mnist.load("test").images[:MEASURED]
    low, wide = form.low, t2i.value_range(form)
    known, new = (mnist.unit_range(images) * wide + low for images in parts)
    return known, new


def _coloured(form: Outline, size: int) -> tuple[Tensor, Tensor]:
    known, new = (
        torch.cat([originals.load(name, form.shape, form.low, form.high) for name in names])
        for names in _gallery(form)
    )
    return known[:size], new[:MEASURED]


def _gallery(form: Outline) -> tuple[list[str], list[str]]:
    """Names of the pictures to know, and of every third one, which stays out of the set."""
    names = [choice.name for choice in originals.names(form.shape)]
    return [name for i, name in enumerate(names) if i % 3 != 2], names[2::3]
