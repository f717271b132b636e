"""Runs lessons in a few worker threads, away from the pages' own threads.

Streamlit starts a new script thread at every move of a slider, so a page that called a model itself
would soon run six of them at once. Pages ask here instead: a few workers, one line, one result per
content key. It is a plain module and no `st.cache_resource`, because any browser may clear those.

A job is a generator that yields `Progress` after each step, or a plain function. Between two steps,
and wherever it calls a network, the engine looks whether anybody still waits for it; if nobody
does, the job ends there. Network calls that wait at the same moment share a batch (`running`), and
readers take turns (`turns`). What that changes of an image, says `models.batching`: at most a grey
level.

Where DIFFUSION_RAY names a cluster, those batches are calculated there; jobs stay here.
"""

from __future__ import annotations

import gc
import importlib
import logging
from typing import TYPE_CHECKING, Final

from pages._service.engine.tickets import Busy, Cancelled, Health, Snapshot, Ticket
from pages._service.engine.workers import Engine

if TYPE_CHECKING:
    from lessons.batching import Calculator

__all__ = ["Busy", "Cancelled", "Engine", "Health", "Snapshot", "Ticket"]

log = logging.getLogger(__name__)


PAGES_NEED: Final = ("pandas", "pages._ui", "pages._shared.sampling", "pages._shared.training.lab")
"""What Streamlit imports at the first table, what all lessons stand on, and what trainings do."""


def _workers_wanted() -> int:
    from lessons import settings

    return settings.workers()


def _calculator_wanted() -> Calculator:
    from lessons import batching

    return batching.calculator()


def check_settings() -> None:
    """Read all settings of the environment.

    Raises:
        ValueError: one is not allowed; the message names it, its value and what is allowed.
    """
    from lessons import settings

    settings.check()


def _warm_up() -> None:
    """Import and load what pages need, then take it out of the garbage collector's sight.

    So the first page is as quick as the second, and a collection never looks through what stays.
    """
    for name in ("lessons.warm_up", *PAGES_NEED):
        try:
            module = importlib.import_module(name)
            if name == "lessons.warm_up":
                module.warm_up()
        except Exception:  # the page that needs what failed says so; the others work
            log.exception("warming up failed")
    gc.collect()
    gc.freeze()


_engine = Engine(workers=_workers_wanted, prepare=_warm_up, calculator=_calculator_wanted)
start = _engine.start
stop = _engine.stop
submit = _engine.submit
cancel = _engine.cancel
remembered = _engine.remembered
keep = _engine.keep
health = _engine.health
