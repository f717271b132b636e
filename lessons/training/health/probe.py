"""What a run measures of itself now and then, beside the loss of every step.

A probe changes nothing: it looks at what a training step gave to the network, at the gradients and
weights after it, and lets the network answer a fixed held-out case in eval mode. What it finds are
plain numbers, kept as one line of `probes.jsonl`; `doctor` reads them.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.own_data.names import MNIST
from lessons.own_data.parts import shown
from lessons.training.health import noise_levels
from lessons.training.health.held_out import COUNT, HeldOut, held_out
from lessons.training.loop import TrainingState
from lessons.training.recipe import DigitBatch, Settings
from models.devices import autocast
from models.mnist import unit_range

EVERY: Final = 1_500
"""Images between two probes, in the beginning."""

_EVEN_UNTIL: Final = 20
_LATER: Final = 1.1
"""After so many probes the distance grows: the next comes after a tenth more training."""

_MARGIN: Final = 2
"""Pixels at the edge that are black in MNIST: what a network sees there is noise alone."""

_SIGNS: Final = 24
_FEW: Final = COUNT // 2
"""Images on which the averaged weights are compared with the present ones."""


def due(settings: Settings, step: int) -> bool:
    """Whether there is a probe after this step (the first is 1); the same in every run."""
    if step == 1:
        return True
    return _place(settings.images_after(step)) > _place(settings.images_after(step - 1))


def _place(images: int) -> int:
    even = images / EVERY
    if even <= _EVEN_UNTIL:
        return int(even)
    return int(_EVEN_UNTIL + math.log(even / _EVEN_UNTIL) / math.log(_LATER))


class RunProbe:
    """Looks at a training from outside; the loop does not know of it."""

    def __init__(self, training: TrainingState) -> None:
        self._training = training
        self._case = held_out(training.recipe.name, training.settings)
        self._given: dict[str, Tensor] = {}
        self._clean: DigitBatch | None = None
        self._in_train_mode = True
        self._looks = False
        self._signature = inspect.signature(training.network.forward)
        self._loss = training.recipe.loss
        training.recipe = replace(training.recipe, loss=self._watched_loss)
        training.network.register_forward_pre_hook(self._look, with_kwargs=True)

    def read(self, step: int) -> dict[str, Any]:
        """What was found after this step, which must be `due`; plain numbers, all finite."""
        training = self._training
        found: dict[str, Any] = {"step": step, "images": training.settings.images_after(step)}
        found |= self._batch() | self._weights()
        if self._case:
            found |= self._answers(self._case)
        return {name: value for name, value in found.items() if _is_finite(value)}

    def _watched_loss(self, network: nn.Module, batch: DigitBatch, settings: Settings) -> Tensor:
        self._looks = due(settings, self._training.step + 1)
        if self._looks:
            self._clean = batch
        try:
            loss: Tensor = self._loss(network, batch, settings)
            return loss
        finally:
            self._looks = False

    def _look(self, network: nn.Module, args: Any, kwargs: Any) -> None:
        if not self._looks:
            return
        arguments = self._signature.bind(*args, **kwargs).arguments
        self._given = {name: t.detach() for name, t in arguments.items() if torch.is_tensor(t)}
        self._in_train_mode = all(module.training for module in network.modules())

    @torch.no_grad()
    def _batch(self) -> dict[str, Any]:
        """What the step was given, and what it gave to the network."""
        if self._clean is None or "x" not in self._given:
            return {}
        clean, x = self._clean.images.float(), self._given["x"].float()
        found: dict[str, Any] = {
            "batch": len(x),
            "image_min": _rounded(clean.min()),
            "image_max": _rounded(clean.max()),
            "image_mean": _rounded(clean.mean()),
            "alike": _rounded(_likeness(clean.flatten(1))),
            "digits": len(set(self._clean.labels.tolist())),
            "train_mode": self._in_train_mode,
            "x_max": _rounded(x.max()),
            **_edge(x),
        }
        if (t := self._given.get("t")) is not None:
            found |= {"t_min": _rounded(t.min()), "t_max": _rounded(t.max())}
        if (c := self._given.get("c")) is not None:
            found["labels_fit"] = _rounded(_labels_fit(clean, c))
        if (mask := self._given.get("mask")) is not None:
            found["labels_kept"] = _rounded(mask.float().mean())
        return found

    @torch.no_grad()
    def _weights(self) -> dict[str, Any]:
        """Norms of weights and gradients, and what share of the weights has no gradient."""
        network = self._training.network
        weights = list(network.parameters())
        grads = torch.stack([p.grad.norm() for p in weights if p.grad is not None] or [_zero()])
        norm = torch.stack([p.norm() for p in weights]).square().sum().sqrt()
        count = sum(p.numel() for p in weights)
        return {
            "rate": float(self._training.optimiser.param_groups[0]["lr"]),
            "weight": repr(float(norm)),
            "weight_size": _rounded(norm / math.sqrt(count)),
            "gradient": _rounded(grads.square().sum().sqrt()),
            "no_gradient": round(_without_gradient(network), 4),
            "no_gradient_in": {
                name: round(_without_gradient(block), 2) for name, block in network.named_children()
            },
            "norm_layers": sum("Norm" in type(m).__name__ for m in network.modules()),
        }

    @torch.no_grad()
    def _answers(self, case: HeldOut) -> dict[str, Any]:
        """How the network answers the held-out case, and where else it has learnt to."""
        network, device = self._training.network, self._training.device
        with _in_eval(network), autocast(device, self._training.settings.precision):
            answer = _ask(network, case.inputs, device)
            found = _compared(answer, case)
        if self._training.averaged is not None:
            shown = self._training.shown
            with _in_eval(shown), autocast(device, self._training.settings.precision):
                few = case.part(torch.arange(_FEW))
                averaged = _losses(_ask(shown, few.inputs, device), few)
            found["averaged"] = _rounded(averaged.mean() / _losses(answer[:_FEW], few).mean())
        return found


def _without_gradient(block: nn.Module) -> float:
    """Share of a block's weights whose gradient is exactly 0, or that have none."""
    weights = list(block.parameters())
    reached = sum(int(torch.count_nonzero(p.grad)) for p in weights if p.grad is not None)
    count = sum(p.numel() for p in weights)
    return 1 - reached / count if count else 0.0


def _ask(network: nn.Module, inputs: Mapping[str, Tensor], device: torch.device) -> Tensor:
    answer: Tensor = network(**{name: t.to(device) for name, t in inputs.items()})
    return answer.float().cpu()


def _compared(answer: Tensor, case: HeldOut) -> dict[str, Any]:
    losses = _losses(answer, case)
    found: dict[str, Any] = {
        "held_out": _rounded(losses.mean() / _trivial(case)),
        "answer_min": _rounded(answer.min()),
        "answer_max": _rounded(answer.max()),
        "target_variance": _rounded(_trivial(case)),
        "target_min": _rounded(case.target.min()),
        "right": _rounded(_correlation(answer, case.target)),
        "others": {n: _rounded(_correlation(answer, other)) for n, other in case.others.items()},
        "x_max_right": _rounded(case.inputs["x"].max()),
        "edge_right": _edge(case.inputs["x"])["edge"],
    }
    if case.level is not None:
        count = noise_levels.COUNT
        part = (case.level * count).long()
        by_level = [losses[part == i].mean() / _trivial(case) for i in range(count)]
        found["levels"] = [_rounded(value) for value in by_level]
    return found


def _losses(answer: Tensor, case: HeldOut) -> Tensor:
    """Mean squared error of each image, (B,)."""
    return (answer - case.target).square().flatten(1).mean(1)


def _trivial(case: HeldOut) -> Tensor:
    """The loss of the best answer that is the same for every pixel: the target's variance."""
    return case.target.var()


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    return torch.cosine_similarity(a.flatten() - a.mean(), b.flatten() - b.mean(), dim=0)


def _likeness(rows: Tensor) -> Tensor:
    """Mean cosine similarity between two rows of (B, n), each less its own mean; 1: all alike."""
    rows = rows - rows.mean(1, keepdim=True)
    rows = rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-12)
    pairs = len(rows) * (len(rows) - 1)
    return (rows.sum(0).square().sum() - rows.square().sum()) / max(pairs, 1)


def _edge(x: Tensor) -> dict[str, Any]:
    """What the network sees at the edge of the images, where the digits are black."""
    seen = x.flatten(1)[:, _edge_pixels()].float()
    spread = seen - seen.mean(1, keepdim=True)
    signs = "".join("+" if value > 0 else "-" for value in spread[0, :_SIGNS].tolist())
    return {
        "edge": _rounded(spread.square().mean().sqrt()),
        "edge_mean": _rounded(seen.mean()),
        "edge_alike": _rounded(_likeness(seen)),
        "edge_signs": signs,
    }


@functools.cache
def _edge_pixels() -> Tensor:
    frame = torch.ones(28, 28, dtype=torch.bool)
    frame[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = False
    return frame.flatten().nonzero()[:, 0]


@functools.cache
def _mean_digits() -> Tensor:
    """Ten mean test digits, each less its mean and of norm 1, (10, 784)."""
    test = shown(MNIST, 1_000)
    x, c = unit_range(test.images).flatten(1), test.labels
    means = torch.stack([x[c == digit].mean(0) for digit in range(10)])
    means = means - means.mean(1, keepdim=True)
    digits: Tensor = means / means.norm(dim=1, keepdim=True)
    return digits


def _labels_fit(images: Tensor, labels: Tensor) -> Tensor:
    """Share of the images whose label is the mean digit that they resemble most."""
    rows = images.flatten(1).cpu()
    rows = rows - rows.mean(1, keepdim=True)
    nearest = (rows @ _mean_digits().T).argmax(1)
    fits: Tensor = nearest == labels.cpu()
    return fits.float().mean()


@contextmanager
def _in_eval(network: nn.Module) -> Iterator[None]:
    """In eval mode, and then every module in its own mode again."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


def _zero() -> Tensor:
    return torch.zeros(())


def _rounded(value: Tensor | float) -> float:
    return float(f"{float(value):.4g}")


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_finite(part) for part in value.values())
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
