"""B2.2.1 · A better time-conditioned network: what width costs, and what was reached with it."""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.diffusion.samplers import ddim
from lessons.images.captioned import CaptionedImage, Progress, to_pixels
from lessons.measure.trained import results
from lessons.measure.trained.results import WIDER_OR_LONGER, LengthPoint
from lessons.part_b import train_ddpm
from lessons.part_b.sampled_digits import captioned
from models.unet import TimeConditionalUNet

WEIGHTS: Final = WIDER_OR_LONGER.with_suffix(".safetensors")
CLOSE: Final = 0.1
"""By what share minutes may differ and still be called the same."""

STEP_CHOICES: Final = (10, 20, 50, 100)
_CPU: Final = torch.device("cpu")
_COUNTED: Final = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs.

    Attributes:
        name: where it stands in the network.
        channels: in and out.
        kernel: side of its kernel; 1 for a linear layer.
        places: at which its kernel is applied for one image.
        parameters: weights and biases.
        multiply_adds: for one image.
    """

    name: str
    channels: tuple[int, int]
    kernel: int
    places: int
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class WidthCost:
    """What a time-conditioned UNet of one width costs.

    Attributes:
        width: D.
        layers: those with weights that multiply, in the order in which they calculate.
        parameters: of the whole network.
        multiply_adds: of those layers, for one image, once through.
    """

    width: int
    layers: tuple[LayerCost, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class MeanPoint:
    """What all seeds of one width reached after as many images.

    Attributes:
        width: D.
        images: seen so far.
        minutes: of a processor, for training so far, mean over seeds.
        frechets: distance to the test digits and its standard error, by seed.
        test_loss: mean over seeds.
    """

    width: int
    images: int
    minutes: float
    frechets: tuple[tuple[float, float], ...]
    test_loss: float

    @property
    def frechet(self) -> float:
        """The mean distance over seeds."""
        return sum(value for value, _ in self.frechets) / len(self.frechets)

    @property
    def error(self) -> float:
        """Its standard error, of the samples alone."""
        return float(sum(error**2 for _, error in self.frechets) ** 0.5 / len(self.frechets))


@dataclass(frozen=True)
class Slowdown:
    """How many times as much an image costs with a wider network as with the next narrower one.

    Attributes:
        narrow: its D.
        wide: its D.
        minutes: ratio of the processor minutes that an image took.
        multiply_adds: ratio of the multiply-adds of an image.
    """

    narrow: int
    wide: int
    minutes: float
    multiply_adds: float


def over_seeds(width: int, by: Mapping[int, tuple[LengthPoint, ...]]) -> list[MeanPoint]:
    """What a width reached, the fewest images first; `by` are its points by seed."""
    found: dict[int, list[LengthPoint]] = {}
    for points in by.values():
        for one in points:
            found.setdefault(one.images, []).append(one)
    return [
        MeanPoint(
            width,
            images,
            sum(one.cpu_minutes for one in same) / len(same),
            tuple(one.frechet for one in same),
            sum(one.test_loss for one in same) / len(same),
        )
        for images, same in sorted(found.items())
    ]


def apart(every: Mapping[int, Sequence[MeanPoint]]) -> float:
    """The largest difference of two seeds' distances at one point; 0 if no point has two."""
    values = [[value for value, _ in one.frechets] for points in every.values() for one in points]
    return max((max(some) - min(some) for some in values), default=0.0)


def equal_minutes(every: Mapping[int, Sequence[MeanPoint]]) -> list[tuple[MeanPoint, MeanPoint]]:
    """Pairs of points of neighbouring widths that took nearly the same minutes, narrow first."""
    pairs = []
    for (_, narrow), (_, wide) in pairwise(every.items()):
        for one in wide:
            near = min(narrow, key=lambda other: abs(other.minutes - one.minutes))
            if abs(near.minutes - one.minutes) <= CLOSE * one.minutes:
                pairs.append((near, one))
    return pairs


def slower(every: Mapping[int, Sequence[MeanPoint]]) -> list[Slowdown]:
    """What an image cost with each width, over what it cost with the next narrower one.

    Minutes are those of the longest run of each width.
    """
    found = []
    for (narrow, short), (wide, long) in pairwise(every.items()):
        one, other = (points[-1].minutes / points[-1].images for points in (short, long))
        work = cost(wide).multiply_adds / cost(narrow).multiply_adds
        found.append(Slowdown(narrow, wide, other / one, work))
    return found


def convolution_cost(c_in: int, c_out: int, kernel: int, places: int) -> tuple[int, int]:
    r"""Count what a convolution stores and what it calculates.

    $$
    P = k^2\, C_\text{in}\, C_\text{out} + C_\text{out}, \qquad
    M = k^2\, C_\text{in}\, C_\text{out}\, n
    $$

    $k$ is the side of the kernel and $n$ the number of places at which it is applied: the pixels
    of the output, or of the input where the convolution makes an image larger. Nearly all channels
    of the UNet are multiples of the width $D$, so both grow with $D^2$: twice the width is about
    four times the work.

    Args:
        c_in: channels of the input.
        c_out: channels of the output.
        kernel: k; a linear layer has 1.
        places: n; a linear layer has 1.

    Returns:
        Parameters P with the biases, and multiply-adds M for one image without them.
    """
    weights = kernel**2 * c_in * c_out
    return weights + c_out, weights * places


def cost(width: int) -> WidthCost:
    """Count the cost of a `TimeConditionalUNet` of one width, layer by layer.

    Args:
        width: D, ≥ 1.

    Raises:
        ValueError: there is no such width.
    """
    if width < 1:
        raise ValueError(f"A width is at least 1, not {width}.")
    layers: list[LayerCost] = []

    def count(name: str, layer: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        layers.append(_layer_cost(name, layer, given[0], output))

    # On the device "meta" shapes are known and nothing is calculated.
    network = TimeConditionalUNet(1, 10, width).to("meta").eval()
    for name, layer in network.named_modules():
        if isinstance(layer, _COUNTED):
            layer.register_forward_hook(functools.partial(count, name))
    network(torch.empty(1, 1, 28, 28, device="meta"), torch.empty(1, device="meta"))
    parameters = sum(one.numel() for one in network.parameters())
    return WidthCost(width, tuple(layers), parameters, sum(one.multiply_adds for one in layers))


def _layer_cost(name: str, layer: nn.Module, given: Tensor, output: Tensor) -> LayerCost:
    if isinstance(layer, nn.Linear):
        channels, kernel, places = (layer.in_features, layer.out_features), 1, 1
    else:
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
        grows = isinstance(layer, nn.ConvTranspose2d)
        channels, kernel = (layer.in_channels, layer.out_channels), layer.kernel_size[0]
        places = (given if grows else output)[0, 0].numel()
    parameters, multiply_adds = convolution_cost(*channels, kernel, places)
    return LayerCost(name, channels, kernel, places, parameters, multiply_adds)


def settings_of(width: int, images: int, shared: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run of one width that ends after so many images, by name.

    Args:
        width: D.
        images: a multiple of the images of an epoch.
        shared: settings of all runs that were measured.
    """
    epochs = images // int(shared["images_per_epoch"])
    return {**shared, "num_hiddens": width, "epochs": epochs}


def rows_on_the_way() -> dict[tuple[int, int], tuple[CaptionedImage, ...]]:
    """Ten samples of each measured network of the first seed, by width and images seen.

    Raises:
        ValueError: what is shipped is missing or damaged.
    """
    runs = results.widths().runs
    points = [(width, one.images) for width, by in runs.items() for one in next(iter(by.values()))]
    return {
        (width, seen): tuple(
            CaptionedImage(to_pixels(image), alt=f"a sample of D = {width} after {seen:,} images")
            for image in results.kept_images(WEIGHTS, results.rows_name(width, seen))
        )
        for width, seen in points
    }


def ten_digits(
    steps: int,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, dict[str, tuple[CaptionedImage, ...]]]:
    """Sample ten digits with the longest run of each width, all from the same noises.

    Args:
        steps: of DDIM at η = 0, 1 to 300.
        seed: of the noises.
        weights_hash: which weights; see `results.weights_hash`.

    Yields:
        Progress after each width.

    Returns:
        A row of ten by width, e.g. "D = 8".

    Raises:
        ValueError: the weights are missing or damaged, or there are not so many steps.
    """
    widths, rows = list(results.widths().runs), {}
    for done, width in enumerate(widths, start=1):
        predict = train_ddpm.predictor(network(width))
        with torch.no_grad():
            frames = train_ddpm.sample(predict, seed, 10, _CPU, steps, ddim(0.0))
            rows[f"D = {width}"] = captioned(train_ddpm.last(frames), None)
        yield Progress(done, len(widths), f"D = {width}")
    return rows


def network(width: int) -> nn.Module:
    """The shipped network of a width, in eval mode. Shared: never change it.

    Raises:
        ValueError: there is none.
    """
    return _network(width, results.weights_hash(WEIGHTS))


@functools.lru_cache(maxsize=8)
def _network(width: int, _hash: str) -> nn.Module:
    return results.with_weights(WEIGHTS, str(width), TimeConditionalUNet(1, 10, width))
