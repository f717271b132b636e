"""What a Demo is said to end with was measured with its settings, and is good enough."""

from collections.abc import Callable

import pytest
import torch
from test_pages import opened
from torch import Tensor

from benchmarks import no_digit
from benchmarks.demos import BAR, RECIPES, demo
from lessons.training import demos
from lessons.training.runs.recipes import recipe
from models import mnist

PAGES = {"ddpm": "train_ddpm.py", "class-ddpm": "train_class_ddpm.py"}


@pytest.mark.parametrize("name", RECIPES)
def test_a_demo_was_measured_with_its_settings_and_ends_with_digits(name: str) -> None:
    settings = recipe(name).presets["Demo"]
    found = demos.ending(name, settings)
    assert found, "measure it again: python -m benchmarks.demos --write"
    assert found.images == settings.total_images
    assert (found.asked is None) is not name.startswith("class-")
    assert found.share >= BAR


def test_the_classifier_of_that_measurement_reads_test_digits() -> None:
    for found in demos._measured().values():
        assert 0.985 < found.real < 1


@pytest.mark.parametrize("name", RECIPES)
def test_what_was_measured_holds_for_any_seed_and_arithmetic_but_no_other_settings(
    name: str,
) -> None:
    settings = demo(name, seed=5, precision="bfloat16")
    assert demos.ending(name, settings) == demos.ending(name, recipe(name).presets["Demo"])
    for change in ({"epochs": settings.epochs + 1}, {"num_hiddens": 24}, {"data": "fashion-mnist"}):
        assert demos.ending(name, settings.model_copy(update=change)) is None
    assert demos.ending(name, recipe(name).presets["Laptop"]) is None


def test_the_sentence_says_what_was_asked_for() -> None:
    with_classes = demos.DemoEnding("0" * 10, 1000, digits=0.9, asked=0.85, real=0.991)
    assert "read 85% of its samples as the digit asked for" in demos.words(with_classes)
    without = demos.DemoEnding("0" * 10, 1000, digits=0.9, asked=None, real=0.991)
    assert "read 90% of its samples as digits; of real" in demos.words(without)
    assert "99.1% right" in demos.words(without)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_says_it_of_the_demo_alone(name: str) -> None:
    found = demos.ending(name, recipe(name).presets["Demo"])
    assert found
    for preset in ("Demo", "Laptop"):
        page = opened(PAGES[name], preset=preset)
        said = [text.value for text in page.markdown]
        assert (demos.words(found) in said) is (preset == "Demo")


@pytest.mark.parametrize("draw", {**no_digit.TRAINED, **no_digit.NEVER_TRAINED}.values())
def test_images_that_are_no_digits_look_like_digits_in_shape_and_range(
    draw: Callable[[Tensor, Tensor, torch.Generator], Tensor],
) -> None:
    digits = mnist.load("test")
    images, labels = mnist.unit_range(digits.images[:64]), digits.labels[:64]
    made = draw(images, labels, torch.Generator().manual_seed(0))
    assert made.shape == images.shape
    assert made.min() >= 0
    assert made.max() <= 1
    assert made.flatten(1).sum(1).median() > 20  # ink
    assert made.flatten(1).std(1).median() > 0.1


def test_two_digits_at_once_are_never_of_one_class() -> None:
    labels = torch.arange(100) % 3
    assert (labels[no_digit._others(labels, torch.Generator().manual_seed(0))] != labels).all()


def test_the_classifier_is_the_same_whenever_it_is_trained() -> None:
    one, other = (no_digit.trained(steps=2).state_dict() for _ in range(2))
    assert all(one[name].equal(other[name]) for name in one)
