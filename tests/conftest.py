"""Each test has runs of its own, and no worker outlives it."""

import contextlib
import functools
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from streamlit.components.v2 import manifest_scanner

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny networks, busy cores


LONGEST = (
    "test_pages.py",
    "test_accessibility.py",
    "test_stored_again.py",
    "test_export.py",
    "test_spare.py",
    "test_live_training.py",
    "test_sampler_lesson.py",
    "test_check.py",
    "test_runs_worker.py",
    "test_runs_control.py",
)
"""The files that take longest, by `--durations=0`; begun first, so that none ends last, alone."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first where several processes share them out.

    And skip the tests that need a cluster where there is no Ray, which is an extra.
    """
    if hasattr(config, "workerinput"):
        places = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: places.get(item.path.name, len(places)))
    if importlib.util.find_spec("ray") is None:
        for item in items:
            if item.get_closest_marker("cluster"):
                item.add_marker(pytest.mark.skip(reason="there is no Ray here"))


@pytest.fixture(scope="session", autouse=True)
def packages_read_once() -> Iterator[None]:
    """AppTest reads at every opening what is installed, which does not change meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """A cluster of one machine for two network workers and two trainers, of which nobody hears."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init("local", num_cpus=4, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def trains_on_cluster(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """This test's runs are trained on the cluster."""
    request.getfixturevalue("ray_cluster")
    import ray

    from models.cluster.client import NAMESPACE

    monkeypatch.setenv("DIFFUSION_RAY", "auto")
    yield
    for actor in ray.util.list_named_actors(all_namespaces=True):
        if actor["name"].startswith("trainer-"):
            ray.kill(ray.get_actor(actor["name"], NAMESPACE))


@pytest.fixture(params=["here", pytest.param("cluster", marks=pytest.mark.cluster)])
def where(request: pytest.FixtureRequest) -> str:
    """Where this test's runs are trained: by a process of this server, or by the cluster's."""
    if request.param == "cluster":
        request.getfixturevalue("trains_on_cluster")
    return str(request.param)


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of this test's training runs."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("DIFFUSION_RUNS", str(folder))
    monkeypatch.setenv("DIFFUSION_DATA", str(tmp_path / "data"))
    for name in (
        "TEACHER_KEY",
        "MOST_WAITING",
        "RUNS_MEGABYTES",
        "LONGEST_RUN",
        "WALL",
        "WALL_IMAGES",
        "RAY",
        "RAY_WORKERS",
        "TRAINING_GPU",
    ):
        monkeypatch.delenv(f"DIFFUSION_{name}", raising=False)
    yield folder
    if folder.exists():
        _end_workers(folder)


def _end_workers(folder: Path) -> None:
    from lessons.training import spare
    from lessons.training.runs import processes

    spare.end()
    ended = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if _works_in(folder, process):
                process.kill()
                ended.add(process.pid)
    for child in processes._children:
        if child.pid in ended:
            child.wait(10)


def _works_in(folder: Path, process: psutil.Process) -> bool:
    """Whether a process trains, or waits to train, a run of this folder."""
    words = process.cmdline()
    if "lessons.training.runs.worker" not in words:
        return False
    if not words[-1].startswith(os.sep):  # it was told of its run later, as one made in advance is
        return process.environ().get("DIFFUSION_RUNS") == str(folder)
    return words[-1].startswith(f"{folder}{os.sep}")


@pytest.fixture(autouse=True)
def no_deepfloyd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test meets the DeepFloyd IF or the encoded prompts of the machine that it runs on."""
    for name in ("", "_STAGE2", "_T5", "_OFFLOAD"):
        monkeypatch.delenv(f"DIFFUSION_DEEPFLOYD{name}", raising=False)
    monkeypatch.setenv("DIFFUSION_EMBEDDINGS", str(tmp_path / "embeddings"))


@pytest.fixture(scope="session")
def tiny_if_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both stages of a tiny DeepFloyd IF: I and II."""
    import tiny_if

    folder = tmp_path_factory.mktemp("tiny-if")
    tiny_if.save(folder / "I")
    tiny_if.save_upscaler(folder / "II")
    return folder


@pytest.fixture
def tiny_if_here(tiny_if_files: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The tiny DeepFloyd IF, configured; nothing of it stays in memory."""
    from models import catalog, deepfloyd

    def forget() -> None:
        catalog.entries.cache_clear()
        deepfloyd.host.cache_clear()
        for name in [name for name in catalog._loaded if name.startswith("deepfloyd")]:
            del catalog._loaded[name]

    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", str(tiny_if_files / "I"))
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_STAGE2", str(tiny_if_files / "II"))
    forget()
    yield tiny_if_files
    forget()
