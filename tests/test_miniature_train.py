"""Training: the same whether it runs through or is stopped, and what it leaves behind."""

import copy
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.checkpoints import BrokenCheckpoint, load_tensors
from models.miniature_training import sprites, train
from models.miniature_training.batches import FIRST, LATER, SIZE, Batch, Batches
from models.miniature_training.caption_states import Captions
from models.miniature_training.log import EVERY, LEVELS, Log
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites
from models.miniature_training.training import Recipe, Training
from tests.miniature import encoder

CPU = torch.device("cpu")
RECIPE = Recipe(
    seed=1, channels=(16, 32), blocks=1, batch=4, coarse=16, plain=24, warm_up=2, averaging=0.5
)
STRAIGHT = Recipe(seed=1, channels=(16, 32), blocks=1, batch=4, coarse=0, plain=0, warm_up=2)


def few_sprites(count: int = 14) -> Sprites:
    generator = torch.Generator().manual_seed(2)
    pixels = torch.randint(0, 256, (count, 4, 100, 100), generator=generator, dtype=torch.uint8)
    pixels[:, 3] = 255
    noun = torch.arange(count) % 2 + NOUN_NAMES.index("dog")
    style = torch.arange(count) % len(STYLE_NAMES)
    return Sprites(pixels, noun, style, torch.arange(count))


@pytest.fixture(scope="module")
def captions() -> Captions:
    return Captions(encoder(), NOUN_NAMES[NOUN_NAMES.index("dog") :][:2], CPU)


def batches(captions: Captions, recipe: Recipe = RECIPE) -> Batches:
    return Batches(few_sprites(), captions, recipe.seed, recipe.batch)


def begun(captions: Captions, recipe: Recipe = RECIPE) -> Training:
    training = Training(recipe, CPU, "float32")
    training.fit(batches(captions, recipe).images(32, LATER), captions.vectors())
    return training


def steps(training: Training, captions: Captions, until: int) -> Training:
    data = batches(captions, training.recipe)
    while training.step < until:
        if training.coarse and training.images >= training.recipe.coarse:
            training.grow(data.images(32, LATER))
        training.take_step(data.take(training.step, training.stage))
    return training


def test_a_stopped_training_goes_on_as_if_it_had_not_been(
    captions: Captions, tmp_path: Path
) -> None:
    through = steps(begun(captions), captions, 10)
    for stop in (2, 4, 6):  # at half the size, where it grows, at full size
        steps(begun(captions), captions, stop).save(tmp_path / "state.safetensors")
        second = Training(RECIPE, CPU, "float32")
        second.load(tmp_path / "state.safetensors")
        assert_same(steps(second, captions, 10), through)


def assert_same(one: Training, other: Training) -> None:
    assert one.step == other.step
    theirs = other.network.state_dict()
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name
    for name, tensor in one.average.items():
        assert torch.equal(tensor, other.average[name]), name


KILLED = """
import sys
from pathlib import Path
from tests.test_miniature_train import *
captions = Captions(encoder(), NOUN_NAMES[NOUN_NAMES.index("dog") :][:2], CPU)
training = steps(begun(captions), captions, 5)
training.save(Path(sys.argv[1]))
steps(training, captions, 7)
print("seven", flush=True)
while True:
    pass
"""


def test_a_killed_training_gives_the_weights_of_an_undisturbed_one(
    captions: Captions, tmp_path: Path
) -> None:
    path = tmp_path / "state.safetensors"
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "seven\n"
        process.send_signal(signal.SIGKILL)
    resumed = Training(RECIPE, CPU, "float32")
    resumed.load(path)
    assert resumed.step == 5
    assert_same(steps(resumed, captions, 10), steps(begun(captions), captions, 10))


def test_another_networks_state_is_refused(captions: Captions, tmp_path: Path) -> None:
    steps(begun(captions), captions, 1).save(tmp_path / "small.safetensors")
    wider = Recipe(channels=(32, 32), blocks=1)
    with pytest.raises(BrokenCheckpoint, match="another network"):
        Training(wider, CPU, "float32").load(tmp_path / "small.safetensors")


def test_gradients_of_two_halves_average_to_that_of_the_batch(captions: Captions) -> None:
    training = begun(captions, STRAIGHT)
    torch.manual_seed(0)
    for parameter in training.network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)

    def gradient(part: int, parts: int) -> list[torch.Tensor]:
        training.network.zero_grad()
        taken = batches(captions, STRAIGHT).take(0, LATER, part, parts)
        training.errors(taken)[1].backward()
        return [p.grad.clone() for p in training.network.parameters() if p.grad is not None]

    whole, first, second = gradient(0, 1), gradient(0, 2), gradient(1, 2)
    for together, one, other in zip(whole, first, second, strict=True):
        assert_close((one + other) / 2, together, rtol=1e-3, atol=1e-6)


def test_an_image_that_is_all_there_is_gets_learned(captions: Captions) -> None:
    recipe = Recipe(seed=1, channels=(16, 32), blocks=1, batch=4, coarse=0, rate=3e-3, warm_up=2)
    training = begun(captions, recipe)
    x_0 = torch.linspace(-1, 1, SIZE).expand(4, 3, SIZE, SIZE)
    states = captions.states(["a dog"] * 4)
    losses = []
    for step in range(40):
        eps = torch.randn(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(step))
        t = torch.tensor([900, 920, 940, 960])
        losses.append(float(training.take_step(Batch(x_0, states, t, eps, ["a dog"] * 4)).mean()))
    assert sum(losses[-5:]) < 0.35 * sum(losses[:5])


def test_a_new_networks_error_is_the_linear_denoisers(captions: Captions) -> None:
    training = begun(captions, STRAIGHT)
    batch = batches(captions, STRAIGHT).take(0, LATER)
    errors, loss = training.errors(batch)
    alpha_bar_t = training.network.alpha_bar[batch.t][:, None, None, None]
    x_t = alpha_bar_t.sqrt() * batch.x_0 + (1 - alpha_bar_t).sqrt() * batch.eps
    x_linear = training.network.linear(x_t, alpha_bar_t)
    # v is off by the estimate's error over √(1 − ᾱ)
    off = ((x_linear - batch.x_0).square() / (1 - alpha_bar_t)).mean((1, 2, 3))
    assert_close(errors.detach(), off, rtol=1e-3, atol=1e-5)
    assert_close(loss.detach(), (off / training.network.residual[batch.t].square()).mean())


def test_a_training_begins_small_grows_and_goes_on_from_there(captions: Captions) -> None:
    training = steps(begun(captions), captions, 4)
    assert training.network.fold == 2
    trunk = training.network.trunk
    steps(training, captions, 5)
    assert training.network.fold == 4
    assert training.network.trunk is trunk
    assert training.stage is FIRST
    assert steps(training, captions, 6).stage is LATER


def test_the_average_lags_behind_the_weights(captions: Captions) -> None:
    training = steps(begun(captions), captions, 1)
    before = copy.deepcopy(training.average)
    steps(training, captions, 2)
    weights = dict(training.network.named_parameters())
    for name, average in training.average.items():
        keep = min(0.5, 3 / 12)
        assert_close(average, keep * before[name] + (1 - keep) * weights[name].detach())


def test_a_brake_of_zero_stops_learning(captions: Captions) -> None:
    training = steps(begun(captions), captions, 1)
    before = copy.deepcopy(training.network.state_dict())
    training.take_step(batches(captions).take(9, FIRST), brake=0.0)
    for name, tensor in training.network.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training's folder with few images."""
    monkeypatch.setattr(sprites, "load", lambda _folder, _part: few_sprites())
    monkeypatch.setattr(train, "FITTED", 32)
    return tmp_path


def test_a_chunk_leaves_state_and_averages_and_the_next_goes_on(state: Path) -> None:
    train.run(state, minutes=0.02, recipe=RECIPE)
    _, notes = load_tensors(state / "training.safetensors")
    train.run(state, minutes=0.02, recipe=RECIPE)
    _, later = load_tensors(state / "training.safetensors")
    assert int(later["step"]) > int(notes["step"]) > 0
    assert train.averaged(state).channels == RECIPE.channels


def test_cooling_down_leaves_the_state_to_go_on_from_alone(state: Path) -> None:
    train.run(state, minutes=0.02, recipe=RECIPE)
    before = (state / "training.safetensors").read_bytes()
    train.run(state, minutes=0.02, cool_down=0.02, recipe=RECIPE)
    assert (state / "training.safetensors").read_bytes() == before
    _, averaged = load_tensors(state / "averaged.safetensors")
    _, kept = load_tensors(state / "training.safetensors")
    assert int(averaged["step"]) > int(kept["step"])


def test_a_training_may_begin_with_the_weights_of_another(state: Path, captions: Captions) -> None:
    known = begun(captions, STRAIGHT).network
    expected = known.linear.spectrum.clone()
    train.run(state, minutes=0.001, recipe=RECIPE, begin_with=known)
    network = train.averaged(state)
    assert network.fold == 4
    assert torch.equal(network.linear.spectrum, expected)


def test_the_log_tells_errors_by_range_of_noise_and_what_the_prompt_is_worth(
    state: Path, captions: Captions
) -> None:
    training = begun(captions, STRAIGHT)
    log = Log(state, training, captions)
    for step in range(1, EVERY + 1):
        training.step = step
        log.take(torch.tensor([50, 950]), torch.tensor([0.5, 0.25]))
    log.held_out()
    _recipe, trained, unseen = map(json.loads, (state / "log.jsonl").read_text().splitlines())
    assert trained["v_error"] == [0.5, *[0.0] * 8, 0.25]
    assert trained["images"] == EVERY * STRAIGHT.batch
    assert unseen["right 650"] > 0
    assert unseen["worth"] == dict.fromkeys(map(str, LEVELS), 0.0)  # it can't read yet
