"""B1.1 · The UNet: the real network, run once and written down."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lessons import runs
from lessons.out_of_distribution import SIGMAS
from lessons.picture import Picture, Symbol, to_pixels
from lessons.train_denoiser import add_noise, test_digits
from lessons.trained import load_network
from models import blocks as course
from models import unet
from models.randomness import stream
from models.unet import UnconditionalUNet

WIDTHS: Final = (16, 32, 64, 128)
SIGMA: Final = 0.5
INPUT: Final = "input"
BLOCKS: Final = tuple(name for name, _ in UnconditionalUNet(1, 1).named_children())
_CHANNELS_SHOWN: Final = 16

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
class Block:
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
    blocks: tuple[Block, ...]
    parameters: int


@dataclass(frozen=True)
class Maps:
    """What comes out of one block for one digit.

    Attributes:
        pictures: the first channels, 16 at most.
        channels: how many there are in all.
        low: the value shown as black, the same in all pictures of the block.
        high: the value shown as white.
    """

    pictures: tuple[Picture, ...]
    channels: int
    low: float
    high: float


@dataclass(frozen=True)
class Walk:
    """One noisy digit on its way through the network.

    Attributes:
        given: what goes in.
        answer: what comes out.
        lowest: smallest value of the answer.
        maps: what comes out of each block, by its name.
    """

    given: Picture
    answer: Picture
    lowest: float
    maps: dict[str, Maps]


@dataclass(frozen=True)
class Floor:
    """What a GELU as the last layer would make impossible.

    Attributes:
        x: where the curve is drawn.
        y: GELU there.
        lowest: the smallest value that a GELU gives.
        lowest_at: where it does.
        share: share of unit Gaussian noise below that, in [0, 1].
        noise: a picture of such noise; black is −2, white is 2.
        nearest: the nearest that a GELU could come to it, in the same greys.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    lowest: float
    lowest_at: float
    share: float
    noise: Picture
    nearest: Picture


def architecture(num_hiddens: int) -> Architecture:
    """Build the network at one width and write down what its blocks really do.

    Args:
        num_hiddens: D, one of `WIDTHS`.

    Raises:
        ValueError: D is none of them.
    """
    network = _untrained(num_hiddens)
    total = sum(parameter.numel() for parameter in network.parameters())
    return Architecture(num_hiddens, trace(network, num_hiddens), total)


def trace(network: nn.Module, num_hiddens: int) -> tuple[Block, ...]:
    """Run a network once, with random pixels, and describe each of its direct children.

    Args:
        network: takes (B, 1, 28, 28); in eval mode.
        num_hiddens: the width that is written as D.

    Raises:
        ValueError: a block's input is no join of earlier outputs along the channels.
    """
    x = torch.randn(1, 1, 28, 28, generator=stream(0, "trace"))
    outputs = {INPUT: x}
    found: list[Block] = []
    for name, given, output in _steps(network, x):
        module = network.get_submodule(name)
        found.append(
            Block(
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
    """The class that a `Block` names among its parts.

    Raises:
        ValueError: the course has no such class.
    """
    for module in (course, unet):
        thing = vars(module).get(name)
        if isinstance(thing, type) and issubclass(thing, nn.Module):
            return thing
    raise ValueError(f"the course has no class {name!r}")


def trained_runs() -> dict[int, runs.RunView]:
    """One finished denoiser for each width that has any, those that came with the project first."""
    found: dict[int, runs.RunView] = {}
    for run in runs.all_runs("denoiser"):
        if run.settings is not None and runs.weights_file(run.id):
            found.setdefault(run.settings.num_hiddens, run)
    return {width: run for width, run in found.items() if width in WIDTHS}


def usual_width(trained: Mapping[int, runs.RunView]) -> int:
    """The width to begin with: that of a run that came with the project, else the course's."""
    return next((width for width, run in trained.items() if run.shipped), 128)


def walk(num_hiddens: int, run_id: str | None, digit: int, seed: int) -> Walk:
    """Send one noisy test digit (σ = 0.5) through the network and look in at every block.

    Args:
        num_hiddens: D, one of `WIDTHS`.
        run_id: a finished denoiser of that width, or None for a network that learnt nothing.
        digit: 0 to 9.
        seed: of the noise.

    Raises:
        ValueError: no such width, digit or run.
    """
    network = load_network(run_id) if run_id else _untrained(num_hiddens)
    x, eps = _digit_and_noise(digit, seed)
    z = add_noise(x, eps, SIGMA)
    steps = _steps(network, z)
    answer = steps[-1][2]
    return Walk(
        given=_picture(z, "x_t", f"z, σ = {SIGMA:g}", f"a noisy {digit}"),
        answer=_picture(
            answer, "x_0_hat", "the answer", f"the network's answer to a noisy {digit}"
        ),
        lowest=float(answer.min()),
        maps={name: _maps(name, output[0]) for name, _, output in steps},
    )


def noising(digit: int, seed: int) -> tuple[Picture, ...]:
    """Show one digit under the same noise at growing strength.

    Args:
        digit: 0 to 9.
        seed: of the noise.

    Raises:
        ValueError: no such digit.
    """
    x, eps = _digit_and_noise(digit, seed)
    return tuple(
        _picture(
            add_noise(x, eps, sigma),
            "x_t" if sigma else "x_0",
            f"σ = {sigma:g}",
            f"a {digit} under noise of strength {sigma:g}" if sigma else f"a clean {digit}",
        )
        for sigma in SIGMAS
    )


def gelu_floor(seed: int) -> Floor:
    """Find the smallest value of a GELU, and what of the noise lies below it.

    Args:
        seed: of the noise in the pictures.
    """
    x = torch.linspace(-4, 4, 801, dtype=torch.float64)
    y = F.gelu(x)
    lowest = float(y.min())
    eps = torch.randn(1, 1, 28, 28, generator=stream(seed, "unet"))
    return Floor(
        x=tuple(x.tolist()),
        y=tuple(y.tolist()),
        lowest=lowest,
        lowest_at=float(x[y.argmin()]),
        share=NormalDist().cdf(lowest),
        noise=_noise(eps, "the noise ε"),
        nearest=_noise(eps.clamp(min=lowest), "the nearest a GELU can come"),
    )


def _steps(network: nn.Module, x: Tensor) -> list[tuple[str, Tensor, Tensor]]:
    """Run the network on `x`: name, input and output of each direct child, as they ran."""
    network = copy.deepcopy(network)  # others may be using the original while hooks hang on it
    names = {module: name for name, module in network.named_children()}
    steps: list[tuple[str, Tensor, Tensor]] = []

    def look(module: nn.Module, given: tuple[Tensor], output: Tensor) -> None:
        steps.append((names[module], given[0], output))

    for module in names:
        module.register_forward_hook(look)
    with torch.no_grad():
        network(x)
    return steps


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


@functools.lru_cache(maxsize=len(WIDTHS))
def _untrained(num_hiddens: int) -> nn.Module:
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
        network(add_noise(x, torch.randn(x.shape, generator=random), SIGMA))
    return network.eval().requires_grad_(False)


def _digit_and_noise(digit: int, seed: int) -> tuple[Tensor, Tensor]:
    if not 0 <= digit <= 9:
        raise ValueError(f"A digit is 0 to 9, not {digit}.")
    x = test_digits(10)[digit : digit + 1]
    return x, torch.randn(x.shape, generator=stream(seed, "unet"))


def _maps(name: str, output: Tensor) -> Maps:
    shown = output[:_CHANNELS_SHOWN]
    if name == "out":
        low, high = 0.0, 1.0  # a digit, not a feature
    else:
        # A few very bright pixels must not turn all others black.
        low, high = float(shown.min()), float(torch.quantile(shown.flatten(), 0.995))
    high = max(high, math.nextafter(low, math.inf))
    pictures = tuple(
        Picture(to_pixels(channel, low, high), alt=f"channel {place} of {len(output)} after {name}")
        for place, channel in enumerate(shown, start=1)
    )
    return Maps(pictures, len(output), low, high)


def _picture(image: Tensor, symbol: Symbol, caption: str, alt: str) -> Picture:
    return Picture(to_pixels(image[0]), caption, alt, symbol)


def _noise(eps: Tensor, caption: str) -> Picture:
    return Picture(to_pixels(eps[0], low=-2, high=2), caption, caption, "eps")
