"""What a run will take, said without letting anybody wait for it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lessons.training import costs
from pages import _ui as ui


def estimate(recipe: str, settings: Any) -> None:
    """Say how long these settings train here; what is not known yet appears when it is."""
    kind = (recipe, settings.num_hiddens, settings.precision)
    whose = "the sidebar's seed" if settings.seed == ui.seed() else "a seed of its own"
    seed = f"Seed {settings.seed}, {whose}."
    due = _is_due(kind)
    st.fragment(_say, run_every=1.0 if due else None)(
        kind, settings.total_images, seed, due, {"looks": 0}
    )


def _say(kind: costs.Kind, images: int, seed: str, due: bool, seen: dict[str, int]) -> None:
    speed = costs.known_speed(kind)
    ui.caption(f"{words(speed, images)} {seed}")
    if due and not _is_due(kind):
        st.rerun()  # ends the once-a-second look
    if due and seen["looks"]:  # not before the page is there
        costs.measure_soon(kind)
    seen["looks"] += 1


def words(speed: costs.TrainingSpeed | None, images: int) -> str:
    """One sentence about the cost of so many images."""
    if speed is None:
        return f"{images:,} images. How long they take here is being measured."
    if not speed.images_per_second:
        return f"{images:,} images. This machine's speed could not be measured."
    seconds, rate = images / speed.images_per_second, f"{speed.images_per_second:,.0f} images/s"
    if speed.live:
        how = f"at {rate}, the speed of the run that trains now"
    elif speed.busy:
        how = f"measured at {rate} while the machine was busy; alone it will be faster"
    else:
        how = f"measured at {rate}"
    return f"{images:,} images: **about {ui.duration(seconds)}** on this machine, {how}."


def _is_due(kind: costs.Kind) -> bool:
    speed = costs.known_speed(kind)
    return speed is None or speed.is_due
