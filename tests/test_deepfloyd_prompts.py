"""Encoded prompts: kept once, imported from the course's file, never broken, never code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_if
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons import model_choice
from lessons.prompts import COURSE
from models import deepfloyd
from models.deepfloyd.__main__ import main
from models.deepfloyd.embeddings import TOKENS, Embeddings, read_course_file

SHAPE = (1, TOKENS, tiny_if.WIDTH)
pytestmark = pytest.mark.usefixtures("tiny_if_here")


def embedding(seed: int = 0) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def course_file(folder: Path) -> Path:
    file = folder / "prompt_embeds_dict.pth"
    torch.save({"": embedding(1).half(), "A rocket ship": embedding(2).half()}, file)
    return file


def test_a_prompt_is_encoded_once_and_gives_the_same_image_without_the_encoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = tiny_if.pixels("a rocket ship")
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    assert_close(tiny_if.pixels("A Rocket  ship"), fresh, rtol=0, atol=0)


def test_a_prompt_that_was_never_encoded_is_refused_with_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deepfloyd.encode(["", "a skull"])
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    assert model_choice.problem("deepfloyd", "a Skull") == ""
    said = model_choice.problem("deepfloyd", "a pencil")
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
    assert tiny_if.pixels("a rocket ship").shape == (16, 16, 3)


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


def test_a_class_prompts_are_encoded_once_and_written_as_the_courses_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words, out = tmp_path / "prompts.txt", tmp_path / "class.pth"
    words.write_text("\ufeffa Rocket ship\r\n\n  a skull \na Rocket ship\n", "utf-8")
    assert main(["--encode", str(words), "--out", str(out)]) == 0
    assert "Wrote 3 prompts" in capsys.readouterr().out
    found = read_course_file(out)
    assert list(found) == ["", "a Rocket ship", "a skull"]
    assert {(one.shape, one.dtype) for one in found.values()} == {(SHAPE, torch.float16)}
    expected = deepfloyd.encode(list(found))
    assert_close(torch.cat([*found.values()]), expected.half())
    monkeypatch.setenv("DIFFUSION_EMBEDDINGS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    assert main(["--import", str(out)]) == 0
    assert_close(deepfloyd.encode(list(found)), expected.half().float())


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b"\xff\xfe\x00"])
def test_a_file_without_prompts_is_refused_in_one_sentence(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "prompts.txt").write_bytes(content)
    with pytest.raises(SystemExit, match="1"):
        main(["--encode", str(tmp_path / "prompts.txt"), "--out", str(tmp_path / "class.pth")])
    assert "prompts.txt" in capsys.readouterr().err
    assert not (tmp_path / "class.pth").exists()


def test_there_is_nothing_to_write_where_nothing_is_encoded(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--out", str(tmp_path / "class.pth")])


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
    assert [model_choice.problem("deepfloyd", prompt) for prompt in asked] == [""] * len(asked)
