"""The page kit: what it writes, and that what a browser sends cannot hurt it."""

import base64
import io
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from lessons.diffusion import forward, noise
from lessons.images.captioned import CaptionedImage
from pages._ui.code import explain, source
from pages._ui.display import encode, images, palette, thin
from pages._ui.display.live_plot import Trace, _drawn, summary
from pages._ui.inputs.downloads import csv, montage

GREY = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)
COLOUR = np.stack([GREY, GREY.T, 255 - GREY], axis=2)


def contrast(one: str, other: str) -> float:
    """Contrast of two CSS colours as WCAG 2 defines it, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# -- colours and formulas -----------------------------------------------------------------------


@pytest.mark.parametrize("ink", [*palette.SYMBOLS.values(), palette.MUTED])
def test_every_colour_of_text_reads_on_its_page(ink: palette.Ink) -> None:
    assert contrast(ink.light, palette.PAGE.light) >= 4.5
    assert contrast(ink.dark, palette.PAGE.dark) >= 4.5


@pytest.mark.parametrize(
    ("formula", "symbols"),
    [
        ("x_t = x_0 + \\epsilon", ["x_t", "x_0", "eps"]),
        ("\\hat x_0, \\hat{x}_0, \\hat{x_0}, \\hat{x}_{0}", ["x_0_hat"] * 4),
        ("\\hat\\epsilon + \\hat{\\epsilon} + \\varepsilon", ["eps"] * 3),
        ("\\tilde x_t + x_{t}", ["x_t", "x_t"]),
        ("max_0 + x_{t'} + \\epsilonic + x_text", []),
    ],
)
def test_each_symbol_of_a_formula_gets_its_colour(formula: str, symbols: list[str]) -> None:
    found = re.findall(r"\\textcolor\{(#\w+)\}", palette.colour_tex(formula))
    assert found == [palette.SYMBOLS[symbol].light for symbol in symbols]


def test_a_lesson_may_name_its_symbols_otherwise() -> None:
    coloured = palette.colour_tex("z = x + \\sigma\\epsilon, \\exp(z)", {"z": "x_t", "x": "x_0"})
    assert coloured.count(palette.SYMBOLS["x_t"].light) == 2
    assert coloured.count(palette.SYMBOLS["x_0"].light) == 1
    assert "\\exp(" in coloured


def test_only_formulas_are_coloured_and_not_the_words_around_them() -> None:
    assert source.colour_markdown("x_0 costs nothing") == "x_0 costs nothing"
    assert "textcolor" in source.colour_markdown("here $x_0$ is")


# -- a function as text -------------------------------------------------------------------------


def test_the_lecture_is_the_docstring_up_to_its_first_section() -> None:
    lecture = source.lecture(forward.add_noise)
    assert lecture.text.startswith("Jump from a clean image")
    assert "Args" not in lecture.text
    assert "Source" not in lecture.text
    assert lecture.citation == "Ho et al. 2020 (arXiv:2006.11239), eq. 4."


def test_the_shown_code_is_the_function_less_its_docstring() -> None:
    code = source.body(forward.add_noise)
    assert code.startswith("def add_noise(")
    assert '"""' not in code
    namespace: dict[str, object] = {"Tensor": object}
    exec(compile(code, "shown", "exec"), namespace)
    assert callable(namespace["add_noise"])


def test_the_coloured_code_reads_as_the_code() -> None:
    code = source.body(forward.add_noise)
    html = source.coloured_html(code)
    lines = re.findall(r'<span style="--indent: (\d+)ch">(.*)</span>', html)
    text = "\n".join(" " * (int(n) - 4) + re.sub("<[^>]+>", "", line) for n, line in lines)
    assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == code
    assert f'<b style="color: var({palette.css_name("x_0")})">x_0</b>' in html


def test_code_is_shown_and_never_becomes_html() -> None:
    html = source.coloured_html('bad = "<script>alert(1)</script>"  # <b>\n')
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_function_without_a_docstring_cannot_be_explained() -> None:
    with pytest.raises(ValueError, match="no docstring"):
        source.lecture(lambda: None)


# -- images -----------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [GREY, COLOUR, GREY[:, ::2]])
def test_a_image_arrives_pixel_for_pixel(pixels: np.ndarray) -> None:
    decoded = Image.open(io.BytesIO(encode.png(pixels)))
    assert np.array_equal(np.asarray(decoded), pixels)


def test_a_image_is_encoded_once_and_only_content_counts() -> None:
    first = encode.png(GREY.copy())
    assert encode.png(GREY.copy()) is first
    changed = GREY.copy()
    changed[3, 3] ^= 1
    assert encode.png(changed) != first


def test_a_noisy_frame_is_smaller_and_looks_the_same() -> None:
    clean = np.tile(np.linspace(60, 200, 64), (64, 1))
    pixels = np.clip(np.random.default_rng(0).normal(clean, 60), 0, 255).astype(np.uint8)
    plain, noisy = encode.frame_url(pixels), encode.frame_url(pixels, noisy=True)
    assert len(noisy) < 0.9 * len(plain)
    shown = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(noisy.partition(",")[2]))).convert("L")
    )
    assert np.corrcoef(shown.ravel(), pixels.ravel())[0, 1] > 0.9
    assert np.abs(shown.mean(axis=0) - pixels.mean(axis=0)).mean() < 5


def test_the_kept_images_stay_within_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "_LIMIT", 5_000)
    rng = np.random.default_rng(0)
    for _ in range(20):
        encode.png(rng.integers(0, 256, (28, 28), dtype=np.uint8))
    assert encode._size == sum(map(len, encode._cache.values())) <= 5_000


def test_a_figure_is_framed_captioned_and_described() -> None:
    html = images.figure(CaptionedImage(GREY, "σ < 0.5", 'a "seven"', "x_t"))
    assert "var(--ui-x-t)" in html
    assert "<figcaption>σ &lt; 0.5</figcaption>" in html
    assert 'alt="a &quot;seven&quot;"' in html
    url = re.search(r"base64,([^\"]+)", html)
    assert url
    assert base64.b64decode(url[1]) == encode.png(GREY)


def test_single_pixels_can_be_seen_and_are_all_of_one_size() -> None:
    assert images.shown_width(CaptionedImage(GREY)) == 140
    assert images.shown_width(CaptionedImage(np.zeros((64, 64), np.uint8))) == 192


def test_a_image_without_words_still_has_a_description() -> None:
    assert images.alt_text(CaptionedImage(GREY, "a caption")) == "a caption"
    assert images.alt_text(CaptionedImage(GREY))


# -- curves -------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=3000),
    st.integers(4, 400),
)
def test_a_thinned_curve_keeps_ends_order_and_extremes(values: list[float], limit: int) -> None:
    x, y = thin.thin(range(len(values)), values, limit)
    assert len(x) <= max(limit, min(len(values), limit))
    assert (x[0], x[-1]) == (0, len(values) - 1)
    assert (np.diff(x) > 0).all()
    assert np.array_equal(y, np.asarray(values)[x.astype(int)], equal_nan=True)
    if not np.isnan(values).all():
        assert (np.nanmin(y), np.nanmax(y)) == (np.nanmin(values), np.nanmax(values))


def test_a_short_curve_is_left_alone() -> None:
    x, y = thin.thin([1, 2, 3], [3, 2, 1])
    assert (list(x), list(y)) == ([1, 2, 3], [3, 2, 1])


def test_a_curve_whose_sides_differ_is_refused() -> None:
    with pytest.raises(ValueError, match="x has shape"):
        thin.thin([1, 2], [1])


def test_a_long_curve_costs_a_tick_little() -> None:
    steps = list(range(100_000))
    drawn = _drawn(Trace("loss", steps, [1 / (1 + s) for s in steps]), 0)
    assert len(drawn["x"]) <= 1000
    assert len(json.dumps(drawn)) < 25_000


def test_a_value_that_is_no_number_becomes_a_gap() -> None:
    drawn = _drawn(Trace("loss", [1, 2, 3], [1.0, math.nan, math.inf]), 0)
    assert drawn["y"] == [1.0, None, None]


def test_the_chart_is_also_told_in_words() -> None:
    words = summary([Trace("This run", [1, 2], [0.5, 0.25]), Trace("", [1], [9])], "Step", "Loss")
    assert words == "Chart of Loss over Step. This run: 0.5 at 1 to 0.25 at 2."
    valley = Trace("it", [0, 1, 2000], [3, 0.125, 2])
    assert summary([valley], "x", "y").endswith("it: 3 at 0 to 2 at 2,000, lowest 0.125 at 1.")
    dots, line = Trace("dots", [1, 2], [3, 4], "dots"), Trace("epoch 1", [7, 7], [0, 1], "dashed")
    assert summary([dots, line], "x", "y").endswith("dots: 2 dots. epoch 1 is marked at 7.")
    assert summary([Trace("it", [1], [math.nan])], "x", "y").endswith("it: no values yet.")
    assert summary([], "Step", "Loss").endswith("No values yet.")


# -- taking home --------------------------------------------------------------------------------


def test_a_montage_enlarges_without_smoothing() -> None:
    content = montage([CaptionedImage(GREY), CaptionedImage(COLOUR)], scale=3)
    sheet = np.asarray(Image.open(io.BytesIO(content)))
    assert sheet.shape == (28 * 3, (28 + 2 + 28) * 3, 3)
    assert np.array_equal(sheet[::3, : 28 * 3 : 3, 0], GREY)
    assert np.array_equal(sheet[1::3, 30 * 3 + 2 :: 3], COLOUR)


def test_a_montage_of_unequal_images_is_refused() -> None:
    for bad in ([], [CaptionedImage(GREY), CaptionedImage(np.zeros((64, 64), np.uint8))]):
        with pytest.raises(ValueError, match="one size"):
            montage(bad)


def test_a_csv_file_has_a_heading_and_equal_columns() -> None:
    assert csv({"step": [1, 2], "loss": [0.5, 0.25]}) == b"step,loss\n1,0.5\n2,0.25\n"
    with pytest.raises(ValueError, match="shorter"):
        csv({"step": [1, 2], "loss": [0.5]})


# -- on a page ----------------------------------------------------------------------------------


def everything() -> None:
    import numpy as np

    from lessons.diffusion import forward
    from lessons.images.captioned import CaptionedImage
    from pages import _ui as ui

    one = CaptionedImage(np.zeros((28, 28), np.uint8), "zero")
    ui.lesson_header("B1.2 · Train a denoiser\n\nWith $x_0$ in its summary.")
    ui.explain(forward.add_noise)
    ui.strip([one, one])
    ui.grid([[one, one]], row_labels=["row"], column_labels=["a", "b"])
    ui.live_plot([ui.Trace("t", [1], [2])], key="plot", x_title="x", y_title="y", log_y=True)
    place = ui.scrubber([one, (one, one)], key="frames", labels=["first", "second"])
    ui.downloads({"a.csv": lambda: b""}, key="files")
    ui.note("a note")
    ui.caption(f"frame {place} with $x_t$")
    ui.label("D = 64 · 5 epochs")


def test_all_pieces_of_the_kit_stand_on_one_page() -> None:
    test = AppTest.from_function(everything, default_timeout=30).run()
    assert not test.exception
    assert test.title[0].value == "Train a denoiser"
    assert any("frame 1" in text.value for text in test.markdown)


def no_frames() -> None:
    from pages import _ui as ui

    ui.scrubber([], key="frames", labels=[])


def test_a_scrubber_without_frames_is_refused() -> None:
    assert AppTest.from_function(no_frames).run().exception


@pytest.mark.parametrize(
    "text",
    [
        "![](https://evil.example/x.png)",
        "$x$",
        "a *b* _c_ `d`",
        "[l](u)",
        ":red[r]",
        "<b>",
        "\\n",
        "&lt;b&gt;",
        "# large",
        "- a list",
        "12. a list",
        "> said",
        "www.evil.example, https://evil.example, a@evil.example",
        ":material/home: :smile:",
    ],
)
def test_markdown_reads_nothing_into_a_readers_words(text: str) -> None:
    from markdown_it import MarkdownIt

    from pages._ui.text.plain_text import plain_text

    [paragraph] = [t for t in MarkdownIt().parse(plain_text(text)) if t.type == "inline"]
    assert paragraph.children is not None
    assert {child.type for child in paragraph.children} <= {"text", "text_special"}
    seen = "".join(child.content for child in paragraph.children)
    assert seen.replace("\N{WORD JOINER}", "") == text
    # What Streamlit looks for in the text itself, after Markdown has read it.
    assert not re.search(r":[/\w-]+:|://|www\.|@\w", seen)


def test_every_symbol_of_an_equation_is_named_once_beside_it_with_its_range() -> None:
    listed = explain._symbols(forward.add_noise, {})
    assert [part.split("</dd>")[0] for part in listed.split("<dd>")[1:]] == [
        "clean images, (B, C, H, W), range [-1, 1].",
        "share of signal power left, (B, 1, 1, 1), in [0, 1].",
        "unit Gaussian noise, shape of <code>x_0</code>.",
    ]
    assert all(f">{name}<" in listed for name in ("x_0", "alpha_bar_t", "eps"))
    assert explain._symbols(noise.stream, {}) == ""  # no equation, nothing to name
