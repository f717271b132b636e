"""Attention to words: what is read is what the network uses, it adds up, and costs nothing."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from lessons.beyond import attention_heat, attention_maps, attention_pairs
from lessons.model_choice import weights_hash
from lessons.part_a import guidance
from models import catalog
from models.catalog import finish
from models.miniature import attention
from models.miniature.trunk import Attention
from models.text_to_image import ModelSpec
from tests.miniature import encoder, noisy, small_network

pytestmark = pytest.mark.timeout(600)  # one trajectory of nine predictions a step

FORM = ModelSpec((3, 64, 64), -1.0, 1.0, torch.linspace(0.99, 0.01, 34, dtype=torch.float64))


def test_the_weights_that_are_read_are_those_that_the_layer_uses() -> None:
    torch.manual_seed(0)
    layer, x = Attention(64).requires_grad_(False), torch.randn(2, 64, 4, 4)
    torch.nn.init.normal_(layer.out.weight, std=0.1)
    states = encoder().embed(["a rocket ship", ""])
    seen = (states != 0).any(-1)
    A = attention.weights(layer, x, states, seen)
    value = layer.places(layer.norm(x).flatten(2).transpose(1, 2)).chunk(3, -1)[2]
    values = torch.cat([value, layer.words(states).chunk(2, -1)[1]], 1)
    found = A @ values.reshape(2, -1, 2, 32).transpose(1, 2)
    added = layer.out(found.transpose(1, 2).reshape(2, 16, 64))
    assert_close(layer(x, states, seen) - x, added.transpose(1, 2).reshape(x.shape))


def test_attention_adds_up_to_one_over_places_and_words_and_none_goes_to_what_is_no_word() -> None:
    layer, x = Attention(64).requires_grad_(False), torch.randn(2, 64, 4, 4)
    states = encoder().embed(["a rocket ship", ""])
    A = attention.weights(layer, x, states, (states != 0).any(-1))
    assert A.shape == (2, 2, 16, 16 + states.shape[1])
    assert_close(A.sum(-1), torch.ones(2, 2, 16))
    assert A[1, :, :, 18:].max() == 0  # the empty prompt has two tokens


def test_words_share_what_a_place_gives_to_words() -> None:
    A = torch.rand(2, 5, 8, 8)
    shares = attention_maps.among_words(A)
    assert_close(shares.sum(1), torch.ones(2, 8, 8))
    assert_close(shares[0, 1] / shares[0, 2], A[0, 1] / A[0, 2])


def test_layers_weigh_alike_whatever_their_number_of_places() -> None:
    fine, coarse = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 4, 4)
    mean = attention_maps.over_layers([fine, coarse])
    assert mean.shape == (1, 3, 8, 8)
    assert_close(mean[..., 0, 7], (fine[..., 0, 7] + coarse[..., 0, 3]) / 2)


def test_the_twin_predicts_the_same_with_the_same_weights_and_the_network_stays_as_it_is() -> None:
    network = small_network()
    states, t = encoder().embed(["a hat", ""]), torch.tensor([500, 500])
    before = network(noisy(), t, states).sample
    twin, looks = attention.watched(network)
    assert torch.equal(twin(noisy(), t, states).sample, before)
    layers = [module for module in network.modules() if isinstance(module, Attention)]
    assert len(looks) == len(layers) > 0
    assert {p.data_ptr() for p in twin.parameters()} == {p.data_ptr() for p in network.parameters()}
    looks.clear()
    assert torch.equal(network(noisy(), t, states).sample, before)
    assert looks == []
    assert not any(layer._forward_pre_hooks for layer in layers)


def test_a_prompt_without_a_token_is_read_as_one_that_never_had_it() -> None:
    states = encoder().embed(["a red hat"])
    less = attention_maps.without_each(states)
    assert less.shape == (5, 5, 384)
    for i in range(5):
        assert torch.equal((less[i] != 0).any(-1), torch.arange(5) != i)
    network, t = small_network(), torch.tensor([500])
    shorter = torch.cat([states[:, :2], states[:, 3:]], 1)
    assert_close(network(noisy(1), t, less[2:3]).sample, network(noisy(1), t, shorter).sample)


def test_heat_is_a_colour_over_grey_from_its_smallest_value_to_its_largest() -> None:
    image, heat = torch.zeros(3, 64, 64), torch.zeros(8, 8)
    heat[0, 0], heat[7, 7] = 1.0, 0.5
    pixels = attention_heat.overlaid(image, heat, FORM, "looks at")
    r, g, b = attention_heat.VERMILION
    wanted = [0.85 * c + 0.15 * 127.5 for c in (r, g, b)]
    assert np.abs(pixels[0, 0] - wanted).max() <= 1
    assert set(pixels[0, 63]) == {128}
    assert pixels[0, 0, 0] > pixels[63, 63, 0] > pixels[0, 63, 0]
    even = attention_heat.overlaid(image, torch.ones(8, 8), FORM, "looks at")
    assert set(even.ravel()) == {128}


def test_captions_name_the_token_and_the_range_of_its_map() -> None:
    heat = torch.tensor([[0.456, 0.75]])
    assert attention_heat.caption("hat", heat, "looks at") == "hat: 46 to 75 %"
    assert attention_heat.caption("hat", heat, "changes without") == "without hat: up to 0.750"
    assert attention_heat.alt("hat", "looks at") == "heat map of the attention to “hat”"


@pytest.fixture(scope="module")
def hat() -> attention_maps.WordMaps:
    return finish(attention_maps.demo("pictures", "a man wearing a hat", 4.0, 276, number=2))


def test_the_sample_is_that_of_lesson_1_6(hat: attention_maps.WordMaps) -> None:
    there = finish(guidance.demo("pictures", "a man wearing a hat", 276, 4.0, count=2)).images[1]
    assert np.abs(hat.sample.pixels.astype(int) - there.pixels).max() <= 1


def test_every_step_has_a_map_for_every_token_and_for_those_of_the_empty_prompt(
    hat: attention_maps.WordMaps,
) -> None:
    tokens = ["[CLS]", "a", "man", "wearing", "a", "hat", "[SEP]"]
    both = [*tokens, "[CLS] of the empty prompt", "[SEP] of the empty prompt"]
    assert hat.looked.times[0] == 990
    assert len(hat.looked.frames) == len(hat.looked_now.frames) == len(hat.changed.frames) == 33
    assert [image.caption.split(":")[0] for image in hat.looked.frames[5]] == both
    without = [image.caption.split(":")[0] for image in hat.changed.frames[5]]
    assert without == [f"without {token}" for token in tokens]
    assert [len(row) for row in hat.overall] == [9, 7]
    for share in (share for side in hat.on_words for share in side):
        assert 0 < share < 1


def test_other_models_say_that_they_show_no_words() -> None:
    assert attention_maps.reads_words("pictures")
    assert not attention_maps.reads_words("digits")
    with pytest.raises(ValueError, match="Only the network of Pictures"):
        finish(attention_maps.demo("digits", "5", 7.0, 276))


def test_what_is_said_of_ten_pairs_was_measured_of_these_weights() -> None:
    found = attention_pairs.measured()
    assert found.weights == weights_hash("pictures")
    assert [(p.prompt, p.token, p.half) for p in found.pairs] == list(attention_pairs.PAIRS)
    assert len(found.pairs) == 10
    # The attention of so small a network is hardly a map of things; the page says so.
    assert sum(pair.attention > 0.5 for pair in found.pairs) == 6
    assert sum(pair.change > 0.5 for pair in found.pairs) == 7


def test_what_changes_without_hat_lies_in_the_upper_half() -> None:
    [pair] = attention_pairs.shares(catalog.load("pictures"), attention_pairs.PAIRS[:1], count=1)
    assert pair.change > 0.5


def test_even_heat_is_half_in_each_half() -> None:
    assert attention_pairs.in_half(torch.ones(8, 8), "upper") == 0.5
    assert attention_pairs.in_half(torch.tensor([[3.0], [1.0]]), "lower") == 0.25
