"""B1.2.4 · Your own digit: the form of MNIST, and what two networks make of a drawing."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from lessons.beyond import own_digit as lesson
from lessons.measure import classifier
from lessons.training import runs
from lessons.training.networks import load_network
from lessons.training.previews import noise_like
from models import mnist

# What stands behind the sentences of the lesson that say a number: a test, or a definition.
CLAIMS = {
    "own_digit.py": {
        "The ten probabilities of a row": "by definition",
        "your digit at 28×28": "by definition",
        "99.97 % of the 10,000 test digits": (
            "test_the_test_digits_are_in_this_form_already_but_for_three"
        ),
        "Shrink the test digits": "test_the_form_decides_whether_a_digit_is_read",
        "every one of 1,000 test digits for an 8": (
            "test_noise_makes_every_digit_a_certain_8_and_the_denoiser_undoes_it"
        ),
        "Draw a 7 with and without": "it only says what is asked for",
        "After the denoiser it is right for": (
            "test_noise_makes_every_digit_a_certain_8_and_the_denoiser_undoes_it"
        ),
    },
    "_shared/own_data.py": {
        "scaled to 28×28": "by definition",
    },
    "_teaching/own_digit.py": {
        "What changes at 28×28": "it only says what is asked for",
        "its longer side has 20 pixels": "by definition",
        "with the sum 1": "by definition",
        "a 0 with more than 99 %": "test_a_triangle_is_a_certain_0",
    },
    "_teaching/own_digit.md": {
        "The noise from 0 upwards": "by definition",
        "A probability near 1": "by definition",
    },
}
DENOISER = next(run.id for run in runs.all_runs("denoiser") if run.shipped)


def strokes(*segments: tuple[tuple[int, int], tuple[int, int]]) -> torch.Tensor:
    """A drawing of straight strokes, as the example is one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson, "_FOUR", segments)
        return lesson.example()


def in_form(ink: torch.Tensor) -> torch.Tensor:
    return lesson.centred(lesson.fit_in_box(ink))


def test_where_and_how_large_it_was_drawn_is_not_seen_afterwards() -> None:
    ink = torch.zeros(320, 320)
    small = torch.rand(8, 4, generator=torch.Generator().manual_seed(1))
    ink[100:180, 40:80] = small.repeat_interleave(10, 0).repeat_interleave(10, 1)
    form = in_form(ink)
    assert_close(in_form(ink.roll((90, 200), (0, 1))), form)
    double = ink[60:220, :160].repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert_close(in_form(double), form, atol=1e-6, rtol=0)


def test_the_longer_side_has_20_pixels_and_proportions_stay() -> None:
    ink = torch.zeros(320, 320)
    ink[30:230, 100:150] = 1
    digit = lesson.fit_in_box(ink)
    assert digit.shape == (20, 5)
    assert_close(digit, torch.ones(20, 5))
    ink = torch.zeros(320, 320)
    ink[7, 9] = 1
    assert lesson.fit_in_box(ink).shape == (20, 20)


def test_the_centre_of_mass_is_a_weighted_mean_and_lies_at_pixel_14() -> None:
    digit = torch.zeros(20, 10)
    digit[2, 3], digit[6, 9] = 3, 1
    assert_close(lesson.centre_of_mass(digit), torch.tensor([3.0, 4.5], dtype=torch.float64))
    field = lesson.centred(digit[:8])
    assert field.shape == (1, 1, 28, 28)
    assert (lesson.centre_of_mass(field[0, 0]) - 14).abs().max() <= 0.5


def test_a_digit_that_would_be_cut_off_stays_whole() -> None:
    digit = torch.full((20, 20), 0.001)
    digit[0, 0] = 1
    assert_close(lesson.centred(digit).sum(), digit.sum())


def test_an_empty_canvas_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="Nothing is drawn yet"):
        lesson.demo(DENOISER, 0.5, 1, np.zeros((320, 320), np.uint8))


def test_the_test_digits_are_in_this_form_already_but_for_three() -> None:
    """The oracle: MNIST's makers did what we do, to the last bit."""
    images = mnist.unit_range(mnist.load("test").images)
    same = [bool(torch.equal(in_form(x[0]), x[None])) for x in images]
    assert f"{100 * sum(same) / len(same):.2f} %" == "99.97 %"


def test_the_form_decides_whether_a_digit_is_read() -> None:
    test = mnist.load("test")
    half = torch.nn.functional.interpolate(mnist.unit_range(test.images), (14, 14), mode="area")
    corner = torch.nn.functional.pad(half, (14, 0, 14, 0))
    again = torch.cat([in_form(x[0]) for x in corner])
    read = [classifier.read(images).labels for images in (corner, again)]
    shares = [float((labels == test.labels).float().mean()) for labels in read]
    assert [f"{share:.0%}" for share in shares] == ["39%", "99%"]


def test_noise_makes_every_digit_a_certain_8_and_the_denoiser_undoes_it() -> None:
    test, network = mnist.load("test"), load_network(DENOISER)
    truth, x = test.labels[:1000], mnist.unit_range(test.images[:1000])
    z = x + 0.5 * noise_like(x, 276)
    noisy = classifier.read(z)
    assert set(noisy.labels.tolist()) == {8}
    assert noisy.confidence.mean() > 0.999
    with torch.no_grad():
        x_hat = torch.cat([network(part) for part in z.split(250)])
    right = (classifier.read(x_hat).labels == truth).float().mean()
    assert f"{100 * right:.1f} %" == "97.5 %"


def test_a_triangle_is_a_certain_0() -> None:
    corners = (160, 60), (260, 260), (60, 260)
    sides = [(corners[i], corners[(i + 1) % 3]) for i in range(3)]
    [shares] = classifier.probabilities(in_form(strokes(*sides)))
    assert shares.argmax() == 0
    assert shares[0] > 0.99
    assert_close(shares.sum(), torch.tensor(1.0))


def test_what_is_read_under_the_images() -> None:
    found = lesson.demo(DENOISER, 0.5, 276)
    drawn, x, z, x_hat = found.images
    assert (drawn.caption, drawn.pixels.shape) == ("drawn", (320, 320))
    assert x.caption == "28×28 · classified 4"
    assert [image.symbol for image in found.images] == ["", "x_0", "x_t", "x_0_hat"]
    assert x_hat.caption.endswith("dB · classified 4")
    assert z.alt == "your digit under noise of σ = 0.5"
    assert list(found.probabilities) == ["28×28", "with noise", "denoised"]
    for shares in found.probabilities.values():
        assert sum(shares) == pytest.approx(1)
    assert found.probabilities["with noise"][8] > 0.99


def test_the_example_drawn_is_the_example_and_another_drawing_is_not() -> None:
    pixels = (lesson.example() * 255).byte().numpy()
    same, example = lesson.demo(DENOISER, 0.3, 1, pixels), lesson.demo(DENOISER, 0.3, 1)
    assert same.probabilities == example.probabilities
    other = lesson.demo(DENOISER, 0.3, 1, np.rot90(pixels).copy())
    assert (other.images[1].pixels != example.images[1].pixels).any()


def test_without_noise_the_noisy_digit_is_the_digit() -> None:
    found = lesson.demo(DENOISER, 0.0, 1)
    assert (found.images[1].pixels == found.images[2].pixels).all()
    assert found.images[2].caption == "no noise"
