"""Randomness that is the same for every solution, and devices that every machine has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_FEW: Final = 64
"""So many numbers are times or coin tosses, and are spread evenly; more are an image."""


class Scripted(TorchFunctionMode):
    """Inside it, whoever draws noise gets the same noise, however often and in whatever order.

    So two solutions agree that draw differently but compute alike. What a GPU or half precision
    would do is done on the CPU in float32.
    """

    def __init__(self, noise: bool = True, singles: bool = True, half: bool = False) -> None:
        """Say what is scripted.

        Args:
            noise: images of noise.
            singles: timesteps and other single numbers.
            half: whether half precision is left as it is.
        """
        super().__init__()
        self._half = half
        self._drawn: dict[Any, Callable[..., Tensor]] = {}
        if noise:
            self._drawn |= {
                torch.randn: lambda *a, **k: fixed(_shape(a, k)),
                torch.randn_like: lambda x, **_: fixed(x.shape),
                torch.normal: _normal,
                torch.Tensor.normal_: lambda x, mean=0.0, std=1.0, **_: x.copy_(
                    mean + std * fixed(x.shape)
                ),
                torch.rand_like: lambda x, **_: _uniform(x.shape),
            }
        if singles:
            self._drawn |= {
                torch.rand: lambda *a, **k: _uniform(_shape(a, k)),
                torch.randint: _integers,
            }

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Stand in for one call of torch."""
        named = {key: self._here(value) for key, value in (kwargs or {}).items()}
        if func in (torch.Tensor.cuda, torch.Tensor.cpu):
            return args[0]
        if func is torch.Tensor.half and not self._half:
            return args[0].float()
        if func is torch.Tensor.to:
            args = (args[0], *(self._here(value) for value in args[1:]))
        if func in self._drawn:
            return self._drawn[func](*args, **named)
        return func(*args, **named)

    def _here(self, value: Any) -> Any:
        """A device becomes the CPU, half precision becomes float32."""
        if isinstance(value, torch.device) or (isinstance(value, str) and _is_device(value)):
            return torch.device("cpu")
        return torch.float32 if value is torch.float16 and not self._half else value


def fixed(shape: Sequence[int]) -> Tensor:
    """The noise of this world; image i of a batch has the same noise in a batch of any size."""
    shape = tuple(shape)
    if len(shape) < 3:
        return _seeded(shape, 0)
    count = math.prod(shape[:-3])
    rows = [_seeded(shape[-3:], place) for place in range(count)]
    return torch.stack(rows).reshape(shape) if rows else torch.empty(shape)


def _seeded(shape: tuple[int, ...], seed: int) -> Tensor:
    # NumPy's own generator: torch.randn is scripted here.
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).float()


def _is_device(text: str) -> bool:
    return text.partition(":")[0] in ("cuda", "mps", "cpu")


def _shape(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[int, ...]:
    size = kwargs.get("size", args[0] if len(args) == 1 else args)
    return (size,) if isinstance(size, int) else tuple(int(one) for one in size)


def _normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, **_: Any) -> Tensor:
    if size is None:
        size = (torch.as_tensor(mean) + torch.as_tensor(std)).shape
    noise: Tensor = mean + std * fixed(tuple(size))
    return noise


def _uniform(shape: Sequence[int]) -> Tensor:
    count = math.prod(shape)
    if count <= _FEW:
        return ((torch.arange(count) + 0.5) / max(count, 1)).reshape(tuple(shape))
    numbers: Tensor = torch.special.ndtr(fixed(shape))
    return numbers


def _integers(*args: Any, **kwargs: Any) -> Tensor:
    """Spread evenly from the lowest to the highest, both among them."""
    given = [*args]
    size = tuple(kwargs["size"] if "size" in kwargs else given.pop())
    low, high = (0, given[0]) if len(given) == 1 else given[:2] if given else (0, kwargs["high"])
    low, high = int(kwargs.get("low", low)), int(kwargs.get("high", high))
    count = math.prod(size)
    values = torch.linspace(low, high - 1, count).round() if count > 1 else torch.tensor([high - 1])
    return values.long().reshape(size)


@contextmanager
def scripted(noise: bool = True, singles: bool = True, half: bool = False) -> Iterator[None]:
    """Script what torch and NumPy draw; see `Scripted`."""
    kept = {name: getattr(np.random, name) for name in ("randn", "standard_normal", "normal")}

    def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = ()) -> Any:
        shape = (size,) if isinstance(size, int) else tuple(size or ())
        return loc + scale * fixed(shape).double().numpy()

    if noise:
        mine = (lambda *shape: normal(size=shape), lambda size=(): normal(size=size), normal)
        for name, scripted_one in zip(kept, mine, strict=True):
            setattr(np.random, name, scripted_one)
    try:
        with Scripted(noise, singles, half):
            yield
    finally:
        for name, real in kept.items():
            setattr(np.random, name, real)
