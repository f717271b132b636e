"""Calculate anew what the lessons show when they are opened: `python -m pages._service.stored`.

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

from lessons import model_choice
from lessons.images.captioned import CaptionedImage
from pages import _teaching
from pages._service import stored
from pages._service.stored import thumbnails
from pages._service.stored.comparing import difference
from pages._ui.display.live import Call, recording
from pages._ui.session import lessons
from pages._ui.session.produced import noting

_BEST = model_choice.models()[0].name
"""The model whose results stand for the lessons on the home page."""


def main(arguments: list[str] | None = None) -> None:
    """Store the results of every page, or compare them with what the code calculates today."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", action="append", help="only this model; may be repeated")
    parser.add_argument("--page", action="append", help="only this page, e.g. sampling.py")
    parser.add_argument("--stale", action="store_true", help="only what other code calculated")
    parser.add_argument("--check", action="store_true", help="store nothing: compare, and say")
    chosen = parser.parse_args(arguments)
    pages = [x for x in lessons.discover() if not chosen.page or x.file in chosen.page]
    visits: list[tuple[str, dict[str, str]]] = []
    if not chosen.model and (not chosen.page or lessons.HOME in chosen.page):
        visits.append((lessons.HOME, {}))
    for model in chosen.model or [about.name for about in model_choice.models()]:
        visits += [(lesson.file, {"model": model}) for lesson in pages if lesson.part == "A"]
    if not chosen.model:
        visits += [(lesson.file, {}) for lesson in pages if lesson.part == "B"]
    with tempfile.TemporaryDirectory() as nothing:
        os.environ["DIFFUSION_RUNS"] = nothing  # the runs that came with the project alone
        if chosen.check:
            raise SystemExit(sum(check(file, address) for file, address in visits))
        kept = [path for visit in visits for path in _record(*visit, anew=not chosen.stale)]
    if not (chosen.model or chosen.page):
        for path in set(stored.FOLDER.glob("*.zip")) - set(kept):
            if not (chosen.stale and stored.is_of_a_function_of_today(path)):
                path.unlink()


def _keep_thumbnail(file: str, images: list[CaptionedImage]) -> None:
    note = _teaching.read(file)
    if images and note:
        thumbnails.FOLDER.mkdir(exist_ok=True)
        thumbnails.path(file).write_bytes(thumbnails.encoded(images, note.thumbnail))


def _record(file: str, address: dict[str, str], anew: bool) -> set[Path]:
    start, kept = time.monotonic(), set[Path]()
    with noting() as delivered:
        calls = _calls(file, address, anew)
    if address.get("model", _BEST) == _BEST:
        _keep_thumbnail(file, [image for images in delivered for image in images])
    for function, parameters, result in calls:
        if stored.key(function, parameters):
            kept.add(stored.keep(function, parameters, result))
    size = sum(path.stat().st_size for path in kept) // 1024
    model, seconds = address.get("model", ""), time.monotonic() - start
    print(f"{model:10} {file:32} {len(kept)} results, {size} kB, {seconds:.0f} s")
    return kept


def check(file: str, address: dict[str, str]) -> int:
    """Calculate what a page opens with, and compare; returns how many results differ.

    Another processor may round otherwise: a grey level, or a thousandth, is no difference.
    """
    differ = 0
    for function, parameters, result in _calls(file, address, anew=True):
        if stored.key(function, parameters):
            before = stored.find(function, parameters)
            words = "not stored" if before is stored.NOT_THERE else difference(before, result)
            differ += bool(words)
            place = f"{address.get('model', ''):10} {file:32} {function.__qualname__:16}"
            print(place, words or "equal", flush=True)
    return differ


def _calls(file: str, address: dict[str, str], anew: bool) -> list[Call]:
    """Open a page as a reader does; returns what it calculated."""
    with recording(anew) as calls:
        test = AppTest.from_file(str(lessons.FOLDER / "_router.py"), default_timeout=3600)
        for name, value in address.items():
            test.query_params[name] = value
        if file != lessons.HOME:
            test.switch_page(file)
        test.run()
        if test.exception or test.error:
            raise SystemExit(f"{file} {address}: {test.exception or test.error}")
    return calls


if __name__ == "__main__":
    main()
