"""Observe many solutions in one process: `python tests/many_solutions.py FOLDER NAMES…`.

Each file FOLDER/x.py is observed as `lessons.check` does it, and leaves its results in FOLDER/x.
"""

import sys
from pathlib import Path

from lessons.check import child


def main(folder: Path) -> None:
    """Observe every file; the first line names the checks, e.g. "# inpaint,forward"."""
    for file in sorted(folder.glob("*.py")):
        out = folder / file.stem
        out.mkdir()
        names = file.read_text("utf-8").splitlines()[0].removeprefix("# ").split(",")
        child.main(str(file), str(out), names)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
