"""Reading anagrams and hybrids: which view is read, and when a pair counts."""

import pytest
import torch
from torch import Tensor, nn

from lessons.prompts import PICTURES
from models.miniature import Miniature
from models.miniature.box import make_scheduler
from models.miniature_training import pairs
from models.miniature_training.sprites import NOUN_NAMES
from tests.miniature import encoder, small_network


class Brightness(nn.Module):
    """Calls a thing a hat whose upper half is the brighter one, a bucket if the lower is."""

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.zeros(len(x), len(NOUN_NAMES) + 1)
        upper, lower = x[:, :, :32].mean((1, 2, 3)), x[:, :, 32:].mean((1, 2, 3))
        scores[:, NOUN_NAMES.index("hat")] = 1 + upper - lower
        scores[:, NOUN_NAMES.index("bucket")] = 1 + lower - upper
        return scores


@pytest.fixture(scope="module")
def model() -> Miniature:
    return Miniature(small_network(), make_scheduler(), encoder())


def test_the_second_prompt_is_read_upside_down(model: Miniature) -> None:
    found = pairs.read_anagram(model, Brightness(), ("a hat", "a bucket"), 1.0, 3)
    upper_is_brighter = found.images[:, :, :32].mean((1, 2, 3)) > found.images[:, :, 32:].mean(
        (1, 2, 3)
    )
    assert torch.equal(found.ranks[0] == 0, upper_is_brighter)
    assert torch.equal(found.ranks[1] == 0, upper_is_brighter)  # turned, its lower half is
    assert found.both == int(upper_is_brighter.sum())


def test_a_hybrid_is_read_upright_at_both_sizes(model: Miniature) -> None:
    found = pairs.read_hybrid(model, Brightness(), ("a hat", "a bucket"), 1.0, 3)
    assert not ((found.ranks[0] == 0) & (found.ranks[1] == 0)).any()
    assert found.both == 0


def test_the_width_of_the_low_pass_decides_how_much_is_seen_from_afar(model: Miniature) -> None:
    prompts = ("a hat", "a bucket")
    narrow, wide = (
        pairs.read_hybrid(model, Brightness(), prompts, 1.0, 2, sigma).images for sigma in (0.1, 9)
    )
    alone = pairs.read_hybrid(model, Brightness(), ("a hat", "a hat"), 1.0, 2).images
    assert (narrow - alone).abs().mean() < 0.1 * (wide - alone).abs().mean()


def test_every_pair_of_the_lessons_names_what_the_model_knows() -> None:
    for pair in (*PICTURES.anagrams, *PICTURES.hybrids):
        assert len({pairs.noun_of(prompt) for prompt in pair}) == 2
    with pytest.raises(ValueError, match="nothing that the model"):
        pairs.noun_of("the price of shares")
