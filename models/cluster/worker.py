"""What calculates on the cluster: a process that holds networks and answers batches of calls."""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import time
from pathlib import Path
from typing import Final, NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from models import catalog
from models.text_to_image import TextToImage

ENLARGING: Final = ", enlarging"
"""What the catalog puts behind a model's name for the network that enlarges its images."""

_ROOT: Final = Path(__file__).resolve().parents[2]


class OtherWeights(ValueError):
    """A worker's weights are not the server's; the message says whose."""


class NetworkAddress(NamedTuple):
    """Which network a call is for, the same on every machine.

    Attributes:
        name: its place in the catalog.
        weights: changes whenever its weights do.
    """

    name: str
    weights: str


class _Answers(Protocol):
    def _answer(self, *inputs: Tensor) -> Tensor: ...


class Greeting(NamedTuple):
    """Who a worker is.

    Attributes:
        host: name of its machine.
        pid: its process there.
        version: of the code that it runs.
    """

    host: str
    pid: int
    version: str


class NetworkWorker:
    """Loads each network when it is first asked for, and keeps it."""

    def hello(self) -> Greeting:
        """Say who this is."""
        return Greeting(socket.gethostname(), os.getpid(), version())

    def answer(
        self, address: NetworkAddress, inputs: tuple[np.ndarray, ...]
    ) -> tuple[np.ndarray, float]:
        """Call a network for one batch.

        Args:
            address: which.
            inputs: those of a `NetworkCall`, one row an image.

        Returns:
            Its answer, and the seconds that this process has calculated for it, without loading.

        Raises:
            OtherWeights: the weights here are not those of who asks.
            ValueError: there is no such model here, or its files are damaged.
        """
        if (here := weights_hash(address.name)) != address.weights:
            raise OtherWeights(
                f"The worker on {socket.gethostname()} has other weights of {address.name!r} than "
                f"this server ({here} and {address.weights}): all machines need the same."
            )
        model = cast(_Answers, model_at(address.name))
        start = time.process_time()
        with torch.no_grad():
            output = model._answer(*(torch.from_numpy(np.array(one)) for one in inputs))
        return output.numpy(), time.process_time() - start


def model_at(place: str) -> TextToImage:
    """Load what the catalog calls so, once in this process.

    Raises:
        ValueError: there is no such model here, or its files are damaged.
    """
    if place.endswith(ENLARGING):
        return catalog.finish(catalog.loading_upscaler(place.removesuffix(ENLARGING)))
    return catalog.load(place)


def weights_hash(place: str) -> str:
    """What changes when the weights do of what the catalog calls so.

    Raises:
        ValueError: there is no such model here, or its files are missing.
    """
    return catalog.entry(place.removesuffix(ENLARGING)).weights_hash()


@functools.cache
def version() -> str:
    """Twelve hexadecimal digits that change with the code of the networks, and with torch."""
    folders = (_ROOT / "models", _ROOT / "lessons" / "diffusion")
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.relative_to(_ROOT).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
