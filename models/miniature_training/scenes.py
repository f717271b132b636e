"""Scenes for the course's prompts that no single picture shows: put together, or painted here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter

SIDE: Final = 100
"""Pixels a side of a scene: an image shows 80 of them, and the rest is room to shift."""

Floats = NDArray[np.floating]
Pick = Callable[[str], Image.Image]
"""Noun → one of its pictures, 80×80 RGBA."""


def village(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """Snow-capped peaks, a white slope, houses with snow on their roofs, and firs."""
    scene = _sky(rng, (120, 170, 222), (214, 230, 244))
    for x in (rng.integers(-30, 0), rng.integers(30, 56)):
        _paste(scene, _peak(rng, int(rng.integers(66, 84))), int(x), int(rng.integers(2, 14)))
    _ground(scene, rng, (242, 246, 252), 62)
    for x in sorted(rng.permutation([4, 34, 62])[: rng.integers(2, 4)]):
        house = _snowed(pick("house"), int(rng.integers(28, 36)))
        _paste(scene, house, int(x + rng.integers(-3, 4)), int(rng.integers(46, 58)))
    for x in rng.permutation([2, 26, 54, 82])[: rng.integers(1, 4)]:
        fir = pick("fir tree").resize((22, 22))
        _paste(scene, fir, int(x + rng.integers(-4, 5)), int(rng.integers(56, 70)))
    return scene


def campfire(_pick: Pick, rng: np.random.Generator) -> Image.Image:
    """Crossed logs under a flame, no ground."""
    scene = Image.new("RGBA", (SIDE, SIDE))
    _fire(scene, rng, 50, 84, 66)
    return scene


def campfire_people(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """A fire in the middle of a dusk; people sit left and right of it, and perhaps behind."""
    scene = _sky(rng, (30, 32, 76), (104, 74, 106))
    _ground(scene, rng, (70, 60, 52), 62)
    glow = Image.new("RGBA", (SIDE, SIDE))
    ImageDraw.Draw(glow).ellipse((14, 26, 86, 98), fill=(255, 170, 64, 130))
    _paste(scene, glow.filter(ImageFilter.GaussianBlur(9)), 0, 0)
    if rng.random() < 0.5:
        _sitting(scene, pick, rng, 50, 28, 22)
    for x in (26, 74):
        _sitting(scene, pick, rng, int(x + rng.integers(-2, 3)), int(rng.integers(36, 43)), 26)
    _fire(scene, rng, 50, 86, 34)
    return scene


def waterfall(_pick: Pick, rng: np.random.Generator) -> Image.Image:
    """White water between dark cliffs, into a pool."""
    y, x = np.mgrid[:SIDE, :SIDE].astype("float32")
    centre = 50 + rng.uniform(-8, 8) + 40 * gaussian_filter(rng.standard_normal(SIDE), 12)[:, None]
    half = rng.uniform(11, 19) + 5 * y / SIDE + _rough(rng, 3)[:, :1] * 2
    top, pool = rng.uniform(18, 30), rng.uniform(70, 78)
    streaks = 12 * gaussian_filter(rng.standard_normal((SIDE, SIDE)), (12, 0.9))
    stones = np.array(rng.choice([[86, 76, 70], [74, 82, 78], [98, 86, 74]]))
    rock = stones + 20 * _rough(rng, 2.6)[..., None]
    rock = rock + np.where(_rough(rng, 6)[..., None] > 0.6, np.array([-34, 30, -30]), 0)
    water = np.array([206, 230, 246]) + 30 * streaks[..., None]
    image = np.where((np.abs(x - centre) < half)[..., None], water, rock)
    sky = np.array([150, 202, 240]) + 30 * y[..., None] / SIDE
    crest = top + 5 * _rough(rng, 6)[40][None] + np.where(np.abs(x - centre) < half, 3, -3)
    image = np.where((y < crest)[..., None], sky, image)
    ripples = 9 * gaussian_filter(rng.standard_normal((SIDE, SIDE)), (0.9, 6))
    lake = np.array([58, 136, 182]) + 20 * ripples[..., None]
    image = np.where((y > pool)[..., None], lake, image)
    foam = np.exp(-(((y - pool) / 5) ** 2) - ((x - centre) / (half + 4)) ** 2)[..., None]
    return _image(image * (1 - foam) + 250 * foam)


def coast(_pick: Pick, rng: np.random.Generator) -> Image.Image:
    """Terraces of pale houses on a steep green slope, the sea at its foot."""
    y, x = np.mgrid[:SIDE, :SIDE].astype("float32")
    image = np.asarray(_sky(rng, (92, 172, 236), (206, 232, 246)).convert("RGB"), "float32")
    waves = 9 * gaussian_filter(rng.standard_normal((SIDE, SIDE)), (0.8, 6))
    sea = np.array([24, 116, 188]) + 16 * waves[..., None]
    image = np.where((y > rng.uniform(50, 60))[..., None], sea, image)
    steep, top = rng.uniform(0.62, 0.8), rng.uniform(14, 24)
    crest = top + steep * x + 3 * _rough(rng, 7)[0][None]
    foot = np.minimum(88 + 3 * _rough(rng, 6)[1][None], crest + 62)
    green = np.array(rng.choice([[96, 132, 72], [112, 138, 84], [128, 128, 90]]))
    hill = green + 14 * _rough(rng, 2.5)[..., None]
    image = np.where(((y > crest) & (y < foot))[..., None], hill, image)
    scene = _image(image)
    draw = ImageDraw.Draw(scene)
    for row in range(5):
        for left in range(-4, SIDE, 13):
            at = left + int(rng.integers(0, 5))
            floor = top + steep * at + 20 + 13 * row + rng.uniform(-2, 2)
            if floor < 86 and rng.random() < 0.85:
                _pale_house(draw, rng, at, int(floor))
    return scene if rng.random() < 0.5 else scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def man_with_hat(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """A man's head under a hat."""
    scene = Image.new("RGBA", (SIDE, SIDE))
    head = pick("man").resize((58, 58), Image.Resampling.LANCZOS)
    _paste(scene, head, 21, 33)
    hat = pick("hat").resize((46, 40), Image.Resampling.LANCZOS)
    box = hat.getbbox() or (0, 0, 46, 40)
    hat = hat.crop(box)
    wide = int(rng.integers(46, 54))
    hat = hat.resize((wide, int(hat.height * wide / hat.width)), Image.Resampling.LANCZOS)
    _paste(scene, hat, 50 - wide // 2, 47 - hat.height)
    return scene


def barista(pick: Pick, rng: np.random.Generator) -> Image.Image:
    """A bearded man with a cup of coffee."""
    scene = Image.new("RGBA", (SIDE, SIDE))
    _paste(scene, pick("bearded").resize((70, 70), Image.Resampling.LANCZOS), 10, 12)
    side = int(rng.integers(36, 42))
    cup = pick("cup of coffee").resize((side, side), Image.Resampling.LANCZOS)
    _paste(scene, cup, 90 - side, 90 - side)
    return scene


def hot_air_balloon(_pick: Pick, rng: np.random.Generator) -> Image.Image:
    """Stripes, ropes and a basket."""
    scene = Image.new("RGBA", (4 * SIDE, 4 * SIDE))
    draw = ImageDraw.Draw(scene)
    hues = [
        (226, 60, 58),
        (250, 190, 52),
        (60, 130, 214),
        (72, 172, 98),
        (244, 240, 232),
        (150, 80, 190),
    ]
    one, two = (hues[i] for i in rng.permutation(len(hues))[:2])
    wide, middle = int(rng.integers(118, 136)), 200
    top, bottom = 48, 48 + int(2.1 * wide)
    for stripe in range(5, 0, -1):
        reach = wide * stripe / 5
        colour = one if stripe % 2 else two
        draw.ellipse((middle - reach, top, middle + reach, top + 2 * wide), fill=colour)
        draw.polygon(
            [
                (middle - 0.92 * reach, top + 1.38 * wide),
                (middle + 0.92 * reach, top + 1.38 * wide),
                (middle + 0.2 * reach, bottom + 10),
                (middle - 0.2 * reach, bottom + 10),
            ],
            fill=colour,
        )
    for x in (-24, 24):
        draw.line((middle + x, bottom, middle + 0.7 * x, bottom + 36), fill=(90, 70, 56), width=5)
    draw.rounded_rectangle(
        (middle - 26, bottom + 30, middle + 26, bottom + 66), 8, fill=(150, 100, 60)
    )
    return scene.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


SCENES: Final = {
    "snowy mountain village": village,
    "campfire": campfire,
    "people around a campfire": campfire_people,
    "waterfall": waterfall,
    "coast": coast,
    "man wearing a hat": man_with_hat,
    "hipster barista": barista,
    "hot-air balloon": hot_air_balloon,
}
"""Noun → what draws it."""


def _fire(scene: Image.Image, rng: np.random.Generator, x: int, bottom: int, size: int) -> None:
    """A flame over crossed logs, `size` high, drawn large and reduced."""
    big = Image.new("RGBA", (400, 400))
    draw = ImageDraw.Draw(big)
    for colour, wide, tall in (
        ((236, 84, 40), 1.0, 1.0),
        ((250, 160, 46), 0.72, 0.72),
        ((255, 226, 110), 0.42, 0.45),
    ):
        reach, tip = 120 * wide, 330 - 310 * tall
        lean = float(rng.uniform(-26, 26)) * tall
        side = float(rng.choice([-1.0, 1.0]))
        draw.ellipse((200 - reach, 330 - 1.7 * reach, 200 + reach, 330 + 0.2 * reach), fill=colour)
        draw.polygon(
            [
                (200 - reach, 330 - 0.8 * reach),
                (200 - 0.55 * reach + lean / 2, (330 + tip) / 2),
                (200 + lean, tip),
                (200 + 0.55 * reach + lean / 2, (330 + tip) / 2),
                (200 + reach, 330 - 0.8 * reach),
            ],
            fill=colour,
        )
        draw.polygon(
            [
                (200 + side * reach, 330 - 0.8 * reach),
                (200 + side * 0.95 * reach, 330 - 1.9 * reach * tall),
                (200 + side * 0.3 * reach, 330 - 1.2 * reach),
            ],
            fill=colour,
        )
    for start, end in (((60, 392), (330, 326)), ((340, 392), (70, 326))):
        draw.line((*start, *end), fill=(110, 70, 42), width=44)
        draw.ellipse(
            (start[0] - 24, start[1] - 24, start[0] + 24, start[1] + 24), fill=(196, 150, 100)
        )
    small = big.resize((size, size), Image.Resampling.LANCZOS)
    _paste(scene, small, x - size // 2, bottom - size)


def _sitting(
    scene: Image.Image, pick: Pick, rng: np.random.Generator, x: int, top: int, head: int
) -> None:
    """A head on a body with folded legs."""
    clothes = [(206, 62, 64), (62, 112, 200), (60, 156, 100), (230, 166, 60), (146, 92, 188)]
    shirt = clothes[rng.integers(len(clothes))]
    draw = ImageDraw.Draw(scene)
    wide, chest = int(0.56 * head), top + int(0.86 * head)
    draw.ellipse((x - wide - 3, chest + 12, x + wide + 3, chest + 24), fill=(40, 44, 76))
    draw.rounded_rectangle((x - wide + 2, chest - 3, x + wide - 2, chest + 18), 7, fill=shirt)
    who = pick(str(rng.choice(["man", "woman", "old man", "boy", "girl"])))
    _paste(scene, who.resize((head, head), Image.Resampling.LANCZOS), x - head // 2, top)


def _pale_house(draw: ImageDraw.ImageDraw, rng: np.random.Generator, x: int, floor: int) -> None:
    walls = [(250, 236, 214), (246, 214, 190), (244, 200, 160), (252, 246, 238), (238, 190, 170)]
    wall = walls[rng.integers(len(walls))]
    wide, tall = int(rng.integers(9, 13)), int(rng.integers(9, 14))
    draw.rectangle((x, floor - tall, x + wide, floor), fill=wall)
    draw.rectangle((x, floor - tall - 2, x + wide, floor - tall), fill=(204, 108, 76))
    for row in range(floor - tall + 3, floor - 2, 5):
        for column in range(x + 2, x + wide - 1, 4):
            draw.rectangle((column, row, column + 1, row + 2), fill=(92, 104, 128))


def _rough(rng: np.random.Generator, scale: float) -> Floats:
    field = gaussian_filter(rng.standard_normal((SIDE, SIDE)), scale)
    unit: Floats = (field / field.std()).astype("float32")
    return unit


def _image(pixels: Floats) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype("uint8")).convert("RGBA")


def _sky(rng: np.random.Generator, above: tuple[int, ...], below: tuple[int, ...]) -> Image.Image:
    share = np.linspace(0, 1, SIDE)[:, None, None]
    pixels = (1 - share) * np.array(above) + share * np.array(below) + rng.uniform(-12, 12, 3)
    return _image(np.broadcast_to(pixels, (SIDE, SIDE, 3)))


def _ground(
    scene: Image.Image, rng: np.random.Generator, colour: tuple[int, ...], top: int
) -> None:
    edge = top + 4 * _rough(rng, 10)[0]
    points = [(x, int(edge[x])) for x in range(SIDE)]
    ImageDraw.Draw(scene).polygon([*points, (SIDE, SIDE), (0, SIDE)], fill=(*colour, 255))


def _paste(scene: Image.Image, piece: Image.Image, x: int, y: int) -> None:
    scene.alpha_composite(piece, (max(x, 0), max(y, 0)), (max(-x, 0), max(-y, 0)))


def _peak(rng: np.random.Generator, size: int) -> Image.Image:
    peak = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(peak)
    tip = size * rng.uniform(0.4, 0.6)
    tone = int(rng.integers(92, 126))
    draw.polygon([(tip, 0), (size, size), (0, size)], fill=(tone, tone + 8, tone + 26, 255))
    shade = (tone - 18, tone - 10, tone + 8, 255)
    draw.polygon([(tip, 0), (size, size), (tip + 0.05 * size, size)], fill=shade)
    snow = [
        (tip, 0),
        (tip + 0.24 * size, 0.44 * size),
        (tip + 0.07 * size, 0.34 * size),
        (tip - 0.05 * size, 0.47 * size),
        (tip - 0.21 * size, 0.42 * size),
    ]
    draw.polygon(snow, fill=(250, 252, 255, 255))
    return peak


def _snowed(house: Image.Image, size: int) -> Image.Image:
    """A house with white on what faces the sky."""
    pixels = np.asarray(house.resize((size, size), Image.Resampling.LANCZOS)).copy()
    solid = pixels[..., 3] > 128
    depth = np.cumsum(solid, 0)
    pixels[(depth > 0) & (depth <= max(3, size // 7)) & solid] = (250, 252, 255, 255)
    return Image.fromarray(pixels)
