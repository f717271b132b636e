"""B2.5.1 · The learning-rate schedule

The course lets the learning rate of flow matching decay, and asks whether that is needed. Four runs
see the same images in the same order, at three constant rates and at one that decays; each is
measured twice, with its last weights and with their average. Any row of the table can be trained
again here.
"""

import streamlit as st

from lessons.beyond import rate_schedule as lesson
from lessons.measure.trained import results
from lessons.measure.trained.results import AVERAGED, LAST
from lessons.training import loop, runs
from pages import _ui as ui
from pages._shared import measured_runs as shared
from pages._teaching import rate_schedule as ask

RECIPE, PAGE = "class-flow", "flow_matching.py"
COLORS = ("eps", "x_t", "x_0", "x_0_hat")
WHICH = {AVERAGED: "averaged", LAST: "last"}


def mean(values: list[float]) -> float:
    """The mean over seeds."""
    return sum(values) / len(values)


def charts(sweep: results.RateSweep, here: runs.RunView | None) -> None:
    """Test loss and loss of the batches over images seen, mean over seeds, by rate."""
    tested, trained = [], []
    for (name, by), color in zip(sweep.runs.items(), COLORS, strict=True):
        own = list(by.values())
        for place, style in enumerate(("dashed", "solid")):  # the last weights, their average
            y = [mean([one.tested[x][place] for one in own]) for x in own[0].tested]
            tested.append(
                ui.Trace(name if style == "solid" else "", list(own[0].tested), y, style, color)  # type: ignore[arg-type]
            )
        losses = [mean(list(values)) for values in zip(*(one.loss for one in own), strict=True)]
        x = shared.places(max(own[0].tested), len(losses))
        trained.append(ui.Trace(name, x, losses, color=color))
    ui.live_plot(
        tested,
        key="b251_tested",
        x_title="images seen",
        y_title="test loss",
        log_y=True,
        height=340,
    )
    ui.caption("Solid: the averaged weights. Dashed: the last weights of the same run.")
    ui.live_plot(
        [*trained, *([shared.loss_of(here)] if here else [])],
        key="b251_loss",
        x_title="images seen",
        y_title="loss of a batch, smoothed",
        log_y=True,
        height=300,
    )


def table(sweep: results.RateSweep) -> None:
    """What was measured, a row a set of weights."""
    rows = []
    for name, by in sweep.runs.items():
        for which, words in WHICH.items():
            reached = [one.reached[which] for one in by.values()]
            rows.append(
                (
                    f"{name}, {words}",
                    shared.with_error([one.frechet for one in reached], ".2f"),
                    ", ".join(f"{one.frechet[0]:.2f}" for one in reached),
                    shared.with_error([one.accuracy for one in reached], ".1%"),
                    f"{mean([one.test_loss for one in reached]):.4f}",
                    f"{mean([one.loss[-1] for one in by.values()]):.4f}" if which == LAST else "–",
                )
            )
    rows.append((f"{sweep.count} real digits", f"{sweep.floor:.2f}", "", "", "", ""))
    ui.table(
        (
            "learning rate, weights",
            "Fréchet distance",
            "by seed",
            "as requested",
            "test loss",
            "batch loss",
        ),
        rows,
        label="Learning rates and what was reached with them",
    )
    ui.caption(
        "As requested: the share of samples that the classifier reads as the digit requested. "
        "Batch loss: the mean over the last of forty stretches of the training."
    )


def answer(sweep: results.RateSweep) -> None:
    """The course's question, answered as far as the table goes."""
    small, middle, large, decaying = sweep.runs.values()

    def reached(by: dict[int, results.RateRun], which: str = AVERAGED) -> tuple[float, float]:
        own = [one.reached[which] for one in by.values()]
        return mean([one.frechet[0] for one in own]), mean([one.test_loss for one in own])

    gained = [reached(by, LAST)[1] - reached(by)[1] for by in (large, decaying)]
    kept, course = sweep.settings, runs.nearest_settings(RECIPE, {})[0]
    total = kept["epochs"] * kept["images_per_epoch"]
    ui.say(
        "## Do we need the schedule?\n"
        f"**At this size we do not:** with averaged weights the constant rates of 0.003 and 0.01 "
        f"end at Fréchet distances of **{reached(middle)[0]:.1f}** and "
        f"**{reached(large)[0]:.1f}**, the decaying one at **{reached(decaying)[0]:.1f}**. "
        f"Without averaging they are {reached(middle, LAST)[0]:.1f}, "
        f"{reached(large, LAST)[0]:.1f} and {reached(decaying, LAST)[0]:.1f}, and the two seeds do "
        "not agree on the order. The "
        f"smallest rate ends farthest away, at {reached(small)[0]:.1f}: it has not arrived. The "
        "decay buys quiet last steps, and the average gives those to a constant rate as well: it "
        f"takes {gained[0]:.4f} off the test loss of the constant 0.01, and {gained[1]:.4f} off "
        "that of the decaying rate.\n\n"
        f"The limits of this answer: the course sees {course.total_images / total:.0f} times as "
        f"many images and is {course.num_hiddens / kept['num_hiddens']:.0f} times as wide. Here a "
        "rate that shrinks early loses way that it would have needed; whether that is so after the "
        "course's images was not measured. Nor do the measures agree on the best rate: 0.01 has "
        "the lowest test loss, 0.003 the lowest distance."
    )


def how_measured(sweep: results.RateSweep) -> None:
    """Sizes and settings of everything in the table."""
    kept, own = sweep.settings, [one for by in sweep.runs.values() for one in by.values()]
    seeds = ", ".join(map(str, next(iter(sweep.runs.values()))))
    total = kept["epochs"] * kept["images_per_epoch"]
    ui.caption(
        f"Class-conditioned flow matching, D = {kept['num_hiddens']}, {total:,} images in "
        f"{kept['epochs']} epochs, batches of {kept['batch_size']}, EMA with μ = {kept['ema']:g}, "
        f"{kept['precision']}; seeds {seeds}. "
        f"{sweep.count} samples for each set of weights and seed, "
        f"γ = {kept['gamma']:g}, {kept['sample_steps']} steps of Euler's method. The standard "
        "errors are those of the samples (jackknife, lesson A 1.5.2); how much runs differ, the "
        f"two seeds show. {mean([one.cpu_minutes for one in own]):.1f} minutes of one processor "
        "for a run, beside other work. `python -m lessons.measure.trained.rate_schedule` measures "
        "it again, at any size."
    )


def samples() -> None:
    """Ten digits of each rate from the same noises."""
    ui.say(
        "## The same noises, four learning rates\n"
        "The weights of the first seed, in eight bits. A question mark: the classifier finds "
        "another digit."
    )
    left, middle, right = st.columns([3, 2, 3])
    with left:
        words = {words: which for which, words in WHICH.items()}
        which = ui.choice("Weights", list(words), WHICH[AVERAGED], key="b251_weights")
    with middle:
        steps = ui.choice("Steps", lesson.STEP_CHOICES, 10, key="b251_steps")
    with right:
        gamma = ui.slider("Guidance γ", 0.0, 10.0, 2.0, key="b251_gamma", step=0.5)
    rows = ui.live(
        lesson.ten_digits,
        which=words[which],
        gamma=gamma,
        steps=steps,
        seed=ui.seed(),
        weights_hash=results.weights_hash(lesson.WEIGHTS),
    )
    if rows:
        ui.grid(tuple(rows.values()), row_labels=tuple(rows), size=84)
        ui.deliver(
            tuple(image for row in rows.values() for image in row),
            f"The digits 0 to 9 by learning rate, {which} weights",
        )
        ui.code_that_ran(rows)


def bowl() -> None:
    """A function so simple that the noise of the steps can be seen alone."""
    ui.say(
        "## Why a decaying rate and an average do similar work\n"
        f"Adam minimises θ²/2, {lesson.WALKERS} times at once, with gradients that are as noisy as "
        "those of a batch. First the rate must carry the weights to the minimum; then it decides "
        "how far from it the noise keeps them."
    )
    left, middle, right = st.columns(3)
    with left:
        rate = ui.choice(
            "Learning rate η", ("0.001", "0.003", "0.01", "0.03"), "0.01", key="b251_rate"
        )
    with middle:
        decay = ui.choice("Factor at the end", ("0.01", "0.1", "0.5"), "0.1", key="b251_decay")
    with right:
        ema = ui.choice("μ of the average", ("0.9", "0.98", "0.995"), "0.995", key="b251_ema")
    found = ui.live(
        lesson.bowls, rate=float(rate), decay=float(decay), ema=float(ema), seed=ui.seed()
    )
    if not found:
        return
    traces = [
        ui.Trace(f"{name}, {WHICH[which]} weights", one.steps, one.distances[which], style, color)  # type: ignore[arg-type]
        for (name, one), color in zip(found.items(), ("eps", "x_0_hat"), strict=True)
        for which, style in ((AVERAGED, "solid"), (LAST, "dashed"))
    ]
    ui.live_plot(
        traces,
        key="b251_bowl",
        x_title="steps",
        y_title="mean squared distance from the minimum",
        log_y=True,
        height=340,
    )
    ends = {name: one.distances for name, one in found.items()}
    constant, decaying = ends[lesson.CONSTANT], ends[lesson.DECAYING]
    ui.say(
        f"After {lesson.BOWL_STEPS} steps the last weights of the constant rate are "
        f"**{constant[LAST][-1]:.4f}** from the minimum, their average "
        f"**{constant[AVERAGED][-1]:.4f}**; with the decaying rate the last weights are "
        f"**{decaying[LAST][-1]:.4f}** from it, their average **{decaying[AVERAGED][-1]:.4f}**."
    )
    ui.code_that_ran(found)
    ui.explain(lesson.adam_step)
    ui.explain(lesson.averaged_weights)


def train_one(sweep: results.RateSweep) -> runs.RunView | None:
    """Choose a row, train it on the page of flow matching, and see its curve above."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        row = ui.choice("A row to train", list(sweep.runs), list(sweep.runs)[-1], key="b251_row")
    wanted = {**results.settings_of(row, sweep.settings), "seed": next(iter(sweep.runs[row]))}
    with right:
        shared.train_link(RECIPE, PAGE, wanted, "Train this row")
    here = shared.trained_here(RECIPE, wanted)
    ui.caption(
        "The link opens lesson 2.5 with exactly these settings and this seed. Once such a run has "
        "finished on this machine, the lower chart shows its loss as dots; the curves are means "
        "over the seeds, the dots are one of them."
        if here is None
        else "This row was trained on this machine: the dots are its loss."
    )
    return here


ui.lesson_header(__doc__)
sweep = results.rates()
top = st.container()
table(sweep)
answer(sweep)
how_measured(sweep)
here = train_one(sweep)
with top:
    charts(sweep, here)
samples()
ui.explain(loop.learning_rate)
bowl()
ui.say(ui.PREDICT)
ui.predict(ask.TOO_SMALL, key="b251_q1")
ui.predict(ask.TWO_AVERAGES, key="b251_q2")
ui.predict(ask.ONE_SEED, key="b251_q3")
ui.say(
    "**Look closer.** Set μ to 0.9. Which of the two averages changes more, and why does the other "
    "one hardly need it?"
)
