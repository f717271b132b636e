"""Scenes for the course's prompts that no single picture shows: put together, or painted here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from models.miniature.smooth import Floats, blurred

SIDE = 80
Pick = Callable[[str], Image.Image]
"""Noun → one of its pictures, 80×80 RGBA."""


def village(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """Snow-capped peaks, a white slope, houses and firs."""
    scene = _sky(rng, (150, 190, 230), (225, 236, 245))
    for x in (rng.integers(-22, 4), rng.integers(22, 44)):
        _paste(scene, _peak(rng, int(rng.integers(52, 66))), int(x), int(rng.integers(2, 12)))
    _ground(scene, rng, (244, 247, 252), 50)
    for x in sorted(rng.permutation([2, 26, 48])[: rng.integers(2, 4)]):
        _paste(
            scene,
            _snowed(pick("house"), int(rng.integers(24, 32))),
            int(x),
            int(rng.integers(38, 50)),
        )
    for _ in range(rng.integers(1, 4)):
        fir = pick("fir tree").resize((18, 18))
        _paste(scene, fir, int(rng.integers(0, 64)), int(rng.integers(48, 62)))
    return scene


def campfire_people(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """A fire in the middle of a dusk, heads on both sides."""
    scene = _sky(rng, (38, 36, 74), (128, 84, 96))
    _ground(scene, rng, (78, 62, 52), 52)
    glow = Image.new("RGBA", (SIDE, SIDE))
    ImageDraw.Draw(glow).ellipse((14, 24, 66, 84), fill=(255, 170, 60, 120))
    _paste(scene, glow.filter(ImageFilter.GaussianBlur(8)), 0, 0)
    for x, y in ((1, 34), (51, 34), (14, 20), (40, 20))[: rng.integers(2, 5)]:
        who = pick(str(rng.choice(["man", "woman", "old man", "man"])))
        _paste(
            scene, who.resize((28, 28)), x + int(rng.integers(-2, 3)), y + int(rng.integers(-3, 4))
        )
    _paste(scene, pick("campfire").resize((30, 30)), 25 + int(rng.integers(-2, 3)), 44)
    return scene


def waterfall(_pick: Pick, rng: np.random.Generator) -> Image.Image:
    """White water between dark cliffs, into a pool."""
    y, x = np.mgrid[:SIDE, :SIDE].astype("float32")
    centre = 40 + rng.uniform(-9, 9) + blurred(rng.standard_normal(SIDE), 9)[:, None] * 5
    half = rng.uniform(8, 15) + 4 * y / SIDE + _rough(rng, 3)[:, :1] * 2
    top, pool = rng.uniform(8, 22), rng.uniform(58, 66)
    streaks = blurred(rng.standard_normal((SIDE, SIDE)), 9, 0.8) * 9
    rock = (
        np.array(rng.choice([[96, 86, 78], [84, 92, 88], [110, 98, 84]]))
        + 26 * _rough(rng, 2.2)[..., None]
    )
    rock = rock + np.where(_rough(rng, 5)[..., None] > 0.5, np.array([-30, 34, -28]), 0)
    water = np.array([196, 224, 244]) + 34 * streaks[..., None]
    picture = np.where((np.abs(x - centre) < half)[..., None], water, rock)
    sky = np.array([158, 206, 240]) + 30 * y[..., None] / SIDE
    crest = top + 5 * _rough(rng, 6)[40][None] + np.where(np.abs(x - centre) < half, 2, -3)
    picture = np.where((y < crest)[..., None], sky, picture)
    lake = (
        np.array([64, 140, 184])
        + 22 * blurred(rng.standard_normal((SIDE, SIDE)), 0.8, 5)[..., None] * 6
    )
    picture = np.where((y > pool)[..., None], lake, picture)
    foam = np.exp(-(((y - pool) / 4) ** 2) - ((x - centre) / (half + 4)) ** 2)[..., None]
    return _picture(picture * (1 - foam) + 250 * foam)


def coast(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """Houses on a steep green slope, the sea at its foot."""
    scene = _sky(rng, (96, 176, 236), (206, 232, 246))
    y, x = np.mgrid[:SIDE, :SIDE].astype("float32")
    sea = (
        np.array([28, 120, 190])
        + 60 * blurred(rng.standard_normal((SIDE, SIDE)), 0.7, 5)[..., None]
    )
    slope = 24 + rng.uniform(0.5, 0.75) * x + 4 * _rough(rng, 6)[0][None]
    hill = np.array(rng.choice([[112, 142, 82], [142, 130, 98]])) + 20 * _rough(rng, 2)[..., None]
    pixels = np.asarray(scene.convert("RGB"), "float32")
    pixels = np.where((y > 46)[..., None], sea, pixels)
    pixels = np.where(
        (y > slope)[..., None] & (y < 66 + 3 * _rough(rng, 5)[1][None])[..., None], hill, pixels
    )
    scene = _picture(pixels)
    for _ in range(rng.integers(4, 8)):
        at = int(rng.integers(-4, 44))
        place = 20 + 0.62 * at + rng.integers(0, 14)
        _paste(scene, pick("house").resize((18, 18)), at, int(min(place, 48)))
    return scene if rng.random() < 0.5 else scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


SCENES = {
    "snowy mountain village": village,
    "people around a campfire": campfire_people,
    "waterfall": waterfall,
    "coast": coast,
}


def _rough(rng: np.random.Generator, scale: float) -> Floats:
    field = blurred(rng.standard_normal((SIDE, SIDE)), scale)
    unit: Floats = (field / field.std()).astype("float32")
    return unit


def _picture(pixels: Floats) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype("uint8")).convert("RGBA")


def _sky(rng: np.random.Generator, above: tuple[int, ...], below: tuple[int, ...]) -> Image.Image:
    share = np.linspace(0, 1, SIDE)[:, None, None]
    pixels = (1 - share) * np.array(above) + share * np.array(below) + rng.uniform(-14, 14, 3)
    return _picture(np.broadcast_to(pixels, (SIDE, SIDE, 3)))


def _ground(
    scene: Image.Image, rng: np.random.Generator, colour: tuple[int, ...], top: int
) -> None:
    edge = top + 4 * _rough(rng, 9)[0]
    points = [(x, int(edge[x])) for x in range(SIDE)]
    ImageDraw.Draw(scene).polygon([*points, (SIDE, SIDE), (0, SIDE)], fill=(*colour, 255))


def _paste(scene: Image.Image, piece: Image.Image, x: int, y: int) -> None:
    scene.paste(piece, (x, y), piece)


def _peak(rng: np.random.Generator, size: int) -> Image.Image:
    peak = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(peak)
    tip = size * rng.uniform(0.4, 0.6)
    tone = int(rng.integers(96, 132))
    draw.polygon([(tip, 0), (size, size), (0, size)], fill=(tone, tone + 8, tone + 24, 255))
    snow = [
        (tip, 0),
        (tip + 0.22 * size, 0.42 * size),
        (tip + 0.06 * size, 0.33 * size),
        (tip - 0.05 * size, 0.45 * size),
        (tip - 0.2 * size, 0.4 * size),
    ]
    draw.polygon(snow, fill=(250, 252, 255, 255))
    return peak


def _snowed(house: Image.Image, size: int) -> Image.Image:
    """A house with white on what faces the sky."""
    pixels = np.asarray(house.resize((size, size))).copy()
    solid = pixels[..., 3] > 128
    depth = np.cumsum(solid, 0)
    pixels[(depth > 0) & (depth <= max(2, size // 8)) & solid] = (250, 252, 255, 255)
    return Image.fromarray(pixels)
