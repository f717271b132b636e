"""Guidance: what γ means, one call for both predictions, whose variance it is."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons.diffusion.guidance import conditional, guide, guided
from lessons.part_a import guidance as lesson
from lessons.part_a import sampling
from lessons.trace import image_traces
from lessons.workshop.experiments import prompting
from models import catalog
from models.catalog import finish

X_T = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(1))
WANTED, UNWANTED = torch.tensor([[2.0, 0.5]]), torch.tensor([[-1.0, 0.1]])


class Network:
    """Predicts something that depends on image, timestep and embedding; counts its calls."""

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


def test_every_image_may_have_its_own_gamma_and_its_own_prompt() -> None:
    network, gammas = Network(), torch.tensor([0.0, 1.0, 3.0]).view(3, 1, 1, 1)
    wanted = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    together = guided(network, wanted, UNWANTED.expand(3, 2), gammas)(X_T, 7)
    for i, gamma in enumerate((0.0, 1.0, 3.0)):
        alone = guided(network, wanted[i : i + 1], UNWANTED, gamma)(X_T[i : i + 1], 7)
        assert_close(together[i : i + 1], alone)


def test_predictions_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="eps_c is"):
        guide(torch.zeros(2, 1, 1, 1), torch.zeros(1, 1, 1, 1), 2.0)


def test_the_rows_of_the_grid_begin_at_the_same_noise_as_the_samples() -> None:
    rows = finish(lesson.gamma_grid("digits", "5", seed=276, count=1))
    assert len(rows) == len(lesson.GAMMAS)
    alone = finish(sampling.demo("digits", "5", seed=276, count=1, gamma=lesson.GAMMAS[3]))
    assert np.abs(rows[3][0].pixels.astype(int) - alone.images[0].pixels).max() <= 1


def test_guidance_of_zero_is_unconditional_and_of_one_conditional() -> None:
    eps_c, eps_u = torch.randn(2, 1, 4, 4), torch.randn(2, 1, 4, 4)
    assert_close(guide(eps_c, eps_u, 0.0), eps_u)
    assert_close(guide(eps_c, eps_u, 1.0), eps_c)
    assert_close(guide(eps_c, eps_u, 2.0), 2 * eps_c - eps_u)


def test_without_a_negative_prompt_the_samples_are_those_of_lesson_1_5_to_the_last_bit() -> None:
    for prompt in ("5", ""):
        ours = finish(lesson.demo("digits", prompt, seed=276, gamma=7.0, count=2))
        theirs = finish(sampling.demo("digits", prompt, seed=276, gamma=7.0, count=2))
        for one, other in zip(ours.images, theirs.images, strict=True):
            assert (one.pixels == other.pixels).all()
            assert (one.caption, one.alt, one.symbol) == (other.caption, other.alt, other.symbol)
        assert ours.trajectory.times == theirs.trajectory.times


def test_a_negative_prompt_changes_the_samples_unless_gamma_is_one() -> None:
    def pixels(gamma: float, negative: str) -> np.ndarray:
        found = finish(lesson.demo("digits", "5", 276, gamma, negative, count=1))
        return found.images[0].pixels.astype(int)

    assert np.abs(pixels(7.0, "3") - pixels(7.0, "")).mean() > 1
    assert np.abs(pixels(1.0, "3") - pixels(1.0, "")).max() <= 1


def test_guidance_of_zero_gives_what_the_negative_prompt_alone_gives() -> None:
    found = finish(prompting.negative_alone("digits", "5", "3", seed=276))
    assert found.words == ("the network with “3”", "γ = 0, away from it")
    assert found.apart < 1e-3
    other = finish(lesson.demo("digits", "5", 276, 0.0, "3", count=1)).images[0].pixels
    assert np.abs(found.rows[0][0].pixels.astype(int) - other).max() <= 1


def test_away_from_itself_a_prompt_is_only_conditional() -> None:
    net = catalog.load("digits")
    x_t = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(3))
    same = lesson.led_away(net, "5", "5", 7.0)(x_t, 100)
    assert_close(same, conditional(net.predict, net.embed(["5"]))(x_t, 100))


def test_away_is_the_mirror_image_of_towards() -> None:
    net = catalog.load("digits")
    x_t = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(3))
    towards = lesson.led_away(net, "5", "3", 7.0)(x_t, 100)
    assert_close(lesson.led_away(net, "3", "5", 1 - 7.0)(x_t, 100), towards, atol=1e-4, rtol=1e-4)


def test_the_microscope_follows_the_trajectory_with_the_negative_prompt() -> None:
    found = finish(image_traces.sample_from_noise("digits", "5", 276, 1, 7.0, "3"))
    sample = finish(lesson.demo("digits", "5", 276, 7.0, "3", count=1)).images[0].pixels
    last = np.asarray(found.places[-1]).squeeze()
    assert np.abs(np.clip(last, 0, 1) * 255 - sample).max() <= 1


def test_the_grid_leads_away_from_the_negative_prompt_too() -> None:
    rows = finish(lesson.gamma_grid("digits", "5", seed=276, negative="3", count=1))
    alone = finish(lesson.demo("digits", "5", 276, lesson.GAMMAS[3], "3", count=1))
    assert np.abs(rows[3][0].pixels.astype(int) - alone.images[0].pixels).max() <= 1
