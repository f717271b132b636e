"""The one table of colours: each symbol of the equations has its own, everywhere.

The hues are Okabe and Ito's colour-blind-safe set; each has a darker and a lighter variant, so
that text in it keeps a contrast of at least 4.5 to 1 on the light and on the dark page.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Ink(NamedTuple):
    """One colour as CSS hex: on the light page, on the dark page."""

    light: str
    dark: str


SYMBOLS: Final[dict[str, Ink]] = {
    "x_0": Ink("#0072B2", "#56B4E9"),
    "x_t": Ink("#A3487D", "#E08FBE"),
    "eps": Ink("#B34700", "#F0883E"),
    "x_0_hat": Ink("#007A59", "#2FC79A"),
    # What a network says without a condition and with one, fresh noise, and a velocity.
    "eps_u": Ink("#6B6760", "#A39E94"),
    "eps_c": Ink("#5B4BB5", "#A99BF2"),
    "z": Ink("#7A5C00", "#E3C34A"),
    "u": Ink("#006C80", "#4CC9DB"),
}

MUTED: Final = Ink("#6B6760", "#A39E94")
PAGE: Final = Ink("#FDFCF9", "#191817")

# How each symbol is written in TeX. The estimate comes first, or x_0 would match inside it; an
# accent belongs to its letter, because TeX cannot set an accent over a colour change.
_ACCENT: Final = r"(?:\\(?:hat|tilde|bar)\s*)?"
_TEX: Final = {
    "x_0_hat": r"\\hat\s*\{?x\}?_(?:0|\{0\})|\\hat\{x_(?:0|\{0\})\}",
    "x_0": _ACCENT + r"(?<![A-Za-z])x_(?:0|\{0\})",
    "x_t": _ACCENT + r"(?<![A-Za-z])x_(?:t(?![A-Za-z])|\{t\})",
    "eps_u": r"\\epsilon_u(?![A-Za-z])",
    "eps_c": r"\\epsilon_c(?![A-Za-z])",
    "eps": _ACCENT + r"\\(?:var)?epsilon(?![A-Za-z])|\\hat\{\\(?:var)?epsilon\}",
}

# The names that the code uses for the same things.
_NAMES: Final = {
    "x_0": "x_0",
    "x_t": "x_t",
    "eps": "eps",
    "eps_hat": "eps",
    "eps_u": "eps_u",
    "eps_c": "eps_c",
    "x_0_hat": "x_0_hat",
}


def css_name(symbol: str) -> str:
    """Name the CSS variable that holds a symbol's colour in the current theme."""
    return f"--ui-{symbol.replace('_', '-')}"


def css_variables() -> str:
    """Define all colours as CSS variables that follow the theme of the page by themselves."""
    pairs = {css_name(symbol): ink for symbol, ink in SYMBOLS.items()}
    pairs["--ui-muted"] = MUTED
    lines = (f"{name}: light-dark({ink.light}, {ink.dark});" for name, ink in pairs.items())
    return ":root { " + " ".join(lines) + " }\n" + _katex_rules()


def symbol_of(name: str, also: dict[str, str] | None = None) -> str:
    """Say which symbol a name in the code stands for, or ""."""
    return (also or {}).get(name) or _NAMES.get(name, "")


def colour_tex(formula: str, also: dict[str, str] | None = None) -> str:
    """Give every known symbol in a TeX formula its colour.

    Args:
        formula: TeX without the surrounding dollar signs.
        also: more single letters and the symbol each stands for, e.g. {"z": "x_t"}.

    Returns:
        The formula with `\\textcolor` around each symbol.
    """
    # The longest names first, or the x of \\hat x would be taken for x.
    named = sorted((also or {}).items(), key=lambda pair: -len(pair[0]))
    letters = {f"also_{i}": pair for i, pair in enumerate(named)}
    # Before the table's own, which they may overrule: in flow matching x_0 is the noise.
    patterns = [f"(?P<{group}>{_letter(name)})" for group, (name, _) in letters.items()]
    patterns += [f"(?P<{symbol}>{tex})" for symbol, tex in _TEX.items()]

    def paint(match: re.Match[str]) -> str:
        group = match.lastgroup or ""
        symbol = letters[group][1] if group in letters else group
        return rf"\textcolor{{{SYMBOLS[symbol].light}}}{{{match.group()}}}"

    return re.sub("|".join(patterns), paint, formula)


def in_colour(symbol: str, tex: str) -> str:
    """Set a whole piece of TeX in a symbol's colour, and the symbols inside it in their own."""
    return rf"\textcolor{{{SYMBOLS[symbol].light}}}{{{colour_tex(tex)}}}"


def _letter(name: str) -> str:
    """How a name of the code is written in TeX: `x_hat` as \\hat x, `z` as it is."""
    if name.endswith("_hat"):
        return rf"\\hat\s*\{{?{re.escape(name[:-4])}\}}?(?![A-Za-z_])"
    return _ACCENT + rf"(?<![A-Za-z\\_]){re.escape(name)}(?![A-Za-z_])"


def _katex_rules() -> str:
    """Let formulas follow the theme too: KaTeX only takes fixed colours, so CSS replaces them."""
    return "\n".join(
        f'.katex [style*="{_rgb(ink.light)}"], .katex [style*="{ink.light}" i] '
        f"{{ color: var({css_name(symbol)}) !important; }}"
        for symbol, ink in SYMBOLS.items()
    )


def _rgb(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"
