"""Which words the lessons begin with: the course's own, or what small models can draw instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lessons.text_to_image import family


@dataclass(frozen=True)
class Prompts:
    """The prompts of Part A.

    Attributes:
        neutral: asks for nothing in particular.
        three: those of the set-up lesson.
        wanted: the one that guidance is shown with.
        edits: prompts that turn a picture into something else.
        anagrams: pairs that one picture shall be, upright and seen the other way.
        hybrids: pairs for one picture, from far and from near.
    """

    neutral: str
    three: tuple[str, str, str]
    wanted: str
    edits: tuple[str, ...]
    anagrams: tuple[tuple[str, str], ...]
    hybrids: tuple[tuple[str, str], ...]

    def every(self) -> tuple[str, ...]:
        """All of them and the empty prompt, each once: what a class needs encoded."""
        pairs = (*self.anagrams, *self.hybrids)
        both = (prompt for pair in pairs for prompt in pair)
        return tuple(
            dict.fromkeys(("", self.neutral, *self.three, self.wanted, *self.edits, *both))
        )


COURSE: Final = Prompts(
    neutral="a high quality photo",
    three=(
        "an oil painting of a snowy mountain village",
        "a man wearing a hat",
        "a rocket ship",
    ),
    wanted="a high quality photo",
    edits=("a rocket ship", "an oil painting of people around a campfire", "a pencil"),
    anagrams=(
        ("an oil painting of an old man", "an oil painting of people around a campfire"),
        ("a lithograph of a skull", "a man wearing a hat"),
        ("a photo of a dog", "a pencil"),
    ),
    hybrids=(
        ("a lithograph of a skull", "a lithograph of waterfalls"),
        ("a pencil", "a rocket ship"),
        ("a photo of a man", "a photo of a dog"),
    ),
)

PICTURES: Final = replace(
    COURSE,
    three=("a photo of the amalfi coast", "a man wearing a hat", "a lithograph of a skull"),
    wanted="a photo of a panda",
    edits=(
        "a lithograph of a skull",
        "an oil painting of people around a campfire",
        "a photo of a panda",
    ),
    anagrams=(
        ("an oil painting of an old man", "an oil painting of people around a campfire"),
        ("a lithograph of a skull", "a man wearing a hat"),
        ("a photo of an apple", "a photo of a man"),
    ),
    hybrids=(
        ("a lithograph of a skull", "a lithograph of waterfalls"),
        ("a photo of a panda", "a rose"),
        ("a photo of a man", "a photo of the amalfi coast"),
    ),
)
"""Where a small model draws a course prompt badly, another that it draws well."""

DIGITS: Final = Prompts(
    neutral="",
    three=("a handwritten 3", "a handwritten 6", "a handwritten 8"),
    wanted="a handwritten 5",
    edits=("a handwritten 8", "a handwritten 0", "a handwritten 3"),
    anagrams=(
        ("a handwritten 6", "a handwritten 9"),
        ("a handwritten 8", "a handwritten 8"),
        ("a handwritten 5", "a handwritten 2"),
    ),
    hybrids=(
        ("a handwritten 3", "a handwritten 8"),
        ("a handwritten 0", "a handwritten 6"),
        ("a handwritten 1", "a handwritten 7"),
    ),
)


def prompts_for(model: str) -> Prompts:
    """The prompts to begin with, by the model's name in the catalog."""
    return {"digits": DIGITS, "pictures": PICTURES}.get(family(model), COURSE)
