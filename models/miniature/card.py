"""Write what was measured into the model card."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from models.miniature.evaluate import GUIDANCE, STEPS


def write(card: Path, numbers: dict[str, Any]) -> None:
    """Put the numbers between the marks of the card, and beside it as numbers.json."""
    text = card.read_text("utf-8")
    table = f"<!-- numbers -->\n{as_markdown(numbers)}\n<!-- end of numbers -->"
    pattern = r"<!-- numbers -->.*<!-- end of numbers -->"
    card.write_text(re.sub(pattern, lambda _: table, text, flags=re.DOTALL), "utf-8")
    (card.parent / "numbers.json").write_text(json.dumps(numbers, indent=2) + "\n", "utf-8")


def as_markdown(numbers: dict[str, Any]) -> str:
    """Two tables and two sentences."""
    errors, psnr = numbers["noise_error"], numbers["psnr"].values()
    first, five = numbers["judge_held_out"]
    near = numbers["novelty"]
    return f"""\
{_row("t", errors)}
{_rule(errors)}
{_row("mean squared error of the noise", (f"{e:.4f}" for e in errors.values()))}

{_row("PSNR on held-out pictures", (f"t = {t}" for t in numbers["psnr"]))}
{_rule(numbers["psnr"])}
{_row("one-step denoising", (f"{row['one_step']:.1f} dB" for row in psnr))}
{_row("best Gaussian blur", (f"{row['best_blur']:.1f} dB" for row in psnr))}

The judge, a small classifier that saw real pictures only, names {first:.0%} of the
{numbers["held_out_pictures"]} held-out pictures first and {five:.0%} among its first five. Of a
hundred prompts drawn at γ = {GUIDANCE:g} in {STEPS} steps it recognises
**{numbers["top_1"]:.0%}** first and **{numbers["top_5"]:.0%}** among its first five.

Distance to the nearest training picture in the judge's eyes, median: training pictures on
another ground {near["again"]:.3f}, samples {near["samples"]:.3f}, held-out pictures
{near["held_out"]:.3f}."""


def _row(title: str, cells: Any) -> str:
    return "| " + " | ".join([title, *map(str, cells)]) + " |"


def _rule(columns: Any) -> str:
    return "|---" * (len(columns) + 1) + "|"
