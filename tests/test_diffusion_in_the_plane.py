"""The plane: exact scores in their limits, samples that are the data, and a network that learns."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons.beyond import diffusion_in_the_plane as lesson
from lessons.beyond.plane import network as plane_network
from lessons.beyond.plane import points as plane_points
from lessons.beyond.plane import score as plane_score
from lessons.beyond.plane import trajectories as steps
from lessons.beyond.plane.guidance import GAMMAS, GUIDED
from lessons.diffusion.denoise import clean_estimate
from lessons.part_a.perfect_denoiser import expected_image, perfect, responsibilities
from models.catalog import finish

ALPHA_BARS = steps.ALPHA_BARS
KNOWN = torch.randn(12, 2, generator=torch.Generator().manual_seed(1))
PLACES = 2 * torch.randn(40, 2, generator=torch.Generator().manual_seed(2))
MOONS: dict[str, Any] = {"shape": "two moons", "word": "", "drawn": (), "count": 400}


def score(x_t: Tensor, known: Tensor, t: int) -> Tensor:
    alpha_bar = ALPHA_BARS[t]
    x_0 = expected_image(responsibilities(x_t, known, alpha_bar), known)
    return plane_score.exact_score(x_t, x_0, alpha_bar)


# -- the exact score ----------------------------------------------------------------------------


@pytest.mark.parametrize("t", [0, 300, 999])
def test_the_score_of_one_point_is_that_of_a_gaussian(t: int) -> None:
    alpha_bar = ALPHA_BARS[t]
    gaussian = (alpha_bar.sqrt() * KNOWN[:1] - PLACES) / (1 - alpha_bar)
    assert_close(score(PLACES, KNOWN[:1], t), gaussian, check_dtype=False)


@pytest.mark.parametrize("t", [100, 300, 600, 999])
def test_the_score_is_the_slope_of_the_log_density(t: int) -> None:
    step = 1e-4
    slopes = []
    for axis in torch.eye(2, dtype=torch.float64):
        precomputed, behind = (
            plane_score.log_density(PLACES.double() + sign * step * axis, KNOWN, ALPHA_BARS[t])
            for sign in (1, -1)
        )
        slopes.append((precomputed - behind) / (2 * step))
    found = score(PLACES, KNOWN, t)
    assert_close(found, torch.stack(slopes, dim=1), rtol=1e-3, atol=1e-3, check_dtype=False)


def test_the_density_is_one_in_all() -> None:
    line = torch.linspace(-6, 6, 301, dtype=torch.float64)
    places = torch.cartesian_prod(line, line)
    density = plane_score.log_density(places, KNOWN, ALPHA_BARS[300]).exp()
    assert float(density.sum()) * (12 / 300) ** 2 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("t", [50, 500])
def test_who_knows_the_noise_knows_the_score(t: int) -> None:
    of_noise = plane_score.score_of_noise(perfect(KNOWN, ALPHA_BARS)(PLACES, t), ALPHA_BARS[t])
    assert_close(of_noise, score(PLACES, KNOWN, t), rtol=1e-4, atol=1e-3, check_dtype=False)


@pytest.mark.parametrize("t", [50, 500])
def test_symmetric_data_have_a_symmetric_field(t: int) -> None:
    both = torch.cat([KNOWN, -KNOWN])
    assert_close(score(-PLACES, both, t), -score(PLACES, both, t), rtol=1e-4, atol=1e-4)
    mirror = torch.tensor([-1.0, 1.0])
    mirrored = torch.cat([KNOWN, mirror * KNOWN])
    found = score(mirror * PLACES, mirrored, t)
    assert_close(found, mirror * score(PLACES, mirrored, t), rtol=1e-4, atol=1e-4)


def test_far_out_everything_points_to_the_mean() -> None:
    x_0 = expected_image(responsibilities(PLACES, KNOWN, ALPHA_BARS[999]), KNOWN)
    assert_close(x_0, KNOWN.mean(0).expand_as(x_0), rtol=0, atol=1e-3)


# -- how far apart ------------------------------------------------------------------------------


def test_a_set_is_not_apart_from_itself_and_a_shifted_one_by_the_mean_of_its_shadows() -> None:
    assert plane_score.sliced_wasserstein(KNOWN, KNOWN[torch.randperm(12)]) == 0
    shifted = plane_score.sliced_wasserstein(KNOWN, KNOWN + torch.tensor([3.0, 0.0]))
    assert shifted == pytest.approx(3 * 2 / math.pi, rel=1e-3)


def test_the_distance_is_symmetric_and_grows_with_a_set() -> None:
    other = PLACES[:7]
    there, back = (
        plane_score.sliced_wasserstein(a, b) for a, b in ((KNOWN, other), (other, KNOWN))
    )
    assert there == pytest.approx(back)
    assert plane_score.sliced_wasserstein(KNOWN, 3 * KNOWN) > plane_score.sliced_wasserstein(
        KNOWN, 2 * KNOWN
    )


# -- sets of points -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", plane_points.SHAPES[:4])
@pytest.mark.parametrize("count", plane_points.COUNTS)
def test_every_set_has_two_classes_the_mean_0_and_stays_in_view(shape: str, count: int) -> None:
    data, labels = plane_points.cloud(shape, "SCORE", (), count, 7)
    assert data.shape == (count, 2)
    assert set(labels.tolist()) == {0, 1}
    assert_close(data.mean(0), torch.zeros(2), rtol=0, atol=1e-5)
    assert data.abs().max() <= plane_points.EDGE + 1e-5
    assert data.square().mean() <= 1 + 1e-5
    again = plane_points.cloud(shape, "SCORE", (), count, 7)
    assert torch.equal(again.points, data)
    assert not torch.equal(plane_points.cloud(shape, "SCORE", (), count, 8).points, data)


def test_a_word_is_read_from_left_to_right() -> None:
    data = plane_points.cloud("a word", "LT", (), 400, 1).points
    left, right = data[data[:, 0] < -0.2], data[data[:, 0] > 0.2]
    assert left[:, 1].mean() < right[:, 1].mean()  # an L is heavy below, a T above


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("Hi!", "Hi"), ("", "NOISE"), ("<b>", "b"), ("A" * 99, "A" * 8), ("Ж ☃", "NOISE")],
)
def test_of_a_word_only_letters_and_digits_are_shown(sent: str, shown: str) -> None:
    assert plane_points.spelled(sent) == shown


SQUARE = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]


def test_a_drawing_is_its_points() -> None:
    drawn = plane_points.drawing(SQUARE)
    assert drawn == tuple(map(tuple, SQUARE))
    data, labels = plane_points.cloud("your drawing", "", drawn, 400, 1)
    assert_close(data, 2 * torch.tensor(SQUARE))
    assert labels.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([], "at least 3"),
        (SQUARE[:2], "at least 3"),
        (SQUARE * 101, "404 points"),
        ([*SQUARE, [0.1, 1.5]], "inside the square"),
        ([*SQUARE, [0.1, float("nan")]], "inside the square"),
        ([*SQUARE, [0.1, float("-inf")]], "inside the square"),
        ([*SQUARE, [10**400, 0]], "inside the square"),
        ([*SQUARE, [0.1, True]], "inside the square"),
        ([*SQUARE, [0.1, "0"]], "inside the square"),
        ([*SQUARE, [0.1]], "inside the square"),
        ([*SQUARE, 3], "inside the square"),
        ([*SQUARE, None], "inside the square"),
        ([*SQUARE, {"x": 1, "y": 2}], "inside the square"),
        ([*SQUARE, "ab"], "inside the square"),
    ],
)
def test_what_is_no_drawing_is_refused_in_one_sentence(sent: list[object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        plane_points.drawing(sent)
    assert str(refused.value).count(".") == 1


def test_points_that_are_all_one_are_no_drawing() -> None:
    with pytest.raises(ValueError, match="further apart"):
        plane_points.cloud("your drawing", "", ((0.2, 0.1),) * 5, 400, 1)


# -- samples ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exact() -> lesson.Exact:
    return lesson.exact(**MOONS, seed=276)


def test_particles_end_as_the_data_by_both_ways(exact: lesson.Exact) -> None:
    for way in (exact.sde, exact.ode):
        last = torch.from_numpy(way.places[-1].astype(np.float32))
        data = torch.from_numpy(exact.points.astype(np.float32))
        assert way.distance == pytest.approx(plane_score.sliced_wasserstein(last, data), abs=2e-3)
        assert way.distance < 0.12  # chance alone makes 0.06, and the noise at the start 0.23
    start = torch.from_numpy(exact.sde.places[0].astype(np.float32))
    assert plane_score.sliced_wasserstein(start, data) > 0.2
    assert 0.02 < exact.chance < 0.12


def test_both_ways_begin_at_the_same_noise_and_part(exact: lesson.Exact) -> None:
    assert (exact.sde.places[0] == exact.ode.places[0]).all()
    apart = np.linalg.norm((exact.sde.places[-1] - exact.ode.places[-1]).astype(float), axis=1)
    assert np.median(apart) > 0.5


def test_the_ode_of_a_gaussian_only_shrinks_its_noise() -> None:
    # Data of variance s² have the field x σ / (ᾱ s² + 1 − ᾱ), and the flow scales x by the spread.
    spread = 0.5
    variances = ALPHA_BARS * spread**2 + 1 - ALPHA_BARS
    places = steps.sampled(
        lambda x_t, t: x_t * (1 - ALPHA_BARS[t]).sqrt() / variances[t], steps.ODE, 3
    )
    assert_close(places[-1], spread * places[0], rtol=0.06, atol=0)


def test_data_under_noise_end_as_the_data_and_begin_as_noise(exact: lesson.Exact) -> None:
    assert (exact.noised[-1] == exact.points).all()
    assert float(exact.noised[0].astype(float).std()) == pytest.approx(1, abs=0.1)


def test_arrows_are_the_score_times_sigma_on_the_grid(exact: lesson.Exact) -> None:
    places, data = steps.grid(), torch.from_numpy(exact.points.astype(np.float32))
    assert places[0].tolist() == pytest.approx([-2.8, -2.8])
    assert places[1].tolist() == pytest.approx([-2.4, -2.8])
    frame = 20
    sigma = (1 - ALPHA_BARS[steps.TIMES[frame]]).sqrt()
    arrows = torch.from_numpy(exact.arrows[frame].astype(np.float32))
    expected = sigma * score(places, data, steps.TIMES[frame])
    assert_close(arrows, expected, rtol=0.02, atol=0.02, check_dtype=False)


def test_all_frames_have_a_name_and_a_level(exact: lesson.Exact) -> None:
    names = steps.words()
    assert len(exact.arrows) == len(names) == len(steps.levels()) == len(steps.TIMES)
    assert names[0] == "t = 999 · σ = 1.00"
    assert names[-1] == "clean · σ = 0"
    assert steps.levels()[-1] == 1


@pytest.mark.parametrize("known", lesson.FEW)
def test_with_few_points_the_exact_score_ends_in_them(known: int) -> None:
    found = lesson.copies(**MOONS, known=known, seed=276)
    assert found.known.shape == (known, 2)
    assert found.farthest < 0.05
    assert sum(found.shares) == steps.PARTICLES
    assert all(share > 0 for share in found.shares)
    ends = found.sde.places[-1].astype(float)[:, None]
    nearest = np.linalg.norm(ends - found.known.astype(float), axis=2).min(axis=1)
    assert nearest.max() < 0.05


def test_the_same_seed_gives_the_same_image_and_another_one_another(exact: lesson.Exact) -> None:
    assert_alike(exact, lesson.exact(**MOONS, seed=276))
    other = lesson.exact(**MOONS, seed=277)
    assert (other.sde.places != exact.sde.places).any()


def assert_alike(one: Any, other: Any) -> None:
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(mine):
            assert_alike(mine, theirs)
        elif isinstance(mine, np.ndarray):
            assert (mine == theirs).all(), field.name
        elif field.name != "images":
            assert mine == theirs, field.name


def test_images_for_the_report_go_from_noise_to_data(exact: lesson.Exact) -> None:
    noise, half, sde, ode, data = exact.images
    assert [image.symbol for image in exact.images] == ["x_t"] * 4 + ["x_0"]
    assert half.caption == f"SDE, t = {steps.TIMES[26]}"
    ink = [(image.pixels < 255) for image in (noise, sde, ode, data)]
    shared = [float((one & ink[-1]).sum() / one.sum()) for one in ink]
    assert shared[0] < 0.2
    assert min(shared[1:3]) > 0.9  # the exact score makes copies


# -- the network --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def learned() -> lesson.Learned:
    return finish(lesson.learned(**MOONS, steps=plane_network.STEPS, seed=276))


@pytest.mark.timeout(300)
def test_the_learned_field_is_within_its_stated_error_of_the_exact_one(
    learned: lesson.Learned,
) -> None:
    assert learned.error < 0.3
    by_time = dict(zip(steps.TIMES[:-1], learned.errors, strict=True))
    assert max(error for t, error in by_time.items() if t >= 300) < 0.12
    assert max(error for t, error in by_time.items() if t >= 600) < 0.05
    assert learned.error == pytest.approx(math.sqrt(np.mean(np.square(learned.errors))))


def test_the_learned_samples_are_the_data_and_no_copies(learned: lesson.Learned) -> None:
    assert max(learned.sde.distance, learned.ode.distance) < 0.16
    assert 0.01 < learned.copied < 0.12


def test_the_loss_falls_towards_that_of_the_exact_field_and_not_below(
    learned: lesson.Learned,
) -> None:
    first, last = learned.losses[0], np.mean(learned.losses[-5:])
    assert learned.floor - 0.02 < last < learned.floor + 0.08 < first
    assert learned.steps[-1] == plane_network.STEPS


def test_samples_come_closer_to_the_data_while_the_network_learns(
    learned: lesson.Learned, exact: lesson.Exact
) -> None:
    data = torch.from_numpy(exact.points.astype(np.float32))
    ends = torch.from_numpy(learned.growing.astype(np.float32))
    distances = [plane_score.sliced_wasserstein(end, data) for end in ends]
    assert learned.parts[0] == 0
    assert learned.parts[-1] == plane_network.STEPS
    assert len(distances) == len(learned.parts)
    assert distances[0] > 1.5 * distances[-1]


def test_guidance_crowds_exact_samples_and_lets_the_networks_leave(learned: lesson.Learned) -> None:
    exact = lesson.exact_guidance(**MOONS, seed=276)
    at = {gamma: place for place, gamma in enumerate(GAMMAS)}
    assert max(exact.away[at[1] :]) < 0.01
    assert exact.spread[-1] < 0.6 * exact.spread[at[1]]
    assert learned.guided.away[at[1]] < 0.1
    assert learned.guided.away[-1] > 0.5
    assert exact.ends.shape == learned.guided.ends.shape == (len(GAMMAS), GUIDED, 2)


def test_without_guidance_samples_are_of_all_points_and_at_one_of_the_class() -> None:
    exact = lesson.exact_guidance(**MOONS, seed=276)
    data, labels = plane_points.cloud(**MOONS, seed=276)
    plain = perfect(data, ALPHA_BARS)
    of_class = perfect(data[labels == 0], ALPHA_BARS)
    for place, predict in ((0, plain), (1, of_class)):
        ends = steps.sampled(predict, steps.ODE, 276, GUIDED)[-1]
        assert_close(exact.ends[place], ends.half().numpy(), rtol=0, atol=0.01)


@pytest.mark.timeout(300)
def test_training_is_the_same_for_the_same_seed_and_says_how_far_it_is() -> None:
    short: dict[str, Any] = {**MOONS, "count": 10, "steps": 100}
    progress = list(lesson.learned(**short, seed=1))
    assert [step.done for step in progress] == [0, 25, 50, 75, 100]
    assert progress[-1].note.startswith("loss ")
    one, other = (finish(lesson.learned(**short, seed=1)) for _ in range(2))
    assert_alike(one, other)
    assert finish(lesson.learned(**short, seed=2)).losses != one.losses


def test_training_leaves_torchs_own_stream_alone() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    next(plane_network.train(plane_points.cloud(**MOONS, seed=1), ALPHA_BARS, 1, 1))
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_network_that_knows_v_knows_the_noise() -> None:
    class Knowing(torch.nn.Module):
        def forward(self, x_t: Tensor, t: Tensor, _labels: Tensor) -> Tensor:
            level = ALPHA_BARS[t].float()[:, None]
            return (self.eps - (1 - level).sqrt() * x_t) / level.sqrt()

    network, t = Knowing(), 400
    network.eps = torch.randn(40, 2)
    eps = plane_network.predictor(network, ALPHA_BARS)(PLACES, t, torch.zeros(40).long())
    assert_close(eps, network.eps, rtol=1e-4, atol=1e-5)
    x_0 = clean_estimate(PLACES, eps, ALPHA_BARS[t].float())
    loss = plane_network.denoising_loss(
        network,
        x_0,
        torch.full((40,), t),
        eps,
        torch.zeros(40).long(),
        ALPHA_BARS[t].float().expand(40, 1),
    )
    assert float(loss) < 1e-8
