"""Turn a picture into an oil painting, a lithograph or a pencil sketch, with plain filters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from models.miniature.smooth import Floats, blurred, laplacian, slope


def oil(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Daubs: each place takes its neighbourhood's commonest colour; then relief and warm light."""
    rich = ImageEnhance.Color(picture).enhance(1.35)
    grainy = Image.fromarray(
        np.clip(np.asarray(rich, np.float32) + _strokes(rng, rich.size) * 26, 0, 255).astype(
            "uint8"
        )
    )
    daubs = grainy.filter(ImageFilter.ModeFilter(6)).filter(ImageFilter.MedianFilter(3))
    relief = laplacian(np.asarray(daubs.convert("L"), np.float32), 1.0)
    light = np.asarray(daubs, np.float32) - 1.2 * relief[..., None]
    warm = light * np.array([1.02, 0.98, 0.88], np.float32) + 14 * _strokes(rng, rich.size)
    return Image.fromarray(np.clip(warm, 0, 255).astype("uint8"))


def lithograph(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Greasy crayon on grained stone: one brown ink, tones as grain, edges drawn dark."""
    grey = _grey(picture)
    spread = np.clip((grey - grey.min()) / max(float(np.ptp(grey)), 0.2), 0, 1) ** 0.9
    edges = slope(grey)
    tone = spread - 0.9 * np.clip(edges, 0, 0.6)
    grain = blurred(rng.standard_normal(grey.shape).astype("float32"), 0.9)
    ink = 1 / (1 + np.exp(8 * (tone + 0.4 * grain - 0.42)))
    return _inked(ink, np.array([52, 40, 34]), np.array([238, 228, 206]))


def pencil(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Dark lines where tones change, and slanted hatching in the shade; on white paper."""
    grey = _grey(picture)
    soft = blurred(grey, 2.2)
    lines = 1 - np.clip(grey / np.maximum(soft, 0.05), 0, 1)
    edges = np.clip(slope(grey) * 0.55, 0, 1)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    hatch = 0.5 + 0.5 * np.sin((x + y) * 1.5 + rng.uniform(0, 6))
    shade = np.clip(0.75 - grey, 0, 1) * (0.25 + 0.5 * hatch)
    ink = np.clip(1.6 * lines + edges + 0.8 * shade, 0, 1)
    return _inked(ink, np.array([60, 60, 66]), np.array([250, 249, 246]))


FILTERS = {"oil": oil, "lithograph": lithograph, "pencil": pencil}


def _grey(picture: Image.Image) -> Floats:
    return np.asarray(picture.convert("L")).astype(np.float32) / np.float32(255)


def _inked(ink: Floats, dark: NDArray[np.int_], paper: NDArray[np.int_]) -> Image.Image:
    mixed = ink[..., None] * dark + (1 - ink[..., None]) * paper
    return Image.fromarray(np.clip(mixed, 0, 255).astype("uint8"))


def _strokes(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    """Short slanted streaks of light and dark, about -1 to 1, as a brush leaves them."""
    noise = rng.standard_normal((size[1], size[0])).astype("float32")
    streaks = blurred(noise, 0.7, 2.4)
    level: Floats = (streaks / max(float(np.abs(streaks).max()), 1e-6))[..., None]
    return level
