"""B2.6 · The students that ship with the project, and the run that was their teacher."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

from torch import Tensor, nn

from lessons.diffusion.flow import PredictVelocity
from lessons.diffusion.guidance import conditional
from lessons.part_b.flow_matching import following, labelled
from lessons.training import networks
from lessons.training.runs import files
from models import checkpoints
from models.atomic import stamp
from models.unet import ClassConditionalUNet

FOLDER: Final = Path(__file__).parents[3] / "models" / "one_step"
MINUTES: Final = FOLDER / "minutes.json"
"""What each part of the training took, in minutes of a processor."""

TEACHER, RECTIFIED, DISTILLED = "teacher", "rectified student", "distilled student"
STUDENTS: Final = {RECTIFIED: "rectified", DISTILLED: "distilled"}
"""A student for any number of steps, and one for a single step; and their files."""

GAMMA: Final = 2.0
"""Guidance scale of the teacher, which its students take over into their weights."""

CALLS: Final = {TEACHER: 2, RECTIFIED: 1, DISTILLED: 1}
"""Predictions of the network in one step; guidance takes two."""


def teacher_run() -> str:
    """The shipped run that is the teacher.

    Raises:
        ValueError: there is none.
    """
    found = sorted(files.SHIPPED.glob("class-flow-*"))
    if not found:
        raise ValueError("The run that is the teacher did not come with this installation.")
    return found[0].name


def velocity(name: str, teacher_run: str, labels: Tensor) -> PredictVelocity:
    """The velocity of the teacher or of a shipped student, as `euler` wants it.

    Args:
        name: TEACHER, or one of STUDENTS.
        teacher_run: the run that is the teacher.
        labels: the digits requested, (B,) int64.

    Raises:
        ValueError: there is no such run or student, or its weights are damaged.
    """
    if name == TEACHER:
        return following(networks.load_network(teacher_run), labels, GAMMA)
    return velocity_of(student(name), labels)


def velocity_of(network: nn.Module, labels: Tensor) -> PredictVelocity:
    """A student as `euler` wants it, asked for these digits, (B,); one prediction a step.

    Guidance is in the images that it learnt from, so it is not guided once more.
    """
    return conditional(labelled(network), labels)


def student(name: str) -> nn.Module:
    """A shipped student in eval mode on the CPU. Shared: never change it.

    Args:
        name: one of STUDENTS.

    Raises:
        ValueError: there is no such student, or its weights are missing or damaged.
    """
    if name not in STUDENTS:
        raise ValueError(f"There is no {name!r}.")
    try:
        return _load(name)
    except checkpoints.BrokenCheckpoint as error:
        raise ValueError(f"The weights of the {name} are damaged: {error}") from error


def keep(name: str, network: nn.Module) -> None:
    """Ship a student: its weights in float16.

    Raises:
        OSError: the disk refused.
    """
    FOLDER.mkdir(exist_ok=True)
    checkpoints.save_tensors(_file(name), checkpoints.halved(network.state_dict()), {})


def weights_hash() -> str:
    """Twelve hexadecimal digits that change with the weights of the students; "" without any."""
    try:
        return _digest(tuple(stamp(_file(name)) for name in STUDENTS))
    except OSError:
        return ""


def _file(name: str) -> Path:
    return FOLDER / f"{STUDENTS[name]}.safetensors"


@functools.lru_cache(maxsize=4)
def _digest(written: object) -> str:  # noqa: ARG001 - new weights, new entry
    content = b"".join(_file(name).read_bytes() for name in STUDENTS)
    return hashlib.sha256(content).hexdigest()[:12]


@functools.cache
def _load(name: str) -> nn.Module:
    weights, _ = checkpoints.load_tensors(_file(name))
    # Shipped weights are float16; calculations are float32.
    full = {key: w.float() if w.is_floating_point() else w for key, w in weights.items()}
    network = ClassConditionalUNet(1, 10, full["out.weight"].shape[1])
    checkpoints.load_weights(network, full)
    return network.eval().requires_grad_(False)
