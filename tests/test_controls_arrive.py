"""What a reader chooses is what is calculated, said and delivered, on every page."""

from __future__ import annotations

import functools
import inspect
import zlib
from typing import Any, Final

import numpy as np
import pytest
from page_reader import SEED, Call, Page, images, read

from lessons.images import sources
from lessons.images.captioned import CaptionedImage
from pages import _ui as ui
from pages._service import stored
from pages._service.stored import packing
from pages._ui.session import lessons

TRAINING: Final = ("train_", "flow_matching", "pure_noise", "bug_lab")
"""Pages around a run or a copy of the code, which are watched elsewhere."""

PAGES: Final = tuple(
    sorted(
        lesson.file
        for lesson in lessons.discover()
        if lesson.part in ("A", "B") and not lesson.file.startswith(TRAINING)
    )
)
ELSEWHERE: Final = {
    "a10_drawing": "test_plane_page.py",
    "a161_under": "test_beyond_pages.py",
    "a173_start": "test_text_conditioned_editing.py",
    "b124_drawing": "test_beyond_pages.py",
    "b124_label": "test_class_drawings.py",
    "b124_set": "test_own_data.py",
    "b221_along": "test_beyond_pages.py",
    "b221_row": "test_wider_or_longer.py",
    "b251_row": "test_rate_schedule.py",
    "b251_weights": "test_beyond_pages.py",
}
"""Controls that choose what is shown, by the test that watches them."""

SLOW: Final = ("twice", "nothing_under", "cost")


@functools.cache
def known() -> dict[str, Any]:
    """By function: a file with a result of it."""
    found = {}
    for path in sorted(stored.FOLDER.glob("*.zip")):
        found.setdefault(packing.about(path.read_bytes())["function"], path)
    return found


@functools.cache
def result(function: Any) -> Any:
    path = known().get(f"{function.__module__}.{function.__qualname__}")
    return packing.unpack(path.read_bytes()) if path else None


def calculated(call: Call) -> Any:
    """A stored result; what takes no time is calculated with the reader's own parameters."""
    function = call.args[0]
    if inspect.isgeneratorfunction(function) or function.__name__ in SLOW:
        return result(function)
    given = {k: v for k, v in call.given.items() if k not in ("slot", "on_frame")}
    return function(**given)


def chosen(key: str, at: Any, options: tuple[Any, ...]) -> Any:
    """Something else than what the control stands at, and not what another control has."""
    odd = zlib.crc32(key.encode())
    if options[:1] == ("from",):
        low, high, step = options[1:]
        if isinstance(step, int) and step > 1:
            return low + step * (1 + odd % ((high - low) // step))
        if step:
            return low + (high - low) * (0.1 + odd % 701 / 1000)
        return next(low + (odd + k) % (high - low + 1) for k in (0, 1) if low + odd + k != at)
    if isinstance(at, bool):
        return True
    if key == "a10_shape":
        return "spiral"
    if key == "a10_drawing":
        return at
    if isinstance(at, tuple):
        return f"the first of {key}", f"the second of {key}"
    if options:
        return options[-1] if options[-1] != at else options[0]
    if isinstance(at, str) and "picture" in key:
        names = [one.name for one in sources.names((3, 64, 64))]
        return names[-1] if at != names[-1] else names[0]
    if isinstance(at, str):
        return f"the words of {key}"
    if "mask" in key:
        return np.eye(64, dtype=np.uint8)
    return np.full((2, 2, 3), odd % 255, np.uint8) if key.endswith("_drawing") and not at else at


@functools.cache
def page(file: str) -> Page:
    return read(file, calculated, chosen)


def parts(value: Any) -> list[Any]:
    """A value and what it is made of."""
    inside = value.values() if isinstance(value, dict) else value
    whole = isinstance(value, str | bytes | np.ndarray) or not hasattr(inside, "__iter__")
    return [value] if whole else [part for one in inside for part in parts(one)]


def same(one: Any, other: Any) -> bool:
    """Whether two values are one choice: the page may turn a word into a number."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return one is other
    return bool(one == other) or str(one) == str(other)


@pytest.mark.parametrize("file", PAGES)
def test_every_control_arrives(file: str) -> None:
    read_ = page(file)
    arrived = [p for c in read_.calls if c.name in ("live", "microscope") for p in parts(c.given)]
    for key, value in read_.asked.items():
        if isinstance(value, bool) or key in ELSEWHERE:
            continue
        for part in parts(value):
            assert any(same(part, one) for one in arrived), f"{key}: {part!r}"


SYMBOLS: Final = {"γ": "gamma", "η": "eta", "σ": "sigma_64", "known": "size", "image": "number"}


@pytest.mark.parametrize("file", PAGES)
def test_what_is_said_to_have_made_the_images_made_them(file: str) -> None:
    """`made_with` names the parameters of the calculation before it, and all of its prompts."""
    given: dict[str, Any] = {}
    for call in page(file).calls:
        if call.name == "live" and inspect.isgeneratorfunction(call.args[0]):
            given = call.given
        if call.name == "made_with":
            said = {SYMBOLS.get(name.split()[0], name): v for name, v in call.given.items()}
            for name, value in said.items():
                if name in given:
                    assert same(value, given[name]), (name, value, given[name])
            for name in ("prompt", "other", "negative", "gamma", "steps", "eta", "view"):
                if name in given:
                    assert any(same(given[name], value) for value in said.values()), name


@pytest.mark.parametrize("file", PAGES)
def test_calculations_of_one_page_are_told_the_same(file: str) -> None:
    """What one control decides in the first calculation that has it, it decides in all."""
    read_ = page(file)
    first, odd = dict[str, Any](), set[tuple[str, str]]()
    for call in read_.calls:
        if call.name not in ("live", "microscope"):
            continue
        for name, value in call.given.items():
            if name in ("slot", "on_frame", "weights_hash", "key", "which"):
                continue
            if name not in first:
                first[name] = value
            elif not same(value, first[name]):
                odd.add((call.args[0].__name__, name))
    assert odd <= OTHERS.get(file, set())
    seeds = [c.given["seed"] for c in read_.calls if c.name == "live" and "seed" in c.given]
    assert set(seeds) <= {SEED, ui.SEED}


OTHERS: Final = {
    "class_guidance.py": {("anatomy", "gamma")},
    "classical_denoising.py": {("blurred_noise", "sigma"), ("blurred_noise", "kernel")},
    "guidance.py": {("guidance_of", "gamma")},
    "image_to_image.py": {
        ("demo", "source_image"),
        ("demo", "prompt"),
        ("demo", "gamma"),
        ("two_source_images", "prompt"),
    },
    "inpainting.py": {("inpainting_of", "everything")},
    "inversion.py": {("between", name) for name in ("prompt", "other", "gamma", "steps")},
    "one_step.py": {("bends", "digits"), ("learn", "seed"), ("learn", "steps")},
    "one_step_denoising.py": {("demo", "ts"), ("demo", "prompt"), ("one_step", "prompt")},
    "wider_or_longer.py": {("cost", "width")},
}
"""Calculations of a page that are about something else, by function and parameter."""


@pytest.mark.parametrize("file", PAGES)
def test_what_is_delivered_and_downloaded_is_what_is_shown(file: str) -> None:
    read_ = page(file)
    shown = {
        id(one)
        for call in read_.calls
        if call.name in SHOWING
        for one in images([call.args, list(call.given.values())])
    }
    for call in read_.calls:
        if call.name in ("deliver", "downloads"):
            given = images([call.args, list(call.given.values())])
            assert file in DRAWN or all(id(one) in shown for one in given), call
            if call.name == "downloads":
                assert len({id(one) for one in given}) == len(given), call


DRAWN: Final = ("diffusion_in_the_plane.py", "unet.py")
"""Their figures are drawn from numbers."""

SHOWING: Final = ("strip", "grid", "stack", "trajectory", "scrubber", "turning", "stepping_back")


@pytest.mark.parametrize("file", PAGES)
def test_every_row_and_column_of_a_grid_has_its_own_label(file: str) -> None:
    for call in page(file).of("grid"):
        rows, labels = list(call.args[0]), list(call.given.get("row_labels", ()))
        columns = list(call.given.get("column_labels", ()))
        assert len(labels) in (0, len(rows)), labels
        assert len(columns) in (0, max(len(row) for row in rows)), columns
        assert len(set(columns)) == len(columns)


@pytest.mark.parametrize("file", PAGES)
def test_rows_of_a_result_are_labelled_by_their_own_names(file: str) -> None:
    read_ = page(file)
    results = [result(call.args[0]) for call in read_.of("live")]
    tables = [x for r in results for x in (r, getattr(r, "rows", None)) if isinstance(x, dict)]
    for call in read_.of("grid"):
        for found in tables:
            if list(map(id, call.args[0])) == list(map(id, found.values())):
                labels = call.given["row_labels"]
                assert all(str(n) in label for n, label in zip(found, labels, strict=True))


def groups(value: Any) -> list[tuple[int, ...]]:
    """All tuples of images in a result, as what they are, in their order."""
    if isinstance(value, tuple) and value and all(isinstance(x, CaptionedImage) for x in value):
        return [tuple(map(id, value))]
    inside: Any = vars(value).values() if hasattr(value, "__dataclass_fields__") else value
    if isinstance(inside, dict):
        inside = inside.values()
    if isinstance(inside, str | bytes | np.ndarray) or not hasattr(inside, "__iter__"):
        return []
    return [group for one in inside for group in groups(one)]


@pytest.mark.parametrize("file", PAGES)
def test_images_are_shown_in_the_order_of_the_result(file: str) -> None:
    read_ = page(file)
    known_ = [group for call in read_.of("live") for group in groups(result(call.args[0]))]
    known_ = [group for group in known_ if len(set(group)) == len(group)]
    for call in read_.calls:
        if call.name not in ("strip", "grid", "deliver"):
            continue
        for shown in groups(tuple(tuple(one) for one in lists(call.args[0]))):
            if len(set(shown)) < len(shown):
                continue  # one stored result stands for two calculations
            for group in known_:
                places = [group.index(one) for one in shown if one in group]
                assert places == sorted(places), call


def lists(value: Any) -> list[Any]:
    """Rows of images: what is none yet is one."""
    rows = list(value or ())
    return [rows] if rows and isinstance(rows[0], CaptionedImage) else rows
