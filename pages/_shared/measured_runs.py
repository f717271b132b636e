"""What the pages of measured trainings share: train one row here, and see it in the same chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lessons.measure.trained.results import POINTS, smoothed
from lessons.training import runs
from pages import _ui as ui


def train_link(recipe: str, page: str, wanted: Mapping[str, object], text: str) -> None:
    """Link to the page that trains, with exactly these settings in its address.

    Args:
        recipe: what it trains.
        page: its file.
        wanted: settings by name, the seed among them; others take the recipe's defaults.
        text: what the link says.
    """
    settings, _ = runs.nearest_settings(recipe, wanted)
    address = {name: str(value) for name, value in settings.model_dump().items()}
    address["train_seed"] = address.pop("seed")
    address.pop("data", None)
    ui.to_page(page, text, **address)


def trained_here(recipe: str, wanted: Mapping[str, object]) -> runs.RunView | None:
    """The latest finished run on this machine with exactly these settings; None if there is none.

    Args:
        recipe: what it trains.
        wanted: as for `train_link`.
    """
    settings, _ = runs.nearest_settings(recipe, wanted)
    for run_id in reversed(runs.same_runs(recipe, settings)):
        try:
            run = runs.view(run_id)
        except ValueError:  # deleted meanwhile
            continue
        if run.state == "finished" and run.curve.losses:
            return run
    return None


def places(total: int, points: int) -> list[float]:
    """Images seen in the middle of each of so many stretches of equal length."""
    return [total * (place + 0.5) / points for place in range(points)]


def loss_of(run: runs.RunView) -> ui.Trace:
    """A run's loss as the table's curves are drawn: means over stretches of equal length."""
    losses = run.curve.losses
    points = min(POINTS, len(losses))
    x = places(run.curve.images[-1], points)
    return ui.Trace("trained here", x, smoothed(losses, points), "dots", "muted")


def with_error(pairs: Sequence[tuple[float, float]], form: str) -> str:
    """The mean of values with independent standard errors, and its own standard error.

    Args:
        pairs: value and standard error, at least one.
        form: of both numbers, e.g. ".2f".
    """
    value = sum(one for one, _ in pairs) / len(pairs)
    error = sum(one**2 for _, one in pairs) ** 0.5 / len(pairs)
    return f"{value:{form}} ± {error:{form}}"
