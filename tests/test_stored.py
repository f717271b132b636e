"""Results from ahead: they come back as they were, are found again, and are still true."""

import base64
import importlib
import inspect
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from lessons import model_choice
from lessons.beyond import diffusion_in_the_plane as plane
from lessons.beyond import one_step, rate_schedule, wider_or_longer
from lessons.beyond.plane.guidance import Sweep
from lessons.images.captioned import CaptionedImage
from lessons.measure.trained import results
from lessons.part_a import classical_denoising, guidance, sampling
from lessons.part_b import out_of_distribution
from lessons.text_to_image import Trajectory
from lessons.training import networks, runs
from lessons.training.runs.recipes import NAMES
from lessons.training.speed import images_per_second
from pages import _teaching
from pages._service import engine, stored
from pages._service.stored import dependencies, packing, thumbnails
from pages._ui.session import lessons
from pages._ui.session.produced import noting

MODELS = [about.name for about in model_choice.models()]
PART_A = [lesson.file for lesson in lessons.discover() if lesson.part == "A"]
PART_B = [lesson.file for lesson in lessons.discover() if lesson.part == "B"]
GREY = CaptionedImage(np.arange(6, dtype=np.uint8).reshape(2, 3), "grey", "six greys", "x_t")
RGB = CaptionedImage(np.arange(18, dtype=np.uint8).reshape(2, 3, 3))


def test_a_result_comes_back_as_it_was() -> None:
    samples = sampling.Samples(Trajectory(((GREY, GREY),), (5, 0)), (GREY, RGB))
    back = packing.unpack(packing.pack(samples, {}))
    assert isinstance(back, sampling.Samples)
    assert back.trajectory.times == (5, 0)
    for mine, theirs in zip(back.images, samples.images, strict=True):
        assert (mine.pixels == theirs.pixels).all()
        assert mine.pixels.shape == theirs.pixels.shape
        assert (mine.caption, mine.alt, mine.symbol) == (theirs.caption, theirs.alt, theirs.symbol)
    numbers = (1, 2.5, None, True, "x", ((),), {"image": 3.0, "tuple": ()})
    assert packing.unpack(packing.pack(numbers, {})) == numbers


def test_a_trajectories_frames_in_colour_come_back_nearly_as_they_were() -> None:
    smooth = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    back = packing.unpack(packing.pack(Trajectory(((CaptionedImage(smooth), GREY),), (0,)), {}))
    assert isinstance(back, Trajectory)
    [[colour, grey]] = back.frames
    assert np.abs(colour.pixels.astype(int) - smooth).mean() < 3
    assert (grey.pixels == GREY.pixels).all()


def test_a_image_that_stands_in_many_frames_is_stored_once() -> None:
    content = packing.pack(tuple([RGB] * 50), {})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 2


def test_the_same_result_is_the_same_file() -> None:
    assert packing.pack((GREY,), {"a": "b"}) == packing.pack((GREY,), {"a": "b"})


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "builtins:eval",
        "lessons.../os:system",
        "lessons.images.captioned:to_pixels",
        ":",
    ],
)
def test_a_file_that_names_anything_but_a_data_class_of_the_lessons_is_refused(name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        tree = {"about": {}, "result": {"class": name, "fields": {"pixels": 1}}}
        archive.writestr("result.json", json.dumps(tree))
    with pytest.raises((ValueError, ModuleNotFoundError), match=r"no data class|No module"):
        packing.unpack(buffer.getvalue())


def test_numbers_of_half_precision_come_back_to_the_last_bit() -> None:
    sweep = Sweep(np.array([[[0.1, -3.5]]], np.float16), (0.5,), (1.0,))
    content = packing.pack(sweep, {})
    back = packing.unpack(content)
    assert isinstance(back, Sweep)
    assert back.ends.dtype == np.float16
    assert (back.ends == sweep.ends).all()
    assert packing.pack(sweep, {}) == content


@pytest.mark.parametrize("values", [np.zeros(2), np.array([{}], object), np.zeros(2, np.uint8)])
def test_other_numbers_and_objects_are_not_read_as_half_precision(values: object) -> None:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)  # type: ignore[arg-type]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        half = base64.b64encode(file.getvalue()).decode()
        archive.writestr("result.json", json.dumps({"about": {}, "result": {"half": half}}))
    with pytest.raises(ValueError, match=r"half precision|allow_pickle"):
        packing.unpack(buffer.getvalue())


@pytest.mark.parametrize("result", [{1: "a"}, [1], object(), np.zeros((2, 2)), {1}])
def test_what_could_not_come_back_is_not_stored(result: object) -> None:
    with pytest.raises(TypeError):
        packing.pack(result, {})


def test_a_result_is_named_by_its_function_its_parameters_and_its_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parameters = {"model": "digits", "prompt": "5", "seed": 1}
    name = stored.key(sampling.demo, parameters)
    assert name == stored.key(sampling.demo, dict(reversed(parameters.items())))
    assert name != stored.key(guidance.gamma_grid, parameters)
    assert name != stored.key(sampling.demo, parameters | {"seed": 2})
    monkeypatch.setattr(model_choice, "weights_hash", lambda _name: "other weights")
    assert name != stored.key(sampling.demo, parameters)


def test_nothing_is_stored_for_a_model_that_is_not_here_or_for_what_takes_no_time() -> None:
    assert stored.key(sampling.demo, {"model": "none", "seed": 1}) == ""
    assert stored.key(sampling.demo, {"seed": 1}) == ""
    assert stored.key(out_of_distribution.psnr_curve, {"run_id": "x", "weights_hash": ""}) == ""
    assert stored.key(classical_denoising.by_hand, {"model": "digits"}) == ""
    assert stored.find(sampling.demo, {"model": "digits", "prompt": "5", "seed": -1}) is (
        stored.NOT_THERE
    )


@pytest.mark.parametrize(
    ("file", "address"),
    [
        (lessons.HOME, {}),
        *((file, {"model": model}) for model in MODELS for file in PART_A),
        *((file, {}) for file in PART_B),
    ],
)
def test_at_first_sight_no_lesson_makes_its_reader_wait(
    file: str, address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calculated = []
    submit = engine.submit

    def watched(session, slot, key, call):  # type: ignore[no-untyped-def]
        # How fast this machine trains can be measured on this machine alone.
        if inspect.isgeneratorfunction(call.func) and call.func is not images_per_second:
            calculated.append((call.func.__qualname__, call.keywords))
        return submit(session, slot, key, call)

    monkeypatch.setattr(engine, "submit", watched)
    test = AppTest.from_file(str(lessons.FOLDER / "_router.py"), default_timeout=100)
    for name, value in address.items():
        test.query_params[name] = value
    with noting() as delivered:
        test.switch_page(file).run()
    assert not test.exception
    assert calculated == [], "run: python -m pages._service.stored --stale"
    best = address.get("model", MODELS[0]) == MODELS[0]
    if delivered and best and thumbnails.path(file).exists():
        assert_stands_for_them(file, [image for images in delivered for image in images])


def assert_stands_for_them(file: str, images: list[CaptionedImage]) -> None:
    """The thumbnail of a page is made of what the page shows today."""
    note = _teaching.read(file)
    assert note
    kept = np.asarray(Image.open(thumbnails.path(file)).convert("RGB")).astype(int)
    again = Image.open(io.BytesIO(thumbnails.encoded(images, note.thumbnail))).convert("RGB")
    assert np.abs(kept - np.asarray(again)).mean() < 2, "run: python -m pages._service.stored"


def test_no_stored_result_is_left_over_from_older_weights_or_functions() -> None:
    files = list(stored.FOLDER.glob("*.zip"))
    assert len(files) >= len(MODELS) * (len(PART_A) - 1)
    shipped = [
        networks.weights_hash(run.id)
        for recipe in NAMES
        for run in runs.all_runs(recipe)
        if run.shipped
    ]
    miniatures = {model_choice.weights_hash(model) for model in MODELS}
    editions = miniatures | {a + b for a in shipped for b in ("", *shipped)} | {plane.WEIGHTS_HASH}
    for lesson in (rate_schedule, wider_or_longer):
        editions.add(results.weights_hash(lesson.WEIGHTS))
    editions |= {one_step.weights_hash() + teacher for teacher in shipped}
    for path in files:
        about = packing.about(path.read_bytes())
        module, _, name = about["function"].rpartition(".")
        assert inspect.isgeneratorfunction(getattr(importlib.import_module(module), name))
        assert about["model"] in editions


def test_a_stored_file_that_is_cut_off_is_calculated_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    parameters = {"model": "digits", "prompt": "5", "seed": 1}
    path = stored.keep(sampling.demo, parameters, (GREY,))
    whole = path.read_bytes()
    for length in (0, 10, len(whole) - 5):
        path.write_bytes(whole[:length])
        stored._load.cache_clear()
        assert stored.find(sampling.demo, parameters) is stored.NOT_THERE
    path.write_bytes(whole)
    assert stored.find(sampling.demo, parameters) is not stored.NOT_THERE


def test_every_stored_result_is_of_the_code_of_today() -> None:
    stale = set[str]()
    for path in stored.FOLDER.glob("*.zip"):
        about = packing.about(path.read_bytes())
        home, name = about["function"].rsplit(".", 1)
        today = dependencies.code_digest(getattr(importlib.import_module(home), name))
        stale |= {about["function"]} if about["code"] != today else set()
    assert not stale, "run: python -m pages._service.stored --stale"
