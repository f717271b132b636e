"""What the pages that sample with a trained network share: which run, and the film of its steps."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from lessons import judge, runs
from lessons.sampled_digits import Film
from pages import _ui as ui


def finished_run(key: str, *recipes: str) -> str | None:
    """Let the reader choose among the finished runs of some recipes; None if there are none."""
    everything = [run for recipe in recipes for run in runs.all_runs(recipe)]
    finished = {run.id: run for run in everything if runs.weights_file(run.id)}
    if not finished:
        st.info("No run of this kind has finished yet.")
        return None
    words = {name: _name(run) for name, run in finished.items()}
    return ui.named_choice("Network", words, key=key, left_out=shipped_first(finished))


def shipped_first(finished: Mapping[str, runs.RunView]) -> str | None:
    """The first of some runs, if it came with the project and so is first on other machines too."""
    first = next(iter(finished.values()))
    return first.id if first.shipped else None


def shipped(recipe: str) -> str | None:
    """The run of a recipe that came with the project, if one did."""
    return next((run.id for run in runs.all_runs(recipe) if run.shipped), None)


def verdict(shown: Film) -> None:
    """What the judge reads in the samples, and the training digit nearest to each."""
    numbers = shown.numbers
    right = f"{numbers['accuracy']:.0%} as asked for, " if "accuracy" in numbers else ""
    ui.say(
        "### Read and compared\n"
        f"A judge that reads {judge.accuracy():.1%} of the test digits right reads these ten: "
        f"**{right}sure to {numbers['confidence']:.0%}**. Below each stands the training digit "
        "that comes closest, pixel by pixel: a network that had learnt its digits by heart would "
        "draw copies."
    )
    ui.grid([shown.samples, shown.copies], row_labels=("sampled", "nearest"), size=112)


def _name(run: runs.RunView) -> str:
    with_or_without = "with classes" if run.recipe.startswith("class-") else "without classes"
    return f"{'Reference · ' if run.shipped else ''}{with_or_without} · {run.label}"
