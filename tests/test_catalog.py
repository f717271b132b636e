"""Models by name: loaded once, closed half-way, refused in one sentence."""

import threading
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from lessons.diffusion.schedules import ddpm_schedule
from lessons.part_b.train_class_ddpm import following
from lessons.part_b.train_ddpm import ALPHA_BARS
from models import catalog, digits, shipped
from models.digits import digit_of


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is loaded yet."""
    monkeypatch.setattr(catalog, "_loaded", {})
    monkeypatch.setattr(catalog, "_locks", {})


@pytest.mark.usefixtures("fresh")
def test_a_model_is_loaded_once_however_many_ask() -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(catalog.load("digits"))) for _ in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 3
    assert len({id(model) for model in found}) == 1
    assert catalog.loaded() == ("digits",)


@pytest.mark.usefixtures("fresh")
def test_loading_that_is_closed_half_way_lets_the_next_one_begin() -> None:
    first = catalog.loading("digits")
    assert next(first)
    second = catalog.loading("digits")
    assert next(second) == "another reader is loading it"
    first.close()
    assert catalog.loaded() == ()
    assert catalog.finish(second) is catalog.load("digits")


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(catalog.UnknownModel, match=r"no model 'x+'\. There are: .*digits"):
        catalog.load("x" * 1000)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("weights.safetensors", b"no weights"),
        ("settings.json", b"{"),
        ("settings.json", b'{"settings": {"num_hiddens": 8}}'),
        ("settings.json", b'{"settings": {}}'),
    ],
)
@pytest.mark.usefixtures("fresh")
def test_a_broken_file_is_told_in_one_sentence(
    file: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = shipped.folder(digits.RECIPE)
    folder = tmp_path / here.name
    folder.mkdir()
    for whole in ("settings.json", "weights.safetensors"):
        (folder / whole).write_bytes((here / whole).read_bytes())
    (folder / file).write_bytes(content)
    monkeypatch.setattr(shipped, "REFERENCE", tmp_path)
    with pytest.raises(ValueError, match="The model for digits can't be loaded"):
        catalog.load("digits")


@pytest.mark.usefixtures("fresh")
def test_a_missing_model_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "REFERENCE", tmp_path)
    with pytest.raises(ValueError, match="can't be loaded: there is no class-ddpm run"):
        catalog.load("digits")


@pytest.mark.parametrize(
    ("prompt", "digit"),
    [
        ("a handwritten 6", 6),
        ("six", 6),
        ("6", 6),
        ("  Six ", 6),
        ("a handwritten digit zero.", 0),
        ("an 8", 8),
        ("", None),
        ("  ", None),
    ],
)
def test_words_for_digits_are_understood(prompt: str, digit: int | None) -> None:
    assert digit_of(prompt) == digit


@pytest.mark.parametrize("prompt", ["a dog", "66", "ten", "-1", "٣", "six nine", "6" * 10**5])
def test_other_words_are_refused_with_what_is_understood(prompt: str) -> None:
    with pytest.raises(ValueError, match="understands “a handwritten 6”"):
        digit_of(prompt)


def test_the_digits_have_the_schedule_of_the_lesson() -> None:
    assert_close(digits.SPEC.alpha_bars, ddpm_schedule(1e-4, 0.02, 300).alpha_bars)
    assert_close(digits.SPEC.alpha_bars, ALPHA_BARS)
    assert digits.SPEC.alpha_bars.dtype == torch.float64


def test_through_the_interface_the_network_says_what_it_says_in_part_b() -> None:
    from lessons.diffusion.guidance import guided

    model = catalog.load("digits")
    assert isinstance(model, digits.DigitModel)
    x_t = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    wanted, unwanted = model.embed(["six", ""]).chunk(2)
    ours = guided(model.predict, wanted, unwanted, 5.0)(x_t, 120)
    theirs = following(model.network, torch.tensor([6, 6]), 5.0)(x_t, 120)
    assert_close(ours, theirs)


def test_the_weights_hash_follows_the_weights() -> None:
    assert catalog.entry("digits").weights_hash() == digits.weights_hash()
    assert len(digits.weights_hash()) == 12
