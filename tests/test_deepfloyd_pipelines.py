"""Our one loop against diffusers' own pipelines for DeepFloyd IF: same words, noise, images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_if
import torch
from diffusers import (
    IFImg2ImgPipeline,
    IFInpaintingPipeline,
    IFPipeline,
    IFSuperResolutionPipeline,
)
from torch import Tensor
from torch.testing import assert_close
from transformers import T5EncoderModel, T5Tokenizer

from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.forward import add_noise
from lessons.diffusion.guidance import guided
from lessons.diffusion.inpainting import keeping_source
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import AfterStep, Frame, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, strided
from lessons.dynamic_thresholding import limit_of
from lessons.upscaling import enlarge
from models import catalog, deepfloyd
from models.diffusers_model import Upscaler

TIMESTEPS = strided(990, 110)
"""990, 880, …, 0."""
GAMMA = 3.0
PROMPT = "a photo of a rocket ship"
IMAGE = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(4)) * 2 - 1
MODELS = pytest.mark.parametrize("model", ["deepfloyd", "deepfloyd+threshold"])


def pipeline(kind: Any, network: Any, threshold: bool, **more: object) -> Any:
    made = kind(
        tokenizer=None,
        text_encoder=None,
        unet=network,
        scheduler=tiny_if.scheduler(thresholding=threshold, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
        **more,
    )
    made.set_progress_bar_config(disable=True)
    return made


def theirs(kind: Any, model: str, **call: object) -> Tensor:
    """What diffusers makes with the same network, words and noise."""
    net = catalog.load(model)
    wanted, unwanted = net.embed([PROMPT, ""]).chunk(2)
    made: Tensor = pipeline(kind, net.network, threshold=model.endswith("threshold"))(
        prompt_embeds=wanted,
        negative_prompt_embeds=unwanted,
        timesteps=list(TIMESTEPS),
        guidance_scale=GAMMA,
        generator=torch.Generator().manual_seed(7),
        output_type="pt",
        **call,
    ).images
    return made


def noises(size: int = 16) -> Callable[[], Tensor]:
    """The same noise as diffusers draws, in the same order."""
    random = torch.Generator().manual_seed(7)
    return lambda: torch.randn(1, 3, size, size, generator=random)


def predictor(model: str) -> PredictNoise:
    net = catalog.load(model)
    wanted, unwanted = net.embed([PROMPT, ""]).chunk(2)
    return guided(net.predict, wanted, unwanted, GAMMA)


def ours(
    model: str,
    start: Tensor,
    noise: Callable[[], Tensor],
    timesteps: tuple[int, ...] = TIMESTEPS,
    after: AfterStep = lambda x_s, _s: x_s,
) -> Iterator[Frame]:
    form = catalog.load(model).spec
    return sampling_trajectory(
        start,
        (*timesteps, CLEAN),
        form.alpha_bars,
        predictor(model),
        noise,
        limit=limit_of(form),
        after=after,
    )


def last(frames: Iterator[Frame]) -> Tensor:
    *_, frame = frames
    return frame.x_t


def assert_same(found: Tensor, expected: Tensor) -> None:
    """Equal up to rounding: diffusers' schedule is float32, and an untrained network overdraws."""
    assert_close(found, expected, rtol=1e-4, atol=5e-5 * max(1, float(expected.abs().max())))


@MODELS
@pytest.mark.usefixtures("tiny_if_here")
def test_our_loop_makes_the_image_of_their_pipeline(model: str) -> None:
    noise = noises()
    assert_same(last(ours(model, noise(), noise)), theirs(IFPipeline, model))


@pytest.mark.usefixtures("tiny_if_here")
def test_thresholding_makes_another_image() -> None:
    plain, limited = (theirs(IFPipeline, name) for name in ("deepfloyd", "deepfloyd+threshold"))
    assert not torch.allclose(plain, limited, atol=0.1)


@MODELS
@pytest.mark.usefixtures("tiny_if_here")
def test_our_image_to_image_is_that_of_their_pipeline(model: str) -> None:
    begin = 4
    noise, form = noises(), catalog.load(model).spec
    alpha_bar = form.alpha_bars[TIMESTEPS[begin]].float().view(1, 1, 1, 1)
    found = last(
        ours(model, add_noise(IMAGE, alpha_bar, noise()), noise, timesteps=TIMESTEPS[begin:])
    )
    strength = (len(TIMESTEPS) - begin + 0.5) / len(TIMESTEPS)
    expected = theirs(IFImg2ImgPipeline, model, image=IMAGE, strength=strength)
    assert_same(found, expected)


def half() -> Tensor:
    """A mask: the left half is new."""
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :8] = 1
    return mask


def pasting_what_was(start: Tensor, mask: Tensor) -> AfterStep:
    """What their inpainting does after a step: it pastes the image from before it."""
    before = [start]

    def after(x_s: Tensor, _s: int) -> Tensor:
        before.append(mask * x_s + (1 - mask) * before[-1])
        return before[-1]

    return after


def noised_inside(mask: Tensor, noise: Tensor) -> Tensor:
    """Where their inpainting begins: noise where the mask is 1, the clean original elsewhere."""
    alpha_bar = deepfloyd.spec().alpha_bars[TIMESTEPS[0]].float().view(1, 1, 1, 1)
    return mask * add_noise(IMAGE, alpha_bar, noise) + (1 - mask) * IMAGE


@pytest.mark.usefixtures("tiny_if_here")
def test_with_their_hook_our_loop_is_their_inpainting() -> None:
    noise, mask = noises(), half()
    start = noised_inside(mask, noise())
    found = last(ours("deepfloyd", start, noise, after=pasting_what_was(start, mask)))
    kwargs = {"image": IMAGE, "mask_image": mask.clone(), "strength": 1.0}
    assert_same(found, theirs(IFInpaintingPipeline, "deepfloyd", **kwargs))


@pytest.mark.usefixtures("tiny_if_here")
def test_with_a_mask_of_ones_our_inpainting_is_theirs() -> None:
    noise, mask = noises(), torch.ones(1, 1, 16, 16)
    form = catalog.load("deepfloyd").spec
    hook = keeping_source(IMAGE, mask, form.alpha_bars, NoiseSource(1, 1, form.shape))
    found = last(ours("deepfloyd", noised_inside(mask, noise()), noise, after=hook))
    kwargs = {"image": IMAGE, "mask_image": mask.clone(), "strength": 1.0}
    assert_same(found, theirs(IFInpaintingPipeline, "deepfloyd", **kwargs))


@pytest.mark.usefixtures("tiny_if_here")
def test_they_show_the_network_a_clean_border_and_we_one_as_noisy_as_the_rest() -> None:
    mask, form = half(), catalog.load("deepfloyd").spec
    kept: list[Tensor] = []
    theirs(
        IFInpaintingPipeline,
        "deepfloyd",
        image=IMAGE,
        mask_image=mask.clone(),
        strength=1.0,
        callback=lambda _i, _t, images: kept.append(images[..., 8:].clone()),
    )
    for border in kept:
        assert_close(border, IMAGE[..., 8:], rtol=0, atol=1e-6)
    noise = noises()
    hook = keeping_source(IMAGE, mask, form.alpha_bars, NoiseSource(1, 1, form.shape))
    frames = list(ours("deepfloyd", noise(), noise, after=hook))
    for frame in frames[:-1]:
        off = frame.x_t[..., 8:] - form.alpha_bars[frame.t].sqrt() * IMAGE[..., 8:]
        expected = float((1 - form.alpha_bars[frame.t]).sqrt())
        assert float(off.std()) == pytest.approx(expected, rel=0.15), frame.t
    assert_close(frames[-1].x_t[..., 8:], IMAGE[..., 8:])


@MODELS
@pytest.mark.usefixtures("tiny_if_here")
def test_our_second_stage_is_that_of_their_pipeline(model: str) -> None:
    net: Upscaler = catalog.finish(catalog.loading_upscaler(model))
    wanted, unwanted = net.embed([PROMPT, ""]).chunk(2)
    limited = model.endswith("threshold")
    stage_2 = pipeline(
        IFSuperResolutionPipeline,
        net.network,
        limited,
        image_noising_scheduler=tiny_if.scheduler(),
    )
    expected = stage_2(
        image=IMAGE,
        prompt_embeds=wanted,
        negative_prompt_embeds=unwanted,
        timesteps=list(TIMESTEPS),
        guidance_scale=GAMMA,
        noise_level=250,
        generator=torch.Generator().manual_seed(7),
        output_type="pt",
    ).images
    noise, form = noises(32), net.spec
    start = noise()
    small = add_noise(enlarge(IMAGE, 32), net.noising[250].float().view(1, 1, 1, 1), noise())
    predict = guided(net.beside(small, 250), wanted, unwanted, GAMMA)
    timesteps = (*TIMESTEPS, CLEAN)
    frames = sampling_trajectory(
        start, timesteps, form.alpha_bars, predict, noise, limit=limit_of(form)
    )
    assert_same(last(frames), expected)


def test_prompts_are_encoded_as_their_pipeline_encodes_them(tiny_if_here: Path) -> None:
    home = tiny_if_here / "I"
    words = pipeline(IFPipeline, None, threshold=False)
    words.tokenizer = T5Tokenizer.from_pretrained(home / "tokenizer")
    words.text_encoder = T5EncoderModel.from_pretrained(home / "text_encoder", dtype=torch.bfloat16)
    wanted, unwanted = words.encode_prompt(" A photo of a SKULL", device=torch.device("cpu"))
    found = deepfloyd.encode(["A photo of  a SKULL ", ""])
    assert_close(found, torch.cat([wanted, unwanted]).float(), rtol=0.01, atol=0.01)
    assert not torch.allclose(found[0], found[1], rtol=0.1, atol=0.1)
