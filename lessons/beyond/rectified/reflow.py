"""B2.6 · Reflow: a student learns the straight lines between a teacher's noises and its images."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from lessons.diffusion.flow import PredictVelocity, euler, interpolate, velocity_loss
from lessons.diffusion.noise import NoiseSource, stream
from lessons.part_b.flow_matching import following

SHAPE: Final = (1, 28, 28)
AT_ONCE: Final = 50
"""Noises that the teacher takes to their ends together."""


class Pairs(NamedTuple):
    """Noises, and where a teacher leads them.

    Attributes:
        x_0: the noises, (N, 1, 28, 28).
        x_1: the images at the ends of their trajectories, shape of `x_0`.
        labels: the digits that were requested, (N,) int64.
    """

    x_0: Tensor
    x_1: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Plan:
    """How a student is trained.

    Attributes:
        steps: optimiser steps; the learning rate falls to 0 over them.
        one_step: whether the student is asked at t = 0 alone, which makes it a one-step sampler.
        batch_size: pairs in a step.
        learning_rate: of the first step.
        seed: of the times and of the choice of pairs.
    """

    steps: int
    one_step: bool
    batch_size: int = 64
    learning_rate: float = 2e-3
    seed: int = 276


class Student(NamedTuple):
    """A student on its way.

    Attributes:
        step: optimiser steps done.
        network: as it is now; it goes on changing.
        loss: of the last step, mean over the pixels.
    """

    step: int
    network: nn.Module
    loss: float


def end_point(x_0: Tensor, predict_velocity: PredictVelocity, steps: int) -> Tensor:
    r"""Pair a noise with the image to which the teacher itself leads it.

    $$
    x_1 = x_0 + \int_0^1 u_{\text{teacher}}(x_t, t) \, dt
    $$

    The integral is taken by Euler's method. In flow matching noise and image are drawn apart from
    each other, so that many lines cross; a trajectory of the teacher crosses no other one.

    Source: Liu et al. 2022 (arXiv:2209.03003), section 2.1 and algorithm 1.

    Args:
        x_0: unit Gaussian noise, (B, C, H, W).
        predict_velocity: the teacher.
        steps: of Euler's method, ≥ 1.

    Returns:
        The image at t = 1, shape of `x_0`.
    """
    *_, last = euler(x_0, predict_velocity, steps)
    return last.x_t


def reflow_loss(network: nn.Module, pairs: Pairs, t: Tensor) -> Tensor:
    r"""Train the student on the straight lines between the two ends of the teacher's trajectories.

    $$
    L = \mathbb{E}_{(x_0, x_1), t} \, \lVert u_\theta(x_t, t) - (x_1 - x_0) \rVert^2,
    \qquad x_t = (1 - t)\, x_0 + t\, x_1
    $$

    It is the loss of flow matching; only the pairs are others. With $t = 0$ alone it teaches the
    one step and nothing else: that is distillation.

    Source: Liu et al. 2022 (arXiv:2209.03003), eq. 1; distillation is in section 2.1.

    Args:
        network: a class-conditioned network.
        pairs: B of them.
        t: place on each line, (B,), 0 = noise, 1 = image.
    """
    x_t = interpolate(pairs.x_0, pairs.x_1, t[:, None, None, None])
    return velocity_loss(network(x_t, pairs.labels, t), pairs.x_0, pairs.x_1)


def one_step(x_0: Tensor, predict_velocity: PredictVelocity) -> Tensor:
    r"""Sample with a single call of the network: Euler's method with one step.

    $$
    x_1 = x_0 + u_\theta(x_0, 0)
    $$

    It is exact where the trajectory is straight and its velocity constant.

    Source: Liu et al. 2022 (arXiv:2209.03003), section 2.1.

    Args:
        x_0: unit Gaussian noise, (B, C, H, W).
        predict_velocity: the student.

    Returns:
        The image, shape of `x_0`.
    """
    return x_0 + predict_velocity(x_0, 0.0)


def pairs_of(
    teacher: nn.Module, count: int, gamma: float, steps: int, seed: int
) -> Iterator[Pairs]:
    """Let a teacher lead noises to their ends, all classes alike.

    Args:
        teacher: a class-conditioned network of flow matching in eval mode.
        count: how many pairs.
        gamma: guidance scale of the teacher.
        steps: of Euler's method.
        seed: of the noises, which are no other page's.

    Yields:
        Parts of the pairs, at most AT_ONCE each, in order.
    """
    labels = torch.arange(count) % 10
    noises = NoiseSource(seed, count, SHAPE, "pairs")()
    for x_0, wanted in zip(torch.split(noises, AT_ONCE), torch.split(labels, AT_ONCE), strict=True):
        with torch.no_grad():
            x_1 = end_point(x_0, following(teacher, wanted, gamma), steps)
        yield Pairs(x_0, x_1, wanted)


def collected(parts: list[Pairs]) -> Pairs:
    """Parts of pairs as a whole."""
    x_0, x_1, labels = (torch.cat(column) for column in zip(*parts, strict=True))
    return Pairs(x_0, x_1, labels)


def train(teacher: nn.Module, pairs: Pairs, plan: Plan) -> Iterator[Student]:
    """Train a student that begins as a copy of its teacher, and yield after every step.

    Args:
        teacher: where the student begins; it is not changed.
        pairs: what it learns from.
        plan: for how long, and at which times.
    """
    student = copy.deepcopy(teacher).requires_grad_(True).train()
    student = student.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(student.parameters(), plan.learning_rate)
    falling = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / plan.steps)
    for step in range(1, plan.steps + 1):
        random = stream(plan.seed, "reflow", step)
        which = torch.randint(len(pairs.labels), (plan.batch_size,), generator=random)
        t = torch.rand(plan.batch_size, generator=random) * (not plan.one_step)
        batch = Pairs(*(column[which] for column in pairs))
        with torch.enable_grad():
            loss = reflow_loss(student, batch, t)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
        optimiser.step()
        falling.step()
        yield Student(step, student, loss.item())
