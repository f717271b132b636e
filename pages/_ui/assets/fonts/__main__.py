"""Make the small fonts from those that Streamlit ships: `python -m pages._ui.assets.fonts`.

Letters: Latin, Greek and mathematical characters, weights 400 to 700. Icons: all that Streamlit's
own code or these pages name. To be run again when Streamlit's version changes.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from pages._ui.session.lessons import FOLDER as PAGES

HERE: Final = Path(__file__).parent
STATIC: Final = Path(str(files("streamlit"))) / "static" / "static"
LETTERS: Final = {
    "serif": "SourceSerifVariable-Roman",
    "serif-italic": "SourceSerifVariable-Italic",
    "sans": "SourceSansVF-Upright",
    "code": "SourceCodeVF-Upright",
    "code-italic": "SourceCodeVF-Italic",
}
ICONS: Final = "MaterialSymbols-Rounded"
RANGES: Final = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x2B0, 0x308), (0x370, 0x3FF), (0x1D2C, 0x1D6A),
    (0x1E00, 0x1EFF), (0x2000, 0x209F), (0x20AC, 0x20AC), (0x2100, 0x214F), (0x2190, 0x23FF),
    (0x25A0, 0x25FF),
)  # fmt: skip
FEATURES: Final = ("kern", "liga", "mark", "mkmk", "ccmp", "locl", "tnum", "lnum", "sups", "subs")


def main() -> None:
    """Write the fonts, and say how large they are."""
    for name, of in LETTERS.items():
        _write(_letters(_open(of)), name)
    _write(_icons(_open(ICONS), wanted()), "icons")


def wanted() -> set[str]:
    """Names of icons: every word that Streamlit's code quotes, and every icon of these pages."""
    scripts = "".join(path.read_text("utf-8") for path in (STATIC / "js").glob("*.js"))
    pages = "".join(path.read_text("utf-8") for path in PAGES.rglob("*.py"))
    quoted = re.findall(r"[\"'`:/]([a-z0-9_]+)[\"'`:]", scripts)
    return {*quoted, *re.findall(r":material/([a-z0-9_]+):", pages)}


def ligatures(font: TTFont) -> dict[str, str]:
    """The glyph of each name that a font draws as an icon."""
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    found = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            sets = getattr(getattr(table, "ExtSubTable", table), "ligatures", {})
            for first, ends in sets.items():
                for end in ends:
                    name = "".join(letters.get(glyph, "?") for glyph in [first, *end.Component])
                    found[name] = end.LigGlyph
    return found


def _open(name: str) -> TTFont:
    return TTFont(next((STATIC / "media").glob(f"{name}*.woff2")))


def _letters(font: TTFont) -> TTFont:
    maker = subset.Subsetter(subset.Options(layout_features=list(FEATURES)))
    maker.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
    maker.subset(font)
    sizes = {axis.axisTag: None for axis in font["fvar"].axes if axis.axisTag == "opsz"}
    font = instantiateVariableFont(font, sizes | {"wght": (400, 700)})
    for record in font["name"].names:  # "Source" is a reserved name
        if record.nameID != 0:
            record.string = record.toUnicode().replace("Source", "Lesson")
    return font


def _icons(font: TTFont, names: set[str]) -> TTFont:
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            sets = getattr(getattr(table, "ExtSubTable", table), "ligatures", {})
            for first, ends in list(sets.items()):
                kept = [
                    end
                    for end in ends
                    if "".join(letters.get(g, "?") for g in [first, *end.Component]) in names
                ]
                sets[first] = kept
                if not kept:
                    del sets[first]
    maker = subset.Subsetter(subset.Options(layout_features=["*"], glyph_names=False))
    maker.populate(text="abcdefghijklmnopqrstuvwxyz0123456789_")
    maker.subset(font)
    return font


def _write(font: TTFont, name: str) -> None:
    path = HERE / f"{name}.woff2"
    font.flavor = "woff2"
    font.save(path)
    print(f"{path.name:20} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
