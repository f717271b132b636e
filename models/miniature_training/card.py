"""Write what was measured into the model card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write(card: Path, found: Mapping[str, Any]) -> None:
    """Put new numbers beside the card, as numbers.json, and all of them between its marks.

    Args:
        card: weights/README.md, with the marks.
        found: what `evaluate` returns; pieces that it lacks stay as they are.
    """
    file = card.parent / "numbers.json"
    numbers = merged(json.loads(file.read_text("utf-8")) if file.exists() else {}, found)
    file.write_text(json.dumps(numbers, indent=2, ensure_ascii=False) + "\n", "utf-8")
    table = f"<!-- numbers -->\n{as_markdown(numbers)}\n<!-- end of numbers -->"
    pattern = r"<!-- numbers -->.*<!-- end of numbers -->"
    text = card.read_text("utf-8")
    card.write_text(re.sub(pattern, lambda _: table, text, flags=re.DOTALL), "utf-8")


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """New pieces in the place of old ones; samples of each γ and number of steps by themselves."""
    together = {**old, **new}
    if "samples" in new:
        together["samples"] = {**old.get("samples", {}), **new["samples"]}
    return together


def as_markdown(numbers: Mapping[str, Any]) -> str:
    """A table or a paragraph for each piece that was measured."""
    writers = {
        "errors": _errors,
        "psnr": _psnr,
        "classifier": _classifier,
        "samples": _samples,
        "novelty": _novelty,
    }
    return "\n\n".join(write(numbers[name]) for name, write in writers.items() if name in numbers)


def _errors(found: Mapping[str, Any]) -> str:
    worth = (found["v_wrong"][t] - found["v"][t] for t in found["v"])
    return _table(
        [f"mean squared error on {found['images']} held-out images, t =", *found["v"]],
        ["of v", *(f"{e:.4f}" for e in found["v"].values())],
        ["of v, more with another image's caption", *(f"{w:.4f}" for w in worth)],
        ["of the noise", *(f"{e:.4f}" for e in found["eps"].values())],
    )


def _psnr(found: Mapping[str, Any]) -> str:
    names = {
        "one_step": "the network, in one step",
        "wiener": "best linear denoiser (Wiener filter)",
        "best_blur": "best Gaussian blur",
    }
    return _table(
        ["PSNR on held-out images, in dB", *(f"t = {t}" for t in found)],
        *(
            [title, *(f"{row[name]:.1f}" for row in found.values())]
            for name, title in names.items()
        ),
    )


def _classifier(found: Mapping[str, Any]) -> str:
    training, held_out = found["training"], found["held_out"]
    return f"""\
The classifier, a small network that learned from composed training images and, as "nothing", from
broken ones, names {training["top_1"]:.1%} of {found["training_images"]:,} newly composed training
images first and {training["top_5"]:.1%} among its first five; of {found["held_out_images"]}
held-out images {held_out["top_1"]:.1%} and {held_out["top_5"]:.1%}. Shrunk to a
third of its size, it names {found["a_third"]["top_1"]:.1%} and {found["a_third"]["top_5"]:.1%} of
the former.
It answers "nothing" to
{found["blur_is_nothing"]:.1%} of images blurred by σ = 6, {found["noise_is_nothing"]:.1%} of pure
noise, {found["shuffled_is_nothing"]:.1%} of shuffled squares. It calls
an eighth or more of a noun's images by another noun here: {_pairs(found["mixed_up"])}."""


def _pairs(mixed_up: Iterable[tuple[str, str, int, int]]) -> str:
    pairs = (f"{noun} called {other}, {count} of {all_}" for noun, other, count, all_ in mixed_up)
    return "; ".join(pairs) or "nowhere"


def _samples(found: Mapping[str, Any]) -> str:
    rows = sorted(found.items(), key=lambda one: (one[1]["steps"], one[1]["guidance"], one[0]))
    return _table(
        [
            "100 prompts",
            "samples of each",
            "first",
            "in the first five",
            "mean chance",
            "nothing",
            "high frequencies",
            "grain",
            "real or drawn, halved",
            "first, by style",
        ],
        *(
            [
                name,
                str(row["seeds"]),
                f"{row['top_1']:.1%} ± {100 * row['top_1_error']:.1f}",
                f"{row['top_5']:.0%}",
                f"{row['right']:.2f}",
                f"{row['nothing']:.0%}",
                f"{row['high_frequencies']:.2f}",
                f"{row['grain']:.1f}",
                f"{row['real_or_drawn']['pixels']:.0%}, {row['real_or_drawn']['halved']:.0%}",
                ", ".join(f"{style} {hit}/{of}" for style, (hit, of) in row["by_style"].items()),
            ]
            for name, row in rows
        ),
    )


def _novelty(found: Mapping[str, Any]) -> str:
    titles = {
        "again": "training images on another ground",
        "samples": "samples",
        "held_out": "held-out images",
    }
    return _table(
        ["nearest training image, median distance", *titles.values()],
        ["1 − cosine of the classifier's features", *_cells(found, titles, "features")],
        ["root mean square of pixels in [−1, 1]", *_cells(found, titles, "pixels")],
    )


def _cells(found: Mapping[str, Any], groups: Iterable[str], name: str) -> list[str]:
    return [f"{found[group][name]:.3f}" for group in groups]


def _table(*rows: list[str]) -> str:
    head, *others = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *others])
