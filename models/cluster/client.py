"""A server's connection to Ray: one for all that it asks of the cluster."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any, Final

NAMESPACE: Final = "diffusion-lessons"
"""Where the names of our actors stand on the cluster."""


def connected(address: str) -> Any:
    """Ray, connected; it is asked to tell nobody that it is used.

    Args:
        address: of the cluster's head, or "auto".

    Raises:
        ValueError: no cluster answers there; one sentence.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    if ray.is_initialized():
        return ray
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if ours else None
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"DIFFUSION_RAY is {address!r}, but no cluster answers there: {reason}"
        ) from error
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)  # Ray's would end the server without a word
    return ray
