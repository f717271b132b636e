"""An epoch's rows of digits, each as one wide picture."""

from __future__ import annotations

from collections.abc import Sequence

from lessons import runs
from lessons.picture import Picture, Symbol, side_by_side

ROW_WIDTH = 28 * 10 * 3
"""CSS pixels of ten digits in a row, each pixel of a digit three wide."""

RowNames = Sequence[tuple[str, Symbol]]
"""What each row shows: words with the epoch's numbers as `{psnr:.1f}`, and its symbol."""


def wide(run_id: str, epoch: runs.Epoch, row_names: RowNames) -> list[Picture]:
    """The rows that a run kept after an epoch; none if their file is damaged.

    Raises:
        KeyError: a row's words name a number that the run does not measure.
    """
    try:
        rows = runs.samples(run_id, epoch.epoch)
    except ValueError:
        return []
    words = [words.format(**epoch.numbers) for words, _ in row_names]
    return [
        side_by_side(row, caption=words[place], alt=_alt(words, place), symbol=row_names[place][1])
        for place, row in enumerate(rows[: len(words)])
    ]


def _alt(words: Sequence[str], place: int) -> str:
    """Rows without words of their own belong to the next row that has some."""
    if words[place]:
        return f"Ten digits in a row: {words[place]}"
    return f"Ten digits in a row, of {next((w for w in words[place:] if w), 'several rows')}"
