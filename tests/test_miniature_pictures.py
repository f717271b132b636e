"""What the miniature trains on: held-out pictures, styles, captions, batches."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import ndimage

from models.checkpoints import BrokenCheckpoint, load_tensors, save_tensors
from models.miniature import filters, pictures, smooth
from models.miniature.batches import Batches, place
from models.miniature.gallery import CHOICE, FOLDER, SOURCES
from models.miniature.pictures import NOUN_NAMES, STYLE_NAMES, is_held_out
from models.miniature.rebuild_data import Entry as Drawn
from models.miniature.rebuild_data import bare, emoji_names, reduced, slug, write
from models.miniature.scenes import SCENES
from models.miniature.words import NOUNS, STYLES, captions, forms, subject, vocabulary

NEEDED = ("man", "woman", "old man", "house", "evergreen tree", "fire", "dog", "skull")


def a_picture(number: int, side: int = 80) -> Image.Image:
    """A ring whose colour tells its number."""
    picture = Image.new("RGBA", (side, side))
    colour = (number % 256, 40 + number // 256, 200, 255)
    ImageDraw.Draw(picture).ellipse((12, 12, side - 12, side - 12), fill=colour)
    return picture


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred and twenty pictures in the shared format; every 50th, and fxemoji, held out."""
    folder = tmp_path_factory.mktemp("pictures")
    styles = ("fluent-3d", "noto", "openmoji", "twemoji", "fxemoji")
    lines = []
    with zipfile.ZipFile(folder / "pictures.zip", "w") as pack:
        for number in range(120):
            caption, style = NEEDED[number % len(NEEDED)], styles[number // 24]
            buffer = io.BytesIO()
            a_picture(number).save(buffer, "WEBP", lossless=True)
            pack.writestr(f"{number:05}.webp", buffer.getvalue())
            lines.append({"file": f"{number:05}.webp", "caption": caption, "style": style})
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def cache(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("state") / "pictures.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "SCENES_EACH", 2)
        pictures.prepare(data, file)
    return file


def test_no_held_out_picture_enters_training(cache: Path) -> None:
    training = pictures.load(cache, "training")
    held_out = pictures.load(cache, "held_out")
    seen, unseen = set(training.line.tolist()), set(held_out.line.tolist())
    assert unseen == {0, 50, *range(96, 120)}  # every 50th, and all of fxemoji
    assert seen == set(range(1, 96)) - {50} | {-1}


def test_scenes_are_put_together_from_training_pictures_only(cache: Path) -> None:
    training = pictures.load(cache, "training")
    scenes = training.pixels[training.line == -1]
    assert len(scenes) == 2 * len(SCENES) * 4  # as they are, and in three painted styles
    assert scenes[..., 3].min() == 255


@pytest.mark.parametrize(("line", "style"), [(0, "noto"), (150, "clipart"), (7, "fxemoji")])
def test_every_fiftieth_picture_and_one_style_are_held_out(line: int, style: str) -> None:
    assert is_held_out(line, style)


def test_other_pictures_are_not_held_out() -> None:
    assert not is_held_out(51, "noto")


def test_a_picture_comes_in_its_own_style_and_three_painted_ones(cache: Path) -> None:
    training = pictures.load(cache, "training")
    styles = {STYLE_NAMES[s] for s in training.style[training.line == 1].tolist()}
    assert styles == {"photo", "oil", "lithograph", "pencil"}


def test_a_cache_of_another_vocabulary_is_refused(cache: Path, tmp_path: Path) -> None:
    tensors, _ = load_tensors(cache)
    save_tensors(tmp_path / "old.safetensors", tensors, {"nouns": '["cat"]'})
    with pytest.raises(BrokenCheckpoint, match="another vocabulary"):
        pictures.load(tmp_path / "old.safetensors", "training")


def test_a_batch_follows_from_seed_and_step_alone(cache: Path) -> None:
    training = pictures.load(cache, "training")
    once, again = (Batches(training, 3, 8).take(5) for _ in range(2))
    assert torch.equal(once.x_0, again.x_0)
    assert torch.equal(once.eps, again.eps)
    assert once.captions == again.captions
    assert not torch.equal(once.eps, Batches(training, 3, 8).take(6).eps)
    assert not torch.equal(once.x_0, Batches(training, 4, 8).take(5).x_0)


def test_the_parts_of_several_processes_make_up_the_batch(cache: Path) -> None:
    batches = Batches(pictures.load(cache, "training"), 3, 8)
    whole, parts = batches.take(5), [batches.take(5, part, 2) for part in range(2)]
    for i in range(8):
        part, row = parts[i % 2], i // 2
        assert torch.equal(part.x_0[row], whole.x_0[i])
        assert torch.equal(part.eps[row], whole.eps[i])
        assert part.captions[row] == whole.captions[i]
        assert part.t[row] == whole.t[i]


def test_a_batch_covers_all_noise_levels(cache: Path) -> None:
    t = Batches(pictures.load(cache, "training"), 3, 20).take(0).t
    gaps = t[1:] - t[:-1]
    assert t[0] < 250
    assert t[-1] >= 950
    assert gaps.min() > 0
    assert gaps[3:].max() < 100  # levels that weigh the same are drawn the same


def test_a_tenth_of_the_prompts_is_dropped(cache: Path) -> None:
    batches = Batches(pictures.load(cache, "training"), 3, 100)
    said = [caption for step in range(8) for caption in batches.take(step).captions]
    assert 0.06 < said.count("") / len(said) < 0.14
    assert "a high quality photo" in said


def test_a_placed_picture_is_opaque_and_in_range() -> None:
    sprite = torch.from_numpy(np.asarray(a_picture(9)).copy())
    for style in STYLES:
        x_0 = place(sprite, style, np.random.default_rng(1))
        assert x_0.shape == (3, 64, 64)
        assert x_0.min() >= -1.001
        assert x_0.max() <= 1.001


def test_an_invisible_picture_is_its_ground() -> None:
    nothing = torch.zeros(80, 80, 4, dtype=torch.uint8)
    grounds = [place(nothing, "icon", np.random.default_rng(seed)) for seed in range(12)]
    assert any(ground.eq(1).all() for ground in grounds)  # white
    assert all(ground.std(2).max() < 1e-6 for ground in grounds)  # plain along each row


@pytest.mark.parametrize("style", list(filters.FILTERS))
def test_a_filter_keeps_size_and_depends_on_its_chance_alone(style: str) -> None:
    picture = Image.new("RGB", (80, 80), "white")
    picture.paste(a_picture(70), mask=a_picture(70))
    once, again = (filters.FILTERS[style](picture, np.random.default_rng(4)) for _ in range(2))
    assert once.size == picture.size
    assert once.tobytes() == again.tobytes() != picture.tobytes()


def test_pencil_and_lithograph_have_one_ink() -> None:
    picture = a_picture(200).convert("RGB")
    for apply in (filters.pencil, filters.lithograph):
        pixels = np.asarray(apply(picture, np.random.default_rng(0)), float).reshape(-1, 3)
        strengths = np.linalg.svd(pixels - pixels.mean(0), compute_uv=False)
        assert strengths[1] < 0.02 * strengths[0]  # all colours lie on the line paper – ink


def test_blurs_and_slopes_are_those_of_scipy() -> None:
    field = np.random.default_rng(1).standard_normal((40, 30))
    close = np.testing.assert_allclose
    close(smooth.blurred(field, 2.0), ndimage.gaussian_filter(field, 2.0), atol=1e-12)
    close(smooth.blurred(field, 0.7, 5), ndimage.gaussian_filter(field, (0.7, 5)), atol=1e-12)
    close(smooth.laplacian(field, 1.0), ndimage.gaussian_laplace(field, 1.0), atol=1e-3)
    sobel = np.hypot(ndimage.sobel(field, 0), ndimage.sobel(field, 1))
    close(smooth.slope(field), sobel, atol=1e-12)


def test_no_caption_of_the_data_names_two_nouns() -> None:
    named = [caption for all_ in NOUNS.values() for caption in all_]
    assert len(named) == len(set(named))


def test_a_noun_without_pictures_has_a_scene() -> None:
    assert {noun for noun, named in NOUNS.items() if not named} == set(SCENES)


def test_every_caption_is_of_its_noun() -> None:
    known = {subject(entry) for entry in vocabulary()}
    for noun in NOUN_NAMES:
        bare_forms = {subject(form) for form in forms(noun)} | {noun}
        assert bare_forms <= known | {noun}
        for style in STYLES:
            assert {subject(caption) for caption in captions(noun, style)} <= bare_forms


def test_the_gallery_is_whole_and_says_whose_it_is() -> None:
    entries = json.loads((FOLDER / "gallery.json").read_text("utf-8"))
    assert len(entries) == len(CHOICE) == 12
    for entry in entries:
        with Image.open(FOLDER / entry["file"]) as picture:
            assert (picture.size, picture.mode) == ((64, 64), "RGB")
        assert (entry["source"], entry["licence"]) in SOURCES.values()
    assert {entry["file"] for entry in entries} == {file.name for file in FOLDER.glob("*.png")}


def test_rebuilt_data_is_in_the_format_that_training_reads(tmp_path: Path) -> None:
    lines = [{"caption": "dog", "tags": [], "group": 3, "style": "noto", "source": "x"}] * 3
    drawn = [a_picture(1, 160), a_picture(1, 160), a_picture(2, 160)]
    write(tmp_path, (Drawn(reduced(p), line) for p, line in zip(drawn, lines, strict=True)))
    read = pictures.read_captions(tmp_path)
    assert [entry["file"] for entry in read] == ["00000.webp", "00001.webp"]  # the same one once
    with zipfile.ZipFile(tmp_path / "pictures.zip") as pack:
        picture = Image.open(io.BytesIO(pack.read("00001.webp")))
    assert (picture.size, picture.mode) == ((80, 80), "RGBA")


def test_emoji_are_named_by_label_and_by_code_points(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    emoji = {"label": "cat with tears of joy", "hexcode": "1F639-FE0F", "group": 0, "tags": ["lol"]}
    flag = {"label": "flag: Chad", "hexcode": "1F1F9", "group": 9}
    (tmp_path / "en" / "data.json").write_text(json.dumps([emoji, flag]), "utf-8")
    known = emoji_names(tmp_path)
    assert known["cat-with-tears-of-joy"] == known["1f639"]
    assert known["1f639"]["caption"] == "cat with tears of joy"
    assert slug("flag: Chad") not in known
    assert bare("2764-FE0F-200D-1F525") == "2764-200d-1f525"
