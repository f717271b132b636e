"""Results from ahead: they come back as they were, are found again, and are still true."""

import importlib
import inspect
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lessons import (
    classical_denoising,
    out_of_distribution,
    runs,
    sampling,
    text_to_image,
    three_denoisers,
    trained,
)
from lessons.picture import Picture
from lessons.prompts import prompts_for
from lessons.runs.recipes import NAMES
from lessons.speed import images_per_second
from lessons.text_to_image import Film
from models.catalog import finish
from pages import _engine, _stored
from pages._stored import packing
from pages._ui import lessons

MODELS = [about.name for about in text_to_image.models()]
PART_A = [lesson.file for lesson in lessons.discover() if lesson.part == "A"]
PART_B = [lesson.file for lesson in lessons.discover() if lesson.part == "B"]
GREY = Picture(np.arange(6, dtype=np.uint8).reshape(2, 3), "grey", "six greys", "x_t")
RGB = Picture(np.arange(18, dtype=np.uint8).reshape(2, 3, 3))


def test_a_result_comes_back_as_it_was() -> None:
    samples = sampling.Samples(Film(((GREY, GREY),), (5, 0)), (GREY, RGB), "a note, “ε”")
    back = packing.unpack(packing.pack(samples, {}))
    assert isinstance(back, sampling.Samples)
    assert back.note == samples.note
    assert back.film.times == (5, 0)
    for mine, theirs in zip(back.pictures, samples.pictures, strict=True):
        assert (mine.pixels == theirs.pixels).all()
        assert mine.pixels.shape == theirs.pixels.shape
        assert (mine.caption, mine.alt, mine.symbol) == (theirs.caption, theirs.alt, theirs.symbol)
    numbers = (1, 2.5, None, True, "x", ((),), {"image": 3.0, "tuple": ()})
    assert packing.unpack(packing.pack(numbers, {})) == numbers


def test_a_films_frames_in_colour_come_back_nearly_as_they_were() -> None:
    smooth = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    back = packing.unpack(packing.pack(Film(((Picture(smooth), GREY),), (0,)), {}))
    assert isinstance(back, Film)
    [[colour, grey]] = back.frames
    assert np.abs(colour.pixels.astype(int) - smooth).mean() < 3
    assert (grey.pixels == GREY.pixels).all()


def test_a_picture_that_stands_in_many_frames_is_stored_once() -> None:
    content = packing.pack(tuple([RGB] * 50), {})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 2


def test_the_same_result_is_the_same_file() -> None:
    assert packing.pack((GREY,), {"a": "b"}) == packing.pack((GREY,), {"a": "b"})


@pytest.mark.parametrize(
    "name", ["os:system", "builtins:eval", "lessons.../os:system", "lessons.picture:to_pixels", ":"]
)
def test_a_file_that_names_anything_but_a_data_class_of_the_lessons_is_refused(name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        tree = {"about": {}, "result": {"class": name, "fields": {"pixels": 1}}}
        archive.writestr("result.json", json.dumps(tree))
    with pytest.raises((ValueError, ModuleNotFoundError), match=r"no data class|No module"):
        packing.unpack(buffer.getvalue())


@pytest.mark.parametrize("result", [{1: "a"}, [1], object(), np.zeros((2, 2)), {1}])
def test_what_could_not_come_back_is_not_stored(result: object) -> None:
    with pytest.raises(TypeError):
        packing.pack(result, {})


def test_a_result_is_named_by_its_function_its_knobs_and_its_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    knobs = {"model": "digits", "prompt": "5", "seed": 1}
    name = _stored.key(sampling.demo, knobs)
    assert name == _stored.key(sampling.demo, dict(reversed(knobs.items())))
    assert name != _stored.key(sampling.gamma_grid, knobs)
    assert name != _stored.key(sampling.demo, knobs | {"seed": 2})
    monkeypatch.setattr(text_to_image, "edition", lambda _name: "other weights")
    assert name != _stored.key(sampling.demo, knobs)


def test_nothing_is_stored_for_a_model_that_is_not_here_or_for_what_takes_no_time() -> None:
    assert _stored.key(sampling.demo, {"model": "none", "seed": 1}) == ""
    assert _stored.key(sampling.demo, {"seed": 1}) == ""
    assert _stored.key(out_of_distribution.psnr_curve, {"run_id": "x", "edition": ""}) == ""
    assert _stored.key(classical_denoising.by_hand, {"model": "digits"}) == ""
    assert _stored.find(sampling.demo, {"model": "digits", "prompt": "5", "seed": -1}) is (
        _stored.NOT_THERE
    )


def test_stored_results_are_what_the_code_calculates_today() -> None:
    [denoiser] = [run.id for run in runs.all_runs("denoiser") if run.shipped]
    asked: dict[object, dict[str, object]] = {
        out_of_distribution.sweep: {
            "run_id": denoiser,
            "digit": 0,
            "seed": 276,
            "edition": trained.edition(denoiser),
        },
        sampling.demo: {"model": "digits", "prompt": prompts_for("digits").neutral, "seed": 276},
        three_denoisers.demo: {
            "model": "digits",
            "original": "digit-0",
            "prompt": "",
            "i_start": 10,
            "seed": 276,
        },
    }
    for function, knobs in asked.items():
        ready = _stored.find(function, knobs)
        assert ready is not _stored.NOT_THERE, function
        assert_alike(ready, finish(function(**knobs)))  # type: ignore[operator]


def assert_alike(one: object, other: object) -> None:
    """Equal up to one level of grey, which another processor may round otherwise."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.shape == other.shape  # type: ignore[attr-defined]
        assert np.abs(one.astype(int) - other).max() <= 1  # type: ignore[operator]
    elif isinstance(one, tuple):
        assert len(one) == len(other)  # type: ignore[arg-type]
        for a, b in zip(one, other, strict=True):  # type: ignore[call-overload]
            assert_alike(a, b)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            assert_alike(getattr(one, name), getattr(other, name))
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-3)
    else:
        assert one == other


@pytest.mark.parametrize(
    ("file", "address"),
    [
        *((file, {"model": model}) for model in MODELS for file in PART_A),
        *((file, {}) for file in PART_B),
    ],
)
def test_at_first_sight_no_lesson_makes_its_reader_wait(
    file: str, address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calculated = []
    submit = _engine.submit

    def watched(session, slot, key, call):  # type: ignore[no-untyped-def]
        # How fast this machine trains can be measured on this machine alone.
        if inspect.isgeneratorfunction(call.func) and call.func is not images_per_second:
            calculated.append((call.func.__qualname__, call.keywords))
        return submit(session, slot, key, call)

    monkeypatch.setattr(_engine, "submit", watched)
    test = AppTest.from_file(str(lessons.FOLDER / "_router.py"), default_timeout=100)
    for name, value in address.items():
        test.query_params[name] = value
    test.switch_page(file).run()
    assert not test.exception
    assert calculated == [], "run: python -m pages._stored"


def test_no_stored_result_is_left_over_from_older_weights_or_functions() -> None:
    files = list(_stored.FOLDER.glob("*.zip"))
    assert len(files) >= len(MODELS) * (len(PART_A) - 1)
    shipped = [
        trained.edition(run.id) for recipe in NAMES for run in runs.all_runs(recipe) if run.shipped
    ]
    networks = {text_to_image.edition(model) for model in MODELS}
    editions = networks | {a + b for a in shipped for b in ("", *shipped)}
    for path in files:
        about = packing.about(path.read_bytes())
        module, _, name = about["function"].rpartition(".")
        assert inspect.isgeneratorfunction(getattr(importlib.import_module(module), name))
        assert about["model"] in editions


def test_a_stored_file_that_is_cut_off_is_calculated_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_stored, "FOLDER", tmp_path)
    knobs = {"model": "digits", "prompt": "5", "seed": 1}
    path = _stored.keep(sampling.demo, knobs, (GREY,))
    whole = path.read_bytes()
    for length in (0, 10, len(whole) - 5):
        path.write_bytes(whole[:length])
        _stored._load.cache_clear()
        assert _stored.find(sampling.demo, knobs) is _stored.NOT_THERE
    path.write_bytes(whole)
    assert _stored.find(sampling.demo, knobs) is not _stored.NOT_THERE
