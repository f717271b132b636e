"""Network calls that several jobs make at the same time, as one batch: dynamic batching.

Whoever runs jobs may ask to be handed their network calls (`handing_over`). It collects those of
one `kind` and has them answered together (`perform`). Outside of that a call is a plain call.

**What holds.** A network in evaluation mode treats each image of a batch by itself, so company
changes an image only by the order in which a larger batch adds up: some 0.000001 of a prediction,
at most one grey level of 256 in a finished image (`tests/test_batching.py`). It is no equality to
the bit, and was none before: a batch of five differs from five calls in the same way. Each job
draws its noise from its own seed. So what is shown or remembered may differ by one grey level from
what the reader would have got alone. Alone (scripts, notebooks, stored results, a server with one
reader) the network gets the very inputs that it would get without this module.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

T = TypeVar("T")

MOST_IMAGES: Final = 32
"""Images in one batch: beyond that an image costs no less time, and the batch more memory.

Measured by `python -m benchmarks.crowd --sizes` for the models in the box.
"""


class Handler(Protocol):
    """Takes the network calls of one thread."""

    def answer(self, call: NetworkCall) -> None:
        """Return once the call has been performed."""

    def aside(self, wait: Callable[[], T]) -> T:
        """Run what only waits for another job, and let others calculate meanwhile."""


@dataclass(eq=False)
class NetworkCall:
    """A call of a network, its images in rows.

    Attributes:
        network: which; calls of another one never share a batch with this one.
        function: what is called with the inputs.
        inputs: each with one row an image, (B, ...).
        most: images that the network takes at once from several calls together.
        ragged: whether inputs of three dimensions, (B, L, D), may get more rows of zeros in L.
        output: the answer, one row an image, once there is one.
        error: why there is none.
    """

    network: object
    function: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    most: int = MOST_IMAGES
    ragged: bool = False
    output: Tensor | None = None
    error: BaseException | None = None

    @property
    def images(self) -> int:
        """How many images it is for."""
        return len(self.inputs[0])

    @property
    def kind(self) -> Hashable:
        """Calls of the same kind may share a batch: same network, shapes, types and devices."""
        return id(self.network), *((self._shape(x), x.dtype, x.device) for x in self.inputs)

    def _shape(self, x: Tensor) -> tuple[int, ...]:
        return x.shape[2:] if self.ragged and x.ndim == 3 else x.shape[1:]

    def may_be_shared(self) -> bool:
        """Whether company changes nothing: images apart from each other, and no gradients."""
        in_training = getattr(self.network, "training", False)
        return not in_training and not any(x.requires_grad for x in self.inputs)

    def result(self) -> Tensor:
        """The answer.

        Raises:
            BaseException: whatever the network raised when it was called for these images alone.
        """
        if self.error is not None:
            raise self.error
        if self.output is None:
            raise RuntimeError("the network was not called")
        return self.output


class _Here(threading.local):
    handler: Handler | None = None


_here = _Here()


@contextmanager
def handing_over(handler: Handler) -> Iterator[None]:
    """Hand the network calls that this thread makes meanwhile to `handler`."""
    before, _here.handler = _here.handler, handler
    try:
        yield
    finally:
        _here.handler = before


def called(call: NetworkCall) -> Tensor:
    """Call the network: at once, or with others where the thread hands its calls over.

    Raises:
        BaseException: whatever the network raises.
    """
    handler = _here.handler
    if handler is None or not call.may_be_shared():
        return call.function(*call.inputs)
    handler.answer(call)
    return call.result()


def aside(wait: Callable[[], T]) -> T:
    """Run what only waits for another job, without keeping the processor from that job."""
    handler = _here.handler
    return wait() if handler is None else handler.aside(wait)


def perform(calls: Sequence[NetworkCall]) -> None:
    """Answer calls of one kind with one call of their network. Raises nothing.

    If that fails, each is called alone: one reader's bad input, or a batch that doesn't fit into
    memory, fails nobody else.

    Args:
        calls: at least one; each gets its `output` or its `error`.
    """
    first = calls[0]
    try:
        if len(calls) == 1:
            first.output = first.function(*first.inputs)
            return
        inputs = [_rows(parts) for parts in zip(*(call.inputs for call in calls), strict=True)]
        outputs = torch.split(first.function(*inputs), [call.images for call in calls])
        copies = [output.clone() for output in outputs]  # a view would keep all of them in memory
    except BaseException as error:
        if len(calls) == 1:
            first.error = error
            return
        for call in calls:
            perform([call])
        return
    for call, copy in zip(calls, copies, strict=True):
        call.output = copy


def _rows(parts: Sequence[Tensor]) -> Tensor:
    """All rows below each other; what is shorter gets zeros behind its end."""
    if parts[0].ndim == 3:
        longest = max(part.shape[1] for part in parts)
        parts = [F.pad(part, (0, 0, 0, longest - part.shape[1])) for part in parts]
    return torch.cat(list(parts))
