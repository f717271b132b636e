"""Experiments on what the network is told, and on what it begins with."""

from __future__ import annotations

from lessons import text_to_image as t2i
from lessons.diffusion.guidance import conditional, guided
from lessons.workshop.experiments.comparing import (
    COUNT,
    Result,
    SourceImage,
    compare,
    edited,
    sampled_by,
)


def same_seed(model: str, prompt: str, gamma: float, seed: int) -> Result:
    """The same seed twice.

    Args:
        model: name in the catalog.
        prompt: what to make.
        gamma: guidance scale.
        seed: of the noises, both times.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    predict = t2i.make_predictor(net, prompt, gamma)
    return (yield from sampled_by(net, (("first time", predict), ("second time", predict)), seed))


def in_company(model: str, prompt: str, seed: int) -> Result:
    """The first image, made alone and made beside others.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    steps = len(t2i.timesteps_of(form)) - 1
    made = []
    for place, (words, count) in enumerate((("alone", 1), (f"one of {COUNT}", COUNT))):
        path = t2i.sample_from_noise(form, predict, seed, count)
        _, x = yield from t2i.part(path, place * steps, 2 * steps, words)
        made.append((words, x[:1]))
    return compare(form, made)


def guidance_of(model: str, prompt: str, gamma: float, seed: int) -> Result:
    """γ = 0 beside the network without the prompt, or γ = 1 beside the network with it.

    Args:
        model: name in the catalog.
        prompt: what to make.
        gamma: 0 or 1.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: γ is neither, or the model can't take the prompt.
    """
    if gamma not in (0.0, 1.0):
        raise ValueError(f"Only for γ = 0 and 1 is the outcome known before, not for {gamma:g}.")
    net = yield from t2i.loading(model)
    wanted, unwanted = net.embed([prompt, ""]).chunk(2)
    alone = conditional(net.predict, wanted if gamma else unwanted)
    sides = (
        ("the network with the prompt" if gamma else "the network without it", alone),
        (f"γ = {gamma:g}", guided(net.predict, wanted, unwanted, gamma)),
    )
    return (yield from sampled_by(net, sides, seed))


def negative_alone(model: str, prompt: str, negative: str, seed: int) -> Result:
    """γ = 0 with a negative prompt, beside the network with that prompt alone.

    Args:
        model: name in the catalog.
        prompt: what guidance would lead to.
        negative: what it would lead away from.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    wanted, unwanted = net.embed([prompt, negative]).chunk(2)
    sides = (
        (f"the network with “{negative}”", conditional(net.predict, unwanted)),
        ("γ = 0, away from it", guided(net.predict, wanted, unwanted, 0.0)),
    )
    return (yield from sampled_by(net, sides, seed))


def unheard(
    model: str, source_image: SourceImage, prompts: tuple[str, str], i_start: int, seed: int
) -> Result:
    """One image edited with two prompts at γ = 0, where neither is heard.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompts: what is asked for.
        i_start: where among the lesson's 34 timesteps to begin, 0 to 32.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such place, or the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    sides = []
    for one in prompts:
        wanted, unwanted = net.embed([one, ""]).chunk(2)  # together, so that they are of one length
        sides.append((f"“{one}”", guided(net.predict, wanted, unwanted, 0.0), source_image))
    return (yield from edited(net, sides, i_start, seed))


def two_source_images(
    model: str, pair: tuple[SourceImage, SourceImage], prompt: str, i_start: int, seed: int
) -> Result:
    """Two images under the same noise, and what becomes of them.

    Args:
        model: name in the catalog.
        pair: names in the gallery, or pixels.
        prompt: what the network is told.
        i_start: where among the lesson's 34 timesteps to begin, 0 to 32.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such place, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    predict = t2i.make_predictor(net, prompt)
    sides = [(w, predict, o) for w, o in zip(("the first", "the second"), pair, strict=True)]
    return (yield from edited(net, sides, i_start, seed))
