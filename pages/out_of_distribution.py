"""B1.2.2 · Out of distribution

The network learnt to undo σ = 0.5. Here it gets less noise than that, and more.
"""

import streamlit as st

from lessons import out_of_distribution as lesson
from lessons import runs, sanity, trained
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask
from pages._sampling import shipped_first


def seven_levels(run_id: str, digit: int) -> None:
    """The seven noise levels of the course, side by side."""
    sweep = ui.live(
        lesson.sweep, run_id=run_id, digit=digit, seed=ui.seed(), edition=trained.edition(run_id)
    )
    if not sweep:
        return
    ui.grid(
        [
            [trial.noisy for trial in sweep.trials],
            [trial.denoised for trial in sweep.trials],
            [trial.error for trial in sweep.trials],
        ],
        row_labels=("given", "answer", "error"),
        column_labels=[f"σ = {trial.sigma:g}" for trial in sweep.trials],
        size=168,
    )
    both = [picture for trial in sweep.trials for picture in (trial.noisy, trial.denoised)]
    ui.deliver(both, "Given and answered at seven noise levels", network=run_id)
    ui.caption("The same test digit under the same noise. Decibels are against the true digit.")
    ui.code_that_ran(sweep)
    ui.say(
        "**Look closer.** At σ = 0 there is nothing to remove, and still the answer is only "
        f"{sweep.trials[0].psnr:.1f} dB: the network takes away noise that is not there. How would "
        "you tell it how much there is?"
    )


def any_level(run_id: str, digit: int) -> None:
    """One noise level, chosen by the reader."""
    st.header("Turn the noise up yourself")
    sigma = ui.slider("Noise σ", 0.0, 2.0, 0.5, key="b122_sigma", step=0.05)
    sweep = ui.live(
        lesson.sweep,
        slot="one",
        run_id=run_id,
        digit=digit,
        seed=ui.seed(),
        sigmas=(sigma,),
        edition=trained.edition(run_id),
    )
    if sweep:
        one = sweep.trials[0]
        ui.strip([sweep.truth, one.noisy, one.denoised, one.error], size=196)
        ui.code_that_ran(sweep)


def all_levels(run_id: str) -> None:
    """What the network is worth at every noise level."""
    curve = ui.live(
        lesson.psnr_curve, run_id=run_id, seed=ui.seed(), edition=trained.edition(run_id)
    )
    if not curve:
        return
    ui.live_plot(
        [
            ui.Trace("the network's answer", curve.sigmas, curve.denoised, color="x_0_hat"),
            ui.Trace("what it is given", curve.sigmas, curve.noisy, color="x_t"),
        ],
        key="b122_curve",
        x_title="noise σ",
        y_title="PSNR in dB, mean of 100 test digits",
    )
    ui.caption("Left of where the two curves cross, the network does more harm than good.")
    ui.code_that_ran(curve)


def questions(run_id: str) -> None:
    """Two more things that the network was not trained for."""
    ui.say(HEADING)
    for question, function, key in (
        (ask.TWICE, sanity.twice, "b122_q1"),
        (ask.NOTHING_UNDER, sanity.nothing_under, "b122_q2"),
    ):
        if ui.predict(question, key=key):
            ui.measured(
                ui.live(function, run_id=run_id, seed=ui.seed(), edition=trained.edition(run_id))
            )


ui.lesson_header(__doc__)
finished = {run.id: run for run in runs.all_runs("denoiser") if runs.weights_file(run.id)}
if finished:
    left, right = st.columns([3, 1])
    with left:
        chosen = ui.named_choice(
            "Denoiser",
            {name: run.label for name, run in finished.items()},
            key="b122_run",
            left_out=shipped_first(finished),
        )
    with right:
        picture = ui.number("Test picture", 0, 9_999, 0, key="b122_digit")
    seven_levels(chosen, picture)
    ui.explain(lesson.denoise_at, x="x_0", z="x_t", x_hat="x_0_hat")
    any_level(chosen, picture)
    all_levels(chosen)
    questions(chosen)
else:
    st.info("No denoiser has finished training yet: train one in lesson 1.2 first.")
