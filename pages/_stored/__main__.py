"""Calculate anew what the lessons show at first sight: `python -m pages._stored`.

Every page is opened as a reader would open it, those of Part A in every model, and what it then
calculates is kept. So a new page is covered without being named here.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from lessons import text_to_image
from pages import _stored
from pages._ui import lessons
from pages._ui.live import recording


def main() -> None:
    """Store the results of every page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", action="append", help="only this model; may be repeated")
    parser.add_argument("--page", action="append", help="only this page, e.g. sampling.py")
    chosen = parser.parse_args()
    pages = [x for x in lessons.discover() if not chosen.page or x.file in chosen.page]
    kept = set[Path]()
    for model in chosen.model or [about.name for about in text_to_image.models()]:
        for lesson in pages:
            if lesson.part == "A":
                kept |= _record(lesson.file, {"model": model})
    if not chosen.model:
        with tempfile.TemporaryDirectory() as nothing:
            os.environ["DIFFUSION_RUNS"] = nothing  # the runs that came with the project alone
            for lesson in pages:
                if lesson.part == "B":
                    kept |= _record(lesson.file, {})
    if not chosen.model and not chosen.page:
        for path in set(_stored.FOLDER.glob("*.zip")) - kept:
            path.unlink()


def _record(file: str, address: dict[str, str]) -> set[Path]:
    start, kept = time.monotonic(), set[Path]()
    with recording() as calls:
        test = AppTest.from_file(str(lessons.FOLDER / "_router.py"), default_timeout=3600)
        for name, value in address.items():
            test.query_params[name] = value
        test.switch_page(file).run()
        if test.exception or test.error:
            raise SystemExit(f"{file} {address}: {test.exception or test.error}")
        for function, knobs, result in calls:
            if _stored.key(function, knobs):
                kept.add(_stored.keep(function, knobs, result))
    size = sum(path.stat().st_size for path in kept) // 1024
    model, seconds = address.get("model", ""), time.monotonic() - start
    print(f"{model:10} {file:32} {len(kept)} results, {size} kB, {seconds:.0f} s")
    return kept


if __name__ == "__main__":
    main()
