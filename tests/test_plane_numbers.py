"""The numbers under the figures of the plane, each against its own definition."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from page_reader import read
from torch import Tensor, nn
from torch.testing import assert_close

from lessons.beyond import diffusion_in_the_plane as lesson
from lessons.beyond.plane import error, guidance, network
from lessons.beyond.plane import trajectories as steps
from lessons.beyond.plane.image import SIDE, dots
from lessons.beyond.plane.points import Cloud
from lessons.beyond.plane.score import sliced_wasserstein
from lessons.diffusion.schedules import alpha_bar_at
from models.catalog import finish
from pages import _ui as ui
from pages._shared import plane as show

FEW = torch.tensor([[0.0, 0.0], [3.0, 4.0], [-2.0, 0.0]])


def test_from_samples_to_data_is_the_median_of_the_nearest() -> None:
    ends = torch.tensor([[0.1, 0.0], [3.0, 4.2], [-2.0, 0.9], [0.0, 5.0], [3.0, 4.3]])
    assert lesson.to_nearest(ends, FEW) == pytest.approx(0.3, abs=1e-5)


def test_a_sweep_is_the_median_distance_to_the_class_and_the_root_of_the_mean_square_spread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = torch.Generator().manual_seed(1)
    shape = (len(guidance.GAMMAS), guidance.GUIDED, 2)
    last = torch.randn(shape, generator=random) * torch.tensor([1.0, 3.0])
    monkeypatch.setattr(guidance, "sampled", lambda *_: last.view(1, -1, 2))
    cloud = Cloud(FEW, torch.tensor([0, 1, 0]))
    found = guidance._swept(lambda x, _t: x, cloud, 5)
    own = FEW[[0, 2]].numpy()
    for k, ends in enumerate(last.numpy()):
        far = np.linalg.norm(ends[:, None] - own[None], axis=2).min(1)
        assert found.away[k] == pytest.approx(float(np.sort(far)[(len(far) - 1) // 2]), rel=1e-4)
        from_mean = np.linalg.norm(ends - ends.mean(0), axis=1)
        assert found.spread[k] == pytest.approx(float(np.sqrt((from_mean**2).mean())), rel=1e-4)


def test_each_guidance_scale_is_that_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    gammas = guidance._gammas().view(len(guidance.GAMMAS), guidance.GUIDED)
    assert (gammas == torch.tensor(guidance.GAMMAS)[:, None]).all()
    seen: list[Tensor] = []

    def predict(x_t: Tensor, _t: int, labels: Tensor) -> Tensor:
        seen.append(labels)
        return torch.where(labels[:, None] == guidance.WANTED, 5.0, 1.0).expand_as(x_t)

    monkeypatch.setattr(guidance, "_swept", lambda predict, _c, _s: predict(torch.zeros(13, 2), 3))
    monkeypatch.setattr(guidance, "GUIDED", 1)
    guided: Any = guidance.with_network(predict, Cloud(FEW, torch.tensor([0, 1, 0])), 1)
    assert guided[:, 0].tolist() == [1 + gamma * 4 for gamma in guidance.GAMMAS]


def test_every_noise_level_is_called_by_its_timestep_and_its_standard_deviation() -> None:
    for t, said in list(zip(steps.TIMES, steps.words(), strict=True))[:-1]:
        sigma = float((1 - alpha_bar_at(steps.ALPHA_BARS, t)) ** 0.5)
        assert said == f"t = {t} · σ = {sigma:.2f}"
    assert steps.levels()[5] == pytest.approx(float(steps.ALPHA_BARS[steps.TIMES[5]]))


def test_the_least_loss_is_a_mean_over_all_noise_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every field is off by √ᾱ in each coordinate, the loss of v is 1 at every level."""

    def off(_points: Tensor, _bars: Tensor) -> Any:
        return lambda x_t, t: x_t + steps.ALPHA_BARS[t].sqrt().float()

    def noisy(_points: Tensor, _t: int, _random: object) -> tuple[Tensor, Tensor]:
        return torch.zeros(4, 2), torch.zeros(4, 2)

    monkeypatch.setattr(error, "perfect", off)
    monkeypatch.setattr(error, "noisy", noisy)
    cloud = Cloud(FEW, torch.tensor([0, 1, 0]))
    assert error.least_loss(cloud, 1) == pytest.approx(1, abs=1e-5)

    def exact(x_t: Tensor, _t: int) -> Tensor:
        return x_t + 3.0

    assert len(error.differences(exact, FEW, 1)) == len(steps.TIMES) - 1
    monkeypatch.setattr(error, "perfect", lambda *_: lambda x_t, _t: x_t)
    assert error.differences(exact, FEW, 1) == pytest.approx([3.0] * (len(steps.TIMES) - 1))


def test_a_loss_of_the_curve_is_the_mean_since_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = network.PlaneNetwork(steps.ALPHA_BARS)

    def train(*_: object) -> Iterator[network.Learner]:
        for step in range(101):
            yield network.Learner(step, made, float(step**2))

    def sampled(*_: object) -> Tensor:
        return FEW.expand(len(steps.TIMES), -1, -1)

    monkeypatch.setattr(network, "train", train)
    monkeypatch.setattr(lesson, "sampled", sampled)
    monkeypatch.setattr(lesson.guidance, "with_network", lambda *_: None)
    found = finish(lesson.learned("two moons", "", (), 10, 100, 1))
    assert found.steps == tuple(range(2, 101, 2))
    assert found.losses == pytest.approx([((k - 1) ** 2 + k**2) / 2 for k in found.steps])
    assert found.parameters == sum(one.numel() for one in made.parameters())
    assert found.parts == lesson.moments(100) == (0, 10, 25, 50, 100)


def test_copies_are_as_far_as_the_farthest_and_counted_where_they_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sampled(*_: object) -> Tensor:
        ends = few[[0, 0, 1, 1, 1]] + torch.tensor([[0.0, 0.01 * k] for k in range(5)])
        return ends.expand(len(steps.TIMES), -1, -1)

    few = torch.from_numpy(lesson.copies("two moons", "", (), 10, 2, 4).known.astype(np.float32))
    monkeypatch.setattr(lesson, "sampled", sampled)
    found = lesson.copies("two moons", "", (), 10, 2, 4)
    assert found.farthest == pytest.approx(0.04, abs=1e-3)
    assert found.shares == (2, 3)


def test_points_are_drawn_where_they_lie_with_y_upwards() -> None:
    pixels = dots(torch.tensor([[-2.9, 2.9], [2.9, -1.0], [9.0, 0.0]]), "two", "x_0").pixels
    rows, columns = np.nonzero(pixels == 40)
    assert len(rows) == 8
    left = columns < SIDE // 2
    assert rows[left].max() < 5
    assert rows[~left].min() > SIDE // 2
    expected = (3 + 1.0) / 6 * (SIDE - 1)
    assert abs(rows[~left].mean() - expected) < 2


def figure(call: Any) -> dict[str, Any]:
    """What a function of the page sends to the plane."""
    sent: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ui, "plane", lambda panels, **given: sent.update(given, panels=panels))
        call()
    return sent


def test_samples_over_gamma_show_the_class_that_is_asked_for_in_its_colour() -> None:
    points = np.arange(8, dtype=np.float16).reshape(4, 2)
    found: Any = SimpleNamespace(points=points, labels=(0, 1, 1, 0))
    exact, learned = SimpleNamespace(ends="exact"), SimpleNamespace(ends="learned")
    sent = figure(lambda: show.samples_over_gamma(found, exact, learned))  # type: ignore[arg-type]
    first, second = sent["panels"]
    for panel, ends in ((first, "exact"), (second, "learned")):
        others, wanted, particles = panel.layers
        assert (others.symbol, wanted.symbol, particles.symbol) == ("muted", "x_0", "x_t")
        assert wanted.values.tolist() == points[[0, 3]].tolist()
        assert others.values.tolist() == points[[1, 2]].tolist()
        assert particles.values == ends
    assert (first.title, second.title) == ("Exact scores, guided.", "The network, guided.")
    assert sent["labels"] == [f"γ = {gamma:g}" for gamma in guidance.GAMMAS]


def test_what_grows_is_called_by_the_step_at_which_it_was_drawn() -> None:
    learned: Any = SimpleNamespace(parts=(0, 10, 25), growing="g", steps=(2, 4, 6))
    sent = figure(lambda: show.growing(SimpleNamespace(points="p"), learned))  # type: ignore[arg-type]
    assert sent["labels"] == ["step 0", "step 10", "step 25"]
    data, particles = sent["panels"][0].layers
    assert (data.values, particles.values) == ("p", "g")


def way(places: str, distance: float) -> Any:
    return SimpleNamespace(places=places, distance=distance)


FOUND: Any = SimpleNamespace(
    points=np.zeros((5, 2)),
    arrows="exact arrows",
    noised="noised",
    sde=way("sde", 0.111),
    ode=way("ode", 0.222),
    chance=0.333,
    copied=0.444,
)
LEARNED: Any = SimpleNamespace(
    arrows="learned arrows",
    sde=way("learned sde", 0.555),
    ode=way("learned ode", 0.666),
    copied=0.777,
    error=0.888,
    parameters=9_876,
    steps=(50, 2_500),
    losses=(0.9, 0.6),
    errors=tuple(range(len(steps.TIMES) - 1)),
    floor=0.512,
)


def test_fields_and_particles_stand_where_their_titles_say() -> None:
    sent = figure(lambda: show.both_ways(FOUND))
    titles = [panel.title for panel in sent["panels"]]
    assert titles == ["Adding noise.", "Back by SDE.", "Back by ODE."]
    assert [panel.layers[2].values for panel in sent["panels"]] == ["noised", "sde", "ode"]
    sent = figure(lambda: show.fields(FOUND, LEARNED))
    for panel, title, arrows, particles in zip(
        sent["panels"],
        ("The exact field", "The learned field"),
        ("exact arrows", "learned arrows"),
        ("ode", "learned ode"),
        strict=True,
    ):
        assert panel.title == title
        assert (panel.layers[0].values, panel.layers[2].values) == (arrows, particles)


def test_the_words_under_the_fields_have_their_own_numbers() -> None:
    said = show.ends(FOUND)
    assert "SDE 0.111, ODE 0.222. As many points drawn from the data themselves: 0.333." in said
    said = show.difference(FOUND, LEARNED)
    assert said.startswith("9,876 parameters, 2500 steps. Where the noised data are, the two")
    assert "differ by 0.888 in each coordinate" in said
    assert "the data: SDE 0.555, ODE 0.666. From sample to nearest data point (median): " in said
    assert said.endswith("exact 0.444, learned 0.777.")


def test_leaving_is_said_from_the_first_scale_beyond_two_tenths() -> None:
    gammas = guidance.GAMMAS
    away = [0.5, 0.1, 0.15, 0.19, 0.21, *[0.3] * 7, 0.9]
    exact: Any = SimpleNamespace(away=[0.01 * k for k in range(13)], spread=list(range(20, 33)))
    learned: Any = SimpleNamespace(away=away, spread=away)
    assert len(away) == len(gammas)
    said = show.left_at(exact, learned)
    assert "more than 0.2 from their class from γ = 4 on, and 0.90 at γ = 12" in said
    assert (
        "those of the exact scores 0.12, but their spread falls from 21.00 at γ = 1 to 32.00"
        in (said)
    )


def test_errors_and_losses_have_their_own_curves() -> None:
    drawn: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ui, "live_plot", lambda traces, **given: drawn.update({given["key"]: traces}))
        patch.setattr(ui, "caption", lambda _: None)
        show.errors(LEARNED)
        sweeps = [SimpleNamespace(away=[k] * 13, spread=[k + 5] * 13) for k in (1, 2)]
        show.leaving(*sweeps)  # type: ignore[arg-type]
    [trace] = drawn["a10_errors"]
    assert (trace.x, trace.y) == (steps.TIMES[:-1], LEARNED.errors)
    loss, floor = drawn["a10_loss"]
    assert (loss.name, loss.x, loss.y) == ("the network", LEARNED.steps, LEARNED.losses)
    assert (floor.name, floor.x, floor.y) == ("the exact field", (50, 2_500), (0.512, 0.512))
    for key, one, other in (("a10_away", 1, 2), ("a10_spread", 6, 7)):
        assert [(t.name, t.y[0]) for t in drawn[key]] == [("exact", one), ("learned", other)]


def test_the_network_is_asked_for_all_points_where_no_class_is() -> None:
    class Noted(nn.Module):
        def forward(self, x_t: Tensor, _t: Tensor, labels: Tensor) -> Tensor:
            assert set(labels.tolist()) == {network.ANY}
            return torch.zeros_like(x_t)

    eps = lesson.of_all(Noted())(FEW, 500)
    assert_close(eps, (1 - steps.ALPHA_BARS[500]).sqrt().float() * FEW)


def test_the_page_hands_exact_and_learned_samples_over_in_that_order() -> None:
    learned: Any = SimpleNamespace(guided="learned sweep")
    found = {"exact": FOUND, "learned": learned, "exact_guidance": "exact sweep"}
    handed: dict[str, tuple[Any, ...]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("both_ways", "fields", "errors", "growing", "samples_over_gamma", "leaving"):
            patch.setattr(show, name, lambda *args, name=name: handed.update({name: args}))
        for name in ("ends", "difference"):
            patch.setattr(show, name, lambda *_: "words")
        patch.setattr(ui, "deliver", lambda *_: None)
        FOUND.images = ()
        read("diffusion_in_the_plane.py", found)
    assert handed["samples_over_gamma"] == (FOUND, "exact sweep", "learned sweep")
    assert handed["leaving"] == ("exact sweep", "learned sweep")
    assert handed["fields"] == handed["growing"] == (FOUND, learned)


def test_chance_is_that_of_as_many_points_as_there_are_particles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts: list[int] = []

    def by_chance(_points: Tensor, count: int, _seed: int) -> float:
        counts.append(count)
        return 0.123

    monkeypatch.setattr(lesson, "by_chance", by_chance)
    monkeypatch.setattr(
        lesson, "sampled", lambda _p, sampler, _s: ENDS[sampler is lesson.SDE].expand(41, -1, -1)
    )
    found = lesson.exact("two moons", "", (), 10, 4)
    assert (counts, found.chance) == ([steps.PARTICLES], 0.123)
    data = torch.from_numpy(found.points.astype(np.float32))
    for way_, ends in ((found.sde, ENDS[True]), (found.ode, ENDS[False])):
        assert way_.distance == pytest.approx(sliced_wasserstein(ends, data), abs=1e-3)
    assert found.copied == pytest.approx(lesson.to_nearest(ENDS[False], data), abs=1e-3)


ENDS = {True: FEW, False: FEW + 7.0}
"""Where made-up particles end, by whether it is the SDE that leads them."""
