"""Each test has runs of its own, and no worker outlives it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny networks, busy cores


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of this test's training runs."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("DIFFUSION_RUNS", str(folder))
    yield folder
    if folder.exists():
        _end_workers(folder)


def _end_workers(folder: Path) -> None:
    from lessons.runs import processes

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            if "lessons.runs.worker" in words and words[-1].startswith(f"{folder}{os.sep}"):
                process.kill()
    for child in processes._children:
        if child.args[-1].startswith(f"{folder}{os.sep}"):
            child.wait(10)
