"""Which models Part A can use, and what each can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from models import catalog


@dataclass(frozen=True)
class About:
    """What a page says of a model.

    Attributes:
        name: its key in the catalog.
        title: what readers call it.
        text: one sentence.
        thresholded: name of the same model with its makers' thresholding; "" where there is none.
    """

    name: str
    title: str
    text: str
    thresholded: str = ""


def models() -> tuple[About, ...]:
    """The models that can be had here; the first is the one to begin with."""
    return tuple(
        About(name, one.title, one.about, name + catalog.THRESHOLD if one.threshold else "")
        for name, one in catalog.entries().items()
    )


def family(name: str) -> str:
    """A model's name without the way in which it is used."""
    return name.removesuffix(catalog.THRESHOLD)


def weights_hash(name: str) -> str:
    """What changes when a model's weights do.

    Raises:
        ValueError: there is no such model, or its weights are missing.
    """
    return catalog.entry(name).weights_hash()


def problem(name: str, prompt: str) -> str:
    """Why a model can't take a prompt, in one sentence; "" if it can. Loads nothing.

    Raises:
        ValueError: there is no such model.
    """
    try:
        catalog.entry(name).check(prompt)
    except catalog.UnknownModel:
        raise
    except ValueError as error:
        return str(error)
    return ""


def unread(name: str, prompt: str) -> str:
    """The words at a prompt's end that a model's text encoder cuts off, or "". Loads no network.

    Raises:
        ValueError: there is no such model.
    """
    return catalog.entry(name).unread(prompt)
