"""One notation for all lessons: the letters of the DDPM year, or those of the flow-matching year.

| | DDPM year | flow-matching year |
|:--|:--|:--|
| clean image, and an estimate at it | x_0, x̂_0 | x_1, x̂_1 |
| noise | ε | x_0 |
| time | t from 0, the image, to T, noise | t from 0, noise, to 1, the image: 1 − t/T |
| guidance | γ | w = γ − 1 |

Only what is read is rewritten: formulas, captions, names of controls. Colours follow the meaning,
not the letter. Code, addresses and results stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Year = Literal["this course", "ddpm", "flow"]
YEARS: Final[tuple[Year, ...]] = ("this course", "ddpm", "flow")

# Formulas of the flow lessons as the DDPM year would write them: there time runs the other way, so
# that renaming alone would not do. Left, what the docstrings say.
_FLOW_AS_DDPM: Final = {
    r"x_t = (1 - t)\, x_0 + t\, x_1, \qquad x_0 \sim": (
        r"x_t = (1 - t)\, x_0 + t\, \epsilon, \qquad \epsilon \sim"
    ),
    "Mind the names: here $x_0$ is the noise and $x_1$ the image; time runs towards the image.": (
        "As in the other lessons $x_0$ is the image and $\\epsilon$ the noise; $t$ is counted in "
        "parts of T, so that 1 is noise, and the trajectory runs from 1 down to 0."
    ),
    r"\mathbb{E}_{x_0, x_1, t}": r"\mathbb{E}_{x_0, \epsilon, t}",
    r"- (x_1 - x_0) \rVert": r"- (x_0 - \epsilon) \rVert",
    r"x_{t + h} = x_t + h": r"x_{t - h} = x_t + h",
    r"\lVert x_K - x_0 \rVert": r"\lVert x_K - x_{k = 0} \rVert",
    r"x_1 = x_0 + \int": r"x_0 = \epsilon + \int",
    r"\mathbb{E}_{(x_0, x_1), t}": r"\mathbb{E}_{(\epsilon, x_0), t}",
    r"\qquad x_t = (1 - t)\, x_0 + t\, x_1": r"\qquad x_t = (1 - t)\, x_0 + t\, \epsilon",
    r"x_1 = x_0 + u_\theta(x_0, 0)": r"x_0 = \epsilon + u_\theta(\epsilon, 1)",
    r"\lVert (x_1 - x_0) - u_\theta": r"\lVert (x_0 - \epsilon) - u_\theta",
    r"K\,(x_{t + 1/K} - x_t)": r"K\,(x_{t - 1/K} - x_t)",
}

# Sentences about the letters themselves, as the flow-matching year would put them.
_DDPM_AS_FLOW: Final = {
    "the sample becomes more\ntypical than the network alone would make it, and less varied. "
    r"Others count $w = \gamma - 1$.": (
        "the sample becomes more\ntypical than the network alone would make it, and less varied. "
        "The DDPM year counts 1 + w and calls it gamma."
    ),
    "and beyond 1 the sample": "and beyond 0 the sample",
    "Others count w = γ − 1.": "The DDPM year counts one more.",
    "the network's input: $t / T$ with $t$ from 1 to $T$": (
        "the network's input: the DDPM timestep divided by $T$, which is $1 - t$"
    ),
}

_NUMBER: Final = r"(?P<n>[-−]?\d+(?:\.\d+)?)"
_TIME: Final = re.compile(rf"(?<![\w{{\\'̂])(?P<t>\$?)t(?P=t) = {_NUMBER}")
_STRENGTH: Final = re.compile(rf"(?P<g>\\gamma|γ) (?P<op>[=<>≥≤]) {_NUMBER}")


@dataclass(frozen=True)
class Notation:
    """How one page is to be written.

    Attributes:
        year: whose letters; "this course" leaves every lesson its own.
        page: what the lesson's own letters are: those of "ddpm" or "flow", or "fixed" where other
            letters would be wrong or unclear.
        timesteps: T of the network on the page, or 0 where it is not known.
    """

    year: Year = "this course"
    page: Literal["ddpm", "flow", "fixed"] = "fixed"
    timesteps: int = 0

    @property
    def renames(self) -> bool:
        """Whether anything is written otherwise than in the lesson itself."""
        if self.year == "this course" or self.page == "fixed":
            return False
        return not self.year == self.page == "ddpm"

    def prose(self, text: str) -> str:
        """Rewrite plain text, or Markdown with its numbers; letters in formulas are for `tex`."""
        return self._words(self._sentences(text)) if self.renames else text

    def names(self, also: dict[str, str] | None) -> dict[str, str] | None:
        """What a lesson's names stand for, once its formulas are rewritten."""
        return {"x_0": "x_0_hat"} if self.renames and self.year == "ddpm" else also

    def control(self, text: str) -> str:
        """Rewrite the name of a control or an axis, whose numbers stay as they are."""
        if not self.renames or self.year != "flow":
            return text
        text = text.replace("γ", "1 + w")
        if self.page == "ddpm":
            text = re.sub(r"\b([Tt])imestep \$?t\$?(?!\w)", "DDPM timestep", text)
        return self._letters(text)

    def tex(self, formula: str) -> str:
        """Rewrite a formula, before or after its symbols were coloured."""
        if not self.renames or self.year != "flow":
            return formula
        formula = re.sub(r"\\gamma(?![A-Za-z])", "(1 + w)", formula)
        if self.page == "ddpm":
            formula = formula.replace(r"\hat\epsilon", r"\hat \epsilon")  # no \hatx_0 in TeX
            pattern = r"(?<![A-Za-z])x_0|\\(?:var)?epsilon(?:_([a-z]))?(?![A-Za-z])"
            formula = re.sub(pattern, _ends_exchanged, formula)
        return formula

    def _sentences(self, text: str) -> str:
        table = _DDPM_AS_FLOW if self.year == "flow" else _FLOW_AS_DDPM
        for ours, theirs in table.items():
            text = text.replace(ours, theirs)
        return text

    def _words(self, text: str) -> str:
        text = _TIME.sub(lambda t: f"{t['t']}t{t['t']} = {self._time(t['n'])}", text)
        if self.year == "flow":
            text = _STRENGTH.sub(lambda found: f"w {found['op']} {_less_one(found['n'])}", text)
            text = self._letters(text.replace("γ", "w"))
        return text

    def _letters(self, text: str) -> str:
        if self.page != "ddpm":
            return text
        swap = {"x₀": "x₁", "x̂₀": "x̂₁", "ε": "x₀", "ε̂": "x̂₀"}
        return re.sub("x̂₀|x₀|ε̂|ε", lambda found: swap[found.group()], text)

    def _time(self, number: str) -> str:
        """A time of the page as the year counts it."""
        t = float(number.replace("−", "-"))
        if self.page == "flow":
            return number if self.year == "flow" else f"{1 - t:.3g}"
        if not self.timesteps:
            return f"1 − {number}/T"
        return _short(1 - max(t, 0.0) / self.timesteps)


def _ends_exchanged(found: re.Match[str]) -> str:
    """The image's letter for the image, the noise's for the noise, with its index."""
    if found.group() == "x_0":
        return "x_1"
    return f"x_{{0,{found[1]}}}" if found[1] else "x_0"


def _less_one(number: str) -> str:
    return f"{float(number.replace('−', '-')) - 1:g}".replace("-", "−")


def _short(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def remark(notation: Notation) -> str:
    """Say in Markdown what is written otherwise on a page, and where; "" where nothing is."""
    code = "Code and addresses keep the lesson's own names."
    if notation.year == "this course" or notation.year == notation.page == "ddpm":
        return ""
    if notation.page == "fixed":
        return (
            "**This lesson keeps its own letters** in every year: it has neither the time nor the "
            "pair of ends that the two years call differently, or their letters mean something "
            "else here."
        )
    if notation.year == "ddpm":
        return (
            "**DDPM year:** this lesson's noise x₀ and digit x₁ are written ε and x₀, and its time "
            "runs the other way: 0 is the digit, 1 noise. The velocity still points to the digit. "
            f"{code}"
        )
    if notation.page == "flow":
        return f"**Flow-matching year:** guidance is counted as w = γ − 1. {code}"
    return (
        "**Flow-matching year:** the clean image is written x₁, the noise x₀, and guidance "
        "w = γ − 1. Time is 1 − timestep/T: 0 is noise, 1 the image. The way is still the "
        "DDPM's, with √ᾱ and √(1 − ᾱ) where flow matching has t and 1 − t. Sliders go on counting "
        f"as the network was trained. {code}"
    )
