"""A1.6.1 · Which word drew which pixel: where places look, and what changes without a word."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.beyond.attention_heat import Heat, frames_of, means_of
from lessons.diffusion.denoise import clean_estimate
from lessons.diffusion.guidance import guide
from lessons.diffusion.samplers import sampling_trajectory
from lessons.diffusion.schedules import alpha_bar_at
from lessons.dynamic_thresholding import limit_of
from lessons.images.captioned import CaptionedImage, Progress
from lessons.model_choice import family
from models.diffusers_model import DiffusersModel
from models.embedded import Pictures
from models.miniature.attention import tokens, watched
from models.miniature.attention import weights as attention_weights
from models.text_to_image import TextToImage

__all__ = ["WordMaps", "attention_weights", "demo", "reads_words", "tokens"]


class WordStep(NamedTuple):
    """What one step shows of the words.

    Attributes:
        t: the timestep that it starts from.
        x_t: the current sample, (1, 3, 64, 64).
        x_0: the clean estimate with the prompt, shape of `x_t`.
        attention: of places on the prompt's tokens, (L, 8, 8), mean of heads and layers.
        attention_empty: the same on the empty prompt's two tokens, (2, 8, 8).
        change: of the clean estimate when a token is left out, (L, 64, 64).
        after: the sample that the step reached.
    """

    t: int
    x_t: Tensor
    x_0: Tensor
    attention: Tensor
    attention_empty: Tensor
    change: Tensor
    after: Tensor


@dataclass(frozen=True)
class WordMaps:
    """One sample, and for each of its tokens where it was looked at and what it changed.

    Attributes:
        sample: the finished image.
        looked: attention over the clean estimate, step by step; the empty prompt's tokens last.
        looked_now: the same over the current sample.
        changed: what changes in the clean estimate without a token, step by step.
        overall: both as means of all steps, over the finished sample: attention, then change.
        on_words: share of all attention that goes to words, by step: prompt, then empty prompt.
    """

    sample: CaptionedImage
    looked: Heat
    looked_now: Heat
    changed: Heat
    overall: tuple[tuple[CaptionedImage, ...], tuple[CaptionedImage, ...]]
    on_words: tuple[tuple[float, ...], tuple[float, ...]]


def over_layers(looks: Sequence[Tensor]) -> Tensor:
    r"""Average the attention of places on words over all heads and all layers.

    $$
    \bar A_{p,w} = \frac{1}{N} \sum_{l=1}^{N} \frac{1}{H_l} \sum_{h=1}^{H_l} A^{(l,h)}_{p,w}
    $$

    Layers that see fewer places are enlarged to the places of the finest one.

    Source: Tang et al. 2022 (arXiv:2210.04885), eq. 4 and 5, as a mean.

    Args:
        looks: for each layer the mean of its heads, (B, L, H, W).

    Returns:
        (B, L, H, W) of the finest layer; over words and places together each place has 1 to give.
    """
    finest = max(look.shape[-1] for look in looks)
    return torch.stack([F.interpolate(look, size=(finest, finest)) for look in looks]).mean(0)


def among_words(A: Tensor) -> Tensor:
    r"""Of what a place gives to words, the share of each word.

    $$
    a_{p,w} = \frac{\bar A_{p,w}}{\sum_{w'} \bar A_{p,w'}}, \qquad \sum_w a_{p,w} = 1
    $$

    Args:
        A: attention of places on words, (..., L, H, W), > 0.

    Returns:
        Shape of `A`; adds up to 1 over the L words at each place.
    """
    return A / A.sum(-3, keepdim=True)


def change_without(x_0: Tensor, x_0_without: Tensor) -> Tensor:
    r"""Leave a word out, and see how far each pixel of the clean estimate moves.

    $$
    d_w = \tfrac{1}{3} \textstyle\sum_{\text{colours}} \left| \hat x_0 - \hat x_0^{(-w)} \right|
    $$

    $\hat x_0^{(-w)}$ is estimated from the same $x_t$ with the prompt that lacks $w$. Attention
    says where the network looks; this says what depends on the word.

    Source: occlusion, Zeiler & Fergus 2014 (arXiv:1311.2901), section 4.2, of words, not pixels.

    Args:
        x_0: the clean estimate, (1, 3, H, W).
        x_0_without: one for each word that is left out, (L, 3, H, W).

    Returns:
        (L, H, W), in the unit of the images.
    """
    return (x_0 - x_0_without).abs().mean(1)


def without_each(states: Tensor) -> Tensor:
    """A prompt's token states with one token left out at a time, (1, L, C) → (L, L, C).

    A row of zeros is no token to the network: it has no place in the attention, nor in the mean.
    """
    L = states.shape[1]
    return states.masked_fill(torch.eye(L, dtype=torch.bool)[..., None], 0.0)


def steps_of(
    net: TextToImage, prompt: str, gamma: float, seed: int, number: int = 1
) -> Iterator[WordStep]:
    """The trajectory of one image of lesson 1.6, and the words' part in each of its steps.

    Args:
        net: Pictures.
        prompt: what to make.
        gamma: guidance scale.
        seed: of the noises.
        number: which image, from 1.

    Raises:
        ValueError: the model has no attention to words that could be read.
    """
    if not isinstance(net, Pictures):
        raise ValueError("Only the network of Pictures shows which words its places look at.")
    twin, looks = watched(net.model.network)
    predict = DiffusersModel(twin, net.spec, net.embed, parameters=net.parameters).predict
    wanted, unwanted = net.embed([prompt, ""]).chunk(2)
    all_states = torch.cat([wanted, unwanted, without_each(wanted)])
    answers: list[tuple[Tensor, Tensor]] = []

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        looks.clear()
        eps = predict(x_t.expand(len(all_states), -1, -1, -1), t, all_states)
        answers.append((eps, over_layers([look[:2] for look in looks])))
        return guide(eps[:1], eps[1:2], gamma)

    form = net.spec
    times, noises = t2i.timesteps_of(form), t2i.source(form, seed, number)

    def noise() -> Tensor:
        return noises()[-1:]  # that of the last image alone

    trajectory = sampling_trajectory(
        noise(), times, form.alpha_bars, predict_noise, noise, limit=limit_of(form)
    )
    for t, frame in zip(times, trajectory, strict=False):
        eps, attention = answers.pop()
        assert frame.state is not None
        x_0 = clean_estimate(frame.state.x_t, eps, alpha_bar_at(form.alpha_bars, t))
        change = change_without(x_0[:1], x_0[2:])
        yield WordStep(
            t, frame.state.x_t, x_0[:1], attention[0], attention[1, :2], change, frame.x_t
        )


def demo(
    model: str, prompt: str, gamma: float, seed: int, number: int = 1
) -> Generator[Progress, None, WordMaps]:
    """Sample one image, and show for each token where it was looked at and what it changed.

    Args:
        model: name in the catalog.
        prompt: what to make.
        gamma: guidance scale.
        seed: of the noises.
        number: which image of lesson 1.6, from 1.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model has no attention to words that could be read.
    """
    net = yield from t2i.loading(model)
    form, total, steps = net.spec, len(t2i.timesteps_of(net.spec)) - 1, list[WordStep]()
    for step in steps_of(net, prompt, gamma, seed, number):
        steps.append(step)
        shown = t2i.captioned(step.x_0[0], form, "clean estimate x̂₀", "", "x_0_hat")
        yield Progress(len(steps), total, f"t = {step.t}", (shown,))
    words = tokens(prompt)
    looked = [torch.cat([among_words(s.attention), among_words(s.attention_empty)]) for s in steps]
    named = (*words, *(f"{word} of the empty prompt" for word in tokens("")))
    times = tuple(step.t for step in steps)
    x_0, x_t = ([getattr(step, name)[0] for step in steps] for name in ("x_0", "x_t"))
    sample, changes = steps[-1].after[0], [step.change / t2i.value_range(form) for step in steps]
    return WordMaps(
        t2i.captioned(sample, form, "the finished sample", prompt or "a sample", "x_0_hat"),
        Heat(frames_of(looked, x_0, named, form, "looks at"), times),
        Heat(frames_of(looked, x_t, named, form, "looks at"), times),
        Heat(frames_of(changes, x_0, words, form, "changes without"), times),
        (
            means_of(looked, sample, named, form, "looks at"),
            means_of(changes, sample, words, form, "changes without"),
        ),
        (
            tuple(float(step.attention.sum(0).mean()) for step in steps),
            tuple(float(step.attention_empty.sum(0).mean()) for step in steps),
        ),
    )


def reads_words(model: str) -> bool:
    """Whether a model's attention to words can be shown; loads nothing."""
    return family(model) == "pictures"
