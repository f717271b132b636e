"""The folder of a run: nothing half written, nothing unreadable taken for truth."""

import contextlib
import json
import os
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lessons.images.captioned import CaptionedImage
from lessons.training.runs import files
from lessons.training.runs.files import DamagedRun
from lessons.training.runs.notes import RunControl, Status
from lessons.training.runs.recipes import read_settings
from lessons.training.runs.recorder import load_rows, save_rows
from models import atomic


def line(step: int) -> dict[str, Any]:
    return {"step": step, "images": 64 * step, "loss": 1 / step, "seconds": 0.1 * step}


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc", "A", "a_b", "a.b", "-a", "a\n", "ä", "a" * 82, "a\0"],
)
def test_a_name_that_could_not_be_ours_opens_no_folder(name: str) -> None:
    assert not files.is_run_name(name)
    with pytest.raises(ValueError, match="is not the name of a run"):
        files.folder_of(name)


@given(st.text())
def test_no_name_leads_out_of_the_folder_of_runs(name: str) -> None:
    try:
        folder = files.folder_of(name)
    except ValueError:
        return
    assert folder.parent in (files.root(), files.SHIPPED)


def test_a_refused_name_is_not_repeated_at_length() -> None:
    with pytest.raises(ValueError, match="is not the name of a run") as caught:
        files.folder_of("x" * 100_000)
    assert len(str(caught.value)) < 200


def test_status_and_control_come_back_as_written(tmp_path: Path) -> None:
    status = Status("failed", step=3, seconds=1.5, reason="why", device="CPU")
    status.write(tmp_path)
    assert Status.read(tmp_path) == status
    RunControl(until_step=7).write(tmp_path)
    assert RunControl.read(tmp_path) == RunControl(until_step=7)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["control.json", "status.json"]


def test_without_a_wish_a_worker_pauses(tmp_path: Path) -> None:
    assert RunControl.read(tmp_path) == RunControl(until_step=0, stop=False)


@pytest.mark.parametrize("reason", ["short", "long " * 100])
def test_the_last_word_fits_into_the_place_of_the_former(tmp_path: Path, reason: str) -> None:
    Status("running", reason="medium " * 20).write(tmp_path)
    Status("failed", reason=reason).overwrite(tmp_path)
    assert Status.read(tmp_path) == Status("failed", reason=reason)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[" * 50_000,
        "[]",
        "null",
        "{}",
        '{"state": "dancing"}',
        '{"state": "running", "step": "seven"}',
        '{"state": "running", "step": null}',
        '{"state": "running", "seconds": []}',
        '{"state": "running", "more": 1}',
        '{"state": ["running"]}',
        "\udcff",
    ],
)
def test_a_status_that_makes_no_sense_is_damage(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(DamagedRun, match=r"status\.json"):
        Status.read(tmp_path)


@pytest.mark.parametrize(
    "content", ["{", "[1]", '{"until_step": "x"}', '{"until_step": null}', '{"until_step": [1]}']
)
def test_a_wish_that_makes_no_sense_is_damage(tmp_path: Path, content: str) -> None:
    (tmp_path / "control.json").write_text(content)
    with pytest.raises(DamagedRun, match=r"control\.json"):
        RunControl.read(tmp_path)


def test_many_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            files.write_json(tmp_path / "a.json", {"number": number, "long": "x" * 2000})
            assert len(files.read_json(tmp_path / "a.json")["long"]) == 2000

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_torn_last_line_of_metrics_is_ignored_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    files.append_lines(path, [line(1), line(2)])
    whole = json.dumps(line(3)) + "\n"
    with path.open("a") as file:
        file.write(whole[:17])
    assert files.curve(tmp_path).steps == [1, 2]
    assert [entry["step"] for entry in files.read_lines(path)] == [1, 2]
    with path.open("a") as file:
        file.write(whole[17:])
    curve = files.curve(tmp_path)
    assert (curve.steps, curve.images) == ([1, 2, 3], [64, 128, 192])
    assert curve.losses == [1.0, 0.5, 1 / 3]


def test_a_run_without_metrics_has_an_empty_curve(tmp_path: Path) -> None:
    assert files.curve(tmp_path).steps == []
    assert files.read_lines(tmp_path / "epochs.jsonl") == []


def test_a_caller_can_not_spoil_the_curve_of_another(tmp_path: Path) -> None:
    files.append_lines(tmp_path / "metrics.jsonl", [line(1)])
    files.curve(tmp_path).steps.append(99)
    assert files.curve(tmp_path).steps == [1]


def test_a_rewritten_curve_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    files.append_lines(path, [line(step) for step in range(1, 9)])
    assert len(files.curve(tmp_path).steps) == 8
    files.forget_after(path, 5)
    files.append_lines(path, [line(step) for step in range(6, 12)])
    assert files.curve(tmp_path).steps == list(range(1, 12))


@pytest.mark.parametrize("way", ["deleted", "rewritten", "same length"])
def test_the_curve_of_a_run_made_anew_by_another_process_is_its_own(
    tmp_path: Path, way: str
) -> None:
    path = tmp_path / "metrics.jsonl"
    for number in range(10):  # the system gives the numbers of deleted files to new ones
        old = [{**line(step), "loss": 0.5} for step in range(1, 9)]
        path.unlink(missing_ok=True)
        files.append_lines(path, old)
        assert files.curve(tmp_path).losses == [0.5] * 8
        new = [{**line(step), "loss": 0.7} for step in range(1, 9 if way == "same length" else 20)]
        if way == "deleted":
            path.unlink()
        else:
            path.write_text("")
        files.append_lines(path, new)
        assert files.curve(tmp_path).losses == [0.7] * len(new), number


def test_what_replaces_a_file_is_on_the_disk_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    true = os.replace
    monkeypatch.setattr(os, "fsync", lambda _: done.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda *a: done.append("replace") or true(*a))
    Status("running").write(tmp_path)
    files.append_lines(tmp_path / "metrics.jsonl", [line(1)])
    files.forget_after(tmp_path / "metrics.jsonl", 1)
    assert done == ["fsync", "replace"] * 2


def test_a_file_that_a_reader_holds_open_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on Windows."""
    refusals = iter([PermissionError(13, "held open")] * 3)
    true = os.replace

    def replace(*names: Path) -> None:
        for refusal in refusals:
            raise refusal
        true(*names)

    monkeypatch.setattr(os, "replace", replace)
    Status("running", step=3).write(tmp_path)
    assert Status.read(tmp_path).step == 3
    monkeypatch.setattr(atomic, "PATIENCE", 0.0)
    refusals = iter([PermissionError(13, "held open")] * 9)
    with pytest.raises(PermissionError):
        Status("running", step=4).write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


def test_a_file_that_is_being_replaced_is_read_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on Windows, where a worker that read its wish at that moment used to fail."""
    RunControl(until_step=7).write(tmp_path)
    refusals = iter([PermissionError(13, "in use")] * 3)
    true = Path.read_text

    def read(path: Path, *more: str) -> str:
        for refusal in refusals:
            raise refusal
        return true(path, *more)

    monkeypatch.setattr(Path, "read_text", read)
    assert RunControl.read(tmp_path).until_step == 7


def test_a_files_stamp_tells_another_file_though_its_time_was_kept(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("weights")
    other.write_text("others!")
    os.utime(one, ns=(1, 1))
    os.utime(other, ns=(1, 1))
    before = atomic.stamp(one)
    os.replace(other, one)
    assert atomic.stamp(one) != before
    assert atomic.stamp(other) is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage\n",
        b"[]\n",
        b"[" * 50_000 + b"\n",
        b"3\n",
        b"{}\n",
        b'{"step": null, "images": 1, "loss": 1, "seconds": 1}\n',
        b'{"step": Infinity, "images": 1, "loss": 1, "seconds": 1}\n',
        b"\xff\xfe\n",
        b"\n",
    ],
)
def test_a_whole_line_that_is_no_metrics_line_is_damage(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "metrics.jsonl"
    files.append_lines(path, [line(1), line(2)])
    with path.open("ab") as file:
        file.write(garbage)
    for _ in range(2):  # not only the first time
        with pytest.raises(DamagedRun, match=r"metrics\.jsonl, line 3"):
            files.curve(tmp_path)


def test_a_folder_in_the_place_of_a_file_is_damage(tmp_path: Path) -> None:
    for name in ("metrics.jsonl", "epochs.jsonl", "status.json"):
        (tmp_path / name).mkdir()
    with pytest.raises(DamagedRun, match=r"metrics\.jsonl"):
        files.curve(tmp_path)
    with pytest.raises(DamagedRun, match=r"epochs\.jsonl"):
        files.read_lines(tmp_path / "epochs.jsonl")
    with pytest.raises(DamagedRun, match=r"status\.json"):
        Status.read(tmp_path)


@pytest.mark.parametrize("step", ["null", '"x"', "[]", "Infinity"])
def test_a_line_without_a_step_can_not_be_cut_at_a_step(tmp_path: Path, step: str) -> None:
    path = tmp_path / "metrics.jsonl"
    content = f'{{"step": {step}}}\n'
    path.write_text(content)
    with pytest.raises(DamagedRun, match=r"metrics\.jsonl"):
        files.forget_after(path, 3)
    assert path.read_text() == content


def test_lines_after_a_step_are_forgotten_and_the_torn_one_too(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    files.append_lines(path, [line(step) for step in range(1, 7)])
    with path.open("a") as file:
        file.write('{"step": 7, "im')
    files.forget_after(path, 4)
    assert path.read_text() == "".join(json.dumps(line(step)) + "\n" for step in range(1, 5))
    assert list(tmp_path.iterdir()) == [path]


def test_rows_of_images_come_back_as_they_were(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = tuple(
        tuple(CaptionedImage(random.integers(0, 256, (28, 28), np.uint8)) for _ in range(10))
        for _ in range(3)
    )
    path = tmp_path / "samples" / "epoch-000.png"
    save_rows(path, rows)
    loaded = load_rows(path)
    assert [len(row) for row in loaded] == [10, 10, 10]
    np.testing.assert_array_equal(loaded[2][7].pixels, rows[2][7].pixels)


@pytest.mark.parametrize("kind", ["garbage", "cut off", "empty", "other size", "GIF", "huge"])
def test_a_image_file_that_is_none_of_ours_is_damage(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "epoch-001.png"
    Image.fromarray(np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)).save(path, "PNG")
    content = path.read_bytes()
    if kind == "garbage":
        path.write_bytes(b"\x89PNG" + b"garbage" * 100)
    elif kind == "cut off":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "other size":
        Image.new("L", (30, 28)).save(path, "PNG")
    elif kind == "GIF":
        Image.new("L", (28, 28)).save(path, "GIF")
    else:
        header = b"IHDR" + 2 * (30_000).to_bytes(4, "big") + content[24:29]
        check = zlib.crc32(header).to_bytes(4, "big")
        path.write_bytes(content[:12] + header + check + content[33:])
    with pytest.raises(DamagedRun, match=r"epoch-001\.png"):
        load_rows(path)


@pytest.mark.parametrize("seed", range(20))
def test_a_scribble_in_a_image_file_is_damage_or_another_image(tmp_path: Path, seed: int) -> None:
    path, random = tmp_path / "epoch-001.png", np.random.default_rng(seed)
    Image.fromarray(random.integers(0, 256, (28, 280), np.uint8)).save(path, "PNG")
    content = bytearray(path.read_bytes())
    for place in random.integers(0, len(content), 5):
        content[place] = random.integers(0, 256)
    path.write_bytes(content)
    with contextlib.suppress(DamagedRun):
        assert [len(row) for row in load_rows(path)] == [10]


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        "{}",
        '{"recipe": "denoiser"}',
        '{"recipe": "os", "settings": {}}',
        '{"recipe": ["denoiser"], "settings": {}}',
        '{"recipe": "denoiser", "settings": 3}',
        '{"recipe": "denoiser", "settings": {"num_hiddens": 10000}}',
        '{"recipe": "denoiser", "settings": {"epochs": "many"}}',
        '{"recipe": "denoiser", "settings": {"learning_rate": NaN}}',
        '{"recipe": "denoiser", "settings": {"evil": 1}}',
    ],
)
def test_settings_that_are_not_allowed_are_damage(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    with pytest.raises(DamagedRun, match=r"^settings\.json ") as caught:
        read_settings(tmp_path)
    assert "\n" not in str(caught.value)


def test_damaged_settings_say_which_value_is_wrong(tmp_path: Path) -> None:
    content = {"recipe": "denoiser", "settings": {"num_hiddens": 10_000}}
    (tmp_path / "settings.json").write_text(json.dumps(content))
    with pytest.raises(DamagedRun, match="num_hiddens"):
        read_settings(tmp_path)
