"""DeepFloyd IF as a teacher meets it: settings, what it needs, and its files on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_if
import torch
from torch.testing import assert_close

from lessons import model_choice, text_to_image
from lessons.part_a import set_up
from models import catalog, deepfloyd
from models.deepfloyd.embeddings import TOKENS
from models.needs import Need, together

SHAPE = (1, TOKENS, tiny_if.WIDTH)
pytestmark = pytest.mark.usefixtures("tiny_if_here")


def test_without_settings_there_is_no_deepfloyd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIFFUSION_DEEPFLOYD")
    catalog.entries.cache_clear()
    assert "deepfloyd" not in catalog.entries()


def test_a_published_name_is_described_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", "DeepFloyd/IF-I-XL-v1.0")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_STAGE2", "IF-II-M-v1.0")
    catalog.entries.cache_clear()
    found = catalog.entry("deepfloyd")
    assert found.title == "DeepFloyd IF-I-XL-v1.0"
    assert found.spec.shape == (3, 64, 64)
    assert float(found.spec.alpha_bars[690]) == pytest.approx(0.214523, abs=1e-6)
    unet, upscaler, encoder = found.needs()
    assert (unet.parameters, upscaler.parameters, encoder.parameters) == (4.3e9, 450e6, 4.5e9)
    assert unet.fetched == 8.6e9  # float16, as published
    assert found.weights_hash() == "IF-I-XL-v1.0"


def test_the_set_up_says_what_it_needs_and_loads_nothing() -> None:
    fit = set_up.fit("deepfloyd")
    assert fit is not None
    assert [row[0] for row in fit.rows] == ["I", "II", "text encoder T5"]
    assert all(row[2] == "here already" for row in fit.rows)
    assert "GB free" in fit.verdict
    assert "deepfloyd" not in catalog.loaded()
    assert set_up.fit("digits") is None


def test_a_network_at_a_time_needs_as_much_as_the_largest() -> None:
    parts = (Need("I", 0, 0, 8.0), Need("II", 0, 0, 2.0), Need("T5", 0, 0, 11.0, alone=True))
    assert together(parts, offload=True) == 11
    assert together(parts, offload=False) == 21


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DIFFUSION_DEEPFLOYD", "/nowhere", "a folder that is there"),
        ("DIFFUSION_DEEPFLOYD", "IF-III-L-v1.0", "IF-I-M-v1.0, IF-I-L-v1.0, IF-I-XL-v1.0"),
        ("DIFFUSION_DEEPFLOYD_STAGE2", "IF-I-M-v1.0", "IF-II-M-v1.0, IF-II-L-v1.0"),
        ("DIFFUSION_DEEPFLOYD_T5", "4bit", "on, 8bit or off"),
        ("DIFFUSION_DEEPFLOYD_OFFLOAD", "maybe", "off or on"),
    ],
)
def test_a_wrong_setting_breaks_no_page_and_is_said_when_the_model_is_asked(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    catalog.entries.cache_clear()
    assert text_to_image.spec("deepfloyd").shape[0] == 3
    assert model_choice.problem("deepfloyd", "a rocket ship") == ""
    with pytest.raises(ValueError, match=said) as caught:
        catalog.load("deepfloyd")
    assert name in str(caught.value)


def test_with_and_without_threshold_it_is_one_network_in_memory() -> None:
    plain, limited = catalog.load("deepfloyd"), catalog.load("deepfloyd+threshold")
    assert plain.network is limited.network  # type: ignore[attr-defined]
    assert (plain.spec.threshold, limited.spec.threshold) == (None, (0.95, 1.5))


def test_the_threshold_reaches_the_images() -> None:
    plain, limited = (
        tiny_if.pixels("a skull", name, 7) for name in ("deepfloyd", "deepfloyd+threshold")
    )
    assert not torch.equal(plain, limited)


@pytest.mark.parametrize("name", ["digits+threshold", "deepfloyd+threshold+threshold", "if"])
def test_a_way_to_use_a_model_that_it_does_not_offer_is_no_model(name: str) -> None:
    with pytest.raises(catalog.UnknownModel):
        catalog.entry(name)


def test_what_enlarges_is_offered_only_where_it_is_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DIFFUSION_DEEPFLOYD_STAGE2")
    catalog.entries.cache_clear()
    with pytest.raises(ValueError, match="Nothing here enlarges"):
        catalog.finish(catalog.loading_upscaler("deepfloyd"))


def test_its_parameters_are_those_of_network_and_text_encoder() -> None:
    both = (tiny_if.unet(), tiny_if.text_encoder())
    expected = sum(p.numel() for network in both for p in network.parameters())
    assert catalog.load("deepfloyd").parameters == expected


def test_offload_changes_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = tiny_if.pixels("a rocket ship")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_OFFLOAD", "on")
    deepfloyd.host.cache_clear()
    del catalog._loaded["deepfloyd"]
    assert_close(tiny_if.pixels("a rocket ship"), plain, rtol=0, atol=0)


@pytest.fixture
def own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny IF that this test may damage."""
    folder = tiny_if.save(tmp_path / "IF")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", str(folder))
    return folder


def test_half_a_file_is_told_apart_from_a_whole_one(own_copy: Path) -> None:
    weights = own_copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "only half there: diffusion_pytorch_model.safetensors" in tiny_if.refused()


def test_missing_weights_are_named(own_copy: Path) -> None:
    (own_copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert "only half there: *.safetensors" in tiny_if.refused()


def test_a_missing_part_of_weights_in_several_files_is_named(own_copy: Path) -> None:
    index = '{"weight_map": {"a": "diffusion_pytorch_model-2.safetensors"}}'
    (own_copy / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(index)
    assert "only half there: diffusion_pytorch_model-2.safetensors" in tiny_if.refused()


def test_float16_files_are_taken_where_they_are(own_copy: Path) -> None:
    expected = catalog.load("deepfloyd")
    del catalog._loaded["deepfloyd"]
    home = own_copy / "unet"
    (home / "diffusion_pytorch_model.safetensors").unlink()
    tiny_if.unet().half().save_pretrained(home, variant="fp16")
    assert (home / "diffusion_pytorch_model.fp16.safetensors").exists()
    x_t, words = torch.zeros(1, 3, 16, 16), torch.zeros(SHAPE)
    found = catalog.load("deepfloyd").predict(x_t, 9, words)
    assert_close(found, expected.predict(x_t, 9, words), rtol=0.01, atol=0.01)


def test_a_folder_without_a_network_is_named(own_copy: Path) -> None:
    (own_copy / "unet" / "config.json").unlink()
    assert "unet/config.json is missing" in tiny_if.refused()


def test_stage_two_in_the_place_of_stage_one_is_said(
    tiny_if_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", str(tiny_if_here / "II"))
    assert "holds stage II; name it in DIFFUSION_DEEPFLOYD_STAGE2" in tiny_if.refused()


@pytest.mark.parametrize("part", ["tokenizer", "text_encoder"])
def test_a_missing_text_encoder_is_said_when_a_prompt_needs_it(own_copy: Path, part: str) -> None:
    catalog.load("deepfloyd")
    for file in (own_copy / part).iterdir():
        file.unlink()
    with pytest.raises(ValueError, match=part):
        deepfloyd.encode(["a skull"])


def test_the_text_encoder_is_read_as_the_hub_keeps_it(own_copy: Path) -> None:
    expected = deepfloyd.encode(["a skull"])
    tiny_if.as_published(own_copy / "text_encoder")
    deepfloyd.store().path("a skull").unlink()
    assert_close(deepfloyd.encode(["a skull"]), expected, rtol=0.02, atol=0.02)
    (own_copy / "text_encoder" / "model.fp16-00002-of-00002.safetensors").unlink()
    with pytest.raises(ValueError, match=r"half there: model\.fp16-00002-of-00002\.safetensors"):
        deepfloyd.encode(["a pencil"])


def test_a_tokenizer_that_needs_a_package_names_it(
    own_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_copy / "tokenizer" / "tokenizer.json").rename(own_copy / "tokenizer" / "spiece.model")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ValueError, match="pip install sentencepiece"):
        deepfloyd.encode(["a skull"])


def test_eight_bits_without_the_packages_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "8bit")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ValueError, match="pip install bitsandbytes accelerate"):
        deepfloyd.encode(["a skull"])
