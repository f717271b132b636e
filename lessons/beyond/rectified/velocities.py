"""B2.6 · The teacher and its shipped students as velocities to follow."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from lessons.diffusion.flow import PredictVelocity
from lessons.diffusion.guidance import conditional
from lessons.part_b.flow_matching import following, labelled
from lessons.training import networks
from models import shipped, students

TEACHER, RECTIFIED, DISTILLED = "teacher", "rectified student", "distilled student"
STUDENTS: Final = {RECTIFIED: "rectified", DISTILLED: "distilled"}
"""A student for any number of steps, and one for a single step; and their names in `students`."""

GAMMA: Final = 2.0
"""Guidance scale of the teacher, which its students take over into their weights."""

CALLS: Final = {TEACHER: 2, RECTIFIED: 1, DISTILLED: 1}
"""Predictions of the network in one step; guidance takes two."""


def velocity(name: str, run_id: str, labels: Tensor) -> PredictVelocity:
    """The velocity of the teacher or of a shipped student, as `euler` wants it.

    Args:
        name: TEACHER, or one of STUDENTS.
        run_id: the run that is the teacher.
        labels: the digits requested, (B,) int64.

    Raises:
        ValueError: there is no such run or student, or its weights are damaged.
    """
    if name == TEACHER:
        return following(networks.load_network(run_id), labels, GAMMA)
    return velocity_of(students.load(STUDENTS.get(name, name)), labels)


def velocity_of(network: nn.Module, labels: Tensor) -> PredictVelocity:
    """A student as `euler` wants it, asked for these digits, (B,); one prediction a step.

    Guidance is in the images that it learnt from, so it is not guided once more.
    """
    return conditional(labelled(network), labels)


def teacher_run() -> str:
    """The shipped run that is the teacher.

    Raises:
        ValueError: it did not come with this installation.
    """
    return shipped.folder("class-flow").name
