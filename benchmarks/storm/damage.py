"""Damaged uploads and damaged run folders: each ends in one sentence, or does no harm.

A third are images, a third data sets, a third are folders of finished runs of which files were cut
off, changed, emptied, deleted, or exchanged for something else.
"""

from __future__ import annotations

import gzip
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final
from unittest import mock

import numpy as np
from PIL import Image

from benchmarks.storm.addresses import opened
from benchmarks.storm.bad_uploads import bad_uploads, encoded, zip_of
from benchmarks.storm.kills import RECIPES, SMALL
from lessons.classroom import board
from lessons.images.decoding import upright
from lessons.own_data import uploads
from lessons.training import loop, networks, runs
from lessons.training.runs import files, processes
from lessons.training.runs.recorder import Recorder
from models import idx

STATES: Final = {"finished", "stopped", "paused", "interrupted", "damaged", "failed", "queued"}
PAGES: Final = {
    "denoiser": "train_denoiser.py",
    "ddpm": "train_ddpm.py",
    "class-ddpm": "train_class_ddpm.py",
    "class-flow": "flow_matching.py",
}
EVERY: Final = 25
"""A page is opened on every so many damaged runs."""

INSTEAD: Final = (
    b"", b"{", b"[]", b"null", b"{}\n", b"\xff\xfe\x00", b'{"state": 3}\n', b"NaN\n" * 50,
    b'{"step": 1e999, "loss": "x"}\n', b'{"step": -4, "loss": null, "images": {}, "seconds": []}\n',
    b'{"epoch": "one"}\n', b"\x80\x04\x95" + bytes(40), b"9" * 5_000, b"[" * 50_000,
)  # fmt: skip


def storm(times: int, seed: int) -> list[str]:
    """Open so many damaged things; returns what did not stand it, in a sentence each."""
    chance, said = random.Random(seed), Counter[str]()
    third = times // 3
    faults = [
        fault
        for kind, content in bad_uploads(seed, third)
        for fault in _in_one_sentence(f"an image, {kind}", partial(upright, content), said)
    ]
    print(f"{third} images: {len(faults)} faults; said: {dict(said.most_common(8))}", flush=True)
    said.clear()
    for kind, content in _data_sets(chance, third):
        read = partial(uploads.read, {"sent": content})
        faults += _in_one_sentence(f"a data set, {kind}", read, said)
    print(f"{third} data sets: {len(faults)} faults, {len(said)} sentences", flush=True)
    said.clear()
    with mock.patch.object(processes, "spawn"):  # nothing is trained on
        faults += _run_folders(chance, times - 2 * third, said)
    print(f"{times - 2 * third} runs: {len(faults)} faults, {len(said)} sentences", flush=True)
    return faults


def _in_one_sentence(
    what: str,
    attempt: Callable[[], object],
    said: Counter[str],
    beside: type[Exception] = ValueError,
) -> list[str]:
    """Nothing if it went well or was refused in one sentence; else what happened."""
    try:
        attempt()
    except (ValueError, beside) as refusal:
        words = str(refusal)
        said[words[:60]] += 1
        fine = words and "Traceback" not in words and len(words) < 500
        return [] if fine else [f"{what}: {type(refusal).__name__} {words[:200]!r}"]
    except Exception as error:  # whatever it is, it is a fault
        return [f"{what}: {error!r}"[:300]]
    return []


# -- data sets -------------------------------------------------------------------------------------


def _data_sets(chance: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    pixels = np.random.default_rng(1).integers(0, 256, (24, 28, 28), dtype=np.uint8)
    labels = np.arange(24, dtype=np.uint8) % 3
    images = {
        f"{labels[i]}/{i}.png": encoded(Image.fromarray(one), "PNG") for i, one in enumerate(pixels)
    }
    pair = {"images": idx.written(pixels), "labels": idx.written(labels)}
    good = {
        "zip of images": zip_of(images),
        "zip of IDX": zip_of(pair),
        "IDX": pair["images"],
        "packed IDX": gzip.compress(pair["images"]),
    }
    for _ in range(count):
        kind = chance.choice(sorted(good))
        yield kind, _damaged(good[kind], chance)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut off, changed in some bytes, with a hole, doubled, or something else."""
    way = chance.randrange(5)
    if way == 0 or not content:
        return content[: chance.randrange(len(content) + 1)]
    if way == 1:
        changed = bytearray(content)
        for _ in range(chance.randint(1, 30)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        return bytes(changed)
    if way == 2:
        start = chance.randrange(len(content))
        return content[:start] + bytes(chance.randint(1, 400)) + content[start + 200 :]
    if way == 3:
        return content + content[: chance.randrange(len(content))]
    return chance.choice(INSTEAD)


# -- run folders -----------------------------------------------------------------------------------


def _run_folders(chance: random.Random, count: int, said: Counter[str]) -> list[str]:
    whole = {recipe: _trained(recipe) for recipe in RECIPES}
    store = files.root().with_name("whole")
    shutil.move(files.root(), store)
    faults: list[str] = []
    for number in range(count):
        recipe = chance.choice(RECIPES)
        run_id = whole[recipe]
        shutil.copytree(store / run_id, files.root() / run_id)
        what = f"{run_id} without {_damage(files.root() / run_id, chance)}"
        for name, attempt in _attempts(recipe, run_id).items():
            faults += _in_one_sentence(f"{what}: {name}", attempt, said, FileNotFoundError)
        if number % EVERY == 0 and recipe in PAGES:
            faults += _page(PAGES[recipe], run_id, what)
        shutil.rmtree(files.root(), ignore_errors=True)
        if (number + 1) % 100 == 0:
            print(f"{number + 1} run folders, {len(faults)} faults", flush=True)
    return faults


def _trained(recipe: str) -> str:
    """A run that trained in this process, whose files are those that a worker writes."""
    settings, _ = runs.nearest_settings(recipe, SMALL | {"epochs": 1})
    with mock.patch.object(processes, "spawn"):
        run_id = runs.start(recipe, settings)
    recorder = Recorder(files.folder_of(run_id))
    with recorder.opened() as training:
        for step in loop.train(training):
            recorder.note(step, seconds=0.01)
        recorder.finish("finished")
    return run_id


def _damage(folder: Path, chance: random.Random) -> str:
    """Damage up to three of a run's files; returns their names."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    chosen = chance.sample(found, chance.randint(1, 3))
    for path in chosen:
        if chance.random() < 0.2:
            path.unlink()
        else:
            path.write_bytes(_damaged(path.read_bytes(), chance))
    return ", ".join(str(path.relative_to(folder)) for path in chosen)


def _attempts(recipe: str, run_id: str) -> dict[str, Callable[[], object]]:
    """What a page may want of a run, the last of which takes it away."""
    settings, _ = runs.nearest_settings(recipe, SMALL | {"epochs": 1})

    def look() -> None:
        run = runs.view(run_id)
        if run.state not in STATES:
            raise AssertionError(f"state {run.state}")

    return {
        "view": look,
        "list": lambda: runs.all_runs(recipe),
        "samples": lambda: runs.samples(run_id, 1),
        "early previews": lambda: runs.early_previews(run_id),
        "board": lambda: board.rows(recipe, "loss"),
        "network": lambda: networks.load_network(run_id),
        "fork": lambda: runs.fork_at(run_id, 1),
        "start again": lambda: runs.start(recipe, settings),
        "pause": lambda: runs.pause(run_id),
        "one step": lambda: runs.one_step(run_id),
        "go on": lambda: runs.resume(run_id),
        "stop": lambda: runs.stop(run_id),
        "delete": lambda: runs.delete(run_id),
    }


def _page(page: str, run_id: str, what: str) -> list[str]:
    test = opened(page, {"run": run_id})
    found = [f"{e.message} {e.stack_trace[-2:]}" for e in test.exception]
    found += [e.value for e in test.error if "mistake" in e.value or "Log id" in e.value]
    return [f"{what}: {page}: {fault}" for fault in found]
