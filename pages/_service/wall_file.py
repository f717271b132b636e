"""The wall as one file, to keep after the lecture."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Final

from lessons.classroom import wall

_STYLE: Final = (
    "body{font-family:sans-serif;margin:1.5rem}main{display:grid;gap:1rem;"
    "grid-template-columns:repeat(auto-fill,minmax(11rem,1fr))}figure{margin:0}"
    "img{width:100%;image-rendering:pixelated}figcaption{font-size:.8rem;overflow-wrap:anywhere}"
)


def html(root: Path) -> bytes:
    """Write all images of the wall, with what they are and the address of their settings.

    Args:
        root: the folder of all runs.
    """
    found = [(image, wall.png_of(root, image)) for image in wall.read(root).images]
    figures = "".join(_figure(image, content) for image, content in found if content)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # Nothing in it may be fetched or run, whatever a reader wrote.
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>The wall</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>The wall</h1>\n"
        f"<main>{figures}</main>\n</body>\n</html>\n"
    ).encode()


def _figure(image: wall.WallImage, png: bytes) -> str:
    content = base64.b64encode(png).decode()
    words = escape(f"{image.title} · {image.caption}")
    return (
        f'<figure><img src="data:image/png;base64,{content}" alt="{words}">'
        f"<figcaption>{words}<br><code>{escape(image.address)}</code></figcaption></figure>\n"
    )
