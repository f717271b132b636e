"""The two inputs of the image door, and that what a browser sends cannot hurt them."""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpcore2
import numpy as np
import pytest
from PIL import Image
from small_web import Cable, Web
from streamlit.testing.v1 import AppTest

from benchmarks.storm.bad_uploads import bomb, encoded
from lessons.images import web_image
from pages._ui.inputs import canvas

RED = encoded(Image.new("RGB", (40, 20), "red"), "PNG")
STROKES = {"objects": [{"type": "Path"}], "background": ""}
NOTHING = {"objects": [], "background": ""}


def page(shape: tuple[int, int, int], start: str | None) -> None:
    """Both inputs on a page, and a way to leave it."""
    import streamlit as st

    from pages import _ui as ui
    from pages._ui.inputs.numbers import show_corrections

    show_corrections()
    if not st.checkbox("Away"):
        image = ui.image_input(key="t_image", shape=shape, start=start)
        st.session_state["image"] = image
        st.session_state["mask"] = ui.mask_input(image, key="t_mask", shape=shape)


def opened(
    shape: tuple[int, int, int] = (3, 64, 64), start: str | None = None, **address: str
) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60, args=(shape, start))
    test.query_params.update({f"t_{name}": value for name, value in address.items()})
    return fine(test.run())


def fine(test: AppTest) -> AppTest:
    assert [error.message for error in test.exception] == []
    return test


def leave_and_return(test: AppTest) -> None:
    test.checkbox[0].check().run()
    assert len(test.get("html")) == 0
    fine(test.checkbox[0].uncheck().run())


def said(test: AppTest) -> str:
    """All labels of the page in one."""
    return " ".join(html.proto.body for html in test.get("html"))


def shown(test: AppTest) -> list[np.ndarray[Any, Any]]:
    """The images on the page."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', said(test))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(url)))) for url in found]


# -- images -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "name"), [((3, 64, 64), "tower"), ((1, 28, 28), "digit-0"), ((3, 32, 32), "tower")]
)
def test_at_first_there_is_a_image_of_the_gallery_with_its_licence(
    shape: tuple[int, int, int], name: str
) -> None:
    test = opened(shape)
    assert test.session_state["image"] == name
    assert ("MIT" if name == "tower" else "MNIST") in said(test)


def test_a_lesson_may_begin_with_another_image_and_the_reader_choose_a_third() -> None:
    test = opened(start="photo-cat")
    assert test.session_state["image"] == "photo-cat"
    fine(test.selectbox[0].set_value("A rocket (photograph)").run())
    assert test.session_state["image"] == "photo-rocket"
    assert "SpaceX" in said(test)


def test_what_the_address_asks_for_is_shown_or_refused_with_a_sentence() -> None:
    assert opened(image="A dahlia (photograph)").session_state["image"] == "photo-dahlia"
    test = opened(image="../../etc/passwd")
    assert test.session_state["image"] == "tower"
    assert len(test.toast) == 1


def test_an_exchange_of_black_and_white_is_said() -> None:
    test = opened((1, 28, 28), start="tower")
    assert test.session_state["image"] == "tower"
    assert "black and white exchanged" in said(test)


@pytest.mark.parametrize("source", ["drawing", "upload", "web"])
def test_while_there_is_nothing_it_is_said_and_nothing_is_computed(source: str) -> None:
    test = opened(image_from=source)
    assert test.session_state["image"] is None
    assert test.session_state["mask"] is None
    assert "yet" in said(test)
    assert not test.error


def test_an_upload_is_opened_shown_and_kept_until_it_is_taken_away() -> None:
    test = opened(image_from="upload")
    fine(test.file_uploader[0].set_value(("red.png", RED, "image/png")).run())
    assert test.session_state["image"].shape == (20, 20, 3)
    assert shown(test)[0].shape == (64, 64, 3)
    leave_and_return(test)
    assert test.session_state["image"].shape == (20, 20, 3)
    fine(test.file_uploader[0].set_value(("a.png", bytes(10), "image/png")).run())
    assert test.session_state["image"] is None


def test_the_crop_of_an_image_that_is_no_square_is_shown_and_can_be_moved() -> None:
    wide = Image.new("RGB", (40, 20), "red")
    wide.paste((0, 0, 255), (20, 0, 40, 20))
    test = opened(image_from="upload")
    fine(test.file_uploader[0].set_value(("wide.png", encoded(wide, "PNG"), "image/png")).run())
    assert "40 × 20 pixels" in said(test)
    half = test.session_state["image"]
    assert half.shape == (20, 20, 3)
    assert (half[0, 0] == (255, 0, 0)).all()
    assert (half[0, -1] == (0, 0, 255)).all()
    for place, colour in ((0, (255, 0, 0)), (100, (0, 0, 255))):
        fine(test.slider(key="t_image_crop").set_value(place).run())
        assert (test.session_state["image"] == colour).all()
        assert (shown(test)[0][32, 32] == colour).all()
    high = encoded(wide.transpose(Image.Transpose.ROTATE_90), "PNG")
    fine(test.file_uploader[0].set_value(("high.png", high, "image/png")).run())
    assert "20 × 40 pixels" in said(test)
    assert "from the top" in test.slider(key="t_image_crop").label


@pytest.mark.parametrize("content", [b"", b"no image", RED[:50], bomb(4001)])
def test_a_bad_upload_ends_in_one_sentence(content: bytes) -> None:
    test = opened(image_from="upload")
    fine(test.file_uploader[0].set_value(("cat.png", content, "image/png")).run())
    assert test.session_state["image"] is None
    assert len(test.error) == 1
    assert not fine(test.run()).error


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A small internet, which the app takes for the real one."""
    web = Web()
    cable = Cable(web)
    monkeypatch.setattr(web_image, "_resolve", web.resolve)
    monkeypatch.setattr(httpcore2, "SyncBackend", lambda: cable)
    yield web
    web.close()


def test_a_image_of_the_web_is_fetched_when_asked_for_and_kept(web: Web) -> None:
    test = opened(image_from="web")
    test.text_input[0].set_value("http://pictures.org/")
    fine(test.button[0].click().run())
    assert test.session_state["image"].tolist() == [[[255, 0, 0]] * 8] * 8
    leave_and_return(test)
    assert test.session_state["image"].shape == (8, 8, 3)
    assert len(web.requests) == 1


def test_an_address_that_is_not_public_ends_in_one_sentence(web: Web) -> None:
    test = opened(image_from="web")
    test.text_input[0].set_value("http://169.254.169.254/latest/meta-data")
    fine(test.button[0].click().run())
    assert [error.value for error in test.error] == ["This is no public web address."]
    assert test.session_state["image"] is None
    assert web.connected == []


def test_an_address_that_was_not_typed_is_said(web: Web) -> None:
    test = opened(image_from="web")
    fine(test.button[0].click().run())
    assert [error.value for error in test.error] == ["There is no address yet."]
    assert web.asked == []


def test_a_server_without_web_images_does_not_offer_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(web_image.SETTING, "off")
    test = opened(image_from="web")
    assert "web" not in test.get("button_group")[0].options
    assert test.session_state["image"] == "tower"


# -- masks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 28, 28)])
@pytest.mark.parametrize("kind", ["rectangle", "half", "circle"])
def test_a_preset_gives_a_mask_and_shows_it_in_black_and_white(
    shape: tuple[int, int, int], kind: str
) -> None:
    test = opened(shape, mask_shape=kind)
    mask = test.session_state["mask"]
    assert mask.shape == shape[1:]
    assert mask.dtype == np.uint8
    assert np.unique(mask).tolist() == [0, 1]
    image, drawn = shown(test)
    assert image.shape[:2] == shape[1:]
    assert np.array_equal(drawn, mask * 255)


def test_an_empty_mask_is_said_and_not_computed() -> None:
    test = opened(mask_width="0")
    assert test.session_state["mask"] is None
    assert "Nothing is marked yet" in said(test)
    assert len(shown(test)) == 1


def test_white_in_an_uploaded_mask_is_new_and_the_mask_is_kept() -> None:
    test = opened(mask_shape="upload")
    assert test.session_state["mask"] is None
    left = Image.new("L", (64, 64), 0)
    left.paste(255, (0, 0, 32, 64))
    fine(test.file_uploader[0].set_value(("mask.png", encoded(left, "PNG"), "image/png")).run())
    assert test.session_state["mask"][:, :32].all()
    assert not test.session_state["mask"][:, 32:].any()
    leave_and_return(test)
    assert test.session_state["mask"].sum() == 64 * 32


# -- the canvas ---------------------------------------------------------------------------------


class Easel:
    """Stands in for the canvas in a browser: sends what it is told, and notes what it was given."""

    def __init__(self, package: Any) -> None:
        self.package = package
        self.strokes: Any = None
        self.image: Any = None
        self.given: list[dict[str, Any]] = []

    def draw(self, alpha: np.ndarray[Any, Any]) -> None:
        """Draw as a reader does."""
        ink = np.zeros((canvas.SIDE, canvas.SIDE, 4), np.uint8)
        ink[..., 3] = alpha
        self.strokes = STROKES if ink.any() else NOTHING
        self.image = url(encoded(Image.fromarray(ink), "PNG"))

    def __call__(self, **options: Any) -> Any:
        self.given.append(options)
        return self.package.CanvasResult(self.strokes, self.image, options["return_image_data"])


def url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def left_half() -> np.ndarray[Any, Any]:
    alpha = np.zeros((canvas.SIDE, canvas.SIDE), np.uint8)
    alpha[:, : canvas.SIDE // 2] = 255
    return alpha


@pytest.fixture
def easel(monkeypatch: pytest.MonkeyPatch) -> Easel:
    """The browser of the test's reader."""
    # The package can only be imported while Streamlit runs.
    AppTest.from_string("import streamlit_drawable_canvas", default_timeout=60).run()
    package = sys.modules["streamlit_drawable_canvas"]
    easel = Easel(package)
    monkeypatch.setattr(package, "st_canvas", easel)
    return easel


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 28, 28)])
def test_what_is_drawn_over_the_image_is_the_mask(
    easel: Easel, shape: tuple[int, int, int]
) -> None:
    easel.draw(left_half())
    test = opened(shape, mask_shape="drawing")
    half = shape[1] // 2
    assert test.session_state["mask"][:, :half].all()
    assert not test.session_state["mask"][:, half:].any()
    assert isinstance(easel.given[0]["background_image"], Image.Image)


def test_a_drawn_image_lies_on_white_paper(easel: Easel) -> None:
    easel.draw(left_half())
    image = opened(image_from="drawing").session_state["image"]
    assert image.shape == (canvas.SIDE, canvas.SIDE, 3)
    assert image[0, 0].tolist() == [0, 0, 0]
    assert image[0, -1].tolist() == [255, 255, 255]


def test_an_empty_canvas_is_said_and_not_computed(easel: Easel) -> None:
    easel.draw(np.zeros((canvas.SIDE, canvas.SIDE), np.uint8))
    assert opened(mask_shape="drawing").session_state["mask"] is None
    test = opened(image_from="drawing")
    assert test.session_state["image"] is None
    assert "Nothing has been drawn yet" in said(test)


def test_a_drawing_is_there_again_after_leaving_and_can_be_taken_away(easel: Easel) -> None:
    test = opened(mask_shape="drawing")
    assert easel.given[-1]["initial_drawing"] is None
    easel.draw(left_half())
    fine(test.run())
    marked = test.session_state["mask"]
    test.checkbox[0].check().run()
    easel.strokes = easel.image = None
    fine(test.checkbox[0].uncheck().run())
    assert easel.given[-1]["initial_drawing"] == STROKES
    assert np.array_equal(test.session_state["mask"], marked)
    easel.draw(np.zeros((canvas.SIDE, canvas.SIDE), np.uint8))
    fine(test.run())
    assert test.session_state["mask"] is None
    leave_and_return(test)
    assert test.session_state["mask"] is None


def nonsense(strokes: Any, image: Any) -> Callable[[Easel], None]:
    def send(easel: Easel) -> None:
        easel.strokes, easel.image = strokes, image

    return send


INK = url(encoded(Image.new("RGBA", (canvas.SIDE, canvas.SIDE), "red"), "PNG"))


@pytest.mark.parametrize(
    "send",
    [
        nonsense(STROKES, 5),
        nonsense(STROKES, ""),
        nonsense(STROKES, "data:image/png;base64,%%%"),
        nonsense(STROKES, "file:///etc/passwd;base64,"),
        nonsense(STROKES, url(b"no image")),
        nonsense(STROKES, url(RED)),
        nonsense(STROKES, url(bomb(4001))),
        nonsense(STROKES, url(encoded(Image.new("RGB", (canvas.SIDE, canvas.SIDE)), "JPEG"))),
        nonsense(None, INK),
        nonsense("strokes", INK),
        nonsense([STROKES], INK),
        nonsense({"objects": ["x" * 2**20]}, INK),
    ],
)
def test_a_browser_that_sends_nonsense_has_drawn_nothing(
    easel: Easel, send: Callable[[Easel], None]
) -> None:
    send(easel)
    test = opened(mask_shape="drawing")
    assert test.session_state["mask"] is None
    assert "Nothing is marked yet" in said(test)
