"""The network as an image that can be clicked: laid out here, drawn in the browser."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import streamlit as st

from pages._ui.display.encode import data_url
from pages._ui.display.images import alt_text

if TYPE_CHECKING:
    from lessons.images.captioned import CaptionedImage
    from lessons.part_b.architecture import Architecture, TracedBlock

# All lengths are in the units of the drawing.
_WIDTH: Final = 1062.0  # of all drawings, so that nothing changes its size with D
_PIXEL: Final = 4.1  # height of a box per pixel of its images
_CHANNELS: Final = 3.1  # width of a box per root of its channels
_GAP: Final = 32.0  # from box to box
_WORDS: Final = 80.0  # room for the words over a box; they end where it ends
_ABOVE: Final = 112.0  # room over the highest boxes, for their words and the highest arc
_DROP: Final = 44.0  # from the foot of one level to the head of the next
_BELOW: Final = 30.0
_BESIDE: Final = 18.0  # from an arc that comes down to the words beside it

_FILES: Final = Path(__file__).parent
_component = st.components.v2.component(
    "unet_figure",
    html='<div class="figure"></div>\n',
    css=(_FILES / "_unet_figure.css").read_text("utf-8"),
    js=(_FILES / "_unet_figure.js").read_text("utf-8"),
)


class Box(NamedTuple):
    """A rectangle: its top left corner and its size."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.w

    @property
    def foot(self) -> float:
        """Its lower edge."""
        return self.y + self.h

    @property
    def centre(self) -> float:
        """The middle between left and right."""
        return self.x + self.w / 2

    @property
    def middle(self) -> float:
        """The middle between head and foot."""
        return self.y + self.h / 2


def unet_figure(
    architecture: Architecture,
    *,
    key: str,
    selected: str,
    given: CaptionedImage | None = None,
    answer: CaptionedImage | None = None,
    on_choose: Callable[[str], None],
) -> None:
    """Draw the network; a click, or Enter on a block, chooses it.

    Args:
        architecture: what to draw.
        key: name of the figure on its page.
        selected: the block that is chosen.
        given: the image that goes in.
        answer: the image that comes out.
        on_choose: called with a block's name, before the page runs again.
    """
    names = {block.name for block in architecture.blocks}

    def chosen() -> None:
        name = st.session_state[key].chosen
        if isinstance(name, str) and name in names:  # it comes from the browser
            on_choose(name)

    drawing = lay_out(architecture)
    ends = zip(drawing.pop("ends"), (given, answer), ("start", "end"), strict=True)
    drawing["pictures"] = [_framed(box, image, side) for box, image, side in ends if image]
    _component(key=key, data={**drawing, "selected": selected}, on_chosen_change=chosen)


def lay_out(architecture: Architecture) -> dict[str, Any]:
    """Place every block: height by image size, width by the root of the channels.

    Returns:
        The drawing as plain data: its size, its nodes, the copies that arcs bring, its lines, and
        the places (boxes) of the images at its two ends.
    """
    blocks = architecture.blocks
    narrow = _places(blocks, spread=0)
    spare = _WIDTH - 2 - narrow.leave.right
    places = _places(blocks, spread=max(0, spare / (len(blocks) + 1)))
    turn = min(range(len(blocks)), key=lambda place: blocks[place].shape_out[-1])
    return {
        "size": [places.leave.right + 2, max(box.foot for box in places.boxes.values()) + _BELOW],
        "words": _words(architecture),
        "nodes": [_node(block, places, i <= turn) for i, block in enumerate(blocks)],
        "copies": [
            {"box": box, "share": _share(places, name)} for name, box in places.copies.items()
        ],
        "lines": [
            *_flow(blocks, places),
            *(_skip(places.boxes[name], box, name) for name, box in places.copies.items()),
        ],
        "ends": [places.entry, places.leave],
    }


class _Places(NamedTuple):
    """Where everything stands: the image that goes in, blocks, copies by origin, the answer."""

    entry: Box
    boxes: dict[str, Box]
    copies: dict[str, Box]
    leave: Box


def _places(blocks: tuple[TracedBlock, ...], spread: float) -> _Places:
    levels = _levels(blocks)
    entry = _image_box(2, blocks[0], levels)
    boxes: dict[str, Box] = {}
    copies: dict[str, Box] = {}
    edge = entry.right + spread
    for block, following in zip(blocks, (*blocks[1:], None), strict=True):
        box = boxes[block.name] = _place(block, edge, levels, boxes)
        edge = box.right
        # What the next block joins to this one's channels stands right beside them.
        for other in following.sources[1:] if following else ():
            copy = copies[other] = Box(edge, box.y, boxes[other].w, box.h)
            edge = copy.right
        edge += spread
    return _Places(entry, boxes, copies, _image_box(edge + _GAP, blocks[-1], levels))


def _levels(blocks: tuple[TracedBlock, ...]) -> dict[int, float]:
    """The middle line of each image size, the largest on top."""
    sizes = sorted({block.shape_out[-1] for block in blocks}, reverse=True)
    top, levels = _ABOVE, {}
    for size in sizes:
        levels[size] = top + size * _PIXEL / 2
        top += size * _PIXEL + _DROP
    return levels


def _place(
    block: TracedBlock, edge: float, levels: dict[int, float], before: dict[str, Box]
) -> Box:
    channels, size, _ = block.shape_out
    w, h = _CHANNELS * math.sqrt(channels), size * _PIXEL
    gap = _GAP
    if before and block.shape_in[-1] == size:
        gap = max(gap, _WORDS - w)  # two boxes on one level: their words must not meet
    elif before and block.shape_in[-1] > size:
        # The arrow comes down from the middle of the box before, left of the words.
        gap = max(gap, _WORDS + 8 - w - next(reversed(before.values())).w / 2)
    return Box(edge + gap, levels[size] - h / 2, w, h)


def _image_box(x: float, block: TracedBlock, levels: dict[int, float]) -> Box:
    size = block.shape_out[-1]
    return Box(x, levels[size] - size * _PIXEL / 2, size * _PIXEL, size * _PIXEL)


def _node(block: TracedBlock, places: _Places, down: bool) -> dict[str, Any]:
    box = places.boxes[block.name]
    channels, size, _ = block.shape_out
    # The line to the next block leaves or arrives below; the number keeps to its other side.
    if down:
        x, anchor = box.centre - 9, "end"
    elif block.shape_in[-1] == size:
        x, anchor = box.centre, "middle"
    else:
        x, anchor = box.centre + 9, "start"
    arrivals = [copy.centre for copy in places.copies.values() if copy.x == box.right]
    return {
        "name": block.name,
        "box": box,
        "share": _share(places, block.name),
        "shape": f"{channels} × {size}²",
        "words_end": min([box.right, *(centre - _BESIDE for centre in arrivals)]),
        "count": f"{block.parameters:,}",
        "count_at": [x, box.foot + 19, anchor],
        "words": (
            f"{block.name}, {block.kind}: {_size(block.shape_in)} in, {_size(block.shape_out)} "
            f"out, {block.parameters:,} parameters"
        ),
    }


def _share(places: _Places, name: str) -> float:
    """How far along the way a block stands, 0 to 1: its place between the two colours."""
    return list(places.boxes).index(name) / (len(places.boxes) - 1)


def _flow(blocks: tuple[TracedBlock, ...], places: _Places) -> list[dict[str, Any]]:
    """The way from image to image, through every block."""
    lines, start = [], places.entry
    for block in blocks:
        for other in block.sources[1:]:
            start = places.copies[other]
        end = places.boxes[block.name]
        lines.append(_step(start, end))
        start = end
    return [*lines, _step(start, places.leave)]


def _step(start: Box, end: Box) -> dict[str, Any]:
    """An arrow to the next box: across, down and across, or across and up."""
    if end.h == start.h:
        path = f"M{start.right + 5:.1f} {start.middle:.1f}H{end.x - 7:.1f}"
        return _line(path, (end.x - 6, end.middle), "right")
    if end.h < start.h:
        corner = min(14.0, end.middle - start.foot)
        path = (
            f"M{start.centre:.1f} {start.foot + 5:.1f}V{end.middle - corner:.1f}"
            f"q0 {corner:.1f} {corner:.1f} {corner:.1f}H{end.x - 7:.1f}"
        )
        return _line(path, (end.x - 6, end.middle), "right")
    path = (
        f"M{start.right + 5:.1f} {start.middle:.1f}H{end.centre - 14:.1f}"
        f"q14 0 14 -14V{end.foot + 7:.1f}"
    )
    return _line(path, (end.centre, end.foot + 6), "up")


def _skip(start: Box, end: Box, name: str) -> dict[str, Any]:
    """An arc from a block on the way down to its copy on the way up, over the words there."""
    x, y = start.right + 5, start.y + start.h * 0.2
    bend = x + 0.22 * (end.centre - x)
    # Where the curve passes the end of the words it must be 60 above the box.
    there = math.sqrt(max(end.w / 2 + 4, _BESIDE) / (3 * (end.centre - bend)))
    peak = end.y - min(60 / (1 - (1 - there) ** 3), 140)
    path = (
        f"M{x:.1f} {y:.1f}C{bend:.1f} {peak:.1f} {end.centre:.1f} {peak:.1f} "
        f"{end.centre:.1f} {end.y - 7:.1f}"
    )
    return {**_line(path, (end.centre, end.y - 6), "down"), "skip": name}


_HEADS: Final = {"right": "l-8 -4.5v9z", "up": "l-4.5 8h9z", "down": "l-4.5 -8h9z"}


def _line(path: str, tip: tuple[float, float], way: str) -> dict[str, Any]:
    return {"path": path, "head": f"M{tip[0]:.1f} {tip[1]:.1f}{_HEADS[way]}", "skip": ""}


def _framed(box: Box, image: CaptionedImage, side: str) -> dict[str, Any]:
    return {
        "box": box,
        "image": data_url(image.pixels),
        "alt": alt_text(image),
        "caption": image.caption,
        "side": side,
        "symbol": image.symbol.replace("_", "-"),
    }


def _size(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{channels} channel{'s' if channels != 1 else ''} of {height}×{width}"


def _words(architecture: Architecture) -> str:
    return (
        f"The UNet at D = {architecture.num_hiddens}: {len(architecture.blocks)} blocks, "
        f"{architecture.parameters:,} parameters"
    )
