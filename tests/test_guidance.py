"""Guidance: what γ means, one call for both predictions, whose variance it is."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons.guidance import conditional, guide, guided

X_T = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(1))
WANTED, UNWANTED = torch.tensor([[2.0, 0.5]]), torch.tensor([[-1.0, 0.1]])


class Network:
    """Predicts something that depends on picture, timestep and embedding; counts its calls."""

    def __init__(self, with_variance: bool = False) -> None:
        self.calls: list[int] = []
        self.with_variance = with_variance

    def __call__(self, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        self.calls.append(len(x_t))
        eps = x_t.sin() * embeddings[:, :1, None, None] + t / 100
        between = embeddings[:, 1:, None, None].expand_as(x_t)
        return torch.cat([eps, between], 1) if self.with_variance else eps


def test_guidance_of_one_is_the_conditional_prediction() -> None:
    network = Network()
    with_condition = conditional(network, WANTED)(X_T, 7)
    assert_close(guided(network, WANTED, UNWANTED, 1.0)(X_T, 7), with_condition)


def test_guidance_of_zero_is_the_unconditional_prediction() -> None:
    network = Network()
    without = conditional(network, UNWANTED)(X_T, 7)
    assert_close(guided(network, WANTED, UNWANTED, 0.0)(X_T, 7), without)


def test_gamma_counts_from_the_unconditional_prediction_and_not_from_the_conditional_one() -> None:
    eps_c, eps_u = torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1, 1), 1.0)
    assert guide(eps_c, eps_u, 7.0).item() == 15.0  # (1 + γ) ε_c − γ ε_u would be 17


def test_both_predictions_come_from_one_call() -> None:
    network = Network()
    guided(network, WANTED, UNWANTED, 7.0)(X_T, 7)
    assert network.calls == [6]


def test_the_variance_is_that_of_the_condition_whatever_gamma_is() -> None:
    network = Network(with_variance=True)
    for gamma in (0.0, 1.0, 7.0):
        prediction = guided(network, WANTED, UNWANTED, gamma)(X_T, 7)
        assert_close(prediction[:, 2:], torch.full_like(X_T, 0.5))


def test_every_picture_may_have_its_own_gamma_and_its_own_prompt() -> None:
    network, gammas = Network(), torch.tensor([0.0, 1.0, 3.0]).view(3, 1, 1, 1)
    wanted = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    together = guided(network, wanted, UNWANTED.expand(3, 2), gammas)(X_T, 7)
    for i, gamma in enumerate((0.0, 1.0, 3.0)):
        alone = guided(network, wanted[i : i + 1], UNWANTED, gamma)(X_T[i : i + 1], 7)
        assert_close(together[i : i + 1], alone)


def test_predictions_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="eps_c is"):
        guide(torch.zeros(2, 1, 1, 1), torch.zeros(1, 1, 1, 1), 2.0)
