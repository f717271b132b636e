"""What every chart calls its axes and its curves, and which symbol's colour each curve has.

A second statement of each, to be read beside the page: axes that were exchanged, or a curve in the
colour of another symbol, look as good as the right ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from page_reader import Page
from test_controls_arrive import PAGES, page

Curve = tuple[str, str, str | int | None]
Chart = tuple[str, str, bool, bool, tuple[Curve, ...]]
"""Along the bottom, along the side, which of them is logarithmic, and the curves with a name."""

CHARTS: Final[Mapping[str, Mapping[str, Chart]]] = {
    "attention_maps.py": {
        "a161_words": (
            "timestep t",
            "share of attention on words",
            False,
            False,
            (("with the prompt", "solid", "eps_c"), ("with the empty prompt", "dashed", "eps_u")),
        ),
    },
    "class_guidance.py": {
        "b24_accuracy": (
            "guidance γ",
            "accuracy",
            False,
            False,
            (("accuracy", "solid", "x_0_hat"),),
        ),
        "b24_diversity": (
            "guidance γ",
            "diversity",
            False,
            False,
            (("samples", "solid", "eps"), ("test digits", "dashed", "muted")),
        ),
        "b24_frechet": (
            "guidance γ",
            "Fréchet distance",
            False,
            True,
            (
                ("DDPM, σ² = β, 50 steps", "solid", "x_0_hat"),
                ("DDPM, σ² = β̃, 10 steps", "solid", "eps"),
                ("DDIM, η = 0, 10 steps", "solid", "x_t"),
                ("1,000 real digits", "dashed", "muted"),
            ),
        ),
    },
    "classical_denoising.py": {
        "a12_curves": (
            "σ in pixels",
            "PSNR in dB",
            False,
            False,
            (("kernel 3", "solid", None), ("kernel 5", "solid", None), ("kernel 9", "solid", None)),
        ),
    },
    "diffusion_in_the_plane.py": {
        "a10_errors": (
            "timestep t",
            "difference of the fields",
            False,
            False,
            (("learned − exact", "solid", "eps"),),
        ),
        "a10_loss": (
            "training step",
            "loss",
            False,
            False,
            (("the network", "solid", "x_t"), ("the exact field", "dashed", "muted")),
        ),
        "a10_away": (
            "guidance scale γ",
            "distance to the class",
            False,
            False,
            (("exact", "solid", "x_0"), ("learned", "solid", "x_t")),
        ),
        "a10_spread": (
            "guidance scale γ",
            "spread of the samples",
            False,
            False,
            (("exact", "solid", "x_0"), ("learned", "solid", "x_t")),
        ),
    },
    "forward_process.py": {
        "a11_schedule_β": (
            "timestep t",
            "variance added, β",
            False,
            False,
            (("β", "solid", "eps"), ("the slider's t", "dashed", "muted")),
        ),
        "a11_schedule_ᾱ": (
            "timestep t",
            "signal power left, ᾱ",
            False,
            False,
            (("ᾱ", "solid", "x_0"), ("the slider's t", "dashed", "muted")),
        ),
        "a11_schedule_SNR": (
            "timestep t",
            "signal-to-noise ratio in dB",
            False,
            False,
            (("SNR", "solid", "x_t"), ("the slider's t", "dashed", "muted")),
        ),
    },
    "from_denoiser_to_ddpm.py": {
        "b21_schedule": (
            "timestep t",
            "weight",
            False,
            False,
            (
                ("weight of the digit, √ᾱ", "solid", "x_0"),
                ("weight of the noise, √(1 − ᾱ)", "solid", "eps"),
            ),
        ),
    },
    "inversion.py": {
        "a153_norms": (
            "weight w of the second noise",
            "norm / √pixels",
            False,
            False,
            (
                ("two noises, along the sphere", "solid", "x_0_hat"),
                ("two noises, straight", "solid", "eps"),
            ),
        ),
    },
    "one_step.py": {
        "b26_departures": (
            "from noise (0) to image (1)",
            "departure from the straight line",
            False,
            False,
            (("teacher", "solid", "x_t"), ("rectified student", "solid", "x_0_hat")),
        ),
        "b26_pixels": (
            "from noise (0) to image (1)",
            "value of the pixel",
            False,
            False,
            (("*", "solid", 0), ("*", "solid", 1), ("*", "solid", 2)),
        ),
        "b26_frechet": (
            "steps",
            "Fréchet distance (lower is better)",
            True,
            True,
            (
                ("teacher", "solid", "x_t"),
                ("rectified student", "solid", "x_0_hat"),
                ("distilled student", "dots", "eps"),
                ("300 real digits", "dashed", "muted"),
            ),
        ),
        "b26_losses": (
            "training step",
            "loss at t = 0",
            False,
            True,
            (("loss", "solid", "x_0_hat"),),
        ),
    },
    "out_of_distribution.py": {
        "b122_curve": (
            "noise σ",
            "PSNR in dB, mean of 100 test digits",
            False,
            False,
            (("output of the network", "solid", "x_0_hat"), ("input", "solid", "x_t")),
        ),
    },
    "perfect_denoiser.py": {
        "a151_known": (
            "timestep t",
            "mean squared error on images of the set",
            False,
            False,
            (("the perfect denoiser", "solid", "x_0"), ("the network", "solid", "x_0_hat")),
        ),
        "a151_new": (
            "timestep t",
            "mean squared error on new images",
            False,
            False,
            (
                ("the perfect denoiser", "solid", "x_0"),
                ("the network", "solid", "x_0_hat"),
                ("difference between the two", "dashed", "muted"),
            ),
        ),
        "a151_possible": (
            "timestep t",
            "effective number of images",
            False,
            True,
            (("still possible", "solid", "x_0"),),
        ),
    },
    "rate_schedule.py": {
        "b251_tested": (
            "images seen",
            "test loss",
            False,
            True,
            (
                ("constant 0.001", "solid", "eps"),
                ("constant 0.003", "solid", "x_t"),
                ("constant 0.01", "solid", "x_0"),
                ("0.01, decaying to 0.001", "solid", "x_0_hat"),
            ),
        ),
        "b251_loss": (
            "images seen",
            "loss of a batch, smoothed",
            False,
            True,
            (
                ("constant 0.001", "solid", "eps"),
                ("constant 0.003", "solid", "x_t"),
                ("constant 0.01", "solid", "x_0"),
                ("0.01, decaying to 0.001", "solid", "x_0_hat"),
            ),
        ),
        "b251_bowl": (
            "steps",
            "mean squared distance from the minimum",
            False,
            True,
            (
                ("constant rate, averaged weights", "solid", "eps"),
                ("constant rate, last weights", "dashed", "eps"),
                ("decaying rate, averaged weights", "solid", "x_0_hat"),
                ("decaying rate, last weights", "dashed", "x_0_hat"),
            ),
        ),
    },
    "samplers.py": {
        "a152_accuracy": (
            "network calls",
            "classified as requested",
            True,
            False,
            (
                ("DDPM, σ² = β̃", "solid", "x_t"),
                ("DDIM, η = 0", "solid", "z"),
                ("DPM-Solver++(2M)", "solid", "x_0_hat"),
            ),
        ),
        "a152_probability": (
            "network calls",
            "probability of the thing requested",
            True,
            False,
            (
                ("DDPM, σ² = β̃", "solid", "x_t"),
                ("DDIM, η = 0", "solid", "z"),
                ("DPM-Solver++(2M)", "solid", "x_0_hat"),
            ),
        ),
    },
    "unet.py": {
        "b11_gelu": (
            "output of the convolution",
            "output of the layer",
            False,
            False,
            (("GELU", "solid", "eps"), ("plain", "dashed", "muted")),
        ),
    },
    "wider_or_longer.py": {
        "b221_frechet": (
            "*",
            "Fréchet distance (lower is better)",
            True,
            False,
            (("D = 8", "solid", "eps"), ("D = 16", "solid", "x_t"), ("D = 32", "solid", "x_0")),
        ),
        "b221_loss": (
            "*",
            "test loss",
            True,
            True,
            (("D = 8", "solid", "eps"), ("D = 16", "solid", "x_t"), ("D = 32", "solid", "x_0")),
        ),
    },
}


def drawn(read_: Page) -> dict[str, Chart]:
    found: dict[str, Chart] = {}
    for call in read_.of("live_plot"):
        given: dict[str, Any] = call.given
        curves = tuple((one.name, one.style, one.color) for one in call.args[0] if one.name)
        logarithmic = given.get("log_x", False), given.get("log_y", False)
        found[given["key"]] = (given["x_title"], given["y_title"], *logarithmic, curves)
    return found


def alike(said: object, wanted: object) -> bool:
    """Whether both are the same; what the reader chooses, or where pixels lie, is any."""
    if isinstance(said, tuple) and isinstance(wanted, tuple):
        return len(said) == len(wanted) and all(map(alike, said, wanted))
    return wanted == "*" or said == wanted


@pytest.mark.parametrize("file", [file for file in PAGES if file != "own_digit.py"])
def test_every_chart_has_its_own_axes_and_colours(file: str) -> None:
    found, wanted = drawn(page(file)), CHARTS.get(file, {})
    assert found.keys() == wanted.keys()
    for key, chart in wanted.items():
        assert alike(found[key], chart), (key, found[key])
