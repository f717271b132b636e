"""A denoiser that sees only noise can do no better than the mean of all digits."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lessons.diffusion.noise import stream
from lessons.images.captioned import to_pixels
from lessons.part_b import pure_noise as lesson
from lessons.training.previews import test_digits as first_test_digits
from lessons.training.recipe import DigitBatch, Preview
from models import mnist


class Answers(nn.Module):
    """A network that gives one answer to everything and keeps what it saw."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = nn.Parameter(answer)
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        return self.answer.expand_as(x)


def test_the_best_blind_estimate_is_the_mean() -> None:
    x = torch.stack([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)])
    torch.testing.assert_close(lesson.best_constant_estimate(x), torch.full((1, 1, 2, 2), 0.5))


def test_no_other_estimate_is_better() -> None:
    x = torch.rand(20, 1, 4, 4, generator=stream(1, "test"))
    floor = lesson.error_floor(x)
    for index in range(10):
        nudge = 0.1 * torch.randn(1, 1, 4, 4, generator=stream(1, "nudge", index))
        assert (lesson.best_constant_estimate(x) + nudge - x).square().mean() > floor


def test_one_image_alone_can_be_guessed_without_error() -> None:
    assert lesson.error_floor(torch.rand(1, 1, 4, 4)).item() == 0


def test_the_floor_of_mnist_is_its_variance() -> None:
    pixels = mnist.load("train").images.numpy().astype(np.float64) / 255
    assert lesson.mnist_error_floor() == pytest.approx(pixels.var(axis=0).mean(), rel=1e-4)
    assert lesson.mnist_error_floor() == pytest.approx(0.067, abs=0.001)


def test_the_network_sees_noise_alone() -> None:
    images = mnist.unit_range(mnist.load("train").images[:256])
    network = Answers(torch.zeros(1, 1, 28, 28))
    settings = lesson.PureNoiseSettings()
    for step in (0, 1):
        batch = DigitBatch(images, torch.zeros(256, dtype=torch.int64), stream(1, "step", step))
        value = lesson.loss(network, batch, settings)
    first, second = network.seen
    assert first.std().item() == pytest.approx(1, abs=0.01)
    together = torch.corrcoef(torch.stack([first.flatten(), images.flatten()]))[0, 1]
    assert abs(together.item()) < 0.01
    assert not torch.equal(first, second)
    assert value.item() == pytest.approx(images.square().mean().item())


def test_a_network_that_answers_the_mean_is_at_the_floor_and_has_no_spread() -> None:
    shown = shown_by(Answers(lesson.mean_digit().clone()))
    assert shown.numbers["distance_to_mean"] == pytest.approx(0, abs=1e-6)
    assert shown.numbers["spread"] == pytest.approx(0, abs=1e-6)
    expected = lesson.denoising_loss(lesson.mean_digit().expand(1000, -1, -1, -1), first())
    assert shown.numbers["test_loss"] == pytest.approx(expected.item())


def test_a_preview_shows_noise_answers_and_the_mean() -> None:
    shown = shown_by(Answers(torch.full((1, 1, 28, 28), 0.2)))
    noises, answers, means = shown.rows
    assert len(noises) == len(answers) == len(means) == 10
    assert len({noise.pixels.tobytes() for noise in noises}) == 10
    assert answers[3].pixels.tolist() == [[51] * 28] * 28
    expected = to_pixels(mnist.load("train").images.float().mean(0) / 255)
    assert np.abs(means[0].pixels.astype(int) - expected.astype(int)).max() <= 1


def test_the_course_preset_has_the_numbers_of_the_course() -> None:
    course = lesson.PRESETS["Course"]
    assert (course.num_hiddens, course.batch_size, course.epochs) == (128, 256, 5)
    assert (course.learning_rate, course.images_per_epoch) == (1e-4, 60_000)


def shown_by(network: nn.Module) -> Preview:
    with torch.no_grad():
        return lesson.preview(network, lesson.PureNoiseSettings())


def first() -> Tensor:
    return first_test_digits(1000)


def test_the_loss_tells_the_distance_to_the_mean() -> None:
    x = first_test_digits(200)
    answer = lesson.best_constant_estimate(x) + 0.1
    loss = (answer - x).square().mean().item()
    floor = lesson.error_floor(x).item()
    assert lesson.distance_from_loss(loss, floor) == pytest.approx(0.1, abs=1e-4)
    assert lesson.distance_from_loss(floor / 2, floor) == 0
