"""The architecture of a network, written down from what its blocks do when it runs."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.noise import stream
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training.previews import test_digits
from models import blocks as course
from models import unet
from models.unet import UnconditionalUNet

WIDTHS: Final = (16, 32, 64, 128)
SIGMA: Final = 0.5
"""The noise in which untrained networks and trained ones are looked at."""

INPUT: Final = "input"

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer that learns.

    Attributes:
        kind: its PyTorch class.
        product: its count as a sum of products, e.g. "3·3·D·D + D".
        parameters: what that comes to.
    """

    kind: str
    product: str
    parameters: int


@dataclass(frozen=True)
class TracedBlock:
    """One block as it was seen at work.

    Attributes:
        name: its name in the network.
        kind: its class.
        sources: where its input comes from, in the order of the channels: names of earlier blocks
            or "input"; two of them were joined.
        shape_in: (C, H, W) of what it was given.
        shape_out: (C, H, W) of what it made of that.
        layers: what learns in it.
        parts: names of the course's classes that it is built of, its own first.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    shape_in: Shape
    shape_out: Shape
    layers: tuple[Layer, ...]
    parts: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """How many numbers it learns."""
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True)
class Architecture:
    """The whole network.

    Attributes:
        num_hiddens: D.
        blocks: in the order in which they ran.
        parameters: how many numbers it learns, counted over the whole network.
    """

    num_hiddens: int
    blocks: tuple[TracedBlock, ...]
    parameters: int


def architecture(num_hiddens: int) -> Architecture:
    """Build the network at one width and write down what its blocks really do.

    Args:
        num_hiddens: D, one of `WIDTHS`.

    Raises:
        ValueError: D is none of them.
    """
    network = untrained(num_hiddens)
    total = sum(parameter.numel() for parameter in network.parameters())
    return Architecture(num_hiddens, trace(network, num_hiddens), total)


def trace(network: nn.Module, num_hiddens: int) -> tuple[TracedBlock, ...]:
    """Run a network once, with random pixels, and describe each of its direct children.

    Args:
        network: takes (B, 1, 28, 28); in eval mode.
        num_hiddens: the width that is written as D.

    Raises:
        ValueError: a block's input is no join of earlier outputs along the channels.
    """
    x = torch.randn(1, 1, 28, 28, generator=stream(0, "trace"))
    outputs = {INPUT: x}
    found: list[TracedBlock] = []
    for name, given, output in steps(network, x):
        module = network.get_submodule(name)
        found.append(
            TracedBlock(
                name=name,
                kind=type(module).__name__,
                sources=_sources(given, outputs),
                shape_in=tuple(given.shape[1:]),
                shape_out=tuple(output.shape[1:]),
                layers=_layers(module, num_hiddens),
                parts=_parts(module) or (type(network).__name__,),
            )
        )
        outputs[name] = output
    return tuple(found)


def class_named(name: str) -> type[nn.Module]:
    """The class that a `TracedBlock` names among its parts.

    Raises:
        ValueError: the course has no such class.
    """
    for module in (course, unet):
        thing = vars(module).get(name)
        if isinstance(thing, type) and issubclass(thing, nn.Module):
            return thing
    raise ValueError(f"the course has no class {name!r}")


def steps(network: nn.Module, x: Tensor) -> list[tuple[str, Tensor, Tensor]]:
    """Run the network on `x`: name, input and output of each direct child, as they ran."""
    network = copy.deepcopy(network)  # others may be using the source image while hooks hang on it
    names = {module: name for name, module in network.named_children()}
    steps: list[tuple[str, Tensor, Tensor]] = []

    def look(module: nn.Module, given: tuple[Tensor], output: Tensor) -> None:
        steps.append((names[module], given[0], output))

    for module in names:
        module.register_forward_hook(look)
    with torch.no_grad():
        network(x)
    return steps


@functools.lru_cache(maxsize=len(WIDTHS))
def untrained(num_hiddens: int) -> nn.Module:
    """A network with random weights, always the same. Shared: never change it.

    Its BatchNorms have seen sixteen noisy digits; without, its signals would fade to nothing.

    Raises:
        ValueError: D is none of `WIDTHS`.
    """
    if num_hiddens not in WIDTHS:
        raise ValueError(f"The width D is one of {', '.join(map(str, WIDTHS))}, not {num_hiddens}.")
    network = UnconditionalUNet(in_channels=1, num_hiddens=num_hiddens)
    random = stream(0, "untrained")
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter, generator=random)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all that it sees
    x = test_digits(16)
    with torch.no_grad():
        network(add_unscaled_noise(x, torch.randn(x.shape, generator=random), SIGMA))
    return network.eval().requires_grad_(False)


def _sources(given: Tensor, outputs: dict[str, Tensor]) -> tuple[str, ...]:
    """Find out, by comparing the numbers, which earlier outputs an input was joined from."""
    found: list[str] = []
    rest = given
    while rest.shape[1]:
        for name, output in outputs.items():
            if torch.equal(rest[:, : output.shape[1]], output):
                found.append(name)
                rest = rest[:, output.shape[1] :]
                break
        else:
            raise ValueError("an input that is no join of earlier outputs can't be drawn")
    return tuple(found)


def _layers(module: nn.Module, num_hiddens: int) -> tuple[Layer, ...]:
    leaves = [leaf for leaf in module.modules() if next(leaf.children(), None) is None]
    return tuple(
        Layer(
            type(leaf).__name__,
            " + ".join(_product(own.shape, num_hiddens) for own in leaf.parameters()),
            sum(own.numel() for own in leaf.parameters()),
        )
        for leaf in leaves
        if next(leaf.parameters(), None) is not None
    )


def _product(shape: torch.Size, D: int) -> str:
    """(2D, D, 3, 3) becomes 3·3·D·2D."""
    return "·".join(_in_widths(size, D) for size in reversed(shape))


def _in_widths(size: int, D: int) -> str:
    times, rest = divmod(size, D)
    if rest or not times:
        return str(size)
    return "D" if times == 1 else f"{times}D"


def _parts(module: nn.Module) -> tuple[str, ...]:
    classes = [type(m) for m in module.modules() if type(m).__module__ == course.__name__]
    return tuple(dict.fromkeys(found.__name__ for found in classes))
