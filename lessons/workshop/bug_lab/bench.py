"""What a mistake is, and where it is tried out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, Progress, Symbol, to_pixels
from lessons.workshop.bug_lab.copies import Copies, Patch

DIGITS: Final = "digits"
COUNT: Final = 5
"""Pictures that are made together."""

STEPS: Final = 20
"""Steps in which digits are sampled."""

LABELS: Final = torch.arange(10)
MATHEMATICS: Final = "lessons.diffusion"


@dataclass(frozen=True)
class Bench:
    """One set of code, right or with mistakes, and what to try it on.

    Attributes:
        code: modules of the project by name.
        model: name in the catalog; what shows on digits alone ignores it.
        seed: of all noise.
        kept: what was calculated on this bench already, by name.
    """

    code: Copies
    model: str
    seed: int
    kept: dict[str, Any] = field(default_factory=dict)


T = TypeVar("T")
Steps = Generator[Progress, None, T]
Pictures = tuple[CaptionedImage, ...]


@dataclass(frozen=True)
class Scene:
    """Pictures that come out otherwise with a mistake.

    Attributes:
        make: makes them.
        words: what they are.
        any_model: whether they can be made with every model of Part A, or with digits alone.
    """

    make: Callable[[Bench], Steps[Pictures]]
    words: str
    any_model: bool = False


@dataclass(frozen=True)
class Probe:
    """A number that betrays a mistake; it is measured, and always on digits or a small world.

    Attributes:
        measure: measures it.
        words: what is measured.
        low: the smallest value that the right code may give.
        high: the largest.
        form: how the number is written, e.g. ".3f".
    """

    measure: Callable[[Bench], Steps[float]]
    words: str
    low: float = float("-inf")
    high: float = float("inf")
    form: str = ".3f"

    def fine(self, value: float) -> bool:
        """Whether the right code could have given this value; NaN never is."""
        return self.low <= value <= self.high

    def written(self, value: float) -> str:
        """The number as it is shown."""
        return format(value, self.form)

    @property
    def expected(self) -> str:
        """What is right, in words."""
        if self.low == self.high:
            return f"right is {self.written(self.low)}"
        if self.low == float("-inf"):
            return f"right is at most {self.written(self.high)}"
        if self.high == float("inf"):
            return f"right is at least {self.written(self.low)}"
        return f"right is {self.written(self.low)} to {self.written(self.high)}"


@dataclass(frozen=True)
class Mistake:
    """One mistake that leaves a plausible image, or at least a plausible program.

    Attributes:
        number: its place in the project's list; several variants share one.
        group: where it is made, in a word or two.
        name: a few words, its own.
        story: what people do, and why.
        plausible: why nobody sees it.
        patch: the line, right and wrong.
        noticed_by: the test that notices, file and name.
        probe: the number that betrays it.
        scene: where it shows; None if no image shows it.
    """

    number: int
    group: str
    name: str
    story: str
    plausible: str
    patch: Patch
    noticed_by: str
    probe: Probe
    scene: Scene | None = None

    @property
    def title(self) -> str:
        """Group and name, as lists show it."""
        return f"{self.group} · {self.name}"

    @property
    def noticed_in(self) -> tuple[str, str]:
        """The test file that notices, and what its test says."""
        file, _, name = self.noticed_by.partition("::test_")
        return f"tests/{file}", name.replace("_", " ")


def at_once(make: Callable[[Bench], T]) -> Callable[[Bench], Steps[T]]:
    """Something that takes no time, as a calculation without steps."""

    def steps(bench: Bench) -> Steps[T]:
        yield from ()
        return make(bench)

    return steps


def shown(pixels: NDArray[Any], caption: str = "", symbol: Symbol = "") -> CaptionedImage:
    """Pixels as an image whose words don't say what was done to it."""
    return CaptionedImage(pixels.astype("uint8"), caption, caption or "one of the images", symbol)


def digit_images(images: Tensor, captions: tuple[str, ...] = ()) -> Pictures:
    """Digits in [0, 1], (B, 1, 28, 28), clamped."""
    words = captions or ("",) * len(images)
    return tuple(
        shown(to_pixels(torch.nan_to_num(one)), said)
        for one, said in zip(images, words, strict=True)
    )


def again(made: Pictures, symbol: Symbol = "") -> Pictures:
    """Pictures from a copy of the code, as images of the real one, without their words."""
    return tuple(shown(one.pixels, symbol=symbol) for one in made)


def random_like(shape: tuple[int, ...], seed: int, *purpose: str | int) -> Tensor:
    """Unit Gaussian noise of a purpose of its own."""
    return torch.randn(shape, generator=stream(seed, "bug lab", *purpose))


def rms(a: Tensor, b: Tensor) -> float:
    """Root mean square difference."""
    return float((a.double() - b.double()).square().mean().sqrt())
