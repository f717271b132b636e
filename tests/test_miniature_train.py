"""Training: the same whether it runs through or is stopped, and what it leaves behind."""

import copy
import json
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.checkpoints import BrokenCheckpoint
from models.miniature import pictures, train
from models.miniature.batches import SIZE, Batch, Batches
from models.miniature.network import MiniatureUNet
from models.miniature.pictures import NOUN_NAMES, STYLE_NAMES, Pictures
from models.miniature.schedule import alpha_bars
from models.miniature.train import Captions, Log, Recipe, Training, v_errors
from tests.miniature import encoder

CPU = torch.device("cpu")
RECIPE = Recipe(seed=1, batch=4, warm_up=2, averaging=0.5)


def small() -> MiniatureUNet:
    torch.manual_seed(0)
    return MiniatureUNet(channels=(16, 32), attends=(False, True))


def few_pictures(count: int = 6) -> Pictures:
    generator = torch.Generator().manual_seed(2)
    pixels = torch.randint(0, 256, (count, 80, 80, 4), generator=generator, dtype=torch.uint8)
    pixels[..., 3] = 255
    noun = torch.arange(count) % 2 + NOUN_NAMES.index("dog")
    style = torch.arange(count) % len(STYLE_NAMES)
    return Pictures(pixels, noun, style, torch.arange(count))


@pytest.fixture(scope="module")
def captions() -> Captions:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "NOUNS", ("dog", "cat"))
        return Captions(encoder())


def steps(training: Training, captions: Captions, until: int) -> Training:
    batches = Batches(few_pictures(), RECIPE.seed, RECIPE.batch)
    while training.step < until:
        batch = batches.take(training.step)
        training.take_step(batch, captions.states(list(batch.captions)))
    return training


def test_a_stopped_training_goes_on_as_if_it_had_not_been(
    captions: Captions, tmp_path: Path
) -> None:
    through = steps(Training(small(), RECIPE, CPU), captions, 4)
    first = steps(Training(small(), RECIPE, CPU), captions, 2)
    first.save(tmp_path / "half.safetensors")
    second = Training(small(), RECIPE, CPU)
    second.load(tmp_path / "half.safetensors")
    steps(second, captions, 4)
    for ours, theirs in zip(second.network.parameters(), through.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    for name, tensor in through.average.items():
        assert torch.equal(second.average[name], tensor)


def test_another_networks_state_is_refused(captions: Captions, tmp_path: Path) -> None:
    steps(Training(small(), RECIPE, CPU), captions, 1).save(tmp_path / "small.safetensors")
    wider = MiniatureUNet(channels=(32, 32), attends=(False, True))
    with pytest.raises(BrokenCheckpoint, match="another network"):
        Training(wider, RECIPE, CPU).load(tmp_path / "small.safetensors")


def test_gradients_of_two_halves_average_to_that_of_the_batch(captions: Captions) -> None:
    batches = Batches(few_pictures(), RECIPE.seed, RECIPE.batch)

    def gradient(part: int, parts: int) -> list[torch.Tensor]:
        network = small()
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.05)
        batch = batches.take(0, part, parts)
        torch.manual_seed(0)
        errors = v_errors(network, batch, captions.states(list(batch.captions)), CPU)
        errors.mean().backward()
        return [p.grad for p in network.parameters() if p.grad is not None]

    torch.manual_seed(7)
    state = torch.get_rng_state()
    parts = []
    for part, of in ((0, 1), (0, 2), (1, 2)):
        torch.set_rng_state(state)
        parts.append(gradient(part, of))
    for whole, first, second in zip(*parts, strict=True):
        assert_close((first + second) / 2, whole, rtol=1e-3, atol=1e-6)


def test_a_picture_that_is_all_there_is_gets_learned(captions: Captions) -> None:
    recipe = Recipe(seed=1, batch=4, rate=3e-3, warm_up=2)
    training = Training(small(), recipe, CPU)
    x_0 = torch.linspace(-1, 1, SIZE).expand(4, 3, SIZE, SIZE)
    states = captions.states(["a dog"] * 4)
    errors = []
    for step in range(40):
        eps = torch.randn(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(step))
        batch = Batch(x_0, ["a dog"] * 4, torch.tensor([900, 920, 940, 960]), eps)
        errors.append(float(training.take_step(batch, states).mean()))
    assert sum(errors[-5:]) < 0.35 * sum(errors[:5])


def test_a_new_networks_error_is_the_size_of_v(captions: Captions) -> None:
    batch = Batches(few_pictures(), 1, 4).take(0)
    errors = v_errors(small(), batch, captions.states(list(batch.captions)), CPU)
    alpha_bar_t = alpha_bars()[batch.t][:, None, None, None].float()
    v = alpha_bar_t.sqrt() * batch.eps - (1 - alpha_bar_t).sqrt() * batch.x_0
    assert_close(errors, v.square().mean((1, 2, 3)))


def test_the_average_lags_behind_the_weights(captions: Captions) -> None:
    training = steps(Training(small(), RECIPE, CPU), captions, 1)
    before = copy.deepcopy(training.average)
    steps(training, captions, 2)
    weights = dict(training.network.named_parameters())
    for name, average in training.average.items():
        keep = min(0.5, 3 / 12)
        assert_close(average, keep * before[name] + (1 - keep) * weights[name].detach())


def test_a_brake_of_zero_stops_learning(captions: Captions) -> None:
    training = steps(Training(small(), RECIPE, CPU), captions, 1)
    before = copy.deepcopy(training.network.state_dict())
    batch = Batches(few_pictures(), 1, 4).take(9)
    training.take_step(batch, captions.states(list(batch.captions)), brake=0.0)
    for name, tensor in training.network.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training's folder with few pictures, for a small network."""
    monkeypatch.setattr(train, "MiniatureUNet", small)
    monkeypatch.setattr(train, "NOUNS", ("dog", "cat"))
    few = few_pictures()
    names = ("pixels", "noun", "style", "line")
    parts = ("training", "held_out")
    tensors = {f"{part}.{n}": getattr(few, n).clone() for n in names for part in parts}
    notes = {"nouns": json.dumps(NOUN_NAMES)}
    pictures.save_tensors(tmp_path / "pictures.safetensors", tensors, notes)
    return tmp_path


def test_a_chunk_leaves_state_and_averages_and_the_next_goes_on(state: Path) -> None:
    train.run(state, minutes=0.02, recipe=RECIPE)
    _, notes = train.load_tensors(state / "training.safetensors")
    train.run(state, minutes=0.02, recipe=RECIPE)
    _, later = train.load_tensors(state / "training.safetensors")
    assert int(later["step"]) > int(notes["step"]) > 0
    assert train.averaged(state).config.channels == small().config.channels


def test_cooling_down_leaves_the_state_to_go_on_from_alone(state: Path) -> None:
    train.run(state, minutes=0.02, recipe=RECIPE)
    before = (state / "training.safetensors").read_bytes()
    train.run(state, minutes=0.02, cool_down=0.02, recipe=RECIPE)
    assert (state / "training.safetensors").read_bytes() == before
    _, averaged = train.load_tensors(state / "averaged.safetensors")
    _, kept = train.load_tensors(state / "training.safetensors")
    assert int(averaged["step"]) > int(kept["step"])


def test_the_log_tells_errors_by_range_of_noise(state: Path, captions: Captions) -> None:
    log = Log(state, RECIPE)
    for step in range(1, train.EVERY + 1):
        log.take(step, torch.tensor([50, 950]), torch.tensor([0.5, 0.25]))
    log.held_out(Training(small(), RECIPE, CPU), captions)
    trained, unseen = map(json.loads, (state / "log.jsonl").read_text("utf-8").splitlines())
    assert trained["v_error"] == [0.5, *[0.0] * 8, 0.25]
    assert trained["pictures"] == train.EVERY * RECIPE.batch
    assert len(unseen["held_out_v_error"]) == 10
    assert min(unseen["held_out_v_error"]) > 0
