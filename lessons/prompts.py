"""Which words and which guidance the lessons begin with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lessons.model_choice import family


@dataclass(frozen=True)
class Prompts:
    """The prompts of Part A.

    Attributes:
        neutral: asks for nothing in particular.
        three: those of the set-up lesson.
        wanted: the one that guidance is shown with.
        edits: prompts that turn an image into something else.
        anagrams: pairs that one image shall be, upright and seen the other way.
        hybrids: pairs for one image, from far and from near.
        gamma: guidance scale to begin with.
        anagram_gamma: the same for anagrams, whose two prompts pull at one image.
        hybrid_gamma: the same for hybrids.
        hybrid_sigma: width of the low pass for hybrids, in pixels at a height of 64.
        hybrids_found: how their pairs were chosen and read, in a sentence or two; "" if untested.
    """

    neutral: str
    three: tuple[str, str, str]
    wanted: str
    edits: tuple[str, ...]
    anagrams: tuple[tuple[str, str], ...]
    hybrids: tuple[tuple[str, str], ...]
    gamma: float = 7.0
    anagram_gamma: float = 7.0
    hybrid_gamma: float = 7.0
    hybrid_sigma: float = 2.0
    hybrids_found: str = ""

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

HYBRIDS_FOUND: Final = """\
The first seven pairs were found by search. At σ = 3, γ = 5 and seed 276, one or two of the four
samples of each are classified as the second thing at full size and as the first at a third of it.
At the course's σ = 2 too little is left for the high-frequency prompt of so small a model. A pair
works best where the low-frequency prompt is of broad areas of colour and the high-frequency prompt
of dark lines in the same places. The classifier is kinder than the eye: for a person, lines that
are as thick as these fade only from farther away. Measured by
`python -m models.miniature_training --pairs hybrids "LOW | HIGH" --sigma 3 --guidance 5`."""
"""Said on the page of hybrids."""

PICTURES: Final = replace(
    COURSE,
    wanted="a photo of a dog",
    anagrams=(
        ("a fir tree", "a strawberry"),
        ("a photo of a pear", "a photo of a light bulb"),
        ("a hat", "a bucket"),
        ("a balloon", "a pear"),
        ("a ghost", "a tooth"),
        ("an owl", "the face of a cat"),
        *COURSE.anagrams,
    ),
    hybrids=(
        ("an oil painting of a snowy mountain village", "a line drawing of a piano"),
        ("a flat icon of french fries", "a lithograph of popcorn"),
        ("a photo of an alarm clock", "a line drawing of a ferris wheel"),
        ("an oil painting of a glass of beer", "a pencil sketch of a hand"),
        ("an oil painting of a snowy mountain village", "a line drawing of a newspaper"),
        ("a photo of cheese", "a photo of a crown"),
        ("a photo of a beach", "a photo of a butterfly"),
        *COURSE.hybrids,
    ),
    gamma=4.0,
    anagram_gamma=5.0,
    hybrid_gamma=5.0,
    hybrid_sigma=3.0,
    hybrids_found=HYBRIDS_FOUND,
)
"""The course's own, with anagrams and hybrids that it does better before them. So small a network
needs less guidance than DeepFloyd IF, and a photo of something shows better what guidance does than
one of anything."""

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
