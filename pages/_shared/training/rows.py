"""An epoch's rows of digits, each as one wide image, and the speed of a run in words."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.images.captioned import CaptionedImage, Symbol, side_by_side
from lessons.training import runs
from pages._shared.training.data_choice import on_mnist

ROW_WIDTH = 28 * 10 * 3
"""CSS pixels of ten digits in a row, each pixel of a digit three wide."""

OTHER_DATA = "forty samples; the classifier knows MNIST's digits alone, so it is not asked"

RowNames = Sequence[tuple[str, Symbol]]
"""What each row shows: words with the epoch's numbers as `{psnr:.1f}`, and its symbol."""


class _Numbers(dict[str, float]):
    """An epoch's numbers; an earlier version did not measure all of those of today."""

    def __missing__(self, name: str) -> float:
        return float("nan")


def wide(run_id: str, epoch: runs.Epoch, row_names: RowNames) -> list[CaptionedImage]:
    """The rows that a run kept after an epoch; none if their file is damaged."""
    try:
        rows = runs.samples(run_id, epoch.epoch)
    except ValueError:
        return []
    numbers = _Numbers(epoch.numbers)
    names = [name for name, _ in row_names]
    if "frechet" not in numbers and not on_mnist(runs.view(run_id)):
        names = [OTHER_DATA if "frechet" in name else name for name in names]
    words = [name.format_map(numbers).replace("nan", "not measured") for name in names]
    return [
        side_by_side(row, caption=words[place], alt=_alt(words, place), symbol=row_names[place][1])
        for place, row in enumerate(rows[: len(words)])
    ]


def rate(run: runs.RunView, over: bool) -> str:
    """The present speed of a run at work; of one that is over, the mean of the whole run."""
    if not over:
        images, which = run.images_per_second, ""
    else:
        seen = run.settings.images_after(run.step) if run.settings else 0
        images, which = seen / run.seconds if run.seconds else 0.0, " on average"
    return f"{images:,.0f} images/s{which}" if images else ""


def _alt(words: Sequence[str], place: int) -> str:
    """Rows without words of their own belong to the next row that has some."""
    if words[place]:
        return f"Images in a row: {words[place]}"
    return f"Images in a row, of {next((w for w in words[place:] if w), 'several rows')}"
