"""How straight ways are, and where they lie."""

from __future__ import annotations

import math

import pytest
import torch
from test_sampled_digits import finished, shipped
from torch.testing import assert_close

from lessons import flow_paths, sampled_digits


def test_a_straight_way_has_no_detour_however_unevenly_it_is_walked() -> None:
    start, end = torch.randn(2, 3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    shares = torch.tensor([0, 0.1, 0.15, 0.9, 1.0]).view(-1, 1, 1, 1, 1)
    assert_close(flow_paths.detour(start + shares * (end - start)), torch.ones(3))


def test_a_half_circle_is_half_of_pi_longer() -> None:
    angles = torch.linspace(0, math.pi, 2000)
    places = torch.zeros(2000, 1, 1, 28, 28)
    places[:, 0, 0, 0, 0], places[:, 0, 0, 5, 7] = angles.cos(), angles.sin()
    assert flow_paths.detour(places).item() == pytest.approx(math.pi / 2, abs=1e-3)


def test_the_plane_has_two_directions_at_right_angles_and_the_first_says_more() -> None:
    plane = flow_paths.principal_plane()
    assert_close(plane.T @ plane, torch.eye(2), atol=1e-5, rtol=0)
    x, y = flow_paths._spots(sampled_digits.train_ddpm.test_digits(1000), plane)
    assert torch.tensor(x).var() > torch.tensor(y).var() > 1


def test_both_networks_set_out_from_the_same_noise_and_the_flow_goes_straighter() -> None:
    flow_run, ddpm_run = shipped("class-flow"), shipped("class-ddpm")
    found, seen = finished(flow_paths.ways(flow_run, ddpm_run, digit=3, gamma=1.0, seed=1))
    assert seen[-1].done == seen[-1].total == 2 * flow_paths.STEPS
    for flow, ddpm in zip(found.flow, found.ddpm, strict=True):
        assert len(flow.x) == len(ddpm.x) == flow_paths.STEPS + 1
        assert (flow.x[0], flow.y[0]) == (ddpm.x[0], ddpm.y[0])
        assert 1 < flow.detour < ddpm.detour


@pytest.mark.parametrize("digit", [-1, 10])
def test_a_digit_that_does_not_exist_is_refused(digit: int) -> None:
    with pytest.raises(ValueError, match="0 to 9"):
        next(flow_paths.ways("a", "b", digit, 1.0, seed=1))
