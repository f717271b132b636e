"""One noise level: what the network sees, what it is asked for, what it shows."""

import math

import pytest
import torch
from small_runs import tiny
from torch import Tensor, nn

from lessons.diffusion.noise import stream
from lessons.part_b import train_denoiser as lesson
from lessons.training import previews
from lessons.training.loop import TrainingState, train
from lessons.training.recipe import DigitBatch, Preview
from models import mnist


class Keeps(nn.Module):
    """A network that answers with its input and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        return self.scale * x


def batch(seed: int = 0) -> DigitBatch:
    images = mnist.unit_range(mnist.load("train").images[:64])
    return DigitBatch(images, torch.zeros(64, dtype=torch.int64), stream(seed, "step", 0))


def test_no_noise_leaves_the_digit_alone() -> None:
    x, eps = torch.rand(2, 1, 28, 28), torch.randn(2, 1, 28, 28)
    assert torch.equal(lesson.add_unscaled_noise(x, eps, 0.0), x)


def test_noise_is_added_at_its_strength_and_nothing_is_scaled_or_clamped() -> None:
    x, eps = torch.full((1, 1, 1, 2), 0.5), torch.tensor([[[[-2.0, 3.0]]]])
    torch.testing.assert_close(
        lesson.add_unscaled_noise(x, eps, 0.5), torch.tensor([[[[-0.5, 2.0]]]]), rtol=0, atol=0
    )


def test_noise_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="eps is"):
        lesson.add_unscaled_noise(torch.zeros(2, 1, 28, 28), torch.zeros(1, 1, 28, 28), 0.5)


def test_the_loss_is_the_mean_squared_error() -> None:
    x = torch.zeros(3, 1, 28, 28)
    assert lesson.denoising_loss(x + 0.1, x).item() == pytest.approx(0.01)
    assert lesson.denoising_loss(x, x).item() == 0


def test_a_loss_over_shapes_that_would_broadcast_is_refused() -> None:
    with pytest.raises(ValueError, match="x_hat is"):
        lesson.denoising_loss(torch.zeros(2, 1, 28, 28), torch.zeros(1, 28, 28))


def test_the_network_sees_the_noisy_digit_and_is_asked_for_the_clean_one() -> None:
    network, given = Keeps(), batch()
    value = lesson.loss(network, given, lesson.DenoiserSettings(sigma=0.5))
    noise = network.seen[0] - given.images
    assert noise.std().item() == pytest.approx(0.5, abs=0.01)
    assert value.item() == pytest.approx(noise.square().mean().item(), rel=1e-4)


def test_another_step_brings_other_noise_to_the_same_digits() -> None:
    network = Keeps()
    for seed in (0, 1):
        lesson.loss(network, batch(seed), lesson.DenoiserSettings())
    assert not torch.equal(*network.seen)


def test_a_network_in_eval_mode_answers_each_image_by_itself() -> None:
    """With BatchNorm in train mode the answer depends on the other images of the batch."""
    run = trained(steps=3)
    run.network.eval()
    x = previews.test_digits(20)
    with torch.inference_mode():
        torch.testing.assert_close(run.network(x)[:2], run.network(x[:2]), rtol=1e-4, atol=1e-5)


def test_a_preview_shows_ten_digits_clean_noisy_and_denoised() -> None:
    shown = shown_by(Keeps(), sigma=0.5)
    assert [len(row) for row in shown.rows] == [10, 10, 10]
    clean, noisy, denoised = shown.rows
    assert clean[0].pixels.shape == (28, 28)
    assert all((a.pixels == b.pixels).all() for a, b in zip(noisy, denoised, strict=True))
    assert not (clean[0].pixels == noisy[0].pixels).all()


def test_the_numbers_of_a_preview_have_known_values_for_a_network_that_does_nothing() -> None:
    numbers = shown_by(Keeps(), sigma=0.5).numbers
    assert numbers["test_loss"] == pytest.approx(0.25, rel=0.01)
    assert numbers["psnr_noisy"] == pytest.approx(10 * math.log10(1 / 0.25), abs=0.05)
    assert numbers["psnr"] == pytest.approx(numbers["psnr_noisy"])


def test_training_helps() -> None:
    run = trained(steps=0, epochs=4)
    before = run.preview().numbers["test_loss"]
    for _ in train(run):
        pass
    assert run.preview().numbers["test_loss"] < 0.5 * before


def test_the_course_preset_has_the_numbers_of_the_course() -> None:
    course = lesson.PRESETS["Course"]
    assert (course.num_hiddens, course.batch_size, course.epochs) == (128, 256, 5)
    assert (course.learning_rate, course.decay, course.sigma) == (1e-4, 1.0, 0.5)
    assert course.images_per_epoch == 60_000


def shown_by(network: nn.Module, sigma: float) -> Preview:
    with torch.no_grad():
        return lesson.preview(network, tiny(sigma=sigma))


def trained(steps: int, epochs: int = 2) -> TrainingState:
    run = TrainingState.begin(lesson.RECIPE, tiny(epochs=epochs), torch.device("cpu"))
    stepping = train(run)
    for _ in range(steps):
        next(stepping)
    return run
