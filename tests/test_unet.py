"""Lesson B1.1: the network as it is, and what the lesson tells about it."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import pytest
import torch
from torch import nn

from lessons.part_b import architecture
from lessons.part_b import unet as lesson
from lessons.part_b.train_denoiser import DenoiserSettings, add_unscaled_noise
from models import checkpoints
from models.unet import UnconditionalUNet

COUNTS = {128: 7_891_073, 64: 1_975_361, 32: 495_137}


@pytest.mark.parametrize(("width", "count"), COUNTS.items())
def test_parameter_counts_are_the_courses(width: int, count: int) -> None:
    network = UnconditionalUNet(in_channels=1, num_hiddens=width)
    assert sum(own.numel() for own in network.parameters()) == count
    assert architecture.architecture(width).parameters == count


@pytest.mark.parametrize("width", architecture.WIDTHS)
def test_the_blocks_add_up_to_the_whole_and_their_sums_are_right(width: int) -> None:
    found = architecture.architecture(width)
    assert sum(block.parameters for block in found.blocks) == found.parameters
    for layer in (layer for block in found.blocks for layer in block.layers):
        assert value(layer.product, width) == layer.parameters


def value(product: str, D: int) -> int:
    """Work out a sum such as 3·3·D·2D + 2D."""

    def factor(text: str) -> int:
        return int(text[:-1] or 1) * D if text.endswith("D") else int(text)

    return sum(math.prod(map(factor, term.split("·"))) for term in product.split(" + "))


@pytest.mark.parametrize("D", [16, 128])
def test_the_trace_finds_every_shape_of_the_course(D: int) -> None:
    shapes = {b.name: (b.shape_in, b.shape_out) for b in architecture.architecture(D).blocks}
    assert shapes == {
        "lift": ((1, 28, 28), (D, 28, 28)),
        "down1": ((D, 28, 28), (D, 14, 14)),
        "down2": ((D, 14, 14), (2 * D, 7, 7)),
        "flatten": ((2 * D, 7, 7), (2 * D, 1, 1)),
        "unflatten": ((2 * D, 1, 1), (2 * D, 7, 7)),
        "up1": ((4 * D, 7, 7), (D, 14, 14)),
        "up2": ((2 * D, 14, 14), (D, 28, 28)),
        "merge": ((2 * D, 28, 28), (D, 28, 28)),
        "out": ((D, 28, 28), (1, 28, 28)),
    }


def test_the_trace_finds_the_skip_connections_by_their_numbers() -> None:
    blocks = architecture.architecture(16).blocks
    assert tuple(block.name for block in blocks) == lesson.BLOCKS
    assert blocks[0].sources == (architecture.INPUT,)
    assert {b.name: b.sources for b in blocks if len(b.sources) > 1} == {
        "up1": ("unflatten", "down2"),
        "up2": ("up1", "down1"),
        "merge": ("up2", "lift"),
    }


def test_a_network_that_is_wired_otherwise_is_traced_as_it_is() -> None:
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(1, 3, 3, padding=1)
            self.two = nn.Conv2d(4, 2, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.two(torch.cat([self.one(x), x], dim=1))
            return result

    assert [block.sources for block in architecture.trace(Crossed(), 3)] == [
        ("input",),
        ("one", "input"),
    ]


def test_an_input_that_is_no_join_is_refused() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(1, 1, 3, padding=1)
            self.two = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.two(self.one(x) + x)
            return result

    with pytest.raises(ValueError, match="no join"):
        architecture.trace(Sum(), 1)


def test_tracing_leaves_no_hook_on_the_network() -> None:
    network = UnconditionalUNet(1, 16).eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    architecture.trace(network, 16)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


def test_the_last_layer_is_a_plain_convolution_and_its_answer_may_be_negative() -> None:
    last = architecture.architecture(16).blocks[-1]
    assert (last.name, last.kind, len(last.layers)) == ("out", "Conv2d", 1)
    network = UnconditionalUNet(1, 16).eval()
    with torch.inference_mode():
        network.out.weight.zero_()
        network.out.bias.fill_(-3)  # a GELU behind it would answer −0.004
        answer = network(torch.zeros(1, 1, 28, 28))
    torch.testing.assert_close(answer, torch.full((1, 1, 28, 28), -3.0))


def test_only_28_by_28_is_taken() -> None:
    with pytest.raises(ValueError, match="28×28"):
        UnconditionalUNet(1, 16)(torch.zeros(1, 1, 32, 32))


def test_a_gelu_never_goes_below_its_floor_and_much_noise_does() -> None:
    floor = lesson.gelu_floor(seed=276)
    x = torch.linspace(-20, 20, 100_001, dtype=torch.float64)
    assert floor.lowest == pytest.approx(float(nn.functional.gelu(x).min()), abs=1e-4)
    assert floor.lowest == pytest.approx(-0.17, abs=0.001)
    noise = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    assert float((noise < floor.lowest).float().mean()) == pytest.approx(floor.share, abs=0.005)
    assert floor.nearest.pixels.min() > floor.noise.pixels.min()


def test_noising_scales_one_noise_over_one_digit() -> None:
    row = lesson.noising(digit=3, seed=276)
    assert [image.caption for image in row] == [
        f"σ = {sigma}" for sigma in ("0", "0.2", "0.4", "0.5", "0.6", "0.8", "1")
    ]
    x, eps = lesson._digit_and_noise(3, 276)
    for image, sigma in zip(row, lesson.SIGMAS, strict=True):
        wanted = (add_unscaled_noise(x, eps, sigma)[0, 0].clamp(0, 1) * 255).round()
        assert torch.equal(torch.from_numpy(image.pixels).float(), wanted)
    assert (lesson.noising(3, 277)[3].pixels != row[3].pixels).any()
    assert (lesson.noising(4, 276)[0].pixels != row[0].pixels).any()


@functools.cache
def a_trace() -> lesson.ForwardPass:
    return lesson.trace(16, None, digit=3, seed=276)


def test_a_trace_shows_what_comes_out_of_every_block() -> None:
    maps = a_trace().maps
    assert tuple(maps) == lesson.BLOCKS
    for block in architecture.architecture(16).blocks:
        found = maps[block.name]
        assert found.channels == block.shape_out[0]
        assert len(found.images) == min(16, found.channels)
        assert all(image.pixels.shape == block.shape_out[1:] for image in found.images)
        assert found.low < found.high
    assert maps["flatten"].images[0].pixels.shape == (1, 1)


def test_a_trace_ends_in_the_networks_own_answer() -> None:
    x, eps = lesson._digit_and_noise(3, 276)
    with torch.inference_mode():
        answer = architecture.untrained(16)(add_unscaled_noise(x, eps, 0.5))
    assert a_trace().lowest == pytest.approx(float(answer.min()), abs=1e-5)
    assert a_trace().lowest < -0.17


def test_the_network_that_learnt_nothing_is_always_the_same() -> None:
    architecture.untrained.cache_clear()
    torch.manual_seed(1)
    again = lesson.trace(16, None, digit=3, seed=276)
    assert (again.answer.pixels == a_trace().answer.pixels).all()


def test_a_finished_run_of_that_width_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_RUNS", str(tmp_path))
    assert 16 not in lesson.trained_runs()
    save_run(tmp_path / "denoiser-test", width=16, answer=0.75)
    run = lesson.trained_runs()[16]
    assert run.id == "denoiser-test"
    trace = lesson.trace(16, run.id, digit=3, seed=276)
    assert trace.lowest == pytest.approx(0.75)
    assert (trace.answer.pixels == 191).all()


def save_run(folder: Path, width: int, answer: float) -> None:
    """A finished run whose network answers one grey, whatever it is given."""
    folder.mkdir()
    settings = DenoiserSettings(num_hiddens=width).model_dump()
    (folder / "settings.json").write_text(json.dumps({"recipe": "denoiser", "settings": settings}))
    (folder / "status.json").write_text(json.dumps({"state": "finished"}))
    network = UnconditionalUNet(1, width)
    nn.init.zeros_(network.out.weight)
    nn.init.constant_(network.out.bias, answer)
    checkpoints.save_tensors(folder / "weights.safetensors", network.state_dict(), {})


def test_the_first_width_is_that_of_the_run_that_came_with_the_project() -> None:
    assert lesson.usual_width({}) == 128


@pytest.mark.parametrize("digit", [-1, 10])
def test_a_digit_that_does_not_exist_is_refused(digit: int) -> None:
    with pytest.raises(ValueError, match="0 to 9"):
        lesson.noising(digit, 276)


@pytest.mark.parametrize("width", [0, 17, 4096])
def test_a_width_that_is_not_offered_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match="one of 16, 32, 64, 128"):
        architecture.architecture(width)


def test_every_part_of_a_block_can_be_shown() -> None:
    for block in architecture.architecture(16).blocks:
        assert block.parts
        for part in block.parts:
            assert architecture.class_named(part).__doc__
    with pytest.raises(ValueError, match="no class"):
        architecture.class_named("Tensor")
