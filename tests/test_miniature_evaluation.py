"""What measures Pictures: the classifier, the numbers, the card; and the images of the gallery."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from models.checkpoints import BrokenCheckpoint
from models.miniature import classifier as naming
from models.miniature.box import Miniature, make_scheduler
from models.miniature.classifier import NOTHING, Classifier
from models.miniature.linear import ring_number
from models.miniature_training import (
    broken,
    card,
    denoising,
    gallery,
    hundred,
    novelty,
    pairs,
    real_or_drawn,
    sheet,
    sprites,
)
from models.miniature_training import classifier as teaching
from models.miniature_training import naming as names
from models.miniature_training.batches import FIRST
from models.miniature_training.caption_states import every_caption
from models.miniature_training.classifier import Lessons
from models.miniature_training.rebuild_data import Entry, bare, emoji_names, reduced, slug
from models.miniature_training.rebuild_data import write as write_data
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites, read_captions
from tests.miniature import encoder, small_network

COLOURS = {"apple": (220, 30, 30), "frog": (30, 200, 60), "whale": (40, 80, 220)}
NOISE = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(4))


def discs(nouns: Sequence[str], style: str = "photo") -> Sprites:
    """A disc for each noun, of its own colour."""
    y, x = np.mgrid[:100, :100] - 49.5
    inside = torch.from_numpy((np.hypot(x, y) < 35).astype(np.uint8))
    pixels = torch.stack(
        [torch.stack([inside * c for c in (*COLOURS[noun], 255)]) for noun in nouns]
    )
    noun = torch.tensor([NOUN_NAMES.index(noun) for noun in nouns])
    style_ = torch.full_like(noun, STYLE_NAMES.index(style))
    return Sprites(pixels, noun, style_, torch.arange(1, len(nouns) + 1))


@pytest.fixture(scope="module")
def model() -> Miniature:
    return Miniature(small_network(), make_scheduler(), encoder())


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons(discs(list(COLOURS)), torch.zeros(0), seed=0)


@pytest.fixture(scope="module")
def classifier(lessons: Lessons) -> Classifier:
    return teaching.train(lessons, steps=30, size=20, say=lambda _: None)


def test_a_classifier_learns_to_name_what_it_is_shown(
    classifier: Classifier, lessons: Lessons
) -> None:
    images, nouns = lessons.real(30, 999)
    assert (naming.chances(classifier, images).argmax(1) == nouns).float().mean() > 0.8


def test_a_classifier_learns_what_shows_nothing(classifier: Classifier) -> None:
    assert names.share_of_nothing(classifier, NOISE.clamp(-1, 1)) > 0.7


def test_a_saved_classifier_answers_the_same(classifier: Classifier, tmp_path: Path) -> None:
    teaching.save(classifier, tmp_path / "classifier.safetensors")
    again = naming.load(tmp_path / "classifier.safetensors")
    before, after = (naming.chances(c, NOISE) for c in (classifier, again))
    torch.testing.assert_close(after, before, atol=0.01, rtol=0)
    assert (tmp_path / "classifier.safetensors").stat().st_size < 2.5e6


def test_the_classifier_in_the_box_knows_most_of_the_gallery_which_it_never_saw() -> None:
    classifier = naming.load()
    entries = json.loads((gallery.FOLDER / "gallery.json").read_text("utf-8"))
    images = [Image.open(gallery.FOLDER / entry["file"]) for entry in entries]
    pixels = torch.stack([torch.from_numpy(np.asarray(i, np.float32)) for i in images])
    nouns = torch.tensor([pairs.noun_of(entry["prompt"]) for entry in entries])
    answers = naming.chances(classifier, pixels.permute(0, 3, 1, 2) / 127.5 - 1)
    assert names.scores(answers, nouns)["top_5"] >= 0.7  # half are in a style it never saw
    assert naming.FILE.stat().st_size < 2.5e6


def test_a_missing_classifier_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BrokenCheckpoint):
        naming.load(tmp_path / "classifier.safetensors")


def test_every_noun_is_shown_as_often_as_any_other() -> None:
    noun, style = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2])
    np.testing.assert_allclose(teaching.equally(noun, style), [1 / 8, 1 / 8, 1 / 4, 1 / 2])


def test_a_share_of_a_batch_shows_nothing(lessons: Lessons) -> None:
    _, answers = lessons.batch(0, 40)
    assert (answers == NOTHING).sum() == round(teaching.BROKEN_SHARE * 40)


def test_equal_numbers_give_equal_lessons(lessons: Lessons) -> None:
    once, again, other = (lessons.batch(number, 8)[0] for number in (3, 3, 4))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_shuffled_squares_are_the_same_pixels_elsewhere(lessons: Lessons) -> None:
    images, _ = lessons.real(3, 0)
    mixed = broken.shuffled(images, torch.Generator().manual_seed(0))
    assert not torch.equal(mixed, images)
    assert torch.equal(mixed.flatten(2).sort().values, images.flatten(2).sort().values)


def test_images_are_blurred_as_scipy_blurs_them() -> None:
    smooth = broken.smooth(NOISE[:2], torch.tensor([1.0, 3.0])).numpy()
    for image, sigma, blurred in zip(NOISE[:2].numpy(), (1.0, 3.0), smooth, strict=True):
        wanted = ndimage.gaussian_filter(image, (0, sigma, sigma), mode="reflect", truncate=6)
        np.testing.assert_allclose(blurred, wanted, atol=0.02)


def test_one_who_steps_back_sees_the_same_light_and_fewer_edges() -> None:
    flat = torch.full((2, 3, 64, 64), 0.4)
    lines = torch.tensor([1.0, -1.0]).repeat_interleave(2).repeat(16).expand(8, 3, 64, 64)
    for view in (names.a_third, lambda x: teaching.at_a_distance(x, torch.Generator())):
        torch.testing.assert_close(view(flat), flat)
        assert view(lines).std() < 0.35 * lines.std()


def test_junk_is_the_estimate_from_much_noise(model: Miniature, lessons: Lessons) -> None:
    images, _ = lessons.real(5, 0)
    estimates = broken.junk(model, images, at_once=2)
    torch.testing.assert_close(estimates, broken.junk(model, images, at_once=5), atol=0.03, rtol=0)
    assert estimates.abs().max() <= 1
    assert not torch.equal(estimates, images)


@pytest.mark.parametrize(("right", "place"), [(2, 0), (0, 1), (1, 3)])
def test_a_rank_is_how_many_answers_stand_before_the_right_one(right: int, place: int) -> None:
    answers = torch.tensor([[0.3, 0.05, 0.5, 0.15]])
    assert naming.ranks(answers, torch.tensor([right])).tolist() == [place]


def test_scores_are_shares_of_first_and_of_the_first_five() -> None:
    answers = torch.tensor([[0.3, 0.2, 0.15, 0.13, 0.12, 0.1]]).expand(4, -1)
    found = names.scores(answers, torch.tensor([0, 4, 4, 5]))
    assert found == {"top_1": 0.25, "top_5": 0.75, "right": 0.16}


def test_nouns_that_are_called_by_another_name_are_told() -> None:
    nouns = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    said = torch.tensor([0, 0, 1, 1, 1, 1, 1, 0])
    assert names.twins(said, nouns) == [(NOUN_NAMES[0], NOUN_NAMES[1], 2, 4)]


def test_an_image_looks_like_itself_most(classifier: Classifier) -> None:
    looks = naming.looks(classifier, denoising.shown(discs(list(COLOURS)), FIRST)[0])
    alike = looks @ looks.T
    torch.testing.assert_close(alike.diag(), torch.ones(3))
    assert (alike - torch.eye(3)).max() < 0.999


def test_psnr_is_that_of_its_definition() -> None:
    x_0 = torch.zeros(2, 3, 8, 8)
    assert denoising.psnr(x_0 + 0.2, x_0) == 20.0  # 10 log10(2² / 0.2²)
    assert denoising.psnr(x_0 + 9.0, x_0) == pytest.approx(6.02)  # clamped to 1


def test_high_frequencies_of_a_flat_image_are_nothing() -> None:
    assert hundred.high_frequency_energy(torch.full((1, 3, 64, 64), 0.7)) < 1e-9


def test_high_frequencies_of_white_noise_have_its_power() -> None:
    assert hundred.high_frequency_energy(NOISE) == pytest.approx(1.0, abs=0.03)


def test_high_frequencies_are_lost_in_a_blur_and_most_in_a_checkerboard() -> None:
    board = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).tile(32, 32).expand(1, 3, -1, -1)
    energy = hundred.high_frequency_energy
    share = (ring_number(64) > 32).float().mean()
    assert energy(board) * share == pytest.approx(1.0, abs=0.05)  # all of its power
    assert energy(broken.blurred(NOISE, torch.Generator().manual_seed(0))) < 1e-4


def test_a_plain_ground_has_no_grain_and_noise_has_its_own() -> None:
    assert hundred.grain(torch.full((2, 3, 64, 64), 0.9)) < 1e-3
    assert hundred.grain(0.1 * NOISE) == pytest.approx(12.75 * 0.85, abs=0.5)
    # √(1 − 2/2π + 1/4π) = .87 of white noise is left inside, and less at the border


def test_no_prompt_of_the_evaluation_was_ever_a_caption() -> None:
    prompts = hundred.hundred_prompts()
    assert len({prompt.noun for prompt in prompts}) == 100
    assert not {prompt.words for prompt in prompts} & every_caption(NOUN_NAMES)
    assert not {wording for _, wording in hundred.WORDINGS} & every_caption(NOUN_NAMES)


def test_images_to_compare_with_are_of_the_noun_and_of_its_style_where_there_is_one() -> None:
    training = sprites.concatenated([discs(["frog", "apple"]), discs(["frog"], "icon")])
    frog, apple = (NOUN_NAMES.index(name) for name in ("frog", "apple"))
    prompts = [hundred.Prompt("", frog, "icon"), hundred.Prompt("", apple, "icon")]
    images = hundred.alike(training, prompts)
    assert images[0, 1, 32, 32] > images[0, 0, 32, 32]  # green
    assert images[1, 0, 32, 32] > images[1, 1, 32, 32]  # red


def test_errors_of_the_noise_are_errors_of_v_less_what_the_schedule_takes(
    model: Miniature,
) -> None:
    held_out = discs(["frog", "apple"])
    found = denoising.errors(model, held_out, lambda _: None)
    x_0, words = denoising.shown(held_out, FIRST)
    x_t, eps, _ = denoising.noised(model, x_0, 350)
    with torch.no_grad():
        answer = model.network(x_t, 350, model.embed(words)).sample
    assert found["eps"]["350"] == pytest.approx(denoising.mean_square(answer, eps), rel=0.05)


def test_one_step_denoising_stands_beside_the_linear_denoiser() -> None:
    silent = Miniature(small_network(), make_scheduler(), encoder())
    silent.network.unet.residual.zero_()  # what is left of the network is its linear part
    found = denoising.psnr_by_level(silent, discs(["frog", "whale"]), lambda _: None)
    assert list(found) == [str(t) for t in denoising.PSNR_LEVELS]
    for row in found.values():
        assert row["one_step"] == pytest.approx(row["wiener"], abs=0.02)


def test_novelty_tells_a_copy_from_a_new_image(classifier: Classifier) -> None:
    training = sprites.concatenated([discs(list(COLOURS))] * 2)
    copies = denoising.shown(discs(["frog"]), FIRST)[0]
    found = novelty.novelty(classifier, copies, training, discs(["whale"]), lambda _: None)
    assert found["samples"]["features"] < 1e-4
    assert found["samples"]["pixels"] < 1e-3
    other = novelty.novelty(classifier, NOISE, training, discs(["whale"]), lambda _: None)
    assert other["samples"]["pixels"] > 0.5


def test_sampling_begins_where_there_is_only_noise(
    model: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    def notice(x_t: Tensor, t: Tensor, _states: Tensor) -> Tensor:
        told.append(int(t[0]))
        return torch.zeros_like(x_t)

    monkeypatch.setattr(model.network, "predict_v", notice)
    sheet.draw(model, ["a dog"], [0], sheet.Manner(3.0, 5))
    assert told == [999, 799, 599, 399, 199]


def test_below_its_lowest_guided_timestep_the_network_is_asked_once(
    model: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def notice(x_t: Tensor, t: Tensor, _states: Tensor) -> Tensor:
        asked[int(t[0])] = len(x_t)
        return torch.zeros_like(x_t)

    monkeypatch.setattr(model.network, "predict_v", notice)
    sheet.draw(model, ["a dog"], [0], sheet.Manner(3.0, 4, above=300))
    assert asked == {999: 2, 749: 2, 499: 2, 249: 1}


@pytest.mark.parametrize("sampler", sheet.SAMPLERS)
def test_every_sampler_draws_what_seed_and_prompt_say_in_any_company(
    model: Miniature, sampler: str
) -> None:
    manner = sheet.Manner(2.0, 3, sampler)
    alone = sheet.draw(model, ["a dog"], [7], manner)
    torch.testing.assert_close(
        sheet.draw(model, ["a cat", "a dog"], [8, 7], manner)[1:], alone, atol=0.05, rtol=0
    )


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        (sheet.Manner(3.0, 25), "γ = 3, 25 steps"),
        (sheet.Manner(2.5, 50, "DDIM"), "γ = 2.5, 50 steps, DDIM"),
        (sheet.Manner(4.0, 25, above=300), "γ = 4, 25 steps, guided where t ≥ 300"),
    ],
)
def test_a_row_of_the_card_says_how_its_samples_were_drawn(
    manner: sheet.Manner, words: str
) -> None:
    assert manner.words == words


def test_the_standard_error_is_that_of_a_mean() -> None:
    means = torch.tensor([0.0, 1.0, 1.0, 0.0])
    assert hundred.standard_error(means) == pytest.approx((1 / 3) ** 0.5 / 2)


def test_samples_that_are_real_images_are_told_from_them_by_chance_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(real_or_drawn, "STEPS", 60)
    some = torch.randn(4, 20, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    found = real_or_drawn.two_sample(some[:2], some[2:])
    assert found["images"] == 2 * 2 * 6
    assert 0.2 < found["pixels"] < 0.8
    brighter = real_or_drawn.two_sample(some[:2] + 1, some[2:])
    assert brighter["pixels"] == brighter["halved"] == 1


NUMBERS = {
    "errors": {"images": 7, "v": {"50": 0.1}, "v_wrong": {"50": 0.125}, "eps": {"50": 0.09}},
    "psnr": {"250": {"one_step": 27.71, "wiener": 25.32, "best_blur": 22.65}},
    "classifier": {"training": {"top_1": 0.954, "top_5": 0.99}, "training_images": 10000,
                   "held_out": {"top_1": 0.74, "top_5": 0.86}, "held_out_images": 256,
                   "a_third": {"top_1": 0.9, "top_5": 0.97},
                   "blur_is_nothing": 1.0, "noise_is_nothing": 0.9, "shuffled_is_nothing": 0.8,
                   "mixed_up": [["old man", "bald man", 3, 17]]},
    "samples": {"γ = 2, 25 steps": {"guidance": 2.0, "steps": 25, "seeds": 3,
                "top_1": 0.81, "top_5": 0.96,
                "right": 0.7, "top_1_error": 0.021, "nothing": 0.03, "high_frequencies": 1.2,
                "grain": 2.4, "real_or_drawn": {"pixels": 0.9, "halved": 0.6},
                "by_style": {"photo": [3, 4], "oil": [1, 2]}}},
}  # fmt: skip


def test_the_card_says_what_was_measured() -> None:
    lines = card.as_markdown(NUMBERS).splitlines()
    assert "| of v, more with another image's caption | 0.0250 |" in lines
    assert "| best linear denoiser (Wiener filter) | 25.3 |" in lines
    row = "| γ = 2, 25 steps | 3 | 81.0% ± 2.1 | 96% | 0.70 | 3% | 1.20 | 2.4 | 90%, 60% | "
    assert row + "photo 3/4, oil 1/2 |" in lines
    assert "95.4% of 10,000" in card.as_markdown(NUMBERS)
    assert "by another noun here: old man called bald man, 3 of 17." in card.as_markdown(NUMBERS)
    assert "nearest training image" not in card.as_markdown(NUMBERS)  # not measured


def test_a_card_keeps_what_was_not_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- numbers -->\nstale\n<!-- end of numbers -->\nafter\n", "utf-8")
    card.write(file, NUMBERS)
    again = {"γ = 3, 25 steps": {**NUMBERS["samples"]["γ = 2, 25 steps"], "guidance": 3.0}}
    card.write(file, {"samples": again})
    text = file.read_text("utf-8")
    assert text.startswith("before\n<!-- numbers -->\n")
    assert text.endswith("\n<!-- end of numbers -->\nafter\n")
    assert "stale" not in text
    for known in ("25.3", "γ = 2, 25 steps", "γ = 3, 25 steps"):
        assert known in text
    assert set(json.loads((tmp_path / "numbers.json").read_text("utf-8"))) == set(NUMBERS)


def a_disc(number: int, side: int = 80) -> Image.Image:
    sprite = discs(list(COLOURS)).pixels[number].permute(1, 2, 0).numpy()
    return Image.fromarray(sprite).resize((side, side))


def test_the_gallery_is_whole_and_says_whose_it_is() -> None:
    entries = json.loads((gallery.FOLDER / "gallery.json").read_text("utf-8"))
    assert len(entries) == len(gallery.CHOICE) == 12
    for entry in entries:
        with Image.open(gallery.FOLDER / entry["file"]) as image:
            assert (image.size, image.mode) == ((64, 64), "RGB")
        assert (entry["source"], entry["licence"]) in gallery.SOURCES.values()
    assert {entry["file"] for entry in entries} == {f.name for f in gallery.FOLDER.glob("*.png")}


def test_the_gallery_takes_held_out_images_only(tmp_path: Path) -> None:
    chosen = [{"caption": caption, "style": style} for caption, style, *_ in gallery.CHOICE]
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as pack:
        buffer = io.BytesIO()
        a_disc(0).save(buffer, "WEBP", lossless=True)
        pack.writestr("disc.webp", buffer.getvalue())
    filler = [{"caption": "", "style": "noto"}] * 49
    lines = [{**line, "file": "disc.webp"} for one in chosen for line in (one, *filler)]
    file = tmp_path / "captions.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    gallery.write(tmp_path, tmp_path / "gallery")
    with Image.open(tmp_path / "gallery" / "owl.png") as image:
        assert image.getpixel((32, 32)) == COLOURS["apple"]
        assert image.getpixel((0, 0)) == (230, 236, 245)  # its ground, #e6ecf5
    file.write_text("\n".join(map(json.dumps, lines[1:])), "utf-8")  # every image moves up by one
    with pytest.raises(LookupError, match="no held-out image"):
        gallery.write(tmp_path, tmp_path / "gallery")


def test_rebuilt_data_is_in_the_format_that_training_reads(tmp_path: Path) -> None:
    lines = [{"caption": "dog", "tags": [], "group": 3, "style": "noto", "source": "x"}] * 3
    drawn = [a_disc(1, 160), a_disc(1, 160), a_disc(2, 160)]
    write_data(tmp_path, (Entry(reduced(p), line) for p, line in zip(drawn, lines, strict=True)))
    read = read_captions(tmp_path)
    assert [entry["file"] for entry in read] == ["00000.webp", "00001.webp"]  # the same one once
    with zipfile.ZipFile(tmp_path / "pictures.zip") as pack:
        image = Image.open(io.BytesIO(pack.read("00001.webp")))
    assert (image.size, image.mode) == ((80, 80), "RGBA")


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
