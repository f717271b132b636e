"""Which cluster, and what is asked of it: DIFFUSION_RAY, _RAY_WORKERS and _TRAINING_GPU."""

from __future__ import annotations

import importlib.util
import os
import re
from typing import Final, NamedTuple

from models import environment

OFF: Final = ("off", "0", "false", "no")
AUTO: Final = "auto"
_ADDRESS: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", re.ASCII)


class ClusterSettings(NamedTuple):
    """What the environment asks for.

    Attributes:
        address: of the cluster's head, host:port, or "auto" for the one that this machine is in.
        workers: how many network workers; 0 for one for each core of the cluster.
    """

    address: str
    workers: int


def settings() -> ClusterSettings | None:
    """Read both variables; None where no cluster is asked for.

    Raises:
        ValueError: one of them is not allowed, or Ray is not installed.
    """
    workers = environment.whole_number("DIFFUSION_RAY_WORKERS", 0, low=0, high=1000)
    training_gpus()
    address = _asked()
    if not is_wanted():
        return None
    port = _ADDRESS.fullmatch(address)
    if address.lower() != AUTO and not (port and 0 < int(port[1]) < 65536):
        allowed = "off, auto, or the address of a cluster's head, such as 10.0.0.1:6379"
        raise environment.refusal("DIFFUSION_RAY", allowed)
    if not installed():
        raise ValueError(
            f"DIFFUSION_RAY is {address!r}, but Ray is not installed here: "
            "pip install -r requirements-cluster.txt."
        )
    return ClusterSettings(AUTO if address.lower() == AUTO else address, workers)


def is_wanted() -> bool:
    """Whether a cluster is asked for, whatever its address."""
    return _asked().lower() not in OFF


def training_gpus() -> int:
    """GPUs that every training slot of a cluster takes up: DIFFUSION_TRAINING_GPU, 0 or 1.

    Raises:
        ValueError: the setting is none.
    """
    return int(environment.choice("DIFFUSION_TRAINING_GPU", ("off", "on")) == "on")


def _asked() -> str:
    return os.environ.get("DIFFUSION_RAY", OFF[0]).strip()


def installed() -> bool:
    """Whether Ray is here; imports nothing."""
    return importlib.util.find_spec("ray") is not None
