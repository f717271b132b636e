"""The report: what counts as produced, and that the file needs nothing but itself."""

import base64
import hashlib
import io
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from small_runs import prepared, tiny
from streamlit.testing.v1 import AppTest

from lessons.images.captioned import CaptionedImage
from pages._service import report
from pages._ui.session import lessons
from pages._ui.session.controls import Setting
from pages._ui.session.produced import MOST_BYTES, Deliverable, _kept, deliverables
from pages._ui.session.results import Produced

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
LESSONS = [lesson for lesson in lessons.discover() if lesson.part]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"&'</p>"
RNG = np.random.default_rng(0)
GREY = CaptionedImage(RNG.integers(0, 256, (28, 28), dtype=np.uint8), f"grey {EVIL}", f"alt {EVIL}")
RGB = CaptionedImage(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8), "colour", "a tower")
EXTERNAL = ("src", "href", "action", "data", "poster", "srcset", "background", "formaction")


class Parsed(HTMLParser):
    """What stands in a report: tags, words, images."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def images(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == "img"]


def pixels(image: dict[str, str | None]) -> np.ndarray:
    content = str(image["src"]).removeprefix("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content, validate=True))))


def result(number: str = "A1.1", caption: str = "what it is") -> Produced:
    shown, left_out = _kept((GREY, RGB))
    parameters = (Setting("a11_t", "Timestep $t$", "100"), Setting("a11_prompt", "Prompt", EVIL))
    return Produced(
        number, shown, left_out, caption, "Digits (8d77)", 5, parameters, f"page?a={EVIL}"
    )


def opened(file: str, **address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=100)
    test.query_params.update(address)
    test.switch_page(file)
    return test.run()


def made(test: AppTest) -> dict[str, Produced]:
    return test.session_state.get("ui_produced", {})


def test_the_file_refers_to_nothing_outside_itself() -> None:
    content = report.html(deliverables(), {"A1.1": [result()]}, "Name", {})
    parsed = Parsed(content)
    for tag, attributes in parsed.tags:
        assert tag not in ("script", "link", "iframe", "object", "a", "form", "base")
        for name in EXTERNAL:
            assert str(attributes.get(name, "data:")).startswith("data:")
        assert not any(name.startswith("on") for name in attributes)
    assert "http:" not in content.decode()
    assert "https:" not in content.decode()
    assert "url(" not in content.decode()
    assert "@import" not in content.decode()
    [policy] = [a for tag, a in parsed.tags if tag == "meta" and "http-equiv" in a]
    assert "default-src 'none'" in str(policy["content"])


def test_the_images_are_in_it_pixel_for_pixel_with_their_words() -> None:
    images = Parsed(report.html(deliverables(), {"A1.1": [result()]}, "", {})).images
    assert len(images) == 2
    for image, shown_image in zip(images, (GREY, RGB), strict=True):
        assert np.array_equal(pixels(image), shown_image.pixels)
        assert image["alt"] == shown_image.alt


def test_markup_from_the_reader_stays_text_wherever_it_stands() -> None:
    remarks = {"A1.1": f"remark {EVIL}"}
    parsed = Parsed(report.html(deliverables(), {"A1.1": [result(caption=EVIL)]}, EVIL, remarks))
    assert [tag for tag, _ in parsed.tags if tag in ("script",)] == []
    assert len(parsed.images) == 2
    # As name, in title and heading; as caption, remark, setting, address, words of an image.
    assert parsed.words.count(EVIL) == 7


def test_seed_settings_network_and_address_stand_in_it() -> None:
    content = report.html(deliverables(), {"A1.1": [result()]}, "", {})
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', content.decode())
    assert rows == [
        ("Network", "Digits (8d77)"),
        ("Seed", "5"),
        ("Timestep t", "100"),
        ("Prompt", escape(EVIL)),
    ]
    assert "page?a=" in Parsed(content).words


def test_what_was_not_produced_is_named_and_only_that() -> None:
    rows = [Deliverable("A1.1", "One", "one.py"), Deliverable("A1.2", "Two", "two.py")]
    words = Parsed(report.html(rows, {"A1.1": [result()]}, "", {})).words
    assert "1 of 2 deliverables" in words
    assert "Not in this report: A1.2 Two." in words


def test_equal_results_give_an_equal_file() -> None:
    both = [report.html(deliverables(), {"A1.1": [result()]}, "N", {}) for _ in range(2)]
    assert both[0] == both[1]


def test_a_full_report_stays_a_few_megabytes() -> None:
    many = [
        CaptionedImage(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8), str(i))
        for i in range(200)
    ]
    shown, left_out = _kept(many)
    assert left_out == 200 - len(shown) > 0
    assert sum(len(shown_image.content) for shown_image in shown) <= MOST_BYTES
    rows = deliverables()
    everything = {
        row.id: [Produced(row.id, shown, left_out, "noise", "", 1, (), row.file)] for row in rows
    }
    content = report.html(rows, everything, "", {})
    assert len(content) < len(rows) * 1.4 * MOST_BYTES  # a third more, as text
    assert f"{left_out} more are left out for size." in Parsed(content).words


def test_a_image_larger_than_all_that_is_kept_is_kept_alone() -> None:
    large = CaptionedImage(RNG.integers(0, 256, (400, 400, 3), dtype=np.uint8))
    shown, left_out = _kept((large, GREY))
    assert (len(shown), left_out) == (1, 1)


@pytest.mark.parametrize("file", [lesson.file for lesson in LESSONS])
def test_every_lesson_delivers_its_result(file: str) -> None:
    source = (lessons.FOLDER / file).read_text("utf-8")
    assert source.count("ui.deliver(") == 1 or "training.lab(" in source


def test_the_assignments_rows_are_all_there_and_the_hand_drawn_image_has_its_own() -> None:
    ids = [row.id for row in deliverables()]
    assert ids[ids.index("A1.7") :][:3] == ["A1.7", "A1.7.1", "A1.7.2"]
    assert len(ids) == len(set(ids)) == len(LESSONS) + 1


def test_first_sight_is_seen_a_moved_parameter_produces_and_moving_it_back_keeps_the_result() -> (
    None
):
    test = opened("forward_process.py")
    assert made(test) == {}
    test.run()
    assert made(test) == {}
    slider = test.slider(key="a11_t_pictures")
    before = slider.value
    slider.set_value(200).run()
    [entry] = made(test).values()
    assert ("a11_t_pictures", "200") in [
        (parameter.key, parameter.value) for parameter in entry.parameters
    ]
    assert entry.seed == 276
    assert entry.weights_hash.startswith("Pictures (")
    test.slider(key="a11_t_pictures").set_value(before).run()
    assert made(test)["A1.1"] == entry
    test.slider(key="a11_t_pictures").set_value(300).run()
    assert made(test)["A1.1"] != entry


def test_the_address_in_the_report_shows_the_same_images_in_a_new_session() -> None:
    test = opened("forward_process.py")
    test.sidebar.number_input(key="seed").set_value(7).run()
    test.slider(key="a11_t_pictures").set_value(200).run()
    entry = made(test)["A1.1"]
    parts = urlsplit(entry.address)
    address = {name: values[0] for name, values in parse_qs(parts.query).items()}
    fresh = opened(f"{parts.path}.py", **address)
    assert fresh.slider(key="a11_t_pictures").value == 200
    # What the address shows at first sight there is what was produced here.
    digest = hashlib.sha256()
    for shown_image in entry.images:
        shown = np.asarray(Image.open(io.BytesIO(shown_image.content)))
        digest.update(repr(shown.shape).encode() + shown.tobytes())
    assert fresh.session_state["ui_first"]["A1.1"] == digest.hexdigest()
    assert test.session_state["ui_first"]["A1.1"] != digest.hexdigest()


def test_another_training_run_than_the_first_is_produced() -> None:
    test = opened("train_denoiser.py")
    assert made(test) == {}
    run_id = prepared(tiny(), 16)
    [box] = [box for box in test.run().selectbox if box.label == "Run"]
    box.set_value(run_id).run()
    entry = made(test)["B1.2"]
    assert entry.address.endswith(f"run={run_id}")
    said = {parameter.label: parameter.value for parameter in entry.parameters}
    assert said["Width D"] == "8"
    assert said["Steps"] == "16"
    assert float(said["Training loss, mean of the last 16 steps"]) > 0
    assert "Smoothing" not in said  # it changes how the curve is looked at
    assert len(entry.images) == 3
    assert [step for step, _ in entry.curve] == list(range(1, 17))


def test_the_page_shows_takes_remarks_and_removes() -> None:
    test = opened("report.py")
    assert not test.exception
    assert "**0** of" in test.markdown[1].value + test.markdown[0].value
    assert not test.get("download_button")
    test.switch_page("forward_process.py").run()
    test.slider(key="a11_t_pictures").set_value(200).run()
    test.switch_page("report.py").run()
    assert not test.exception
    assert len(test.get("download_button")) == 1
    test.text_input(key="report_name").set_value(EVIL).run()
    test.text_area(key="report_remark_A1.1").set_value("clear at 200").run()
    assert not test.exception
    assert "report_name" not in test.query_params
    test.switch_page("syllabus.py").run()
    test.switch_page("report.py").run()
    assert test.text_area(key="report_remark_A1.1").value == "clear at 200"
    test.button(key="report_remove_A1.1_1").click().run()
    assert made(test) == {}
    assert not test.get("download_button")


def test_a_result_that_is_kept_stays_beside_newer_ones_and_each_can_be_removed() -> None:
    test = opened("forward_process.py")
    for t in (200, 300):
        test.slider(key="a11_t_pictures").set_value(t).run()
        test.button(key="ui_keep_A1.1").click().run()
        assert not [one for one in test.button if one.key == "ui_keep_A1.1"]
    test.slider(key="a11_t_pictures").set_value(400).run()
    test.switch_page("report.py").run()
    assert not test.exception
    assert timesteps(test) == ["200", "300", "400"]
    test.button(key="report_remove_A1.1_3").click().run()
    assert timesteps(test) == ["200", "300"]
    test.button(key="report_remove_A1.1_1").click().run()
    assert timesteps(test) == ["300"]
    test.button(key="report_remove_A1.1_1").click().run()
    assert timesteps(test) == []
    assert not test.get("download_button")


def timesteps(test: AppTest) -> list[str]:
    """The timestep of each result on the page, in their order."""
    words = " ".join(one.value for one in test.get("html") if "Timestep" in one.value)
    return re.findall(r"Timestep t: (\d+)", words)


def test_no_more_are_kept_than_a_report_bears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages._ui.session.produced.MOST_KEPT", 1)
    test = opened("forward_process.py")
    test.slider(key="a11_t_pictures").set_value(200).run()
    test.button(key="ui_keep_A1.1").click().run()
    test.slider(key="a11_t_pictures").set_value(300).run()
    assert not [one for one in test.button if one.key == "ui_keep_A1.1"]
    assert any("remove one there" in one.value for one in test.get("html"))


def test_several_results_stand_in_one_section_in_their_order() -> None:
    both = [result(caption="first"), result(caption="second")]
    words = Parsed(report.html(deliverables(), {"A1.1": both}, "", {"A1.1": "why"})).words
    assert words.index("why") < words.index("first") < words.index("second")
    assert words.count("A 1.1 ·") == 1
    assert f"1 of {len(deliverables())} deliverables" in words


def test_a_training_brings_its_loss_curve() -> None:
    curve = tuple((step, 1 / (1 + step)) for step in range(100))
    trained = replace(result("B1.2"), curve=curve)
    tags = Parsed(report.html(deliverables(), {"B1.2": [trained]}, "", {})).tags
    [line] = [attributes for tag, attributes in tags if tag == "polyline"]
    assert len(str(line["points"]).split()) == 100
    assert "svg" not in [tag for tag, _ in Parsed(report.html([], {}, "", {})).tags]


def test_addresses_are_whole_where_the_app_knows_its_own() -> None:
    page = report.html(deliverables(), {"A1.1": [result()]}, "", {}, "https://class.example/app/")
    assert "open https://class.example/app/page?a=" in Parsed(page).words


def test_a_readers_endless_words_are_cut() -> None:
    long = report.html(deliverables(), {"A1.1": [result()]}, "n" * 10**6, {"A1.1": "r" * 10**6})
    assert len(long) < 100_000


def test_what_the_assignment_does_not_ask_for_comes_last_and_is_not_counted() -> None:
    rows = {row.id: row for row in deliverables()}
    found = {"A1.5.2": [result("A1.5.2")], "A1.1": [result()]}
    asked, beyond = [rows["A1.1"], rows["A1.4"]], [rows["A1.5.2"], rows["B2.5"]]
    words = Parsed(report.html(asked, found, "", {}, beyond=beyond)).words
    assert "1 of 2 deliverables" in words
    places = [words.index(word) for word in ("A 1.1", "A1.4 Iter", "Beyond the", "A 1.5.2")]
    assert places == sorted(places)
    assert "B2.5" not in words
    assert "Beyond" not in Parsed(report.html(asked, {"A1.1": [result()]}, "", {})).words


@pytest.mark.parametrize(
    ("year", "asks", "leaves"),
    [("fa24", "B2.3", "B2.5"), ("fa25", "B2.5", "B2.3"), ("", "B2.3", "A1.5.2")],
)
def test_each_course_asks_for_its_own(year: str, asks: str, leaves: str) -> None:
    rows = {row.id: row for row in deliverables()}
    assert year in rows[asks].years if year else rows[asks].years
    assert year not in rows[leaves].years if year else not rows[leaves].years
    page = opened("report.py", report_year=year)
    counted = sum(year in row.years if year else bool(row.years) for row in rows.values())
    assert f"**0** of {counted} deliverables" in "".join(one.value for one in page.markdown)
    assert rows["A1.7.1"].years == rows["A1.7"].years
