"""The network: folding, what it says outside, and what must not matter to it."""

import pytest
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, IFPipeline
from torch.testing import assert_close

from lessons.diffusion.denoise import noise_from_v
from models.miniature.network import MiniatureUNet
from models.miniature.schedule import alpha_bars
from models.miniature.trunk import Attention
from models.miniature.unet import fold, pooled, unfold, wave
from tests.miniature import encoder, noisy, small_network


@pytest.fixture(scope="module")
def network() -> MiniatureUNet:
    return small_network()


@pytest.fixture(scope="module")
def states() -> torch.Tensor:
    return encoder().embed(["a rocket ship", ""])


@pytest.mark.parametrize("side", [2, 4, 8])
def test_unfolding_undoes_folding(side: int) -> None:
    x = noisy()
    folded = fold(x, side)
    assert folded.shape == (2, 3 * side**2, 64 // side, 64 // side)
    assert torch.equal(unfold(folded, side), x)


def test_a_fold_keeps_neighbouring_pixels_in_one_place() -> None:
    x = torch.zeros(1, 3, 64, 64)
    x[0, :, 8:12, 20:24] = 1
    assert fold(x, 4)[0, :, 2, 5].eq(1).all()
    assert fold(x, 4).sum() == 48


def test_a_new_network_predicts_v_of_zero_so_its_noise_is_a_share_of_the_image() -> None:
    x_t, states = noisy(), torch.zeros(2, 3, 384)
    eps = MiniatureUNet(channels=(16, 32), attends=(False, True))(x_t, 700, states).sample
    assert_close(eps, (1 - alpha_bars()[700]).sqrt().float() * x_t)


def test_noise_is_v_converted(network: MiniatureUNet, states: torch.Tensor) -> None:
    x_t, t = noisy(), torch.tensor([0, 950])
    v = network.predict_v(x_t, t, states)
    eps = noise_from_v(x_t, v, alpha_bars()[t][:, None, None, None].float())
    assert_close(network(x_t, t, states).sample, eps, rtol=1e-5, atol=1e-5)


def test_a_plain_number_is_a_timestep_for_the_whole_batch(
    network: MiniatureUNet, states: torch.Tensor
) -> None:
    one_by_one = network(noisy(), torch.tensor([300, 300]), states).sample
    assert_close(network(noisy(), 300, states, return_dict=False)[0], one_by_one)


def test_padding_of_a_prompt_does_not_matter(network: MiniatureUNet) -> None:
    alone = encoder().embed(["a dog"])
    beside = encoder().embed(["a dog", "an oil painting of people around a campfire at night"])
    assert beside.shape[1] > alone.shape[1]
    padded = network(noisy(1), 500, beside[:1]).sample
    assert_close(padded, network(noisy(1), 500, alone).sample, rtol=1e-4, atol=1e-5)


def test_rows_of_zeros_are_no_words() -> None:
    torch.manual_seed(0)
    attention = Attention(32)
    torch.nn.init.normal_(attention.out.weight)
    x, words = torch.randn(1, 32, 4, 4), torch.randn(1, 3, 384)
    padded = F.pad(words, (0, 0, 0, 7))
    alone = attention(x, words, torch.ones(1, 3, dtype=torch.bool))
    assert_close(attention(x, padded, (padded != 0).any(-1)), alone)
    assert_close(pooled(padded), words.mean(1))


def test_attention_is_that_of_pytorch() -> None:
    torch.manual_seed(0)
    attention = Attention(64)
    torch.nn.init.eye_(attention.out.weight)
    x, words = torch.randn(2, 64, 4, 4), torch.randn(2, 3, 384)
    places = attention.places(attention.norm(x).flatten(2).transpose(1, 2))
    query, key, value = (part.unflatten(2, (2, 32)).transpose(1, 2) for part in places.chunk(3, -1))
    more = [
        part.unflatten(2, (2, 32)).transpose(1, 2) for part in attention.words(words).chunk(2, -1)
    ]
    key, value = torch.cat([key, more[0]], 2), torch.cat([value, more[1]], 2)
    theirs = F.scaled_dot_product_attention(query, key, value)
    theirs = theirs.transpose(1, 2).flatten(2).transpose(1, 2).unflatten(2, (4, 4))
    ours = attention(x, words, torch.ones(2, 3, dtype=torch.bool)) - x
    assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_images_of_a_batch_do_not_see_each_other(
    network: MiniatureUNet, states: torch.Tensor
) -> None:
    together = network(noisy(), 500, states).sample
    alone = network(noisy()[:1], 500, states[:1]).sample
    assert_close(together[:1], alone, rtol=1e-4, atol=1e-5)


def test_words_and_time_both_matter(network: MiniatureUNet) -> None:
    dog, cat = encoder().embed(["a dog", "a cat"])[:, None]
    v = network.predict_v(noisy(1), torch.tensor([500]), dog)
    assert not torch.allclose(v, network.predict_v(noisy(1), torch.tensor([500]), cat), atol=1e-3)
    assert not torch.allclose(v, network.predict_v(noisy(1), torch.tensor([400]), dog), atol=1e-3)


def test_every_noise_level_is_written_differently() -> None:
    written = wave(torch.arange(1000), 96)
    assert torch.cdist(written, written).fill_diagonal_(9).min() > 1e-3
    assert written.abs().max() <= 1


def test_diffusers_own_pipeline_takes_the_network(states: torch.Tensor) -> None:
    network = small_network(out_channels=6)
    settings = {"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 1000}
    scheduler = DDPMScheduler(**settings, variance_type="learned_range", clip_sample=False)
    pipeline = IFPipeline(
        tokenizer=None,
        text_encoder=None,
        unet=network,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        prompt_embeds=states[:1],
        negative_prompt_embeds=states[1:],
        num_inference_steps=2,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(3),
        output_type="pt",
    ).images
    ours = two_guided_steps(small_network(), states, torch.Generator().manual_seed(3))
    assert_close(theirs, ours, rtol=1e-3, atol=1e-3)


def two_guided_steps(
    network: MiniatureUNet, states: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """500 → 0 → clean by hand, with the smallest variance, the posterior's."""
    x = torch.randn(1, 3, 64, 64, generator=generator)
    alpha_bar = {t: alpha_bars()[t].float() for t in (500, 0)} | {-1: torch.ones(())}
    for t, s in ((500, 0), (0, -1)):
        with_prompt, without = network(x.expand(2, -1, -1, -1), t, states).sample
        eps = without + 4.0 * (with_prompt - without)
        x_0 = (x - (1 - alpha_bar[t]).sqrt() * eps) / alpha_bar[t].sqrt()
        alpha = alpha_bar[t] / alpha_bar[s]
        x = (alpha_bar[s].sqrt() * (1 - alpha) * x_0 + alpha.sqrt() * (1 - alpha_bar[s]) * x) / (
            1 - alpha_bar[t]
        )
        if s >= 0:
            variance = (1 - alpha_bar[s]) / (1 - alpha_bar[t]) * (1 - alpha)
            x = x + variance.sqrt() * torch.randn(1, 3, 64, 64, generator=generator)
    return x
