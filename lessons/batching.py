"""Network calls of several jobs as one batch, for whoever runs jobs; no lesson knows of it."""

from models.batching import NetworkCall, handing_over, perform
from models.calculators import Calculator, InThisProcess

__all__ = ["Calculator", "InThisProcess", "NetworkCall", "calculator", "handing_over", "perform"]


def calculator() -> Calculator:
    """Where network calls are calculated, as DIFFUSION_RAY says: here, or on a cluster.

    Raises:
        ValueError: the setting is none, or there is no such cluster; one sentence.
    """
    from models.cluster.settings import settings

    wanted = settings()
    if wanted is None:
        return InThisProcess()
    from lessons.training.runs.threads import slots, usual_threads
    from models.cluster.pool import connect

    return connect(wanted, for_trainings=slots() * usual_threads())
