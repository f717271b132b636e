"""What a check found, as text for a terminal and as one HTML file."""

from __future__ import annotations

import base64
import io
import math
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lessons.images.captioned import CaptionedImage, side_by_side, to_pixels

if TYPE_CHECKING:
    from lessons.check.process import Report
    from lessons.check.verdict import Number, Verdict

WIDTH: Final = 100
_SHOWN: Final = 3
_NOTES: Final = 5
_ENLARGED: Final = 160
_WORDS: Final = {"right": "right", "remark": "right, but", "wrong": "WRONG", "missing": "not there"}
_MARKS: Final = {"right": "✓", "remark": "✓", "wrong": "✗", "missing": "–"}

_STYLE: Final = """
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 50rem; padding: 0 1rem; background: #ffffff; color: #23201b;
  font: 16px/1.5 Georgia, serif; }
h1, h2 { font-weight: 600; line-height: 1.25; }
h2 { margin: 2rem 0 0.3rem; padding-top: 1rem; border-top: 1px solid #ddd8cd; font-size: 1.2rem; }
p { margin: 0.5rem 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; font: 0.85rem/1.5 Arial, Helvetica, sans-serif; width: 100%; }
th { text-align: left; font-weight: 600; }
th, td { padding: 0.15rem 0.9rem 0.15rem 0; vertical-align: top; overflow-wrap: anywhere; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td:nth-child(-n + 3) { white-space: nowrap; }
.wide { overflow-x: auto; }
.right { color: #1d6b3a; } .remark { color: #7a5200; } .wrong { color: #a3231f; }
.missing { color: #5d5648; }
.small, figcaption { font: 0.8rem/1.5 Arial, Helvetica, sans-serif; color: #4a4338; }
.looks { border-left: 4px solid #a3231f; padding: 0.2rem 0 0.2rem 0.9rem; margin: 0.8rem 0; }
.remark-box { border-left-color: #b8860b; }
code, pre { font: 0.8rem/1.5 Consolas, Menlo, monospace; }
pre { margin: 0.3rem 0; padding: 0.5rem 0.7rem; background: #f6f4ef; overflow-x: auto; }
figure { margin: 0.8rem 0; }
img { display: block; max-width: 100%; height: auto; image-rendering: pixelated;
  border: 1px solid #ddd8cd; }
"""


def text(report: Report) -> str:
    """The report for a terminal: a line for each function, and below it what is wrong."""
    lines = [f"Check of {_clean(report.file)}", ""]
    if report.error:
        return "\n".join([*lines, *_wrapped(_clean(report.error), "  "), ""])
    names = max(len(verdict.check.name) for verdict in report.verdicts)
    for verdict in report.verdicts:
        if verdict.status != "missing" or report.asked or verdict.found:
            lines += _lines(verdict, names)
    lines += _absent(report)
    for note in _few(report.notes):
        lines += _wrapped(f"Note: {_clean(note)}", "  ")
    return "\n".join([*lines, "", summary(report), ""])


def _few(notes: Sequence[str]) -> Iterator[str]:
    """The first notes, and how many more there are."""
    yield from notes[:_NOTES]
    if len(notes) > _NOTES:
        yield f"And {len(notes) - _NOTES} more of this kind."


def summary(report: Report) -> str:
    """The counts, in one line."""
    if report.error:
        return "Nothing was checked."
    said = [
        f"{report.count('right', 'remark')} right",
        f"{report.count('wrong')} wrong",
        f"{report.count('missing')} not there",
    ]
    return f"{', '.join(said)}."


def _lines(verdict: Verdict, names: int) -> Iterator[str]:
    check = verdict.check
    status = f"{_MARKS[verdict.status]} {_WORDS[verdict.status]}"
    known_as = "" if verdict.found in ("", check.name) else f"  (as {_clean(verdict.found)})"
    yield f"  {check.lesson:<7} {check.name:<{names}}  {status}{known_as}".rstrip()
    if verdict.status == "right":
        return
    indent = " " * 10
    if verdict.looks_like:
        yield from _wrapped(f"It looks like {_titles(verdict)}.", indent)
    yield from _wrapped(_clean(verdict.said), indent)
    for number in verdict.numbers[:_SHOWN]:
        yield from _wrapped(f"{number.words}: {_compared(number)}", indent)


def _titles(verdict: Verdict) -> str:
    """Mistakes by their names; where two were made at once, both."""
    sets = (" together with ".join(f"“{one.title}”" for one in made) for made in verdict.looks_like)
    return ", or ".join(sets)


def _compared(number: Number) -> str:
    if math.isinf(number.error):
        return f"expected {number.expected} numbers, got {number.got}"
    share = _share(number)
    more = f" (relative error {share})" if share != "–" else ""
    return f"expected {number.expected}, got {number.got}{more}"


def _share(number: Number) -> str:
    if math.isinf(number.error) or {number.expected, number.got} == {"0", "1"}:
        return "–"
    return f"{number.error:.1%}" if number.error < 9.995 else "≥ 1,000 %"


def _absent(report: Report) -> Iterator[str]:
    if report.asked:
        return
    absent = [v.check.name for v in report.verdicts if v.status == "missing" and not v.found]
    if absent:
        yield ""
        yield from _wrapped(f"Not in the file: {', '.join(absent)}.", "  ")


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent)


def _clean(said: str) -> str:
    """Text that a student wrote, without what a terminal would take for commands."""
    return "".join(one if one.isprintable() else "?" for one in said)


def html(report: Report) -> str:
    """The report as one HTML file with its pictures inside; it fetches and runs nothing."""
    name = escape(_clean(report.file))
    rows = "".join(_row(verdict) for verdict in report.verdicts)
    wrong = "".join(_section(v) for v in report.verdicts if v.status in ("wrong", "remark"))
    notes = "".join(f'<p class="small">{escape(_clean(note))}</p>\n' for note in _few(report.notes))
    error = f'<p class="wrong">{escape(_clean(report.error))}</p>\n' if report.error else ""
    head = "<tr><th>Section</th><th>Name</th><th>Result</th><th>What it looks like</th></tr>"
    table = f'<div class="wide"><table>{head}{rows}</table></div>\n' if rows else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Check of {name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>Check of {name}</h1>\n<p>{escape(summary(report))}</p>\n{error}{table}{notes}{wrong}"
        "</main>\n</body>\n</html>\n"
    )


def _row(verdict: Verdict) -> str:
    check, status = verdict.check, verdict.status
    looks = verdict.looks_like[0] if verdict.looks_like else ()
    names = "; ".join(known.title for known in looks)
    said = names or ("" if status == "right" else _clean(verdict.said))
    return (
        f"<tr><td>{check.lesson}</td><td><code>{check.name}</code></td>"
        f'<td class="{status}">{_MARKS[status]} {_WORDS[status].lower()}</td>'
        f"<td>{escape(said)}</td></tr>\n"
    )


def _section(verdict: Verdict) -> str:
    check = verdict.check
    known_as = "" if verdict.found in ("", check.name) else f", as <code>{_code(verdict)}</code>"
    box = "looks" if verdict.status == "wrong" else "looks remark-box"
    likes = "".join(
        f'<div class="{box}"><p>{joint} <strong>{escape(known.title)}</strong>.</p>'
        f"<p>{escape(known.story)}</p>{_changed(known.patches[0].right, known.patches[0].wrong)}"
        "</div>\n"
        for number, made in enumerate(verdict.looks_like)
        for known, joint in zip(made, _joints(number), strict=False)
    )
    said = "" if likes else f"<p>{escape(_clean(verdict.said))}</p>\n"
    return (
        f"<section>\n<h2>{check.lesson} <code>{check.name}</code>{known_as}</h2>\n"
        f"{likes}{said}{_numbers(verdict)}{_figure(verdict)}</section>\n"
    )


def _joints(number: int) -> tuple[str, str]:
    """What comes before the first mistake of a set, and before the second."""
    return ("It looks like" if number == 0 else "Or it looks like", "together with")


def _code(verdict: Verdict) -> str:
    return escape(_clean(verdict.found))


def _changed(right: str, wrong: str) -> str:
    """The line in the lessons' own code, and what was written there to try the mistake."""
    one, other = (textwrap.dedent(line.strip("\n")).strip() for line in (right, wrong))
    return (
        f'<p class="small">In the lessons’ own code this line</p><pre>{escape(one)}</pre>'
        f'<p class="small">was made into this one to try the mistake:</p>'
        f"<pre>{escape(other) or '(nothing)'}</pre>"
    )


def _numbers(verdict: Verdict) -> str:
    if not verdict.numbers:
        return ""
    rows = "".join(
        f'<tr><td>{escape(number.words)}</td><td class="number">{escape(number.expected)}</td>'
        f'<td class="number">{escape(number.got)}</td><td class="number">{_share(number)}</td></tr>'
        for number in verdict.numbers
    )
    head = "<tr><th>Where</th><th>Expected</th><th>Got</th><th>Relative error</th></tr>"
    return f'<div class="wide"><table>{head}{rows}</table></div>\n'


def _figure(verdict: Verdict) -> str:
    made = picture(verdict)
    if made is None:
        return ""
    buffer = io.BytesIO()
    Image.fromarray(made.pixels).save(buffer, "PNG")
    content = base64.b64encode(buffer.getvalue()).decode()
    height, width = made.pixels.shape[:2]
    return (
        f'<figure><img src="data:image/png;base64,{content}" alt="{escape(made.alt)}" '
        f'width="{width}" height="{height}"><figcaption>{escape(made.caption)}</figcaption>'
        "</figure>\n"
    )


def picture(verdict: Verdict) -> CaptionedImage | None:
    """Expected, got, and the difference, side by side; None if there is nothing to be seen."""
    if verdict.images is None or torch.equal(*verdict.images):
        return None
    low = verdict.check.low
    expected, got = (to_pixels(one.nan_to_num(low), low) for one in verdict.images)
    apart, gain = _apart(*verdict.images, 1.0 - low)
    shown = [CaptionedImage(_large(one)) for one in (expected, got, apart)]
    words = f"{verdict.check.parts[verdict.check.picture]}: expected, got, and their difference"
    caption = f"{words[0].upper()}{words[1:]}, {gain} times enlarged." if gain > 1 else f"{words}."
    return side_by_side(shown, caption[0].upper() + caption[1:], caption[0].upper() + caption[1:])


def _apart(expected: Tensor, got: Tensor, span: float) -> tuple[np.ndarray, int]:
    """The difference as pixels, black where there is none, enlarged if it is small."""
    apart = (expected - got).abs().nan_to_num(span, span) / span
    gain = max(1, min(64, int(0.9 / max(float(apart.max()), 1e-6))))
    return to_pixels(apart * gain), gain


def _large(pixels: np.ndarray) -> np.ndarray:
    scale = max(1, _ENLARGED // pixels.shape[0])
    framed = pixels.repeat(scale, 0).repeat(scale, 1)
    edges = ((0, 0), (0, 8)) + ((0, 0),) * (pixels.ndim - 2)
    return np.pad(framed, edges, constant_values=255)
