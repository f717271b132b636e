"""The process that a student's file runs in: `python -m lessons.check.child FILE FOLDER CHECKS`.

Each check leaves two files in the folder, numbers only, so that a file that ends the process in
the middle still has the results from before.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from lessons.check.bind import CannotCall
from lessons.check.checks import CHECKS
from lessons.check.load import Loaded, load, sentence
from lessons.check.observe.scripted import scripted
from lessons.check.observe.world import course_names
from lessons.check.read import Unreadable
from lessons.check.solution import Missing, Solution, Wrong

_OURS: Final = ("lessons", "models")
MEMORY: Final = 4 * 2**30
"""Bytes that a student's code may take, where the system allows a limit."""


class Sink(io.TextIOBase):
    """Takes whatever is printed, and keeps its length alone."""

    def __init__(self) -> None:
        self.length = 0

    def write(self, text: str) -> int:
        """Count what is printed."""
        self.length += len(text)
        return len(text)


def main(file: str, folder: str, names: list[str]) -> None:
    """Load the file, then run the checks of these names, and write down what each did."""
    torch.set_num_threads(1)
    # Compiling takes minutes, and the world is small.
    setattr(torch, "compile", _uncompiled)  # noqa: B010 (mypy knows the real one's type)
    out, sink = Path(folder), Sink()
    _make_room(Path(file))
    _limit_memory()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        try:
            with scripted(noise=False, singles=False):
                loaded = load(Path(file), course_names())
        except Unreadable as error:
            _write(out / "loaded.json", {"error": str(error)})
            return
        defines = bool(loaded.versions)
        _write(out / "loaded.json", {"notes": loaded.notes, "defines": defines})
        for check in CHECKS:
            if check.name in names:
                _write(out / f"{check.name}.json", _observed(check.name, loaded, out, sink))


def _uncompiled(model: Any = None, **_: Any) -> Any:
    """torch.compile, that leaves things as they are; a decorator too."""
    return model if model is not None else (lambda one: one)


def _observed(name: str, loaded: Loaded, out: Path, sink: Sink) -> dict[str, Any]:
    solution, before = Solution(loaded.versions), sink.length
    check = next(check for check in CHECKS if check.name == name)
    result: dict[str, Any] = {}
    try:
        parts = check.observe(solution)
        save_file({key: part.contiguous() for key, part in parts.items()}, out / f"{name}.tensors")
    except Missing:
        result["missing"] = True
    except (CannotCall, Wrong) as error:
        result["error"] = str(error)
    except NotImplementedError:
        result["unwritten"] = True
    except BaseException as error:
        result["error"] = _crash(error, loaded)
    return result | {"found": solution.found, "printed": sink.length - before}


def _crash(error: BaseException, loaded: Loaded) -> str:
    """One sentence on what went wrong, and where in the student's file."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.startswith("<")]
    place = f"In {inside[-1].filename[1:-1]}, line {inside[-1].lineno}, " if inside else ""
    said = sentence(error)
    if isinstance(error, NameError) and error.name in loaded.left_out:
        said += f" It is made in {loaded.left_out[error.name]}, which the check leaves out."
    return f"{place}{said}" if place else said[0].upper() + said[1:]


def _make_room(file: Path) -> None:
    """The student's own modules come first, also those that are called as ours are."""
    root = Path(__file__).parents[2]
    for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
        del sys.modules[name]
    kept = [one for one in sys.path if one and Path(one).resolve() != root]
    sys.path[:] = [str(file.resolve().parent), *kept]


def _limit_memory() -> None:
    try:
        import resource

        with open("/proc/self/status", encoding="ascii") as status:
            used = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
        limit = used * 1024 + MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (ImportError, OSError, ValueError, StopIteration):
        return  # no such limit here; the time limit remains


def _write(path: Path, content: dict[str, Any]) -> None:
    """All at once, so that whoever reads finds the whole file."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), "utf-8")
    os.replace(part, path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3].split(","))
