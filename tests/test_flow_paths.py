"""How straight sampling trajectories are, and where they lie."""

from __future__ import annotations

import math

import pytest
import torch
from test_sampled_digits import finished, shipped
from torch.testing import assert_close

from lessons.part_b import flow_paths
from lessons.training import previews


def test_a_straight_trajectory_has_a_ratio_of_1_whatever_its_steps() -> None:
    start, end = torch.randn(2, 3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    shares = torch.tensor([0, 0.1, 0.15, 0.9, 1.0]).view(-1, 1, 1, 1, 1)
    assert_close(flow_paths.path_length_ratio(start + shares * (end - start)), torch.ones(3))


def test_a_half_circle_is_half_of_pi_longer() -> None:
    angles = torch.linspace(0, math.pi, 2000)
    places = torch.zeros(2000, 1, 1, 28, 28)
    places[:, 0, 0, 0, 0], places[:, 0, 0, 5, 7] = angles.cos(), angles.sin()
    assert flow_paths.path_length_ratio(places).item() == pytest.approx(math.pi / 2, abs=1e-3)


def test_the_plane_has_two_directions_at_right_angles_and_the_first_says_more() -> None:
    plane = flow_paths.principal_plane()
    assert_close(plane.T @ plane, torch.eye(2), atol=1e-5, rtol=0)
    x, y = flow_paths._spots(previews.test_digits(1000), plane)
    assert torch.tensor(x).var() > torch.tensor(y).var() > 1


def test_all_start_from_the_same_noise_and_only_the_fresh_noise_makes_a_long_path() -> None:
    flow_run, ddpm_run = shipped("class-flow"), shipped("class-ddpm")
    found, seen = finished(flow_paths.paths(flow_run, ddpm_run, digit=3, gamma=1.0, seed=1))
    assert seen[-1].done == seen[-1].total == 3 * flow_paths.STEPS
    assert list(found.paths) == ["flow matching", "DDIM", "DDPM"]
    for flow, ddim, ddpm in zip(*found.paths.values(), strict=True):
        for path in (flow, ddim, ddpm):
            assert len(path.x) == len(path.y) == flow_paths.STEPS + 1
            assert (path.x[0], path.y[0]) == (flow.x[0], flow.y[0])
        assert 1 < flow.path_length_ratio < 1.1
        assert 1 < ddim.path_length_ratio < 1.1
        assert ddpm.path_length_ratio > 5


@pytest.mark.parametrize("digit", [-1, 10])
def test_a_digit_that_does_not_exist_is_refused(digit: int) -> None:
    with pytest.raises(ValueError, match="0 to 9"):
        next(flow_paths.paths("a", "b", digit, 1.0, seed=1))
