"""What Pictures trains on: held-out images, painted styles, captions, colours, batches."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch.testing import assert_close

from models.miniature.schedule import often
from models.miniature.words import (
    COLOURS,
    COURSE,
    NOUNS,
    STYLES,
    captions,
    coloured,
    forms,
    on_ground,
    subject,
    vocabulary,
)
from models.miniature_training import filters, sheet, sprites
from models.miniature_training.batches import FIRST, LATER, Batches, chances
from models.miniature_training.caption_states import Captions, every_caption
from models.miniature_training.colours import chroma, main_hue, recoloured
from models.miniature_training.scenes import SCENES
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites, is_held_out
from tests.miniature import encoder

NEEDED = ("man", "old man", "house", "evergreen tree", "dog", "skull", "top hat", "man: beard")
FOR_SCENES = ("hot beverage", "woman", "boy", "girl")
CPU = torch.device("cpu")


def a_image(number: int, side: int = 80) -> Image.Image:
    """A disc whose colour tells its number."""
    image = Image.new("RGBA", (side, side))
    colour = (number % 256, 40 + number // 256, 200, 255)
    ImageDraw.Draw(image).ellipse((12, 12, side - 12, side - 12), fill=colour)
    return image


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 images in the shared format; every 50th, and fxemoji, are held out."""
    folder = tmp_path_factory.mktemp("pictures")
    styles = ("fluent-3d", "noto", "openmoji", "twemoji", "fxemoji")
    lines = []
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for number in range(120):
            words = (*NEEDED, *FOR_SCENES)
            caption, style = words[number % len(words)], styles[number // 24]
            buffer = io.BytesIO()
            a_image(number).save(buffer, "WEBP", lossless=True)
            archive.writestr(f"{number:05}.webp", buffer.getvalue())
            lines.append({"file": f"{number:05}.webp", "caption": caption, "style": style})
        lines.append({"file": "00000.webp", "caption": "dog", "style": "clipart"})
        lines.append({"file": "00000.webp", "caption": "the price of shares", "style": "noto"})
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def packed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    sprites.pack(data, folder, scenes_each=2)
    return folder


@pytest.fixture(scope="module")
def training(packed: Path) -> Sprites:
    return sprites.painted(sprites.load(packed, "training"))


@pytest.fixture(scope="module")
def said(training: Sprites) -> Captions:
    nouns = [NOUN_NAMES[i] for i in training.noun.unique().tolist()]
    return Captions(encoder(), nouns, CPU)


def test_no_held_out_image_enters_training(packed: Path, training: Sprites) -> None:
    held_out = sprites.load(packed, "held_out")
    seen, unseen = set(training.source.tolist()), set(held_out.source.tolist())
    assert unseen == {0, 50, *range(96, 120)}  # every 50th, and all of fxemoji
    assert seen == set(range(1, 96)) - {50} | {-1}


def test_clip_art_and_what_the_vocabulary_does_not_name_are_left_out(packed: Path) -> None:
    kept = sprites.read_captions(packed)
    assert {entry["style"] for entry in kept}.isdisjoint({"clipart"})
    assert all("shares" not in entry["caption"] for entry in kept)


def test_every_scene_is_there_in_its_own_and_in_three_painted_styles(training: Sprites) -> None:
    for noun in SCENES:
        rows = (training.noun == NOUN_NAMES.index(noun)) & (training.source == -1)
        styles = [STYLE_NAMES[i] for i in training.style[rows].tolist()]
        assert sorted(styles) == sorted(["plain", "photo", *2 * list(filters.FILTERS)])
    full = ("coast", "waterfall", "snowy mountain village", "people around a campfire")
    covers = {NOUN_NAMES[i] for i in training.noun[training.scene].tolist()}
    assert covers == set(full)


@pytest.mark.parametrize(("line", "style"), [(0, "noto"), (150, "twemoji"), (7, "fxemoji")])
def test_every_fiftieth_image_and_one_style_are_held_out(line: int, style: str) -> None:
    assert is_held_out(line, style)
    assert not is_held_out(51, "noto")


def test_a_image_comes_in_its_own_style_and_three_painted_ones(training: Sprites) -> None:
    styles = {STYLE_NAMES[s] for s in training.style[training.source == 1].tolist()}
    assert styles == {"photo", "oil", "lithograph", "pencil"}


def test_a_batch_follows_from_seed_and_step_alone(training: Sprites, said: Captions) -> None:
    once, again = (Batches(training, said, 3, 8).take(5, LATER) for _ in range(2))
    assert torch.equal(once.x_0, again.x_0)
    assert torch.equal(once.eps, again.eps)
    assert once.captions == again.captions
    assert not torch.equal(once.eps, Batches(training, said, 3, 8).take(6, LATER).eps)
    assert not torch.equal(once.x_0, Batches(training, said, 4, 8).take(5, LATER).x_0)


def test_two_processes_share_the_batch_that_one_would_have_had(
    training: Sprites, said: Captions
) -> None:
    batches = Batches(training, said, 3, 12)
    whole = batches.take(5, LATER)
    for part in (0, 1):
        mine = batches.take(5, LATER, part, 2)
        for name in ("x_0", "eps", "t", "states"):
            assert torch.equal(getattr(mine, name), getattr(whole, name)[part::2])
        assert list(mine.captions) == list(whole.captions)[part::2]


def test_noise_levels_are_drawn_as_often_as_they_weigh(training: Sprites, said: Captions) -> None:
    batches = Batches(training, said, 3, 100)
    drawn = torch.cat([batches.take(step, FIRST).t for step in range(3)]).sort().values
    even = often((torch.arange(300, dtype=torch.float64) + 0.5) / 300)
    assert (drawn - even).abs().max() <= 40


def test_a_tenth_of_the_prompts_is_dropped(training: Sprites, said: Captions) -> None:
    batches = Batches(training, said, 3, 100)
    words = [caption for step in range(8) for caption in batches.take(step, LATER).captions]
    assert 0.06 < words.count("") / len(words) < 0.14
    assert "a high quality photo" in words


def test_images_are_in_range_and_young_trainings_see_white_grounds(
    training: Sprites, said: Captions
) -> None:
    batches = Batches(training, said, 1, 64)
    for stage in (FIRST, LATER):
        x_0 = batches.take(0, stage).x_0
        assert x_0.shape == (64, 3, 64, 64)
        assert x_0.min() >= -1
        assert x_0.max() <= 1
    plain = ~Batches(training, said, 1, 64)._scene[batches.rows(0, FIRST)]
    corners = batches.take(0, FIRST).x_0[torch.from_numpy(plain), :, 0, 0]
    assert corners.eq(1).all()


def test_every_caption_that_is_used_was_read(training: Sprites, said: Captions) -> None:
    batches = Batches(training, said, 1, 200)
    for step in range(4):
        assert set(batches.take(step, LATER).captions) <= set(said.number)


def test_a_caption_is_read_as_the_encoder_reads_it_alone(said: Captions) -> None:
    states = said.states(["a dog", "an oil painting of a dog"])
    alone = encoder().embed(["a dog"])[0]
    assert_close(states[0, : len(alone)], alone, rtol=0, atol=4e-3)  # kept in half precision
    assert states[0, len(alone) :].eq(0).all()


def test_course_nouns_are_drawn_five_times_as_often_as_others() -> None:
    noun = np.array([NOUN_NAMES.index("dog"), NOUN_NAMES.index("frog"), NOUN_NAMES.index("frog")])
    style = np.array([STYLE_NAMES.index("icon")] * 3)
    dog, frog, other = chances(noun, style, LATER)
    assert dog == pytest.approx(5 * (frog + other))
    assert frog == other


@pytest.mark.parametrize("style", list(filters.FILTERS))
def test_a_filter_keeps_its_shape_and_depends_on_its_chance_alone(style: str) -> None:
    drawings = torch.rand(2, 4, 60, 60, generator=torch.Generator().manual_seed(1))
    apply = filters.FILTERS[style]
    once, again = (apply(drawings, torch.Generator().manual_seed(4)) for _ in range(2))
    assert once.shape == drawings.shape
    assert torch.equal(once, again)
    assert once.min() >= 0
    assert once.max() <= 1


@pytest.mark.parametrize("style", ["lithograph", "pencil"])
def test_a_print_has_one_ink(style: str) -> None:
    drawings = torch.rand(1, 4, 60, 60, generator=torch.Generator().manual_seed(1))
    drawings[:, 3] = 1
    made = filters.FILTERS[style](drawings, torch.Generator().manual_seed(0))[0, :3].flatten(1).T
    strengths = torch.linalg.svdvals(made - made.mean(0))
    assert strengths[1] < 0.02 * strengths[0]  # all colours lie on the line paper – ink


def test_kuwahara_leaves_a_clean_edge_and_flattens_a_little_noise() -> None:
    edge = torch.zeros(1, 3, 20, 20)
    edge[..., 10:] = 1
    assert torch.equal(filters.kuwahara(edge, 2), edge)
    noisy = edge + 0.05 * torch.randn(edge.shape, generator=torch.Generator().manual_seed(0))
    flat = filters.kuwahara(noisy, 2)
    assert (flat - edge).std() < 0.7 * (noisy - edge).std()


@pytest.mark.parametrize("style", list(filters.FILTERS))
def test_a_white_thing_keeps_its_contour_in_every_painted_style(style: str) -> None:
    white = torch.zeros(1, 4, 80, 80)
    white[:, :, 20:60, 20:60] = 1
    made = filters.FILTERS[style](white, torch.Generator().manual_seed(0))
    border, middle = made[0, :3, 20, 25:55].mean(), made[0, :3, 30:50, 30:50].mean()
    assert border < 0.75 * middle


def test_a_hue_is_turned_to_the_one_that_was_asked_for() -> None:
    red = torch.zeros(1, 4, 100, 100, dtype=torch.uint8)
    red[:, 0, 20:80, 20:80] = 230
    red[:, 3, 20:80, 20:80] = 255
    assert float(main_hue(red)[0]) == pytest.approx(0, abs=1e-6)
    grey = red.clone()
    grey[:, :3] = red[:, :1]
    assert main_hue(grey).isnan().all()
    colour, alpha = red[:, :3].float() / 255, red[:, 3:].float() / 255
    turn = torch.tensor([2 * torch.pi / 3])
    turned = recoloured(colour, alpha, turn, torch.ones(1))
    a, b = chroma(turned)
    assert float(torch.atan2(b, a)[0, 50, 50]) == pytest.approx(2 * torch.pi / 3, abs=1e-4)
    assert_close(turned[:, 1], colour[:, 0], rtol=0, atol=1e-5)  # green where red was
    assert turned[:, :, 0, 0].eq(0).all()


def test_no_caption_of_the_data_names_two_nouns() -> None:
    named = [caption for all_ in NOUNS.values() for caption in all_]
    assert len(named) == len(set(named))


def test_a_noun_without_images_has_a_scene() -> None:
    assert {noun for noun, named in NOUNS.items() if not named} <= set(SCENES) <= set(NOUNS)


def test_the_courses_prompts_are_worded_as_training_words_them() -> None:
    assert set(sheet.COURSE) <= every_caption(COURSE)


def test_every_caption_is_of_its_noun() -> None:
    known = {subject(entry) for entry in vocabulary()}
    for noun in NOUN_NAMES:
        bare = {subject(form) for form in forms(noun)}
        assert bare <= known
        for style in STYLES:
            said = captions(noun, style)
            assert {subject(caption) for caption in said} <= bare
            assert subject(on_ground(said[0], "blue")) in bare


@pytest.mark.parametrize(
    ("noun", "colour", "caption"),
    [
        ("apple", "blue", "a photo of a blue apple"),
        ("elephant", "pink", "a photo of a pink elephant"),
        ("car", "orange", "a photo of an orange car"),
        ("sun", "green", "a photo of the green sun"),
        ("socks", "red", "a photo of red socks"),
    ],
)
def test_a_colour_stands_before_its_noun(noun: str, colour: str, caption: str) -> None:
    assert coloured(noun, "photo", colour) == caption
    assert colour in COLOURS
