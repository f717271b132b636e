"""B2.2.1 · A better time-conditioned network

The same processor minutes can make the network wider or its training longer. Time-conditioned DDPMs
of several widths are measured after ever more images: you see which of the two buys more, and when
that changes. Any row of the table can be trained again here.
"""

from collections.abc import Sequence

import streamlit as st

from lessons.beyond import wider_or_longer as lesson
from lessons.beyond.wider_or_longer import MeanPoint
from lessons.measure.trained import results
from lessons.training import runs
from pages import _ui as ui
from pages._shared import measured_runs as shared
from pages._teaching import wider_or_longer as ask

RECIPE, PAGE = "ddpm", "train_ddpm.py"
COLORS = ("eps", "x_t", "x_0", "x_0_hat")
IMAGES, MINUTES, WORK = "images seen", "processor minutes", "multiply-adds"


def charts(
    every: dict[int, list[MeanPoint]], sweep: results.WidthSweep, here: runs.RunView | None
) -> None:
    """Fréchet distance and test loss over what the reader chooses, by width."""
    along = ui.choice("Along the bottom", (MINUTES, IMAGES, WORK), MINUTES, key="b221_along")
    ui.only_looks("b221_along")
    distances, losses = [], []
    for (width, points), color in zip(every.items(), COLORS, strict=False):
        x = places(width, points, along)
        name = f"D = {width}"
        distances.append(ui.Trace(name, x, [one.frechet for one in points], color=color))
        for sign in (-1, 1):
            edge = [one.frechet + sign * one.error for one in points]
            distances.append(ui.Trace("", x, edge, "faint", color))
        losses.append(ui.Trace(name, x, [one.test_loss for one in points], color=color))
    if here and here.settings and along == IMAGES:
        numbers = [(one.images, one.numbers.get("test_loss")) for one in here.epochs]
        known = [(seen, loss) for seen, loss in numbers if seen and loss is not None]
        x, y = [float(seen) for seen, _ in known], [loss for _, loss in known]
        losses.append(ui.Trace("trained here", x, y, "dots", "muted"))
    ui.live_plot(
        distances,
        key="b221_frechet",
        x_title=along,
        y_title="Fréchet distance (lower is better)",
        log_x=True,
        height=360,
    )
    ui.caption(
        f"Far above what {sweep.count} real digits have, {sweep.floor:.2f}: none of these networks "
        "is trained to its end."
    )
    ui.live_plot(
        losses,
        key="b221_loss",
        x_title=along,
        y_title="test loss",
        log_x=True,
        log_y=True,
        height=280,
    )


def places(width: int, points: Sequence[MeanPoint], along: str) -> list[float]:
    """Where the points of a width lie along the bottom."""
    if along == IMAGES:
        return [one.images for one in points]
    if along == MINUTES:
        return [one.minutes for one in points]
    return [3 * lesson.cost(width).multiply_adds * one.images for one in points]


def table(every: dict[int, list[MeanPoint]], sweep: results.WidthSweep) -> None:
    """What was measured, a row a width and a number of images."""
    rows = []
    for points in every.values():
        for before, one in zip([None, *points], points, strict=False):
            bought = "–"
            if before:
                bought = f"{(before.frechet - one.frechet) / (one.minutes - before.minutes):.1f}"
            rows.append(
                (
                    f"D = {one.width}, {one.images:,} images",
                    f"{one.minutes:.1f}",
                    shared.with_error(one.frechets, ".2f"),
                    ", ".join(f"{value:.2f}" for value, _ in one.frechets),
                    bought,
                    f"{one.test_loss:.4f}",
                )
            )
    rows.append((f"{sweep.count} real digits", "", f"{sweep.floor:.2f}", "", "", ""))
    ui.table(
        (
            "width and images",
            "minutes",
            "Fréchet distance",
            "by seed",
            "bought per minute",
            "test loss",
        ),
        rows,
        label="Widths, lengths and what was reached with them",
    )
    ui.caption(
        "Bought per minute: by how much the distance fell since the row above, over the processor "
        "minutes that were spent in between."
    )


def equal_minutes(every: dict[int, list[MeanPoint]]) -> None:
    """Points of two neighbouring widths that took nearly the same minutes, side by side."""
    rows = []
    for pair in lesson.equal_minutes(every):
        cells = [
            f"D = {one.width}, {one.images:,} images: {shared.with_error(one.frechets, '.1f')}"
            for one in pair
        ]
        lower = min(pair, key=lambda one: one.frechet)
        rows.append((f"about {pair[1].minutes:.1f} minutes", *cells, f"D = {lower.width}"))
    ui.table(
        ("processor minutes", "the narrower", "the wider", "ahead"),
        rows,
        label="Neighbouring widths after nearly the same processor minutes",
    )
    ui.say(
        "After equally many images the wider network is ahead or level. After equally many minutes "
        "it depends on how many, in these runs: the narrow network gains from its many images "
        "first, and later the wider one is ahead. The test loss need not agree: where the minutes "
        "are equal, it may favour the other width.\n\n"
        f"Most of this is one run of each width. Where a second seed was trained, it differs by up "
        f"to {lesson.apart(every):.1f} from the first, so a lead of that size may be chance."
    )


def seeds(sweep: results.WidthSweep) -> str:
    """Which seeds each width was trained with; said once where all have the same."""
    of = {width: ", ".join(map(str, by)) for width, by in sweep.runs.items()}
    if len(set(of.values())) == 1:
        return next(iter(of.values()))
    return "; ".join(f"{said} at D = {width}" for width, said in of.items())


def how_measured(sweep: results.WidthSweep) -> None:
    """Sizes and settings of everything in the table."""
    kept = sweep.settings
    ui.caption(
        f"Batches of {kept['batch_size']}, a constant rate of {kept['learning_rate']:g}, averaged "
        f"weights (EMA, μ = {kept['ema']:g}), {kept['precision']}; seeds {seeds(sweep)}, "
        "and a point that has two is their mean. With a constant rate a longer run is, at each of "
        "its points, the shorter run. The course's network has D = 64 and sees 1,200,000 images in "
        "batches of 128; nothing here says what holds there. "
        f"{sweep.count} samples for each point and seed, {kept['sample_steps']} steps of DDIM at "
        "η = 0. The faint lines are one standard error of the samples above and below (jackknife, "
        "lesson A 1.5.2). Minutes are of one processor, "
        "beside other work, and will be others on yours; multiply-adds are the same everywhere: "
        "three times those of a prediction, because the gradients take about twice as many again. "
        "`python -m lessons.measure.trained.wider_or_longer` measures it again, at any size."
    )


def train_one(every: dict[int, list[MeanPoint]], sweep: results.WidthSweep) -> runs.RunView | None:
    """Choose a row, train it on the page of the time-conditioned DDPM, and see it above."""
    rows = {f"D = {p.width}, {p.images:,} images": p for points in every.values() for p in points}
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        row = ui.select("A row to train", list(rows), next(iter(rows)), key="b221_row")
    width, images = rows[row].width, rows[row].images
    wanted = {
        **lesson.settings_of(width, images, sweep.settings),
        "seed": next(iter(sweep.runs[width])),
    }
    with right:
        shared.train_link(RECIPE, PAGE, wanted, "Train this row")
    here = shared.trained_here(RECIPE, wanted)
    ui.caption(
        "The link opens lesson 2.2 with exactly these settings and this seed. Once such a run has "
        "finished on this machine, the chart of the test loss shows it as dots, along the images "
        "seen."
        if here is None
        else "This row was trained on this machine: its test loss stands as dots above, along the "
        "images seen."
    )
    return here


def on_the_way() -> None:
    """Ten digits of every measured network, all from the same noises."""
    ui.say("## The same ten noises, after ever more images")
    rows = lesson.rows_on_the_way()
    ui.grid(
        tuple(rows.values()),
        row_labels=[f"D = {width}, {images:,} images" for width, images in rows],
        size=56,
    )
    ui.say("Other noises, with the longest run of each width; its weights are kept in eight bits.")
    steps = ui.choice("Steps", lesson.STEP_CHOICES, 20, key="b221_steps")
    found = ui.live(
        lesson.ten_digits,
        steps=steps,
        seed=ui.seed(),
        weights_hash=results.weights_hash(lesson.WEIGHTS),
    )
    if found:
        ui.grid(tuple(found.values()), row_labels=tuple(found), size=84)
        ui.deliver(
            tuple(image for row in found.values() for image in row),
            "Ten digits by the width of the network",
        )
        ui.caption("Under each sample: what the classifier finds, and how sure it is.")
        ui.code_that_ran(found)


def slower(every: dict[int, list[MeanPoint]]) -> str:
    """How much longer a wider network took for an image, beside its multiply-adds."""
    return "; ".join(
        f"D = {one.wide} took {one.minutes:.1f} times as long for an image as D = {one.narrow}, "
        f"with {one.multiply_adds:.1f} times as many multiply-adds"
        for one in lesson.slower(every)
    )


def costs(every: dict[int, list[MeanPoint]]) -> None:
    """Parameters and multiply-adds of any width, layer by layer."""
    ui.say("## What width costs")
    width = ui.slider("Width D", 8, 128, 16, key="b221_width", step=8)
    found = ui.live(lesson.cost, slot="cost", width=width)
    double = ui.live(lesson.cost, slot="double", width=2 * width)
    if not (found and double):
        return
    ui.say(
        f"D = {width}: **{found.parameters:,}** parameters, **{found.multiply_adds / 1e6:.1f}** "
        f"million multiply-adds for one image. With {2 * width} in its place there would be "
        f"{double.parameters / found.parameters:.2f} times as many parameters and "
        f"{double.multiply_adds / found.multiply_adds:.2f} times as many multiply-adds."
    )
    ui.caption(f"Minutes need not follow: in the runs above {slower(every)}.")
    ui.table(
        ("layer", "channels", "kernel", "places", "parameters", "multiply-adds", "share"),
        [
            (
                one.name,
                f"{one.channels[0]} → {one.channels[1]}",
                f"{one.kernel} × {one.kernel}",
                f"{one.places}",
                f"{one.parameters:,}",
                f"{one.multiply_adds:,}",
                f"{one.multiply_adds / found.multiply_adds:.1%}",
            )
            for one in found.layers
        ],
        label=f"The layers of the time-conditioned UNet at D = {width}",
    )
    ui.code_that_ran(found)
    ui.explain(lesson.convolution_cost)


ui.lesson_header(__doc__)
sweep = results.widths()
every = {width: lesson.over_seeds(width, by) for width, by in sweep.runs.items()}
top = st.container()
table(every, sweep)
equal_minutes(every)
how_measured(sweep)
here = train_one(every, sweep)
with top:
    charts(every, sweep, here)
on_the_way()
costs(every)
ui.say(ui.PREDICT)
ui.predict(ask.TWICE_AS_WIDE, key="b221_q1")
ui.predict(ask.SHORT_OF_TIME, key="b221_q2")
ui.say(
    "**Look closer.** Put the images along the bottom, then the minutes. Which widths change their "
    "order, and what does that say of a comparison after equal epochs?"
)
