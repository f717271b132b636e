"""Settings: what the environment asks of the app, looked at before anybody comes."""

from __future__ import annotations

from pathlib import Path

from lessons.classroom import kept, limits, readers, wall
from lessons.images import web_image
from lessons.training.runs import files
from lessons.training.runs.threads import slots, usual_threads
from models import environment
from models.cluster.settings import settings as cluster_settings


def workers() -> int:
    """How many model calls run at the same time.

    Raises:
        ValueError: the setting is none.
    """
    return environment.whole_number("DIFFUSION_WORKERS", 1, low=1, high=16)


def check() -> None:
    """Read every setting once, and see that runs can be written where they shall be.

    Raises:
        ValueError: one is not allowed; the message names it, its value and what is allowed.
    """
    workers()
    slots()
    usual_threads()
    readers.teachers_key()
    limits.limits()
    wall.is_on()
    wall.most_each()
    kept.days()
    web_image.allowed()
    cluster_settings()
    _deepfloyd()
    _miniature()
    _data()
    try:
        files.root().mkdir(parents=True, exist_ok=True)
    except OSError:
        allowed = "a folder that this server may write to"
        raise environment.refusal("DIFFUSION_RUNS", allowed) from None


def _deepfloyd() -> None:
    from models.deepfloyd.settings import embeddings_folder, settings  # with it comes torch

    settings()
    embeddings_folder()


def _data() -> None:
    from models import dropped

    dropped.root()


def _miniature() -> None:
    chosen = environment.folder("DIFFUSION_MINIATURE", Path())
    if chosen != Path() and not (chosen / "unet" / "config.json").is_file():
        allowed = "a folder with the weights of a miniature in `unet`"
        raise environment.refusal("DIFFUSION_MINIATURE", allowed)
