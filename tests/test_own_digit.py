"""B1.2.4 · Your own digit"""

import torch
from torch.testing import assert_close

from lessons.beyond import own_digit as lesson

# What stands behind the sentences of the lesson that say a number: a test, or a definition.
CLAIMS = {
    "_teaching/own_digit.md": {
        "Twice the noise is twice the error": "test_the_mean_squared_error_is_sigma_squared",
    },
    "_teaching/own_digit.py": {
        "the image keeps the weight 1": "test_without_noise_the_image_stays",
        "The error is σ² on average": "test_the_mean_squared_error_is_sigma_squared",
    },
}


def test_without_noise_the_image_stays() -> None:
    x_0 = lesson.disc()
    assert_close(lesson.with_noise(x_0, 0.0, torch.ones_like(x_0)), x_0)


def test_the_mean_squared_error_is_sigma_squared() -> None:
    x_0 = torch.zeros(1, 1, 200, 200)
    eps = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(1))
    error = lesson.with_noise(x_0, 0.5, eps).square().mean()
    assert_close(error, torch.tensor(0.25), rtol=0.05, atol=0)


def test_what_is_read_under_the_images() -> None:
    clean, noisy = lesson.demo(sigma=0.25, seed=1)
    assert (clean.caption, noisy.caption) == ("x₀, clean", "σ = 0.25")
    assert clean.pixels.mean() != noisy.pixels.mean()
