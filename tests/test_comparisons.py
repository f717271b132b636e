"""Every sentence that compares or gives a reason is listed, and what it says is so."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from comparisons import ARGUED, COMPARISONS, Sentence, comparing, unheard
from sentences import sentences
from test_claims import DEFINED
from test_reference_runs import view
from test_sampled_digits import shipped
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.beyond import samplers
from lessons.beyond.plane.trajectories import ALPHA_BARS
from lessons.diffusion import posterior, schedules
from lessons.diffusion.denoise import clean_estimate
from lessons.diffusion.forward import add_noise
from lessons.diffusion.hybrids import lowpass
from lessons.images import sources
from lessons.measure import linear_denoiser, quality
from lessons.part_a import classical_denoising, image_to_image
from lessons.part_b import train_class_ddpm, train_ddpm, train_denoiser
from lessons.training import previews
from lessons.training.networks import load_network
from lessons.training.previews import noise_like
from models import mnist
from models.catalog import finish, load
from models.miniature.linear import wiener

TESTS = Path(__file__).parent


def test_every_sentence_that_compares_says_what_stands_behind_it() -> None:
    assert unheard() == [], "name what measures it in tests/comparisons.py"


def test_no_comparison_outlives_its_sentence() -> None:
    said: dict[str, list[str]] = {}
    for one in sentences():
        said.setdefault(one.file, []).append(one.words)
    gone = [
        (file, words)
        for file, named in COMPARISONS.items()
        for words in named
        if not any(words in sentence for sentence in said.get(file, ()))
    ]
    assert gone == []


@pytest.mark.parametrize(
    "proof", sorted({proof for named in COMPARISONS.values() for proof in named.values()})
)
def test_what_stands_behind_it_is_a_test_or_the_mathematics(proof: str) -> None:
    if proof not in (DEFINED, ARGUED):
        file, _, name = proof.partition("::")
        assert re.search(rf"^def {name}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE)


def test_comparisons_are_found_and_questions_and_headings_are_none() -> None:
    found = {one.words for one in comparing()}
    assert any("Large shapes survive more noise" in words for words in found)
    assert not any(words.endswith("?") for words in found)
    assert Sentence("paint_along.py", "At a low t the drawing is nearly all there.") not in found


# What no other test measures.


def test_a_small_batch_has_the_noisier_loss() -> None:
    network = train_denoiser.build(train_denoiser.DenoiserSettings(num_hiddens=8)).eval()
    x = previews.test_digits(490)[10:]
    noise = noise_like(x, 1)
    with torch.inference_mode():
        errors = (network(x + 0.5 * noise) - x).square().mean((1, 2, 3))
    spread = [errors.view(-1, size).mean(1).std() for size in (4, 16, 60)]
    assert spread[0] > 1.4 * spread[1] > 1.4**2 * spread[2]


def test_a_gaussian_of_sigma_1_counts_twelve_pixels() -> None:
    dot = torch.zeros(1, 1, 9, 9)
    dot[..., 4, 4] = 1
    weights = classical_denoising.blurred(dot, 5, 1.0)
    assert 1 / float(weights.square().sum()) == pytest.approx(12, abs=0.5)


def test_at_t_999_hardly_anything_of_the_data_is_left() -> None:
    assert ALPHA_BARS[999].sqrt() < 1e-4


def test_the_weight_of_the_digit_falls_fastest_around_170() -> None:
    weights = train_ddpm.ALPHA_BARS.sqrt()
    falls = weights[:-1] - weights[1:]
    assert int(falls.argmax()) == pytest.approx(170, abs=5)
    assert falls[0] < 0.1 * falls.max()


def test_the_two_variances_part_only_at_the_cleanest_timesteps() -> None:
    bars = train_ddpm.ALPHA_BARS
    share = [
        float(
            posterior.posterior_variance(bars[t], bars[t - 1])
            / posterior.step_variance(bars[t], bars[t - 1])
        )
        for t in range(1, len(bars))
    ]
    assert share[0] < 0.5
    assert share == sorted(share)
    assert min(share[40:]) > 0.95


def test_the_right_variance_is_beta_for_noise_beta_tilde_for_one_image_else_between() -> None:
    bars = schedules.squaredcos_cap_v2().alpha_bars
    for t, s in ((300, 270), (700, 600), (900, 890)):
        a_t, a_s = bars[t], bars[s]
        alpha = a_t / a_s
        upper, lower = posterior.step_variance(a_t, a_s), posterior.posterior_variance(a_t, a_s)
        # Var[x_s] - Cov[x_s, x_t]² / Var[x_t]: what is left of a Gaussian once another is known.
        torch.testing.assert_close(1 - alpha, upper)
        torch.testing.assert_close((1 - a_s) - alpha * (1 - a_s) ** 2 / (1 - a_t), lower)
        # Two images, -1 and 1: what is not known of them adds to the variance of one.
        x_t = torch.linspace(-8, 8, 40_001, dtype=torch.float64)
        density = torch.exp(-((x_t - a_t.sqrt()) ** 2) / (2 * (1 - a_t)))
        unknown = 1 - torch.tanh(a_t.sqrt() * x_t / (1 - a_t)) ** 2
        mean = (density * unknown).sum() / density.sum()
        weight = a_s.sqrt() * (1 - alpha) / (1 - a_t)
        assert lower < lower + weight**2 * mean < upper


def test_the_cosine_schedule_spends_fewer_timesteps_on_almost_pure_noise() -> None:
    linear, cosine = schedules.ddpm_schedule(1e-4, 0.02, 1000), schedules.squaredcos_cap_v2(1000)
    few, many = (int((one.alpha_bars < 0.01).sum()) for one in (cosine, linear))
    assert 0 < few < many / 3


def test_however_few_the_steps_sampling_starts_at_the_courses_noisiest_timestep() -> None:
    for model in ("digits", "pictures"):
        form = t2i.spec(model)
        first = schedules.course_timesteps(len(form.alpha_bars))[0]
        starts = {samplers.few_timesteps(form, steps)[0] for steps in samplers.STEPS}
        assert starts == {first}


def test_x_t_has_the_larger_weight_until_the_last_three_steps() -> None:
    bars = schedules.squaredcos_cap_v2().alpha_bars
    timesteps = schedules.course_timesteps(1000)
    zero, one = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
    larger = []
    for t, s in pairwise(timesteps):
        of_x_t = posterior.posterior_mean(one, zero, bars[t], bars[s])
        of_estimate = posterior.posterior_mean(zero, one, bars[t], bars[s])
        larger.append(bool(of_x_t > of_estimate))
    assert larger == [True] * 30 + [False] * 3


def test_with_training_the_network_of_pure_noise_comes_closer_to_the_mean() -> None:
    epochs = [epoch.numbers for epoch in view("pure-noise").epochs][1:]
    for measure in ("distance_to_mean", "spread"):
        values = [numbers[measure] for numbers in epochs]
        assert values == sorted(values, reverse=True)


def test_images_have_most_of_their_power_at_low_frequencies() -> None:
    for shape, least in (((3, 64, 64), 0.8), ((1, 28, 28), 0.3)):
        known = linear_denoiser.for_images(shape)
        assert known is not None
        frequency = torch.fft.fftfreq(shape[1]).abs()
        low = (frequency[:, None] < 0.125) & (frequency < 0.125)
        assert low.float().mean() < 0.07
        assert (known.spectrum * low).sum() / known.spectrum.sum() > least


def test_the_best_blur_grows_with_the_noise_and_lies_between_two_worse() -> None:
    form = t2i.spec("pictures")
    x_0 = sources.load("tower", form.shape, form.low, form.high)
    eps = noise_like(x_0, 1)
    best = []
    for t in (150, 300, 450):
        alpha_bar = t2i.alpha_bar_of(form, t).float()
        x_t = classical_denoising.scaled(add_noise(x_0, alpha_bar, eps), alpha_bar)
        scores = [
            float(
                quality.psnr(classical_denoising.blurred(x_t, 9, sigma), x_0, form.high - form.low)
            )
            for sigma in classical_denoising.SIGMAS
        ]
        best.append(max(range(len(scores)), key=scores.__getitem__))
        assert scores[best[-1]] > max(scores[0], scores[-1]) + 0.1
    assert best == sorted(set(best))


def estimates(t: int) -> tuple[Tensor, Tensor, Tensor]:
    """Hundred test digits, the network's clean estimates, and those of the Wiener filter."""
    net = load("digits")
    x_0 = mnist.unit_range(mnist.load("test").images[:100])
    alpha_bar = t2i.alpha_bar_of(net.spec, t).float()
    x_t = add_noise(x_0, alpha_bar, noise_like(x_0, t))
    known = linear_denoiser.for_images((1, 28, 28))
    assert known is not None
    with torch.inference_mode():
        eps = net.predict(x_t, t, net.embed([""]).expand(len(x_t), -1))
        return x_0, clean_estimate(x_t, eps, alpha_bar), wiener(x_t, alpha_bar, known)


def test_the_network_is_better_than_the_best_linear_filter() -> None:
    for t in (60, 150, 240):
        x_0, learned, linear = estimates(t)
        assert (learned - x_0).square().mean() < 0.8 * (linear - x_0).square().mean()


def test_the_stronger_the_noise_the_more_the_estimate_blurs() -> None:
    sharp = [float(quality.sharpness(estimates(t)[1]).mean()) for t in (30, 120, 200, 270)]
    assert sharp == sorted(sharp, reverse=True)
    assert sharp[-1] < 0.7 * sharp[0]


def test_the_label_lowers_the_loss_most_at_the_highest_noise() -> None:
    network = load_network(shipped("class-ddpm"))
    predict = train_class_ddpm.labelled(network)
    test = mnist.load("test")
    x_0, labels = mnist.unit_range(test.images[:200]), test.labels[:200]
    eps = noise_like(x_0, 1)
    gains = []
    for t in (30, 150, 285):
        x_t = add_noise(x_0, train_ddpm.ALPHA_BARS[t].float(), eps)
        with torch.inference_mode():
            told, untold = (
                (predict(x_t, t, given) - eps).square().mean()
                for given in (labels, torch.full_like(labels, -1))
            )
        gains.append(float(1 - told / untold))
    assert gains[0] < 0.03
    assert gains[2] > 2 * gains[0]


def test_large_shapes_survive_more_noise_than_details() -> None:
    prompt = "a photo of a tower"
    found = finish(image_to_image.demo("pictures", "tower", prompt, 5.0, 276, starts=(1, 20)))

    def parts(pixels: object) -> tuple[Tensor, Tensor]:
        x = torch.as_tensor(pixels).float().permute(2, 0, 1)[None] / 255
        coarse = lowpass(x, 4.0, 25)
        return coarse, x - coarse

    source = parts(found.source_image.pixels.copy())
    (coarse, fine), (coarse_later, fine_later) = (
        [
            float(torch.corrcoef(torch.stack([mine.flatten(), theirs.flatten()]))[0, 1])
            for mine, theirs in zip(parts(result.pixels.copy()), source, strict=True)
        ]
        for result in found.results
    )
    assert coarse > fine + 0.2
    assert fine_later - fine > 2 * (coarse_later - coarse)
