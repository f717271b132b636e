"""The networks that are told time and class: their sizes, and where what they are told acts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from models.unet import ClassConditionalUNet, TimeConditionalUNet

X, T = (
    torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(1)),
    torch.tensor([0.2, 0.9]),
)
C = torch.tensor([3, 8])


@pytest.mark.parametrize(
    ("kind", "width", "count"),
    [
        (TimeConditionalUNet, 64, 1_996_417),
        (ClassConditionalUNet, 64, 2_019_201),
        (TimeConditionalUNet, 32, 500_545),
        (ClassConditionalUNet, 32, 506_817),
    ],
)
def test_parameter_counts_are_the_courses(
    kind: type[TimeConditionalUNet | ClassConditionalUNet], width: int, count: int
) -> None:
    assert sum(own.numel() for own in kind(1, 10, width).parameters()) == count


def constant(block: nn.Module, value: float) -> None:
    """Let a small block answer one number whatever it is told."""
    nn.init.zeros_(block[-1].weight)
    nn.init.constant_(block[-1].bias, value)


def network_with(kind: type[nn.Module], values: dict[str, float], **how: str) -> nn.Module:
    torch.manual_seed(0)
    network = kind(1, 10, 8, **how).eval()
    for name, value in values.items():
        constant(getattr(network, name), value)
    return network


def told(network: nn.Module) -> Tensor:
    with torch.no_grad():
        return network(X, T) if isinstance(network, TimeConditionalUNet) else network(X, C, T)


def sampled_by(network: nn.Module, scale: float, shift: float) -> Tensor:
    with torch.no_grad():
        return network.pass_through(X, lambda u: scale * u + shift, lambda u: scale * u + shift)


def test_for_ddpm_time_is_added() -> None:
    network = network_with(TimeConditionalUNet, {"t1": 0.7, "t2": 0.7})
    assert_close(told(network), sampled_by(network, 1, 0.7))


def test_for_flow_matching_time_is_multiplied() -> None:
    network = network_with(TimeConditionalUNet, {"t1": 0.7, "t2": 0.7}, time="multiply")
    assert_close(told(network), sampled_by(network, 0.7, 0))


def test_the_class_is_multiplied_and_time_is_added() -> None:
    network = network_with(ClassConditionalUNet, {"t1": 0.7, "t2": 0.7, "c1": 0.5, "c2": 0.5})
    assert_close(told(network), sampled_by(network, 0.5, 0.7))


def test_a_dropped_label_is_the_zero_vector_and_not_another_class() -> None:
    torch.manual_seed(0)
    network = ClassConditionalUNet(1, 10, 8).eval()
    seen: list[Tensor] = []
    network.c1.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(X, C, T, torch.tensor([1.0, 0.0]))
    assert seen[0].sum(1).tolist() == [1, 0]
    assert seen[0][0].argmax() == 3


def test_every_image_is_told_its_own_time_and_class() -> None:
    torch.manual_seed(0)
    network = ClassConditionalUNet(1, 10, 8).eval()
    both = network(X, C, T)
    alone = torch.cat([network(X[i : i + 1], C[i : i + 1], T[i : i + 1]) for i in range(2)])
    assert_close(both, alone, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(network(X, C.flip(0), T), both)
    assert not torch.allclose(network(X, C, T.flip(0)), both)


@pytest.mark.parametrize("wrong", ["c", "t", "mask"])
def test_a_column_instead_of_one_number_a_image_is_refused(wrong: str) -> None:
    network = ClassConditionalUNet(1, 10, 8).eval()
    told = {"c": torch.zeros(2, dtype=torch.int64), "t": torch.zeros(2), "mask": torch.ones(2)}
    told[wrong] = told[wrong][:, None]
    with pytest.raises(ValueError, match=wrong):
        network(torch.zeros(2, 1, 28, 28), **told)
