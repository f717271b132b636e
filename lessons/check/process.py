"""Running a student's file in a process of its own, with a time limit for each function."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors.torch import load_file

from lessons.check import verdict as verdicts
from lessons.check.checks import Check, chosen
from lessons.check.read import Unreadable, statements
from lessons.check.verdict import Verdict

_ROOT: Final = Path(__file__).parents[2]
_STARTING: Final = 60.0
"""Seconds that importing the libraries may take, besides the limit."""

_LOTS: Final = 1_000_000


@dataclass(frozen=True)
class Report:
    """All that is said of a file.

    Attributes:
        file: its name.
        verdicts: one for each function, in the order of the assignment.
        error: why nothing could be checked, or "".
        notes: what else is to be said.
        asked: whether a section was asked for; then what is missing in it fails.
    """

    file: str
    verdicts: tuple[Verdict, ...] = ()
    error: str = ""
    notes: tuple[str, ...] = ()
    asked: bool = False

    def count(self, *statuses: str) -> int:
        """How many functions have one of these statuses."""
        return sum(verdict.status in statuses for verdict in self.verdicts)

    @property
    def passed(self) -> bool:
        """Whether something was there, and nothing of it was wrong."""
        missing = self.asked and self.count("missing")
        return bool(not self.error and self.count("right", "remark")) and not (
            self.count("wrong") or missing
        )


def check(
    file: Path, only: str = "", seconds: float = 20.0, say: Callable[[str], None] = lambda _: None
) -> Report:
    """Check a file.

    Args:
        file: a .py file or a notebook.
        only: a section or a name; see `checks.chosen`.
        seconds: time limit of each function, and of the file's own imports and definitions.
        say: told the name of each function before it is checked.

    Raises:
        ValueError: there is no such section.
    """
    checks = chosen(only)
    try:
        statements(file)
    except Unreadable as error:
        return Report(file.name, error=str(error), asked=bool(only))
    with tempfile.TemporaryDirectory() as folder:
        results = _results(file, Path(folder), checks, seconds, say)
        loaded = results.pop("", {})
        if loaded.get("error"):
            return Report(file.name, error=loaded["error"], asked=bool(only))
        said = tuple(_verdict(one, results[one.name], Path(folder)) for one in checks)
    notes = [*loaded.get("notes", [])]
    if not loaded.get("defines"):
        notes.append("The file defines no function and no class.")
    printed = sum(result.get("printed", 0) for result in results.values())
    if printed > _LOTS:
        notes.append(f"What it printed, {printed / 1e6:.0f} million characters, is not shown.")
    return Report(file.name, said, notes=tuple(notes), asked=bool(only))


def _results(
    file: Path,
    folder: Path,
    checks: Sequence[Check],
    seconds: float,
    say: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """What each check left, by its name; under "" what loading left."""
    open_ = [one.name for one in checks]
    results: dict[str, dict[str, Any]] = {}
    while open_:
        (folder / "loaded.json").unlink(missing_ok=True)
        process = _start(file, folder, open_)
        try:
            ended = ""
            for name in ("", *open_):
                say(name or "the file")
                limit = seconds if name else _STARTING + seconds
                result, ended = _wait(process, folder / f"{name or 'loaded'}.json", limit)
                if result is None:
                    break
                results[name] = result
        finally:
            process.kill()
            process.wait()
        if "" not in results or results[""].get("error"):
            problem = f"Reading the file {ended}" if ended else ""
            return {"": results.get("", {"error": problem})}
        done = [name for name in open_ if name in results]
        open_ = open_[len(done) :]
        if open_:
            results[open_[0]] = {"error": f"It {ended}"}
            open_ = open_[1:]
    return results


def _start(file: Path, folder: Path, names: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lessons.check.child"]
    environment = os.environ | {
        "PYTHONPATH": str(_ROOT),
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "Agg",
        "HF_HUB_OFFLINE": "1",
    }
    return subprocess.Popen(
        [*command, str(file.resolve()), str(folder), ",".join(names)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(
    process: subprocess.Popen[bytes], path: Path, seconds: float
) -> tuple[dict[str, Any] | None, str]:
    """The content of a file as soon as it is there; else what became of the process, in words."""
    end = time.monotonic() + seconds
    while True:
        over = process.poll() is not None
        if path.exists():
            return json.loads(path.read_text("utf-8")), ""
        if over:
            return None, f"ended the whole process (exit status {process.returncode})."
        if time.monotonic() > end:
            return None, f"took longer than {seconds:.0f} s, and was stopped."
        time.sleep(0.02)


def _verdict(one: Check, result: dict[str, Any], folder: Path) -> Verdict:
    found = result.get("found", "")
    if result.get("missing"):
        return Verdict(one, "missing", said="It is not in the file.")
    if result.get("unwritten"):
        return Verdict(one, "missing", found, "It is not written yet.")
    if result.get("error"):
        return Verdict(one, "wrong", found, result["error"])
    return verdicts.verdict(one, load_file(folder / f"{one.name}.tensors"), found)
