"""The one training loop: what it draws, how it steps, and that it can go on where it stood."""

import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from small_runs import tiny
from torch import Tensor, nn

from lessons.images.captioned import CaptionedImage, to_pixels
from lessons.part_b import flow_matching, pure_noise, train_class_ddpm, train_denoiser
from lessons.training import loop, previews
from lessons.training.loop import TrainingState, learning_rate, train
from lessons.training.recipe import DigitBatch, Preview, RunRecipe, Settings
from models import checkpoints, mnist
from models.devices import Precision


@dataclass
class Seen:
    """A recipe with the smallest network there is, which keeps all that the loop gives it."""

    images: list[Tensor] = field(default_factory=list)
    labels: list[Tensor] = field(default_factory=list)
    noises: list[Tensor] = field(default_factory=list)

    def recipe(self) -> RunRecipe[Settings]:
        return RunRecipe("seen", Settings, lambda _: nn.Conv2d(1, 1, 1), self.loss, show_bias)

    def loss(self, network: nn.Module, batch: DigitBatch, _: Settings) -> Tensor:
        self.images.append(batch.images)
        self.labels.append(batch.labels)
        self.noises.append(batch.noise())
        return (network(batch.images) - batch.images).square().mean()


def show_bias(network: nn.Module, _: Settings) -> Preview:
    assert isinstance(network, nn.Conv2d)
    assert network.bias is not None
    shown = CaptionedImage(to_pixels(network.bias.detach().view(1, 1)))
    return Preview(((shown,),), {"bias": float(network.bias)})


def small(**changes: Any) -> Settings:
    return Settings(**{"images_per_epoch": 1000, "batch_size": 64, "epochs": 2, **changes})


def cpu(recipe: RunRecipe[Any], settings: Settings) -> TrainingState:
    return TrainingState.begin(recipe, settings, torch.device("cpu"))


def losses(run: TrainingState, steps: int | None = None) -> list[float]:
    """The losses of the next steps, by default of all."""
    stepping = train(run)
    left = run.settings.total_steps - run.step if steps is None else steps
    found = [next(stepping).loss.item() for _ in range(left)]
    stepping.close()
    return found


def test_the_learning_rate_shrinks_once_an_epoch_to_its_share_at_the_end() -> None:
    run = cpu(Seen().recipe(), small(epochs=3, learning_rate=0.01, decay=0.125))
    rates = []
    for _ in train(run):
        rates.append(run.optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.01] * 16 + [0.005] * 16 + [0.0025] * 16)


def test_the_courses_factor_from_epoch_to_epoch_is_the_twentieth_root_of_a_tenth() -> None:
    settings = small(epochs=20, learning_rate=1e-3, decay=0.1)
    rates = [learning_rate(settings, 16 * epoch) for epoch in range(20)]
    assert rates == pytest.approx([1e-3 * 0.1 ** (epoch / 20) for epoch in range(20)])


def test_a_linear_schedule_falls_at_every_step_towards_its_share() -> None:
    settings = small(epochs=2, learning_rate=0.01, decay=0.5, schedule="linear")
    assert [learning_rate(settings, step) for step in (0, 16, 32)] == pytest.approx(
        [0.01, 0.0075, 0.005]
    )


def test_the_averaged_network_follows_slowly_and_survives_a_checkpoint() -> None:
    settings = small(epochs=1, ema=0.9)
    run, resumed = cpu(Seen().recipe(), settings), cpu(Seen().recipe(), settings)
    losses(run, 2)
    before = {name: t.clone() for name, t in run.shown.state_dict().items()}
    losses(run, 1)
    for name, weight in run.network.named_parameters():
        share = 3 / 12  # of the old average: it follows faster while it is young
        expected = share * before[name] + (1 - share) * weight
        torch.testing.assert_close(run.shown.state_dict()[name], expected)
    resumed.restore(run.tensors(), run.step)
    assert losses(run, 3) == losses(resumed, 3)
    for name, weight in run.shown.state_dict().items():
        assert torch.equal(weight, resumed.shown.state_dict()[name]), name


def test_a_resumed_run_has_the_learning_rate_of_its_epoch() -> None:
    settings = small(epochs=3, learning_rate=0.01, decay=0.125)
    saved, resumed = cpu(Seen().recipe(), settings), cpu(Seen().recipe(), settings)
    losses(saved, 20)
    resumed.restore(saved.tensors(), 20)
    losses(resumed, 1)
    assert resumed.optimiser.param_groups[0]["lr"] == pytest.approx(0.005)


def test_noise_is_drawn_anew_for_every_step_and_every_image() -> None:
    seen = Seen()
    losses(cpu(seen.recipe(), small()))
    every = torch.cat(seen.noises)
    assert len({noise.numpy().tobytes() for noise in every}) == 2000
    assert abs(every.mean().item()) < 0.01
    assert every.std().item() == pytest.approx(1, abs=0.01)


def test_an_epoch_sees_no_image_twice_and_the_next_has_another_order() -> None:
    seen = Seen()
    losses(cpu(seen.recipe(), small()))
    images = [image.numpy().tobytes() for image in torch.cat(seen.images)]
    first, second = images[:1000], images[1000:]
    assert len(set(first)) == len(set(second)) == 1000
    assert first != second


def test_a_whole_epoch_sees_every_image_once() -> None:
    batches = loop._batches(small(images_per_epoch=60_000), epoch=1, count=60_000)
    assert torch.equal(torch.cat(batches).sort().values, torch.arange(60_000))


def test_the_last_smaller_batch_is_not_dropped() -> None:
    seen = Seen()
    steps = list(train(cpu(seen.recipe(), small())))
    assert [len(images) for images in seen.images] == 2 * ([64] * 15 + [40])
    assert [step.images for step in steps][14:17] == [960, 1000, 1064]
    assert [step.step for step in steps if step.ends_epoch] == [16, 32]
    assert steps[-1].epoch == 2


def test_a_step_sees_clean_digits_from_0_to_1_with_their_labels() -> None:
    seen = Seen()
    losses(cpu(seen.recipe(), small()), 1)
    images, labels = seen.images[0], seen.labels[0]
    assert images.shape == (64, 1, 28, 28)
    assert (images.min(), images.max()) == (0, 1)
    digits = mnist.load("train")
    where = {image.numpy().tobytes(): i for i, image in enumerate(digits.images[:, 0])}
    stored = (images[:, 0] * 255).round().byte()
    numbers = [where[image.contiguous().numpy().tobytes()] for image in stored]
    assert digits.labels[numbers].tolist() == labels.tolist()


def test_images_after_a_step_agree_with_what_was_seen() -> None:
    settings = small(images_per_epoch=1000, batch_size=150)
    seen = Seen()
    steps = list(train(cpu(seen.recipe(), settings)))
    counts = torch.tensor([len(images) for images in seen.images]).cumsum(0).tolist()
    assert [step.images for step in steps] == counts
    assert counts[-1] == settings.total_images
    assert len(steps) == settings.total_steps == 2 * math.ceil(1000 / 150)


def test_one_seed_is_one_curve_also_in_another_process() -> None:
    code = (
        "import torch; from small_runs import tiny;"
        "from lessons.part_b.train_denoiser import RECIPE;"
        "from lessons.training.loop import TrainingState, train;"
        "run = TrainingState.begin(RECIPE, tiny(epochs=1), torch.device('cpu'));"
        "print([step.loss.item() for step in train(run)])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f".{os.pathsep}tests"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == str(losses(cpu(train_denoiser.RECIPE, tiny(epochs=1))))


def test_another_seed_is_another_curve_from_the_first_step_on() -> None:
    curves = [losses(cpu(train_denoiser.RECIPE, tiny(seed=seed)), 2) for seed in (1, 2)]
    assert curves[0][0] != curves[1][0]
    assert curves[0][1] != curves[1][1]


def test_first_weights_follow_from_the_seed_alone() -> None:
    torch.manual_seed(1)
    one = cpu(train_denoiser.RECIPE, tiny()).tensors()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    other = cpu(train_denoiser.RECIPE, tiny()).tensors()
    assert torch.equal(torch.get_rng_state(), state)
    assert_same(one, other)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(
    tmp_path: Any, precision: Precision
) -> None:
    settings = tiny(precision=precision)
    whole = cpu(train_denoiser.RECIPE, settings)
    expected = losses(whole, 21)
    first = cpu(train_denoiser.RECIPE, settings)
    before = losses(first, 5)
    checkpoints.save_tensors(tmp_path / "state.safetensors", first.tensors(), {"step": "5"})
    second = cpu(train_denoiser.RECIPE, settings)
    stored, notes = checkpoints.load_tensors(tmp_path / "state.safetensors")
    second.restore(stored, int(notes["step"]))
    assert before + losses(second, 16) == expected  # over the end of an epoch
    assert_same(second.tensors(), whole.tensors())


@pytest.mark.parametrize("recipe", [train_class_ddpm.RECIPE, flow_matching.CLASS_RECIPE])
def test_a_resumed_run_with_classes_and_averaged_weights_equals_the_uninterrupted_one(
    tmp_path: Any, recipe: RunRecipe[Any]
) -> None:
    small = {"num_hiddens": 8, "batch_size": 64, "images_per_epoch": 1000, "epochs": 2}
    settings = recipe.settings(**small, ema=0.99)
    whole, first, second = (cpu(recipe, settings) for _ in range(3))
    expected = losses(whole, 20)
    before = losses(first, 5)
    checkpoints.save_tensors(tmp_path / "state.safetensors", first.tensors(), {"step": "5"})
    stored, _ = checkpoints.load_tensors(tmp_path / "state.safetensors")
    second.restore(stored, 5)
    assert before + losses(second, 15) == expected  # over the end of an epoch
    assert_same(second.tensors(), whole.tensors())


def test_a_run_that_was_looked_at_equals_one_that_was_not() -> None:
    looked, left_alone = (cpu(train_denoiser.RECIPE, tiny()) for _ in range(2))
    curve = losses(looked, 2)
    looked.preview()
    assert curve + losses(looked, 2) == losses(left_alone, 4)


def test_a_preview_leaves_weights_and_statistics_untouched() -> None:
    run = cpu(train_denoiser.RECIPE, tiny())
    losses(run, 2)
    before = {name: tensor.clone() for name, tensor in run.tensors().items()}
    run.preview()
    assert_same(run.tensors(), before)


@pytest.mark.parametrize("recipe", [train_denoiser.RECIPE, pure_noise.RECIPE])
def test_a_preview_is_made_in_eval_mode_and_train_mode_is_put_back(recipe: RunRecipe[Any]) -> None:
    run = cpu(recipe, recipe.settings(num_hiddens=8))
    modes = []
    for module in run.network.modules():
        module.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    run.preview()
    assert modes
    assert not any(modes)
    assert all(module.training for module in run.network.modules())


def test_train_mode_is_put_back_even_if_the_preview_fails() -> None:
    def fail(*_: object) -> Preview:
        raise OSError("no disk")

    run = cpu(
        RunRecipe("failing", Settings, lambda _: nn.Conv2d(1, 1, 1), Seen().loss, fail), small()
    )
    with pytest.raises(OSError, match="no disk"):
        run.preview()
    assert run.network.training


def test_what_a_preview_keeps_can_be_trained_on() -> None:
    """Tensors born in inference mode can't be."""
    for keep in (pure_noise.mean_digit, mnist.load):
        keep.cache_clear()
    run = cpu(pure_noise.RECIPE, pure_noise.PureNoiseSettings(num_hiddens=8, batch_size=16))
    run.preview()
    weight = torch.ones(1, requires_grad=True)
    for kept in (previews.test_digits(1000), pure_noise.mean_digit()):
        (weight * kept).sum().backward()
    losses(run, 1)


def test_a_checkpoint_of_another_network_is_refused() -> None:
    run = cpu(train_denoiser.RECIPE, tiny(num_hiddens=16))
    stranger = cpu(train_denoiser.RECIPE, tiny(num_hiddens=8))
    with pytest.raises(checkpoints.BrokenCheckpoint, match="another network"):
        run.restore(stranger.tensors(), 3)


def test_equal_settings_have_one_fingerprint_and_others_another() -> None:
    assert tiny().fingerprint() == tiny().fingerprint()
    prints = {tiny(**change).fingerprint() for change in ({}, {"seed": 1}, {"sigma": 0.6})}
    assert len(prints) == 3
    assert tiny(learning_rate=0.1).fingerprint() == tiny(learning_rate="0.1").fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"num_hiddens": 12},
        {"num_hiddens": 0},
        {"batch_size": 513},
        {"epochs": 0},
        {"images_per_epoch": 60_001},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"decay": 1.1},
        {"seed": -1},
        {"precision": "float16"},
        {"no_such_setting": 1},
    ],
)
def test_settings_out_of_range_do_not_exist(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        small(**change)


def assert_same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0, msg=name)
