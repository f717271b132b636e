"""The blocks of the UNet have the course's order, sizes and parameter counts."""

import pytest
import torch
from torch import nn

from models import blocks


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def kinds(module: nn.Module) -> list[type[nn.Module]]:
    return [type(part) for part in module.modules() if not list(part.children())]


@pytest.mark.parametrize(
    ("block", "shape_in", "shape_out"),
    [
        (blocks.Conv(1, 8), (2, 1, 28, 28), (2, 8, 28, 28)),
        (blocks.DownConv(8, 16), (2, 8, 28, 28), (2, 16, 14, 14)),
        (blocks.UpConv(16, 8), (2, 16, 7, 7), (2, 8, 14, 14)),
        (blocks.Flatten(), (2, 16, 7, 7), (2, 16, 1, 1)),
        (blocks.Unflatten(16), (2, 16, 1, 1), (2, 16, 7, 7)),
        (blocks.ConvBlock(1, 8), (2, 1, 28, 28), (2, 8, 28, 28)),
        (blocks.DownBlock(8, 16), (2, 8, 14, 14), (2, 16, 7, 7)),
        (blocks.UpBlock(32, 8), (2, 32, 14, 14), (2, 8, 28, 28)),
        (blocks.FCBlock(10, 16), (2, 10), (2, 16)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_every_block_changes_the_shape_as_its_docstring_says(
    block: nn.Module, shape_in: tuple[int, ...], shape_out: tuple[int, ...]
) -> None:
    assert block(torch.zeros(shape_in)).shape == shape_out


# A convolution has k·k·in·out weights and `out` biases; a BatchNorm has 2·C numbers.
@pytest.mark.parametrize(
    ("block", "parameters"),
    [
        (blocks.Conv(3, 8), (9 * 3 * 8 + 8) + 2 * 8),
        (blocks.DownConv(3, 8), (9 * 3 * 8 + 8) + 2 * 8),
        (blocks.UpConv(3, 8), (16 * 3 * 8 + 8) + 2 * 8),
        (blocks.Flatten(), 0),
        (blocks.Unflatten(8), (49 * 8 * 8 + 8) + 2 * 8),
        (blocks.ConvBlock(3, 8), (9 * 3 * 8 + 8) + (9 * 8 * 8 + 8) + 2 * (2 * 8)),
        (blocks.DownBlock(3, 8), (9 * 3 * 8 + 8) + 2 * (9 * 8 * 8 + 8) + 3 * (2 * 8)),
        (blocks.UpBlock(3, 8), (16 * 3 * 8 + 8) + 2 * (9 * 8 * 8 + 8) + 3 * (2 * 8)),
        (blocks.FCBlock(3, 8), (3 * 8 + 8) + (8 * 8 + 8)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_every_block_has_the_parameters_of_its_figure(block: nn.Module, parameters: int) -> None:
    assert count(block) == parameters


@pytest.mark.parametrize(
    ("block", "first"),
    [
        (blocks.Conv(1, 8), nn.Conv2d),
        (blocks.DownConv(1, 8), nn.Conv2d),
        (blocks.UpConv(1, 8), nn.ConvTranspose2d),
        (blocks.Unflatten(8), nn.ConvTranspose2d),
    ],
)
def test_a_convolution_is_followed_by_its_batch_norm_and_then_gelu(
    block: nn.Module, first: type[nn.Module]
) -> None:
    assert kinds(block) == [first, nn.BatchNorm2d, nn.GELU]


def test_the_way_down_shrinks_first_and_the_way_up_grows_first() -> None:
    assert [type(part) for part in blocks.DownBlock(1, 8)] == [blocks.DownConv, blocks.ConvBlock]
    assert [type(part) for part in blocks.UpBlock(1, 8)] == [blocks.UpConv, blocks.ConvBlock]


def test_the_last_linear_layer_has_no_gelu_behind_it() -> None:
    assert kinds(blocks.FCBlock(1, 8)) == [nn.Linear, nn.GELU, nn.Linear]


def test_flatten_averages_and_then_bends() -> None:
    x = torch.arange(49.0).view(1, 1, 7, 7)
    torch.testing.assert_close(blocks.Flatten()(x), nn.functional.gelu(x.mean()).view(1, 1, 1, 1))


def test_skip_connections_join_channels_in_the_order_given() -> None:
    one, other = torch.zeros(2, 3, 7, 7), torch.ones(2, 5, 7, 7)
    joined = blocks.concat_skip(one, other)
    assert joined.shape == (2, 8, 7, 7)
    assert joined[:, :3].eq(0).all()
    assert joined[:, 3:].eq(1).all()
