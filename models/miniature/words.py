"""What Pictures knows, and how its prompts are worded."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Final

_FILE: Final = Path(__file__).with_name("vocabulary.toml")

SECTIONS: Final = MappingProxyType(tomllib.loads(_FILE.read_text("utf-8")))
"""Section → noun → the captions, in the data, of the images that show it."""

NOUNS: Final[dict[str, tuple[str, ...]]] = {
    noun: tuple(captions) for section in SECTIONS.values() for noun, captions in section.items()
}

COURSE: Final = tuple(SECTIONS["course"])
"""The nouns of the course's prompts; training draws them more often."""

FORMS: Final = {
    "man": ("a man",),
    "hipster barista": ("a hipster barista", "a barista"),
    "dog": ("a dog", "a puppy"),
    "cat": ("a cat", "a kitten"),
    "rocket": ("a rocket ship", "a rocket"),
    "campfire": ("a campfire", "a bonfire"),
    "people around a campfire": ("people around a campfire", "people sitting around a campfire"),
    "snowy mountain village": ("a snowy mountain village", "a village in the snow"),
    "waterfall": ("waterfalls", "a waterfall"),
    "coast": ("the amalfi coast", "the coast", "a village by the sea"),
    "car": ("a car", "an automobile"),
    "sailboat": ("a sailboat", "a sailing boat"),
    "dog face": ("the face of a dog", "a dog's face"),
    "cat face": ("the face of a cat", "a cat's face"),
    "tiger face": ("the face of a tiger",),
    "horse face": ("the head of a horse", "a horse's head"),
    "cow face": ("the face of a cow",),
    "pig face": ("the face of a pig",),
    "monkey face": ("the face of a monkey",),
    "rabbit face": ("the face of a rabbit",),
    "mouse face": ("the face of a mouse",),
    "dragon face": ("the head of a dragon",),
    "skull and crossbones": ("a skull and crossbones",),
    "thumbs up": ("thumbs up",),
    "santa claus": ("santa claus",),
    "sun": ("the sun",),
    "sun with a face": ("the sun with a face",),
    "moon": ("the moon", "a crescent moon"),
    "full moon": ("the full moon",),
    "moon with a face": ("the moon with a face",),
    "wave": ("a wave", "an ocean wave", "the sea"),
    "mount fuji": ("mount fuji",),
    "statue of liberty": ("the statue of liberty",),
    "globe": ("a globe", "the earth"),
    "flame": ("a flame", "fire"),
    "fireworks": ("fireworks",),
    "sunrise over mountains": ("a sunrise over mountains",),
    "airplane": ("an airplane", "a plane"),
    "television": ("a television", "a tv"),
    "doctor": ("a doctor", "a nurse"),
    "tyrannosaurus rex": ("a tyrannosaurus rex", "a t-rex"),
    "unicorn": ("a unicorn",),
    "present": ("a present", "a gift"),
    "couch": ("a couch", "a sofa"),
    "glasses": ("glasses", "a pair of glasses"),
    "theatre masks": ("theatre masks",),
}
"""Nouns that don't simply follow an article."""

PLURAL: Final = frozenset(
    (
        "cherries",
        "grapes",
        "blueberries",
        "peanuts",
        "bread",
        "pancakes",
        "cheese",
        "bacon",
        "french fries",
        "spaghetti",
        "sushi",
        "soup",
        "salad",
        "popcorn",
        "chocolate",
        "candy",
        "sunglasses",
        "jeans",
        "gloves",
        "socks",
        "scissors",
        "headphones",
        "crossed swords",
        "coral",
        "corn",
        "garlic",
        "broccoli",
        "clover",
        "lipstick",
        "dice",
    )
)
"""Nouns without an article."""

STYLES: Final[dict[str, tuple[str, ...]]] = {
    "photo": ("a photo of {}", "a high quality photo of {}"),
    "oil": ("an oil painting of {}",),
    "lithograph": ("a lithograph of {}",),
    "pencil": ("a pencil sketch of {}", "a pencil drawing of {}"),
    "icon": ("a flat icon of {}", "{}"),
    "line": ("a line drawing of {}",),
    "plain": ("{}", "a drawing of {}", "a picture of {}"),
}
"""Style → how its captions are worded."""

ANY_PHOTO: Final = "a high quality photo"

COLOURS: Final = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
"""Colours that a thing can be asked for in: "a blue apple"."""

GROUNDS: Final = {
    "blue": (200, 224, 246),
    "yellow": (250, 240, 190),
    "green": (208, 236, 208),
    "pink": (250, 214, 226),
    "grey": (214, 214, 218),
    "black": (28, 28, 34),
}
"""Grounds that can be asked for, "a cat on a blue background", sRGB; others are white."""


def forms(noun: str) -> tuple[str, ...]:
    """How a noun stands in a sentence: "a dog", "the sea", "waterfalls"."""
    if noun in PLURAL:
        return (noun,)
    article = "an" if noun[0] in "aeiou" else "a"
    return FORMS.get(noun, (f"{article} {noun}",))


@functools.cache
def captions(noun: str, style: str) -> tuple[str, ...]:
    """Every plain caption that an image of `noun` in `style` may get."""
    return tuple(template.format(form) for template in STYLES[style] for form in forms(noun))


@functools.cache
def coloured(noun: str, style: str, colour: str) -> str:
    """The caption of a thing in a colour of our choice: "a photo of a blue apple"."""
    form = forms(noun)[0]
    first, _, rest = form.partition(" ")
    if first in ("a", "an"):
        article = "an" if colour[0] in "aeiou" else "a"
        form = f"{article} {colour} {rest}"
    elif first == "the":
        form = f"the {colour} {rest}"
    else:
        form = f"{colour} {form}"
    return STYLES[style][0].format(form)


def on_ground(caption: str, ground: str) -> str:
    """A caption that names the ground too."""
    return f"{caption} on a {ground} background"


def vocabulary() -> list[str]:
    """What a prompt is compared with: all that training saw, as a reader would write it."""
    return [ANY_PHOTO, *(form for noun in NOUNS for form in dict.fromkeys(forms(noun)))]


def subject(prompt: str) -> str:
    """What a prompt is of: "a lithograph of a skull" is of "skull", whatever style and ground."""
    plain = " ".join(prompt.lower().split())
    for ground in ("white", *GROUNDS):
        plain = plain.removesuffix(f" on a {ground} background")
    for template in (t for style in STYLES.values() for t in style if t != "{}"):
        plain = plain.removeprefix(template.removesuffix("{}"))
    for article in ("a ", "an ", "the "):
        plain = plain.removeprefix(article)
    return plain
