"""The report to hand in: one HTML file that needs nothing else, neither a network nor this app."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from pages._service.curve_svg import svg
from pages._ui.session.produced import Deliverable, shown_size
from pages._ui.session.results import Produced, Shown

LONGEST_NAME: Final = 100
LONGEST_REMARK: Final = 2000

_STYLE: Final = """
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 44rem; padding: 0 1rem; background: #ffffff; color: #23201b;
  font: 16px/1.5 Georgia, serif; }
h1, h2 { font-weight: 600; line-height: 1.25; }
h2 { margin: 2rem 0 0.4rem; padding-top: 1rem; border-top: 1px solid #ddd8cd; }
.small, figcaption, table, code { font-family: Arial, Helvetica, sans-serif; font-size: 0.8rem;
  color: #4a4338; }
.images { display: flex; flex-wrap: wrap; gap: 0.7rem; margin: 0.8rem 0; }
figure { margin: 0; max-width: 100%; break-inside: avoid; }
figcaption { max-width: 12rem; }
img { display: block; max-width: 100%; height: auto; image-rendering: pixelated;
  border: 1px solid #ddd8cd; }
table { border-collapse: collapse; }
th { text-align: left; font-weight: 400; }
th, td { padding: 0.1rem 1rem 0.1rem 0; vertical-align: top; overflow-wrap: anywhere; }
.images + svg { max-width: 100%; height: auto; }
article + article { margin-top: 1.4rem; }
.remark { white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 11pt; }
  h2, .images { break-after: avoid; } article { break-inside: avoid-page; } }
"""


def html(
    rows: Sequence[Deliverable],
    produced: Mapping[str, Sequence[Produced]],
    name: str,
    remarks: Mapping[str, str],
    origin: str = "",
    beyond: Sequence[Deliverable] = (),
) -> bytes:
    """Write the report.

    Args:
        rows: all deliverables of the assignment, in their order.
        produced: the results that there are, oldest first, by the id of their row.
        name: who hands it in; any text.
        remarks: any text, by the id of the row.
        origin: where the app was, e.g. "https://class.example/", so that addresses are whole.
        beyond: what the assignment doesn't ask for; results of these come last.

    Returns:
        An HTML file, UTF-8, with its images inside. Equal arguments give equal bytes.
    """
    done = [row for row in rows if row.id in produced]
    missing = [f"{row.id} {row.name}" for row in rows if row.id not in produced]
    more = [row for row in beyond if row.id in produced]
    asked, besides = (
        "".join(_section(row, produced[row.id], remarks.get(row.id, ""), origin) for row in part)
        for part in (done, more)
    )
    besides = f"<h2>Beyond the assignment</h2>\n{besides}" if more else ""
    by = escape(name.strip()[:LONGEST_NAME])
    rest = f'<p class="small">Not in this report: {escape("; ".join(missing))}.</p>'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # Nothing in it may be fetched or run, whatever a reader wrote.
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Diffusion, step by step{f' · {by}' if by else ''}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>Diffusion, step by step</h1>\n<p>{by}</p>\n"
        f'<p class="small">{len(done)} of {len(rows)} deliverables</p>\n'
        f"{asked}{rest if missing else ''}{besides}\n</main>\n</body>\n</html>\n"
    ).encode()


def _section(row: Deliverable, results: Sequence[Produced], remark: str, origin: str) -> str:
    words = escape(remark.strip()[:LONGEST_REMARK])
    return (
        f"<section>\n<h2>{escape(row.id[0])} {escape(row.id[1:])} · {escape(row.name)}</h2>\n"
        f"{f'<p class=remark>{words}</p>' if words else ''}\n"
        f"{''.join(_result(one, origin) for one in results)}</section>\n"
    )


def _result(result: Produced, origin: str) -> str:
    images = "".join(_figure(image) for image in result.images)
    more = f" {result.left_out} more are left out for size." if result.left_out else ""
    return (
        f"<article>\n<p>{escape(result.caption)}.{more}</p>\n"
        f'<div class="images">{images}</div>\n'
        f"{curve(result)}\n"
        f"<table>{_settings(result)}</table>\n"
        '<p class="small">To see it again, open '
        f"<code>{escape(origin + result.address)}</code></p>\n"
        "</article>\n"
    )


def curve(result: Produced) -> str:
    """The loss curve of the training run behind a result as SVG; "" if there is none."""
    words = f"Training loss by step, {result.caption}"
    return svg([step for step, _ in result.curve], [loss for _, loss in result.curve], words)


def settings(result: Produced) -> list[tuple[str, str]]:
    """All that a result depends on, as pairs of words for a table."""
    pairs = [("Network", result.weights_hash)] if result.weights_hash else []
    pairs.append(("Seed", str(result.seed)))
    # The formulas in a label stand between dollars, which belong to Markdown.
    pairs += [
        (re.sub(r"\$", "", parameter.label), parameter.value)
        for parameter in result.parameters
        if parameter.key != "model" and parameter.value
    ]
    return pairs


def _settings(result: Produced) -> str:
    return "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in settings(result)
    )


def _figure(image: Shown) -> str:
    width = shown_size(image)
    content = base64.b64encode(image.content).decode()
    caption = f"<figcaption>{escape(image.caption)}</figcaption>" if image.caption else ""
    return (
        f'<figure><img src="data:image/png;base64,{content}" alt="{escape(image.alt)}" '
        f'width="{width}" height="{width * image.height // image.width}">{caption}</figure>'
    )
