"""The figures of the lesson in the plane, and the words under them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lessons.beyond import diffusion_in_the_plane as lesson
from lessons.beyond.plane import points
from lessons.beyond.plane import trajectories as steps
from lessons.beyond.plane.guidance import GAMMAS, Sweep
from pages import _ui as ui
from pages._ui import Panel, PlaneLayer

Numbers = steps.Numbers
_MIDDLE = 24
"""The frame that figures open at, where the particles are about to decide."""


def data_input() -> dict[str, Any]:
    """Let the reader choose the points, or draw them; the arguments of the lesson's functions."""
    row = st.container(horizontal=True)
    with row:
        shape = ui.choice("Data", points.SHAPES, points.SHAPES[0], key="a10_shape")
    word = ""
    drawn: points.Drawn = ()
    if shape == "a word":
        word = _word()
    if shape == "your drawing":
        drawn = _drawing()
        shape = shape if drawn else points.SHAPES[0]
    count = points.COUNTS[-1]
    if shape != "your drawing":
        with row:
            count = ui.choice("Points", points.COUNTS, count, key="a10_count")
    return {"shape": shape, "word": word, "drawn": drawn, "count": count}


def _word() -> str:
    ui.register("a10_word", "NOISE", "Word")
    sent = st.text_input(
        "Word", "NOISE", max_chars=points.LONGEST_WORD, key="a10_word", bind="query-params"
    )
    word = points.spelled(str(sent or ""))
    if word != sent:
        ui.warning(f"Up to eight letters A to Z and digits can be shown, so the word is “{word}”.")
    return word


def _drawing() -> points.Drawn:
    sent = ui.plane_drawing(key="a10_drawing", most=points.MOST)
    if not sent:
        ui.info("Draw a few strokes in the square. Until then the data are two moons.")
        return ()
    try:
        return points.drawing(sent)
    except ValueError as problem:
        ui.warning(f"{problem} Until then the data are two moons.")
        return ()


def both_ways(found: lesson.Exact) -> None:
    """The data under noise, and particles that come back in two ways, over one field."""
    data, arrows = (
        PlaneLayer("data", found.points, "x_0"),
        PlaneLayer("arrows", found.arrows, "eps"),
    )
    panels = (
        Panel(
            "Adding noise.",
            "Blue the data, purple the same points under noise. Point anywhere: the lines lead to "
            "the data that may lie under the noise there, the green dot is their mean.",
            f"{len(found.points)} data points, and the same under noise; arrows show the exact "
            "field of the score.",
            (arrows, data, PlaneLayer("particles", found.noised, "x_t")),
            probed=True,
        ),
        Panel(
            "Back by SDE.",
            "Particles begin as pure noise and follow the arrows, with fresh noise at every step.",
            "Particles of ancestral sampling on their way from noise to the data.",
            (arrows, data, PlaneLayer("particles", found.sde.places, "x_t", trails=2)),
        ),
        Panel(
            "Back by ODE.",
            "The same noise at the start, and none after it.",
            "Particles of DDIM with η = 0 on their way from noise to the data, on smooth paths.",
            (arrows, data, PlaneLayer("particles", found.ode.places, "x_t", trails=8)),
        ),
    )
    _over_noise(panels, "a10_noise")


def ends(found: lesson.Exact) -> str:
    """How close the particles' distribution comes to the data."""
    return (
        f"How far the {steps.PARTICLES} particles end from the data, as distributions (sliced "
        f"Wasserstein distance, below): SDE {found.sde.distance:.3f}, ODE "
        f"{found.ode.distance:.3f}. As many points drawn from the data themselves: "
        f"{found.chance:.3f}."
    )


def fields(found: lesson.Exact, learned: lesson.Learned) -> None:
    """The exact field beside the learned one, each with its particles."""
    data = PlaneLayer("data", found.points, "x_0")
    panels = (
        Panel(
            "The exact field",
            "and its ODE.",
            "Arrows of the exact score, and particles that follow them to the data.",
            (
                PlaneLayer("arrows", found.arrows, "eps"),
                data,
                PlaneLayer("particles", found.ode.places, "x_t", trails=8),
            ),
        ),
        Panel(
            "The learned field",
            "and its ODE, from the same noise.",
            "Arrows of the network's score, and particles that follow them close to the data.",
            (
                PlaneLayer("arrows", learned.arrows, "eps"),
                data,
                PlaneLayer("particles", learned.ode.places, "x_t", trails=8),
            ),
        ),
    )
    _over_noise(panels, "a10_learned")


def difference(found: lesson.Exact, learned: lesson.Learned) -> str:
    """How far the network's field is from the exact one, and what that does to samples."""
    return (
        f"{learned.parameters:,} parameters, {learned.steps[-1]} steps. Where the noised data are, "
        f"the two differ by {learned.error:.3f} in each coordinate of $\\hat\\epsilon$ (root mean "
        "square over all noise levels, the noise itself being 1). Sliced Wasserstein distance to "
        f"the data: SDE {learned.sde.distance:.3f}, ODE {learned.ode.distance:.3f}. From sample to "
        f"nearest data point (median): exact {found.copied:.3f}, learned {learned.copied:.3f}."
    )


def errors(learned: lesson.Learned) -> None:
    """Where the fields differ, over the noise level, and the loss with what it can't go below."""
    left, right = st.columns(2, gap="large")
    with left:
        ui.live_plot(
            [ui.Trace("learned − exact", steps.TIMES[:-1], learned.errors, color="eps")],
            key="a10_errors",
            x_title="timestep t",
            y_title="difference of the fields",
            height=300,
        )
    with right:
        whole = (learned.steps[0], learned.steps[-1])
        ui.live_plot(
            [
                ui.Trace("the network", learned.steps, learned.losses, color="x_t"),
                ui.Trace(
                    "the exact field", whole, (learned.floor, learned.floor), "dashed", "muted"
                ),
            ],
            key="a10_loss",
            x_title="training step",
            y_title="loss",
            height=300,
        )
    ui.caption(
        "At low noise the exact field points to single data points, and the network smooths over "
        "them: there it errs, and there its samples become new. The loss never falls to 0, because "
        "even the exact field can't know which point lies under the noise."
    )


def growing(found: lesson.Exact, learned: lesson.Learned) -> None:
    """Where the ODE ended as the training went on."""
    panel = Panel(
        "While it learns.",
        "The same noises, sampled with the network as it was after so many steps.",
        "Samples of the network, at first anywhere, and after more training steps on the data.",
        (PlaneLayer("data", found.points, "x_0"), PlaneLayer("particles", learned.growing, "x_t")),
    )
    ui.plane(
        (panel,),
        key="a10_growing_figure",
        title="Training step",
        labels=[f"step {step}" for step in learned.parts],
        start=len(learned.parts) // 2,
        address="a10_growing",
    )


def samples_over_gamma(found: lesson.Exact, exact: Sweep, learned: Sweep) -> None:
    """Samples of one class over the guidance scale."""
    wanted = [label == 0 for label in found.labels]
    others = [not one for one in wanted]
    data = (
        PlaneLayer("data", found.points[others], "muted"),
        PlaneLayer("data", found.points[wanted], "x_0"),
    )
    panels = (
        Panel(
            "Exact scores, guided.",
            "They only know data points, so that is where samples end; in ever fewer of them.",
            "Samples of the class asked for, which crowd together as the guidance scale grows.",
            (*data, PlaneLayer("particles", exact.ends, "x_t")),
        ),
        Panel(
            "The network, guided.",
            "What it does far from the data nobody has taught it.",
            "Samples of the network, which move as the guidance scale grows.",
            (*data, PlaneLayer("particles", learned.ends, "x_t")),
        ),
    )
    ui.plane(
        panels,
        key="a10_guided_figure",
        title="Guidance scale γ",
        labels=[f"γ = {gamma:g}" for gamma in GAMMAS],
        start=1,
        address="a10_gamma",
    )


def leaving(exact: Sweep, learned: Sweep) -> None:
    """How far samples are from their class, and how much room they take, over γ."""
    columns = st.columns(2, gap="large")
    for column, words, name in zip(
        columns, ("distance to the class", "spread of the samples"), ("away", "spread"), strict=True
    ):
        with column:
            ui.live_plot(
                [
                    ui.Trace("exact", GAMMAS, getattr(exact, name), color="x_0"),
                    ui.Trace("learned", GAMMAS, getattr(learned, name), color="x_t"),
                ],
                key=f"a10_{name}",
                x_title="guidance scale γ",
                y_title=words,
                height=300,
            )
    ui.caption(left_at(exact, learned))


def left_at(exact: Sweep, learned: Sweep) -> str:
    """Say from which γ on the network's samples are off the data, if they ever are."""
    at_one, last = GAMMAS.index(1), f"γ = {GAMMAS[-1]:g}"
    off = [g for g, away in zip(GAMMAS, learned.away, strict=True) if g > 1 and away > 0.2]
    begins = (
        f"The network's samples lie more than 0.2 from their class from γ = {off[0]:g} on, and "
        f"{learned.away[-1]:.2f} at {last}"
        if off
        else f"With these data the network's samples stay within 0.2 of their class up to {last}"
    )
    return (
        "Median distance from a sample to the nearest data point of its class, and root mean "
        f"square distance of samples from their mean. {begins}; those of the exact scores "
        f"{exact.away[-1]:.2f}, but their spread falls from {exact.spread[at_one]:.2f} at γ = 1 to "
        f"{exact.spread[-1]:.2f}."
    )


def copies(few: lesson.Memorised) -> None:
    """Particles in the exact field of a few points."""
    count, places = len(few.known), sum(share > 0 for share in few.shares)
    panel = Panel(
        f"{count} known {'point' if count == 1 else 'points'}, {steps.PARTICLES} particles.",
        "The exact score leads to the known points, and nowhere else.",
        f"Particles on their way from noise to {count} points, in which they end.",
        (
            PlaneLayer("arrows", few.arrows, "eps"),
            PlaneLayer("data", few.known, "x_0", large=True),
            PlaneLayer("particles", few.sde.places, "x_t", trails=2),
        ),
        probed=True,
    )
    _over_noise((panel,), "a10_copies")
    ui.caption(
        f"{steps.PARTICLES} particles end at {places} {'place' if places == 1 else 'places'}, "
        f"none further than {few.farthest:.3f} from a known point. That is memorisation: whoever "
        "fits the training set exactly, copies it."
    )


def _over_noise(panels: tuple[Panel, ...], address: str) -> None:
    """A figure whose slider is the noise level, from much to none."""
    ui.plane(
        panels,
        key=f"{address}_figure",
        title="Noise level",
        labels=steps.words(),
        start=_MIDDLE,
        address=address,
        levels=steps.levels(),
        grid=steps.arrow_places(),
    )
