"""Opening the miniature: prompts, saved files, and what a broken file says."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.miniature import BrokenModel, Miniature, available, load
from models.miniature.box import make_scheduler, save
from models.miniature.encoder import alikeness
from models.miniature.unet import pooled
from tests.miniature import encoder, noisy, small_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save(small_network(), folder)
    return folder


@pytest.fixture(scope="module")
def miniature() -> Miniature:
    return Miniature(small_network(), make_scheduler(), encoder())


def copied(folder: Path, to: Path) -> Path:
    for file in folder.rglob("*"):
        if file.is_file():
            (to / file.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (to / file.relative_to(folder)).write_bytes(file.read_bytes())
    return to


def test_the_same_prompt_is_the_same_embedding_in_any_company(miniature: Miniature) -> None:
    alone = miniature.embed(["a dog"])
    beside = miniature.embed(["an old man with a very long beard", "a dog"])[1:]
    assert torch.equal(alone, miniature.embed(["a dog"]))
    length = alone.shape[1]
    assert_close(beside[:, :length], alone, rtol=1e-4, atol=1e-5)
    assert beside[:, length:].eq(0).all()


def test_the_empty_prompt_still_has_its_first_and_last_token(miniature: Miniature) -> None:
    assert miniature.embed([""]).ne(0).any(-1).sum() == 2


def test_a_very_long_prompt_is_cut(miniature: Miniature) -> None:
    assert miniature.embed(["dog " * 900]).shape == (1, 32, 384)


def test_a_puppy_is_more_like_a_dog_than_like_a_rocket(miniature: Miniature) -> None:
    puppy, *others = pooled(miniature.embed(["puppy", "dog", "rocket"]))
    dog, rocket = alikeness(puppy[None], torch.stack(others))[0].tolist()
    assert dog > rocket + 0.2


@pytest.mark.parametrize(
    ("prompt", "known"),
    [
        ("a lithograph of a skull", "a skull"),
        ("An Oil Painting  of a snowy mountain village", "a snowy mountain village"),
        ("a photo of the amalfi coast", "the amalfi coast"),
        ("dog", "a dog"),
        ("a high quality photo", "a high quality photo"),
        ("a pencil sketch of an owl", "an owl"),
        ("a photo of a cat on a blue background", "a cat"),
    ],
)
def test_what_was_drawn_is_known_in_every_style(
    miniature: Miniature, prompt: str, known: str
) -> None:
    entry, likeness = miniature.nearest_known(prompt)
    assert entry == known
    assert likeness == pytest.approx(1, abs=1e-5)


def test_a_hound_is_known_as_a_dog_and_a_share_price_hardly_as_anything(
    miniature: Miniature,
) -> None:
    entry, likeness = miniature.nearest_known("a hound")
    assert entry in ("a dog", "a puppy")
    assert 0.6 < likeness < 1
    assert miniature.nearest_known("the falling price of shares")[1] < 0.5


def test_what_is_loaded_is_what_was_saved_up_to_half_precision(folder: Path) -> None:
    loaded = load(folder)
    states = loaded.embed(["a dog"])
    ours = small_network()(noisy(1), 500, states).sample
    assert_close(loaded.network(noisy(1), 500, states).sample, ours, rtol=2e-2, atol=2e-2)
    assert loaded.network.dtype == torch.float32
    assert not any(p.requires_grad for p in loaded.network.parameters())


def test_the_scheduler_is_set_as_the_network_was_trained(folder: Path) -> None:
    loaded = load(folder)
    assert loaded.scheduler.config.prediction_type == "epsilon"
    theirs = loaded.scheduler.alphas_cumprod
    assert_close(loaded.alpha_bars.float(), theirs, rtol=1e-4, atol=1e-8)
    assert loaded.alpha_bars.dtype == torch.float64


def test_weights_are_there_or_not(folder: Path, tmp_path: Path) -> None:
    assert available(folder)
    assert not available(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel, match=r"no weights in .*train some"):
        load(tmp_path)


@pytest.mark.parametrize(
    "broken",
    [
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "scheduler/scheduler_config.json",
    ],
)
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_broken_file_is_one_sentence(
    folder: Path, tmp_path: Path, broken: str, damage: str
) -> None:
    file = copied(folder, tmp_path) / broken
    whole = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenModel) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)
