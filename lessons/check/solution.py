"""A solution, a student's or ours: its functions found, called, and what they return read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from lessons.check.bind import call, has, names_of, plain

Observation = dict[str, Tensor]
"""What a function did in the small world, by the name of each part of it."""


class Missing(LookupError):
    """A solution has no function of the names that were looked for."""


class Wrong(ValueError):
    """A function returned something that can't be compared; the message is one sentence."""


@dataclass(frozen=True)
class Place:
    """Where to look for a function.

    Attributes:
        names: the course's name, then others; capitals and underscores don't matter.
        method: (what a class is called in part, its method), for solutions made of classes.
        builds: what the class may take when an object of it is made.
        classes: True, if it must take labels; False, if it mustn't; None, if it doesn't matter.
    """

    names: tuple[str, ...]
    method: tuple[tuple[str, ...], str] = ((), "")
    builds: Mapping[str, Any] = field(default_factory=dict)
    classes: bool | None = None


@dataclass
class Solution:
    """Functions and classes by name.

    Attributes:
        versions: all that were made under a name, the last one last.
        found: the name of what was called last.
    """

    versions: Mapping[str, Sequence[Any]]
    found: str = ""

    def look_up(self, place: Place, offered: Mapping[str, Any]) -> Callable[..., Any]:
        """Find a function, or a method of an object that is made for it.

        Raises:
            Missing: there is none.
        """
        for wanted in place.names:
            for name, made in self.versions.items():
                if plain(name) == plain(wanted):
                    for one in reversed(made):
                        if place.classes in (None, has(one, "c")):
                            self.found = name
                            return one  # type: ignore[no-any-return]
        kinds, method = place.method
        for name, made in self.versions.items():
            if method and any(kind in plain(name) for kind in kinds):
                for one in reversed(made):
                    bound = getattr(one, method, None) if isinstance(one, type) else None
                    if bound is not None and place.classes in (None, has(bound, "c")):
                        self.found = f"{name}.{method}"
                        thing = call(one, {}, {**place.builds, **offered})
                        return getattr(thing, method)  # type: ignore[no-any-return]
        raise Missing(place.names[0])

    def call(
        self, place: Place, needed: Mapping[str, Any], offered: Mapping[str, Any] | None = None
    ) -> Any:
        """Find a function and call it; see `bind.call`."""
        offered = offered or {}
        return call(self.look_up(place, {**needed, **offered}), needed, offered)

    def order(self) -> list[str]:
        """What the solution's own class-conditioned network is told, in its order."""
        known = ("x", "c", "time", "mask")
        for name, made in self.versions.items():
            if plain(name) == "classconditionalunet" and made:
                order = names_of(getattr(made[-1], "forward", made[-1]), known)
                order = [one for one in order if one in known[1:]]
                if {"c", "time"} <= set(order):
                    return ["t" if one == "time" else one for one in order]
        return ["c", "t", "mask"]


def image(returned: Any, channels: int, size: int) -> Tensor:
    """The image, or the batch of them, that a function returned in whatever form.

    Args:
        returned: tensors or arrays, perhaps in tuples, lists or dictionaries, the result first.
        channels: of the image.
        size: its height and width.

    Returns:
        (B, channels, size, size), float32.

    Raises:
        Wrong: there is no such image.
    """
    shapes = []
    for one in _leaves(returned):
        x = _as_images(one, channels, size)
        if x is not None:
            return x
        shapes.append(str(tuple(one.shape)))
    said = "nothing" if returned is None else ", ".join(shapes[:4]) or type(returned).__name__
    raise Wrong(f"It returns {said} where ({channels}, {size}, {size}) or a batch is expected.")


def _as_images(one: Tensor, channels: int, size: int) -> Tensor | None:
    x = one.detach().float()
    if x.shape[-2:] == (size, size) and x.numel() % (channels * size * size) == 0:
        fits = (x.ndim >= 3 and x.shape[-3] == channels) or (channels == 1 and x.ndim == 2)
        return x.reshape(-1, channels, size, size) if fits else None
    if x.ndim >= 3 and x.shape[-3:] == (size, size, channels):
        return x.movedim(-1, -3).reshape(-1, channels, size, size)
    return None


def _leaves(thing: Any) -> Iterable[Tensor]:
    if isinstance(thing, Tensor):
        yield thing
    elif isinstance(thing, np.ndarray) and thing.dtype.kind in "fiub":
        yield torch.from_numpy(np.array(thing, dtype=np.float64))
    elif isinstance(thing, Mapping):
        for one in thing.values():
            yield from _leaves(one)
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from _leaves(one)


def number(returned: Any) -> Tensor:
    """The single number that a function returned, (1,).

    Raises:
        Wrong: there is none.
    """
    if isinstance(returned, int | float):
        return torch.tensor([float(returned)])
    for one in _leaves(returned):
        if one.numel() == 1:
            return one.detach().float().reshape(1)
    raise Wrong("It returns no single number; a loss is expected.")


def said(truth: bool) -> Tensor:
    """Yes or no, as a part of an observation."""
    return torch.tensor([float(truth)])


def fill(network: nn.Module) -> nn.Module:
    """Give a network weights that follow from their shapes alone, whatever they are called.

    So two networks of one architecture answer alike, in whatever order they were written down.
    """
    with torch.no_grad():
        for module in network.modules():
            normed = isinstance(module, nn.modules.batchnorm._BatchNorm)
            for name, weight in module.named_parameters(recurse=False):
                noise = _pattern(weight.shape)
                if normed and name == "weight":
                    weight.copy_(1 + 0.2 * noise)
                elif weight.ndim > 1:
                    weight.copy_(noise * (2 / _inputs(module, weight)) ** 0.5)
                else:
                    weight.copy_(0.2 * noise)
    return network


def _pattern(shape: Sequence[int]) -> Tensor:
    random = np.random.default_rng([7, *shape])
    return torch.from_numpy(random.standard_normal(tuple(shape))).float()


def _inputs(module: nn.Module, weight: Tensor) -> float:
    """Numbers that go into one that comes out; for a transposed convolution its stride counts."""
    if isinstance(module, nn.ConvTranspose2d):
        strides: Final = module.stride[0] * module.stride[1]
        return weight.shape[0] * weight[0, 0].numel() / strides
    return weight[0].numel()
