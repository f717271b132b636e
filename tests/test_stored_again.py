"""Every stored result, calculated again, is the same; and the command that compares them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lessons import model_choice
from pages._service import stored
from pages._service.stored import __main__ as command
from pages._service.stored import packing
from pages._service.stored.comparing import difference
from pages._ui.session import lessons

MODELS = [about.name for about in model_choice.models()]
VISITS = [
    (lessons.HOME, {}),
    *((x.file, {"model": model}) for model in MODELS for x in lessons.discover() if x.part == "A"),
    *((x.file, {}) for x in lessons.discover() if x.part == "B"),
]


@pytest.mark.parametrize(
    ("file", "address"), VISITS, ids=[f"{file[:-3]} {'-'.join(a.values())}" for file, a in VISITS]
)
def test_what_a_page_opens_with_is_what_the_code_calculates_today(
    file: str, address: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.check(file, address) == 0, capsys.readouterr().out


def test_the_command_finds_a_result_that_is_not_what_the_code_calculates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results"
    shutil.copytree(stored.FOLDER, folder)
    monkeypatch.setattr(stored, "FOLDER", folder)
    visit = "inpainting.py", {"model": "digits"}
    assert command.check(*visit) == 0
    for path in folder.glob("*.zip"):
        about = packing.about(path.read_bytes())
        if about["function"] == "lessons.part_a.inpainting.demo" and "digits" in about["knobs"]:
            break
    result = packing.unpack(path.read_bytes())
    brighter = result.results[0].pixels.astype(int) + 2
    object.__setattr__(result.results[0], "pixels", np.minimum(brighter, 255).astype(np.uint8))
    path.write_bytes(packing.pack(result, about))
    assert command.check(*visit) == 1
    assert "2 grey levels" in capsys.readouterr().out


@dataclass(frozen=True)
class Found:
    image: np.ndarray
    numbers: tuple[float, ...]
    count: int = 3


IMAGE = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Found(IMAGE + np.uint8(1), (1.0, 200.1)), ""),
        (Found(IMAGE, (1.0, 200.0)), ""),
        (Found(IMAGE + np.uint8(2), (1.0, 200.0)), "2 grey levels"),
        (Found(IMAGE.T, (1.0, 200.0)), "shapes (3, 4) and (4, 3)"),
        (Found(IMAGE, (1.0, 201.0)), "200 and 201"),
        (Found(IMAGE, (1.01, 200.0)), "1 and 1.01"),
        (Found(IMAGE, (float("nan"), 200.0)), "1 and nan"),
        (Found(IMAGE, (1.0,)), "in the other"),
        (Found(IMAGE, (1.0, 200.0), 4), "3 and 4"),
        ((IMAGE,), "a Found and a tuple"),
    ],
)
def test_a_difference_is_named_and_rounding_is_none(other: object, words: str) -> None:
    found = difference(Found(IMAGE, (1.0, 200.0)), other)
    assert (words in found) if words else found == ""


def test_the_command_ends_with_the_number_of_differences() -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--check", "--model", "digits", "--page", "inpainting.py"])
    assert end.value.code == 0
