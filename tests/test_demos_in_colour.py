"""What the demos of Part A show, against their own calculation written out.

The network is made up: three colours from −1 to 1, no symmetry, answers that depend on the sample,
the timestep and the prompt, and estimates that leave the range under guidance. So what holds for
digits from 0 to 1 by chance does not hold here.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from page_reader import SEED, read
from test_beyond_pages import row
from torch import Tensor
from torch.testing import assert_close

from lessons import text_to_image as t2i
from lessons import upscaling
from lessons.beyond import attention_heat, attention_maps, inversion, paint_along, samplers
from lessons.diffusion.forward import add_noise
from lessons.diffusion.hybrids import hybrid, lowpass
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import Sampler, ddim, ddim_inversion, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, squaredcos_cap_v2
from lessons.dynamic_thresholding import limit_of
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, to_pixels
from lessons.measure import sampler_quality
from lessons.part_a import (
    classical_denoising,
    guidance,
    hybrid_images,
    image_to_image,
    perfect_denoiser,
    sampling,
    set_up,
)
from lessons.trace import image_traces
from models.catalog import finish
from models.text_to_image import ModelSpec, TextToImage, Threshold

SHAPE = (3, 12, 12)
BARS = squaredcos_cap_v2().alpha_bars
PIXELS = np.random.default_rng(4).integers(0, 256, (12, 12, 3), dtype=np.uint8)


class Colours(TextToImage):
    """An image for every prompt, and a little of the sample turned round."""

    def embed(self, prompts: Sequence[str]) -> Tensor:
        seeds = [zlib.crc32(prompt.encode()) for prompt in prompts]
        return torch.stack([NoiseSource(seed % 9973, 1, SHAPE)()[0] for seed in seeds])

    def predict(self, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        x_0 = 0.6 * embeddings.tanh() + 0.3 * x_t.roll(1, -1).sin()
        eps: Tensor = (x_t - BARS[t].sqrt() * x_0) / (1 - BARS[t]).sqrt()
        return eps.float()


def spec(limited: bool) -> ModelSpec:
    return ModelSpec(SHAPE, -1.0, 1.0, BARS, Threshold(0.9, 1.5) if limited else None)


@pytest.fixture(params=[False, True], ids=["as it is", "thresholded"])
def net(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Colours:
    made = Colours(spec(request.param), 7)

    def loading(_name: str) -> Generator[Any, None, TextToImage]:
        yield from ()
        return made

    monkeypatch.setattr(t2i, "loading", loading)
    monkeypatch.setattr(t2i, "spec", lambda _name: made.spec)
    return made


def last(
    net: Colours,
    x_t: Tensor,
    times: Sequence[int],
    predict: Any,
    noise: Any,
    sampler: Sampler | None = None,
    limited: bool = True,
) -> Tensor:
    limit = limit_of(net.spec) if limited else None
    given = () if sampler is None else (sampler,)
    frames = sampling_trajectory(x_t, times, BARS, predict, noise, *given, limit=limit)
    for frame in frames:
        x = frame.x_t
    return x


def shows(images: Sequence[CaptionedImage], x: Tensor) -> None:
    """Each image is that of its tensor, black being −1 and white 1."""
    assert len(images) == len(x)
    for image, one in zip(images, x, strict=True):
        assert np.abs(image.pixels.astype(int) - to_pixels(one, -1, 1)).max() <= 1


def test_samplers_rows_and_distances_are_those_of_each_sampler(net: Colours) -> None:
    found = finish(samplers.demo("colours", "a cat", 3.0, 5, 0.6, 3))
    assert list(found.rows)[1] == "DDIM, η = 0.6"
    times = samplers.few_timesteps(net.spec, 5)
    predict, ends = t2i.make_predictor(net, "a cat", 3.0), {}
    for name, sampler in samplers.samplers(0.6).items():
        noise = NoiseSource(3, samplers.COUNT, SHAPE)
        ends[name] = last(net, noise(), times, predict, noise, sampler)
        shows(found.rows[name], ends[name])
    (a, b), (c, d), (e, f) = [pair.split(" and ") for pair in found.apart]
    assert [(a, b), (c, d), (e, f)] == [
        (one, other) for k, one in enumerate(ends) for other in list(ends)[k + 1 :]
    ]
    for pair, far in found.apart.items():
        one, other = (ends[name].clamp(-1, 1) for name in pair.split(" and "))
        each = (one - other).square().flatten(1).mean(1).sqrt() / 2
        assert far == pytest.approx(float(each.mean()), rel=1e-4)


def test_samplers_over_steps_take_the_steps_that_are_said(net: Colours) -> None:
    found = finish(samplers.over_steps("colours", "a cat", 3.0, 3))
    predict = t2i.make_predictor(net, "a cat", 3.0)
    for name, sampler in samplers.samplers().items():
        for place, steps in enumerate(samplers.SHOWN):
            noise = NoiseSource(3, 1, SHAPE)
            times = samplers.few_timesteps(net.spec, steps)
            shows([found[name][place]], last(net, noise(), times, predict, noise, sampler))


def test_inversion_says_the_decibels_and_the_deviation_of_what_it_shows(net: Colours) -> None:
    found = finish(inversion.demo("colours", PIXELS, "a cat", "a dog", 4.0, 6, 2))
    x_0 = sources.load(PIXELS, SHAPE, -1.0, 1.0)
    times, same = samplers.few_timesteps(net.spec, 6), t2i.make_predictor(net, "a cat")
    asking = inversion.noise_at_both_ends(same, times[:-1], BARS, 2)
    *_, frame = ddim_inversion(x_0, times[:-1], BARS, asking)
    nothing = torch.zeros(())
    again = last(net, frame.x_t, times, same, lambda: nothing, ddim(), limited=False)
    guided = t2i.make_predictor(net, "a dog", 4.0)
    other = last(net, frame.x_t, times, guided, lambda: nothing, ddim(), limited=False)
    shows(found.images, torch.cat([x_0, frame.x_t, again, other]))
    error = float((again.clamp(-1, 1) - x_0).square().mean())
    assert found.psnr == pytest.approx(10 * math.log10(2**2 / error), abs=0.01)
    assert found.images[2].caption == f"decoded, {found.psnr:.1f} dB"
    assert found.images[1].caption == f"encoded, t = {times[0]}"
    assert found.deviation == pytest.approx(float(frame.x_t.std()), rel=1e-4)


def test_between_noises_and_prompts_every_image_is_at_its_weight(net: Colours) -> None:
    found = finish(inversion.between("colours", "a cat", "a dog", 2.0, 4, 3))
    z_0, z_1 = NoiseSource(3, 2, SHAPE)().split(1)
    times, nothing = samplers.few_timesteps(net.spec, 4), torch.zeros(())
    first = t2i.make_predictor(net, "a cat", 2.0)
    second = t2i.make_predictor(net, "a dog", 2.0)
    for name, noises in (
        (inversion.SLERP, [inversion.slerp(z_0, z_1, torch.tensor(w)) for w in inversion.WEIGHTS]),
        (inversion.STRAIGHT, [(1 - w) * z_0 + w * z_1 for w in inversion.WEIGHTS]),
    ):
        ends = [last(net, z, times, first, lambda: nothing, ddim(), False) for z in noises]
        shows(found.rows[name], torch.cat(ends))
        norms = [float(z.norm()) / math.sqrt(z.numel()) for z in noises]
        assert found.norms[name] == pytest.approx(norms, rel=1e-3)
    prompts = found.rows[inversion.PROMPTS]
    ends = [last(net, z_0, times, p, lambda: nothing, ddim(), False) for p in (first, second)]
    shows([prompts[0], prompts[-1]], torch.cat(ends))
    assert [one.alt for one in prompts] == [f"two prompts, w = {w:g}" for w in inversion.WEIGHTS]


@pytest.mark.parametrize("half", [True, False])
def test_paint_along_denoises_the_drawing_without_fresh_noise(net: Colours, half: bool) -> None:
    given = {"prompt": "a cat", "gamma": 3.0, "t": 600, "steps": 6, "seed": 5}
    found = finish(paint_along.demo("colours", **given, guided_half=half, drawing=PIXELS))
    x_0 = sources.load(PIXELS, SHAPE, -1.0, 1.0)
    noise = NoiseSource(5, 4, SHAPE, "paint along")
    x_t = add_noise(x_0.expand(4, -1, -1, -1), BARS[600].float(), noise())
    shows([found.drawn, found.noisy], torch.cat([x_0, x_t[:1]]))
    both, alone = t2i.make_predictor(net, "a cat", 3.0), t2i.make_predictor(net, "a cat")

    def predict(x: Tensor, t: int) -> Tensor:
        return both(x, t) if t > 300 or (not half and t > 0) else alone(x, t)

    times = (600, 500, 400, 300, 200, 100, CLEAN)
    shows(found.images, last(net, x_t, times, predict, noise, ddim(0.0)))
    assert found.times == times[:-1]
    assert [one.caption for one in found.images] == ["noise 1", "noise 2", "noise 3", "noise 4"]


def test_every_row_of_the_gammas_is_sampled_and_described_at_its_own(net: Colours) -> None:
    rows = finish(guidance.gamma_grid("colours", "a cat", 3, "a dog", 2))
    times = t2i.timesteps_of(net.spec)
    for row_, gamma in zip(rows, guidance.GAMMAS, strict=True):
        noise = NoiseSource(3, 2, SHAPE)
        predict = guidance.led_away(net, "a cat", "a dog", gamma)
        shows(row_, last(net, noise(), times, predict, noise))
        assert {image.alt for image in row_} == {f"a cat at γ = {gamma:g}"}
    assert tuple(sorted(guidance.GAMMAS)) == guidance.GAMMAS


def test_samples_without_guidance_and_with_it_are_those_of_the_loop(net: Colours) -> None:
    times = t2i.timesteps_of(net.spec)
    for gamma in (None, 4.0):
        found = finish(sampling.demo("colours", "a cat", 3, 2, gamma))
        noise = NoiseSource(3, 2, SHAPE)
        shows(
            found.images,
            last(net, noise(), times, t2i.make_predictor(net, "a cat", gamma), noise),
        )
        assert found.trajectory.times == tuple(times)


def test_edits_begin_at_their_own_noise_and_end_where_the_loop_does(net: Colours) -> None:
    found = finish(image_to_image.demo("colours", PIXELS, "a cat", 3.0, 7, (1, 20)))
    x_0, predict = sources.load(PIXELS, SHAPE, -1.0, 1.0), t2i.make_predictor(net, "a cat", 3.0)
    for place, i_start in enumerate((1, 20)):
        times, noise = t2i.timesteps_of(net.spec, i_start), NoiseSource(7, 1, SHAPE)
        x_t = add_noise(x_0, BARS[times[0]].float(), noise())
        line = f"i_start = {i_start} (t = {times[0]})"
        start, result = found.starts[place], found.results[place]
        shows([start], x_t)
        shows([result], last(net, x_t, times, predict, noise))
        assert start.caption == result.caption == line
        assert (start.symbol, result.symbol) == ("x_t", "x_0_hat")
        assert (start.alt, result.alt) == (
            f"the source image with noise added: {line}",
            f"edited from {line}",
        )


def test_the_prompt_grid_takes_its_steps_from_the_noisiest_timestep_on(net: Colours) -> None:
    rows = finish(set_up.prompt_grid("colours", ("a cat", "a dog"), 2.0, 3))
    for row_, steps in zip(rows, set_up.STEPS, strict=True):
        stride = 1000 // steps
        times = (*range(1000 - stride, -1, -stride), CLEAN)
        assert len(times) == steps + 1
        for image, prompt in zip(row_, ("a cat", "a dog"), strict=True):
            noise = NoiseSource(3, 1, SHAPE)
            predict = t2i.make_predictor(net, prompt, 2.0)
            shows([image], last(net, noise(), times, predict, noise))
            assert image.alt == f"{prompt}, {steps} steps"


def test_the_microscope_holds_the_clean_image_beside_its_trajectory(net: Colours) -> None:
    name = sources.names(SHAPE)[0].name
    found = finish(image_traces.from_image("colours", name, "a cat", 20, 3))
    x_0 = sources.load(name, SHAPE, -1.0, 1.0)[0].movedim(0, -1).numpy()
    assert found.truth is not None
    assert_close(found.truth, x_0)
    assert found.limited is (net.spec.threshold is not None)
    times = t2i.timesteps_of(net.spec, 20)
    assert found.labels[0] == f"t = {times[0]} → {times[1]}"
    assert np.abs(found.places[0] - x_0).mean() > 0.01
    one = finish(image_traces.one_step("colours", name, "a cat", 3))
    assert one.truth is not None
    assert_close(one.truth, x_0)


def word_steps(prompt: str) -> list[attention_maps.WordStep]:
    random = torch.Generator().manual_seed(3)
    L = len(attention_maps.tokens(prompt))

    def some(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random)

    return [
        attention_maps.WordStep(
            t,
            some(1, 3, 64, 64) * 2 - 1,
            some(1, 3, 64, 64) * 2 - 1,
            some(L, 8, 8) / 20,
            some(2, 8, 8) / 5,
            some(L, 64, 64) / (t + 1),
            some(1, 3, 64, 64) * 2 - 1,
        )
        for t in (3, 0)
    ]


def test_heat_lies_over_its_own_image_and_change_is_a_share_of_white_minus_black(
    net: Colours, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = word_steps("a hat")

    def given(*_: object) -> Iterator[attention_maps.WordStep]:
        yield from steps

    monkeypatch.setattr(attention_maps, "steps_of", given)
    found = finish(attention_maps.demo("colours", "a hat", 4.0, 3))
    kinds = ("looks at", "changes without")
    shares = [
        torch.cat([attention_maps.among_words(one) for one in (s.attention, s.attention_empty)])
        for s in steps
    ]
    for place, step in enumerate(steps):
        for heat, image, maps, kind in (
            (found.looked, step.x_0, shares[place], kinds[0]),
            (found.looked_now, step.x_t, shares[place], kinds[0]),
            (found.changed, step.x_0, step.change / 2, kinds[1]),
        ):
            for one, map_ in zip(heat.frames[place], maps, strict=True):
                expected = attention_heat.overlaid(image[0], map_, net.spec, kind)  # type: ignore[arg-type]
                assert (one.pixels == expected).all()
        assert found.changed.frames[place][1].caption == (
            f"without {attention_maps.tokens('a hat')[1]}: up to {step.change[1].max() / 2:.3f}"
        )
        assert found.on_words[0][place] == pytest.approx(float(step.attention.sum(0).mean()))
        empty = float(step.attention_empty.sum(0).mean())
        assert found.on_words[1][place] == pytest.approx(empty)
    assert found.looked.times == found.changed.times == (3, 0)
    shows([found.sample], steps[-1].after)
    for one, map_ in zip(found.overall[0], torch.stack(shares).mean(0), strict=True):
        expected = attention_heat.overlaid(steps[-1].after[0], map_, net.spec, "looks at")
        assert (one.pixels == expected).all()


def test_what_samplers_are_measured_on_has_other_noises_in_every_batch(
    net: Colours, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []

    class Noted(NoiseSource):
        def __init__(self, seed: int, *args: Any) -> None:
            seeds.append(seed)
            super().__init__(seed, *args)

    monkeypatch.setattr(sampler_quality, "NoiseSource", Noted)
    monkeypatch.setattr(sampler_quality, "_AT_ONCE", 2)
    made = sampler_quality.sampled(net, ["a", "a", "a", "a"], 2.0, 2, ddim(0.0))
    assert len(set(seeds)) == len(seeds) == 2
    assert len({one.numpy().tobytes() for one in made}) == 4


def test_pictures_are_classified_as_they_are_displayed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def chances(_: object, images: Tensor) -> Tensor:
        seen.append(images)
        return torch.eye(24)[[1, *range(1, 24)]]

    monkeypatch.setattr(sampler_quality.naming, "load", lambda: None)
    monkeypatch.setattr(sampler_quality.naming, "chances", chances)
    images = torch.linspace(-3, 3, 24).view(24, 1, 1, 1).expand(24, 3, 2, 2)
    found = sampler_quality.quality("pictures", images, torch.arange(24))
    assert (seen[0].min(), seen[0].max()) == (-1, 1)
    assert_close(seen[0], images.clamp(-1, 1))
    assert found.accuracy[0] == pytest.approx(23 / 24)


def test_the_sample_that_is_chosen_is_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaling, "offered", lambda _: True)
    samples = sampling.Samples(t2i.Trajectory((), ()), row(40, 5))
    large = upscaling.Upscaled(*row(60))

    def found(call: Any) -> Any:
        return large if call.args[0] is upscaling.demo else samples

    answers = {"a15_enlarge": True, "a15_sample": 2, "a15_level": 77, "a15_large_gamma": 1.5}
    page = read("sampling.py", found, answers)
    given = next(call.given for call in page.of("live") if call.args[0] is upscaling.demo)
    assert given["source_image"][0, 0] == 41
    assert (given["level"], given["gamma"], given["seed"]) == (77, 1.5, SEED)
    shown = page.of("strip")[-1].args[0]
    assert [one.caption for one in shown] == ["image 60", "image 61", "image 62"]


def test_the_nearest_known_image_is_as_far_as_its_caption_says() -> None:
    form, known = spec(False), NoiseSource(1, 3, SHAPE)().clamp(-1, 1)
    x = known[[2, 0]] + torch.tensor([0.2, -0.1]).view(2, 1, 1, 1)
    found = perfect_denoiser._made(x, known, form, "the network")
    shows(found.nearest, known[[2, 0]])
    shows(found.images, x)
    for image, one, near, far in zip(
        found.nearest, x.clamp(-1, 1), known[[2, 0]], found.distances, strict=True
    ):
        assert far == pytest.approx(float((one - near).square().mean().sqrt()) / 2, rel=1e-4)
        assert image.caption == f"distance {far:.3f}"


def test_the_filter_of_ones_own_choice_lies_on_its_curve(net: Colours) -> None:
    kernel, sigma = classical_denoising.KERNELS[1], classical_denoising.SIGMAS[3]
    found = classical_denoising.by_hand("colours", PIXELS, 300, kernel, sigma, 3)
    assert found.curves[1][3] == pytest.approx(found.psnr, abs=1e-4)
    assert found.filtered.caption.startswith(
        f"kernel {kernel}, σ = {sigma:g} · {found.psnr:.1f} dB"
    )
    assert found.noisy.caption.startswith("t = 300 · ")
    assert net.spec.shape == SHAPE


def test_the_parts_of_a_hybrid_are_those_of_its_own_cut_off(net: Colours) -> None:
    found = finish(hybrid_images.demo("colours", "a cat", "a dog", 5.0, 2.0, 2, 3))
    two, kernel = hybrid_images.scaled(SHAPE[1])
    sigma, noise = two * 2.5, NoiseSource(3, 2, SHAPE)
    low, high = (t2i.make_predictor(net, prompt, 2.0) for prompt in ("a cat", "a dog"))
    predict = hybrid(low, high, sigma, kernel)
    x = last(net, noise(), t2i.timesteps_of(net.spec), predict, noise)
    shows(found.results, x)
    coarse = lowpass(x, sigma, kernel)
    shows(found.coarse, coarse)
    shows(found.fine, x - coarse)
    assert {one.alt for one in found.coarse} == {"low-frequency part: a cat"}
    assert {one.alt for one in found.fine} == {"high-frequency part: a dog"}
