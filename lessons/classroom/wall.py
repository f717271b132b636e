"""The wall: images that readers show to the class, with the address that makes each again.

It is a folder beside the runs, `.wall`: PNG files, and one small file that says what they are. It
is changed under a lock and outlives the server.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from lessons.classroom import state
from lessons.classroom.readers import Reader, teachers_key
from models.atomic import parsed, read_text, write_atomically
from models.environment import choice, whole_number

SWITCH: Final = "DIFFUSION_WALL"
EACH: Final = "DIFFUSION_WALL_IMAGES"
MOST: Final = 120
"""Images on the wall; there is no room on a screen for more."""

LARGEST: Final = 300_000
"""Bytes of one image."""

LONGEST: Final = 200
"""Characters of what an image is."""

FROZEN: Final = "The teacher has closed the wall: what is on it stays, nothing comes to it."
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_LIST: Final = "wall.json"


@dataclass(frozen=True)
class WallImage:
    """One image on the wall.

    Attributes:
        name: the name of its file, without `.png`.
        title: of the page that made it.
        caption: what it is, plain text.
        address: page and query that make it again.
        browser: the hash of the token of the browser that put it there.
    """

    name: str
    title: str
    caption: str
    address: str
    browser: str


@dataclass(frozen=True)
class Wall:
    """All that is on it, the oldest first, and whether it is closed."""

    images: tuple[WallImage, ...] = ()
    frozen: bool = False


def is_on() -> bool:
    """Whether this server has a wall: by default where there is a teacher to clear it.

    Raises:
        ValueError: the setting is none.
    """
    words = ("on", "off") if teachers_key() is not None else ("off", "on")
    return choice(SWITCH, words) == "on"


def most_each() -> int:
    """How many images of one reader may be on it at the same time.

    Raises:
        ValueError: the setting is none.
    """
    return whole_number(EACH, 4, low=1, high=MOST)


def read(root: Path) -> Wall:
    """What is on the wall.

    Args:
        root: the folder of all runs.
    """
    try:
        said = parsed(read_text(_folder(root) / _LIST))
        return Wall(tuple(_image(one) for one in said["images"]), said["frozen"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return Wall()


def png_of(root: Path, image: WallImage) -> bytes | None:
    """The file of an image; None if it was taken away meanwhile."""
    try:
        return (_folder(root) / f"{image.name}.png").read_bytes()
    except OSError:
        return None


def put(root: Path, by: Reader, png: bytes, *, title: str, caption: str, address: str) -> None:
    """Put an image on the wall.

    Raises:
        ValueError: the wall is off or closed, it or the reader's share of it is full, or this is
            no small PNG file.
        OSError: the disk refused.
    """
    if not is_on():
        raise ValueError("This server has no wall.")
    if not png.startswith(_PNG) or len(png) > LARGEST:
        raise ValueError(f"An image on the wall is a PNG file of at most {LARGEST:,} bytes.")
    name = secrets.token_hex(8)
    words = " ".join(caption.split())[:LONGEST]
    image = WallImage(name, title, words, address[: state.LONGEST_QUERY], by.browser)

    def added(now: Wall) -> Wall:
        _check_room(now, by)
        (_folder(root) / f"{name}.png").write_bytes(png)
        return replace(now, images=(*now.images, image))

    _change(root, added)


def take_away(root: Path, by: Reader, name: str) -> None:
    """Take one image away: the teacher any, a reader their own.

    Raises:
        ValueError: it is another reader's.
        OSError: the disk refused.
    """

    def without(now: Wall) -> Wall:
        for image in now.images:
            own = bool(by.browser) and image.browser == by.browser
            if image.name == name and not (own or by.teacher):
                raise ValueError("This image is another reader's.")
        return replace(now, images=tuple(one for one in now.images if one.name != name))

    _change(root, without)


def empty(root: Path, by: Reader) -> None:
    """Take all images away.

    Raises:
        ValueError: who asks is not the teacher.
        OSError: the disk refused.
    """
    state.only_teachers(by)
    _change(root, lambda now: replace(now, images=()))


def freeze(root: Path, by: Reader, frozen: bool) -> None:
    """Close the wall, or open it again.

    Raises:
        ValueError: who asks is not the teacher.
        OSError: the disk refused.
    """
    state.only_teachers(by)
    _change(root, lambda now: replace(now, frozen=frozen))


def _check_room(now: Wall, by: Reader) -> None:
    if by.teacher:
        return
    if now.frozen:
        raise ValueError(FROZEN)
    if len(now.images) >= MOST:
        raise ValueError(f"The wall is full: {MOST} images are on it.")
    own, most = sum(one.browser == by.browser for one in now.images), most_each()
    if own >= most:
        raise ValueError(
            f"{own} images of yours are on the wall, and {most} are allowed. Take one away first. "
            f"The limit is {EACH}, set by whoever starts the server."
        )


def _change(root: Path, to: Callable[[Wall], Wall]) -> None:
    """Put what `to` makes of the wall into its place, and remove the files of what is gone."""
    folder = _folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        before = read(root)
        after = to(before)
        text = json.dumps(asdict(after), indent=1) + "\n"
        write_atomically(folder / _LIST, lambda part: part.write_text(text, "utf-8"))
        for gone in {one.name for one in before.images} - {one.name for one in after.images}:
            (folder / f"{gone}.png").unlink(missing_ok=True)


def _folder(root: Path) -> Path:
    return root / ".wall"


def _image(said: Any) -> WallImage:
    names = ("name", "title", "caption", "address", "browser")
    image = WallImage(*(str(said[name]) for name in names))
    if len(image.name) != 16 or not set(image.name) <= set("0123456789abcdef"):
        raise ValueError("this is no name of ours")
    return image
