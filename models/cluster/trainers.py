"""Places on a Ray cluster where one process after the other trains: found again when one dies.

A task of Ray's would end with the server that asked for it, and a training outlives its server. So
every training slot is an actor that belongs to nobody (`Trainer`): Ray keeps it on a machine with
free cores, or a GPU, and makes it anew elsewhere when that machine dies. It holds no more than a
process of ours, in whose place it starts the next one, and says twice a second that it is there, in
a file of the folder that all machines share. Who reads that needs no Ray, waits for nothing, and
compares no clocks: a file that changed lately was written by somebody.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from models.atomic import write_atomically
from models.cluster.client import NAMESPACE, connected

BEAT: Final = 0.5
"""Seconds between two signs of life."""

BELIEVED: Final = 15.0
"""Seconds for which a sign of life is believed; Ray needs a few to make a trainer anew."""

PATIENCE: Final = 10.0
"""Seconds in which Ray has to answer, before a reader is told that it does not."""

QUICK: Final = 30.0
"""Seconds within which a process that fails has not got to a training."""

MOST_FAILURES: Final = 3
"""Processes in a row that may fail so quickly, before the trainer counts as gone."""

AWAY: Final = (
    "The machines that train can't be reached at the moment. What was trained is kept; "
    "please try again in a minute."
)
_CREW: Final = ".crew"
_NAME: Final = "trainer-"
_PROJECT: Final = Path(__file__).parents[2]
log = logging.getLogger(__name__)


class TrainerNeeds(NamedTuple):
    """What one trainer takes up on its machine.

    Attributes:
        cores: processors, ≥ 1.
        gpus: GPUs; with 0 its trainings see none.
    """

    cores: int
    gpus: int


# -- on a server ----------------------------------------------------------------------------------


def gather(
    root: Path,
    slots: int,
    needs: TrainerNeeds,
    command: Sequence[str],
    environment: Mapping[str, str],
    address: str,
) -> None:
    """Have a trainer for every slot of a folder of runs, or find those that are there.

    Trainers of other settings end when the process that they have does.

    Args:
        root: the folder, the same on all machines.
        slots: how many, ≥ 1.
        needs: what Ray shall keep for each.
        command: what Python runs for a slot; its number and the name of the crew follow.
        environment: variables of that process, besides those that its machine has.
        address: of the cluster.

    Raises:
        ValueError: the cluster does not answer, or has no machine with so much; one sentence.
        OSError: the disk refused.
    """
    described = json.dumps([str(root), slots, needs, list(command), sorted(environment.items())])
    crew = hashlib.sha256(described.encode()).hexdigest()[:10]
    _within(PATIENCE, lambda: _check_room(connected(address), needs))
    root.mkdir(parents=True, exist_ok=True)
    if crew_of(root) != (crew, slots):
        write_atomically(root / _CREW, lambda part: part.write_text(f"{crew} {slots}"))
    for slot in range(slots):
        say_alive(root, slot)  # believed from now on, though it takes a moment to start
    _within(PATIENCE, lambda: _have_all(root, slots, needs, command, environment, crew))


def _check_room(ray: Any, needs: TrainerNeeds) -> None:
    wanted = {"CPU": needs.cores, "GPU": needs.gpus}
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpu = " and the GPU" if needs.gpus else ""
    asked = f"the {needs.cores} cores{gpu} that a training takes up"
    if not any(_has(have, wanted) for have in machines):
        raise ValueError(
            f"No machine of the cluster has {asked}. Please tell whoever runs this server: "
            "DIFFUSION_TRAINING_THREADS and DIFFUSION_TRAINING_GPU say how much that is."
        )
    names = (actor["name"] for actor in ray.util.list_named_actors(all_namespaces=True))
    if any(name.startswith(_NAME) for name in names):
        return  # some are there, or wait for a machine that was lost
    if not _has(ray.available_resources(), wanted):
        raise ValueError(
            f"The cluster has nothing left of {asked}. Please tell whoever runs this server: "
            "DIFFUSION_RAY_WORKERS has to leave some to trainings."
        )


def _has(have: Mapping[str, float], wanted: Mapping[str, int]) -> bool:
    return all(have.get(kind, 0.0) >= count for kind, count in wanted.items())


def _have_all(
    root: Path,
    slots: int,
    needs: TrainerNeeds,
    command: Sequence[str],
    environment: Mapping[str, str],
    crew: str,
) -> None:
    import ray

    for slot in range(slots):
        ray.remote(Trainer).options(
            name=f"{_NAME}{crew}-{slot}",
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            num_cpus=needs.cores,
            num_gpus=needs.gpus,
            max_restarts=-1,
            scheduling_strategy="SPREAD",
        ).remote(str(root), slot, crew, list(command), dict(environment))


def _within(seconds: float, ask: Callable[[], None]) -> None:
    """Ask the cluster something; without its head Ray would wait for as long as it is away."""
    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def answer() -> None:
        try:
            ask()
        except Exception as error:
            answers.put(error)
        else:
            answers.put(None)

    threading.Thread(target=answer, name="cluster-question", daemon=True).start()
    try:
        failed = answers.get(timeout=seconds)
    except queue.Empty:
        raise ValueError(AWAY) from None
    if isinstance(failed, (ValueError, OSError)):
        raise failed
    if failed is not None:
        log.warning("no trainer could be had: %s", failed)
        raise ValueError(AWAY) from failed


# -- for everybody who sees the folder ------------------------------------------------------------

_seen: dict[Path, tuple[bytes, float]] = {}
_seen_lock = threading.Lock()


def alive(root: Path) -> set[int]:
    """The slots whose trainers have said lately that they are there.

    A sign that is seen for the first time is believed, so a server that has just started takes
    `BELIEVED` seconds to notice that trainers are gone.
    """
    return {slot for slot in range(crew_of(root)[1]) if _is_fresh(root / f".alive-{slot}")}


def _is_fresh(path: Path) -> bool:
    now = time.monotonic()
    try:
        said = path.read_bytes()
    except OSError:
        return False
    with _seen_lock:
        before, since = _seen.get(path, (b"", now))
        if said != before:
            since = now
        _seen[path] = said, since
    return now - since < BELIEVED


def say_alive(root: Path, slot: int) -> None:
    """Give a sign of life for a slot.

    Raises:
        OSError: the disk refused.
    """
    (root / f".alive-{slot}").write_bytes(os.urandom(8))


def crew_of(root: Path) -> tuple[str, int]:
    """The name of the newest trainers of a folder, and how many they are; ("", 0) without any."""
    with suppress(OSError, ValueError):
        crew, count = (root / _CREW).read_text().split()
        return crew, int(count)
    return "", 0


# -- on the cluster -------------------------------------------------------------------------------


class Trainer:
    """Keeps one process of ours running on its machine until other trainers take its place."""

    def __init__(
        self, root: str, slot: int, crew: str, command: list[str], environment: dict[str, str]
    ) -> None:
        """Begin at once, since Ray calls this again wherever it makes the trainer anew."""
        self._root, self._slot, self._crew = Path(root), slot, crew
        self._command = [sys.executable, *command, str(slot), crew]
        self._environment = {**os.environ, **environment}
        self._failures = 0
        threading.Thread(target=self._keep, name="trainer", daemon=True).start()

    def _keep(self) -> None:
        import ray

        while crew_of(self._root)[0] == self._crew:
            try:
                self._have_one()
            except OSError as error:  # the disk, say; a later try may find it well again
                log.warning("no training process could be started: %s", error)
            time.sleep(BEAT if self._is_well() else QUICK)
        ray.kill(ray.get_runtime_context().current_actor)

    def _is_well(self) -> bool:
        """Whether processes get as far as to a training here; else nobody shall rely on it."""
        return self._failures < MOST_FAILURES

    def _have_one(self) -> None:
        """Start a process, and give signs of life until it ends, however that is."""
        begun = time.monotonic()
        with (self._root / f".trainer-{self._slot}.log").open("wb") as said:
            process = subprocess.Popen(
                self._command,
                cwd=_PROJECT,
                env=self._environment,
                stdin=subprocess.PIPE,  # it ends with its input, so with this process
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        while process.poll() is None:
            if self._is_well() or time.monotonic() - begun > QUICK:
                with suppress(OSError):
                    say_alive(self._root, self._slot)
            time.sleep(BEAT)
        if process.stdin:
            process.stdin.close()
        failed = process.returncode and time.monotonic() - begun < QUICK
        self._failures = self._failures + 1 if failed else 0
