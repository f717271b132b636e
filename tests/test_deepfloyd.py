"""DeepFloyd IF as a teacher meets it: settings, files, prompts, and what is said when one fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import huggingface_hub
import pytest
import tiny_if
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons import sampling, set_up, text_to_image
from lessons.prompts import COURSE
from models import catalog, deepfloyd
from models.deepfloyd.__main__ import main
from models.deepfloyd.embeddings import TOKENS, Embeddings, read_course_file
from models.needs import Need, together

SHAPE = (1, TOKENS, tiny_if.WIDTH)
pytestmark = pytest.mark.usefixtures("tiny_if_here")


def embedding(seed: int = 0) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def course_file(folder: Path) -> Path:
    file = folder / "prompt_embeds_dict.pth"
    torch.save({"": embedding(1).half(), "A rocket ship": embedding(2).half()}, file)
    return file


def pixels(prompt: str, model: str = "deepfloyd", gamma: float = 2.0) -> Tensor:
    made = catalog.finish(sampling.demo(model, prompt, 3, count=1, gamma=gamma))
    return torch.from_numpy(made.pictures[0].pixels.copy())


# -- what is offered -----------------------------------------------------------------------------


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
    assert found.outline.shape == (3, 64, 64)
    assert float(found.outline.alpha_bars[690]) == pytest.approx(0.214523, abs=1e-6)
    unet, upscaler, encoder = found.needs()
    assert (unet.parameters, upscaler.parameters, encoder.parameters) == (4.3e9, 450e6, 4.5e9)
    assert unet.fetched == 8.6e9  # float16, as published
    assert found.edition() == "IF-I-XL-v1.0"


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
        ("DIFFUSION_DEEPFLOYD", "/nowhere", "no such folder"),
        ("DIFFUSION_DEEPFLOYD", "IF-III-L-v1.0", "IF-I-M-v1.0, IF-I-L-v1.0, IF-I-XL-v1.0"),
        ("DIFFUSION_DEEPFLOYD_STAGE2", "IF-I-M-v1.0", "IF-II-M-v1.0, IF-II-L-v1.0"),
        ("DIFFUSION_DEEPFLOYD_T5", "4bit", "on, 8bit, off"),
        ("DIFFUSION_DEEPFLOYD_OFFLOAD", "maybe", "off, on"),
    ],
)
def test_a_wrong_setting_breaks_no_page_and_is_said_when_the_model_is_asked(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    catalog.entries.cache_clear()
    assert text_to_image.outline("deepfloyd").shape[0] == 3
    assert text_to_image.problem("deepfloyd", "a rocket ship") == ""
    with pytest.raises(ValueError, match=said) as caught:
        catalog.load("deepfloyd")
    assert name in str(caught.value)


def test_with_and_without_threshold_it_is_one_network_in_memory() -> None:
    plain, limited = catalog.load("deepfloyd"), catalog.load("deepfloyd+threshold")
    assert plain.network is limited.network  # type: ignore[attr-defined]
    assert (plain.outline.threshold, limited.outline.threshold) == (None, (0.95, 1.5))


def test_the_threshold_reaches_the_pictures() -> None:
    plain, limited = (pixels("a skull", name, 7) for name in ("deepfloyd", "deepfloyd+threshold"))
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


def test_offload_changes_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = pixels("a rocket ship")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_OFFLOAD", "on")
    deepfloyd.host.cache_clear()
    del catalog._loaded["deepfloyd"]
    assert_close(pixels("a rocket ship"), plain, rtol=0, atol=0)


# -- prompts -------------------------------------------------------------------------------------


def test_a_prompt_is_encoded_once_and_gives_the_same_picture_without_the_encoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = pixels("a rocket ship")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    assert_close(pixels("A Rocket  ship"), fresh, rtol=0, atol=0)


def test_a_prompt_that_was_never_encoded_is_refused_with_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deepfloyd.encode(["", "a skull"])
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    assert text_to_image.problem("deepfloyd", "a Skull") == ""
    said = text_to_image.problem("deepfloyd", "a pencil")
    assert "“a pencil” was never encoded" in said
    assert "“a skull”" in said
    with pytest.raises(ValueError, match="never encoded"):
        deepfloyd.encode(["a skull", "a pencil"])


def test_prompts_of_another_text_encoder_are_others(tmp_path: Path) -> None:
    one, other = (Embeddings(tmp_path, name, tiny_if.WIDTH) for name in ("one", "other"))
    one.keep("a skull", embedding())
    assert other.get("a skull") is None
    assert (one.known(), other.known()) == (("a skull",), ())


def test_an_encoded_prompt_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 77 × 9"):
        Embeddings(tmp_path, "one", 9).keep("a skull", embedding())
    with pytest.raises(ValueError, match="finite"):
        Embeddings(tmp_path, "one", 8).keep("a skull", embedding() / 0)


def test_a_broken_file_counts_as_never_encoded_and_is_made_anew(tmp_path: Path) -> None:
    kept = Embeddings(tmp_path, "one", tiny_if.WIDTH)
    kept.keep("a skull", embedding())
    whole = kept.path("a skull").read_bytes()
    kept.path("a skull").write_bytes(whole[:-5])
    assert kept.get("a skull") is None
    assert kept.known() == ()
    kept.keep("a skull", embedding())
    assert_close(kept.get("a skull"), embedding()[0])


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from models.deepfloyd.embeddings import Embeddings
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
Embeddings(Path(sys.argv[1]), "one", 8).keep("a skull", torch.zeros(77, 8))
"""


def test_a_kill_in_the_middle_of_keeping_leaves_no_broken_prompt(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()), "it was killed before it wrote anything"
    kept = Embeddings(tmp_path, "one", 8)
    assert (kept.get("a skull"), kept.known()) == (None, ())
    kept.keep("a skull", embedding())
    assert kept.known() == ("a skull",)


def test_the_courses_file_is_imported_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    assert main(["--import", str(course_file(tmp_path))]) == 0
    assert "Imported 2 prompts." in capsys.readouterr().out
    found = deepfloyd.encode(["a rocket ship", ""])
    assert_close(found, torch.cat([embedding(2), embedding(1)]).half().float())
    assert pixels("a rocket ship").shape == (16, 16, 3)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch exploded",)


@pytest.mark.parametrize("inside", [{"": Bomb()}, [1, 2], {"": 3}, {3: torch.zeros(1)}])
def test_a_file_with_anything_but_prompts_is_refused_and_runs_no_code(
    inside: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(inside, tmp_path / "bad.pth")
    with pytest.raises(ValueError, match=r"bad\.pth"):
        read_course_file(tmp_path / "bad.pth")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.pth is not read"):
        read_course_file(tmp_path / "bad.pth")


def test_the_command_encodes_and_reports(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--download", "--encode", "a skull"]) == 0
    said = capsys.readouterr().out
    assert "DeepFloyd I; text encoder on" in said
    assert "2 encoded prompts" in said


def test_the_command_says_in_one_sentence_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        main(["--import", str(tmp_path / "none.pth")])
    assert capsys.readouterr().err.count("\n") == 1


def test_all_prompts_of_the_lessons_can_be_encoded_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deepfloyd.encode(COURSE.every())
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    asked = ["", COURSE.neutral, *COURSE.three, *COURSE.anagrams[0], *COURSE.hybrids[-1]]
    assert [text_to_image.problem("deepfloyd", prompt) for prompt in asked] == [""] * len(asked)


# -- files ---------------------------------------------------------------------------------------


@pytest.fixture
def own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny IF that this test may damage."""
    folder = tiny_if.save(tmp_path / "IF")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", str(folder))
    return folder


def refused() -> str:
    with pytest.raises(ValueError, match=r".+") as caught:
        catalog.load("deepfloyd")
    return str(caught.value)


def test_half_a_file_is_told_apart_from_a_whole_one(own_copy: Path) -> None:
    weights = own_copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "only half there: diffusion_pytorch_model.safetensors" in refused()


def test_missing_weights_are_named(own_copy: Path) -> None:
    (own_copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert "only half there: *.safetensors" in refused()


def test_a_missing_part_of_weights_in_several_files_is_named(own_copy: Path) -> None:
    index = '{"weight_map": {"a": "diffusion_pytorch_model-2.safetensors"}}'
    (own_copy / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(index)
    assert "only half there: diffusion_pytorch_model-2.safetensors" in refused()


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
    assert "unet/config.json is missing" in refused()


def test_stage_two_in_the_place_of_stage_one_is_said(
    tiny_if_here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", str(tiny_if_here / "II"))
    assert "holds stage II; name it in DIFFUSION_DEEPFLOYD_STAGE2" in refused()


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


# -- the hub -------------------------------------------------------------------------------------


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[BaseHTTPRequestHandler]]:
    """A hub on this machine that refuses everything, with `status` and `word`."""

    class Refusing(BaseHTTPRequestHandler):
        status, word = 401, "GatedRepo"

        def do_GET(self) -> None:
            self.do_HEAD()

        def do_HEAD(self) -> None:
            self.send_response(self.status)
            self.send_header("X-Error-Code", self.word)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    at_hub(monkeypatch, tmp_path, server.server_port)
    yield Refusing
    server.shutdown()
    thread.join()
    server.server_close()


def at_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: int) -> None:
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", "IF-I-M-v1.0")


def test_without_a_token_it_says_how_to_get_one(hub: type[BaseHTTPRequestHandler]) -> None:
    hub.status = 401  # type: ignore[attr-defined]
    assert "set HF_TOKEN" in refused()


def test_a_licence_that_was_not_accepted_is_said(
    hub: type[BaseHTTPRequestHandler], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.status = 403  # type: ignore[attr-defined]
    monkeypatch.setenv("HF_TOKEN", "hf_somebody")
    said = refused()
    assert "licence of DeepFloyd/IF-I-M-v1.0 is not accepted" in said
    assert "https://huggingface.co/DeepFloyd/IF-I-M-v1.0" in said


def test_a_token_that_the_hub_does_not_know_is_said(
    hub: type[BaseHTTPRequestHandler], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.word = "RepoNotFound"  # type: ignore[attr-defined]
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "doesn't know this token" in refused()


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_hub(monkeypatch, tmp_path, port=9)
    assert "check the network" in refused()
