"""The loss curve of a report."""

import math
import xml.etree.ElementTree as ET

import pytest

from pages._service.curve_svg import HEIGHT, WIDTH, svg


def drawn(steps: list[int], losses: list[float]) -> list[tuple[float, float]]:
    root = ET.fromstring(svg(steps, losses, "a loss"))
    [line] = root.iter("polyline")
    return [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]  # type: ignore[misc]


def labels(steps: list[int], losses: list[float]) -> list[str]:
    return [one.text or "" for one in ET.fromstring(svg(steps, losses, "")).iter("text")]


def test_equal_ratios_are_equal_heights_and_falling_is_down() -> None:
    (x1, y1), (x2, y2), (x3, y3) = drawn([0, 10, 20], [0.4, 0.2, 0.1])
    assert x2 - x1 == pytest.approx(x3 - x2)
    assert y2 - y1 == pytest.approx(y3 - y2, abs=0.2)
    assert y1 < y2 < y3


def test_it_stays_in_its_frame_and_shows_both_ends() -> None:
    points = drawn(list(range(5000)), [1 / (1 + k) for k in range(5000)])
    assert len(points) < 700
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in points)
    assert {"0", "4,999"} <= set(labels([0, 4999], [0.3, 0.2]))


def test_ticks_are_on_the_axis() -> None:
    assert {"0.05", "0.1", "0.2"} <= set(labels([1, 2], [0.3, 0.03]))
    assert "0.01" not in labels([1, 2], [0.3, 0.03])


@pytest.mark.parametrize("losses", [[], [0.1], [math.nan, 0.2], [0.0, -1.0, math.inf]])
def test_what_is_no_curve_is_not_drawn(losses: list[float]) -> None:
    assert svg(list(range(len(losses))), losses, "") == ""


def test_a_flat_curve_is_drawn() -> None:
    assert len(drawn([1, 2], [0.2, 0.2])) == 2


def test_words_are_text() -> None:
    content = svg([1, 2], [0.2, 0.1], '"><script>alert(1)</script>')
    assert "<script" not in content
    assert ET.fromstring(content).attrib["aria-label"] == '"><script>alert(1)</script>'
