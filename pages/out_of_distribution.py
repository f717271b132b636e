"""B1.2.2 · Out of distribution

A network is reliable for inputs like those of its training. The denoiser of the last lesson was
trained at σ = 0.5; here it is given less noise and more. What goes wrong explains why a diffusion
model is trained at all noise levels, and given the noise level as an input.
"""

import streamlit as st

from lessons.part_b import out_of_distribution as lesson
from lessons.training import networks, runs
from lessons.workshop.experiments import digit_networks
from pages import _ui as ui
from pages._shared.sampling import shipped_first
from pages._teaching import out_of_distribution as ask


def seven_levels(run_id: str, digit: int) -> None:
    """The seven noise levels of the course, side by side."""
    sweep = ui.live(
        lesson.sweep,
        run_id=run_id,
        digit=digit,
        seed=ui.seed(),
        weights_hash=networks.weights_hash(run_id),
    )
    if not sweep:
        return
    ui.grid(
        [
            [trial.noisy for trial in sweep.trials],
            [trial.denoised for trial in sweep.trials],
            [trial.error for trial in sweep.trials],
        ],
        row_labels=("input", "output", "error"),
        column_labels=[f"σ = {trial.sigma:g}" for trial in sweep.trials],
        size=168,
    )
    both = [image for trial in sweep.trials for image in (trial.noisy, trial.denoised)]
    ui.deliver(both, "Input and output at seven noise levels", network=run_id)
    ui.caption("The same test digit with the same noise. PSNR is measured against the clean digit.")
    ui.code_that_ran(sweep)
    ui.say(
        "**Look closer.** At σ = 0 there is no noise to remove, yet the output has a PSNR of only "
        f"{sweep.trials[0].psnr:.1f} dB: the network removes what it takes for noise. How could "
        "the noise level be made an input of the network?"
    )


def any_level(run_id: str, digit: int) -> None:
    """One noise level, chosen by the reader."""
    st.header("Choose the noise level")
    sigma = ui.slider("Noise σ", 0.0, 2.0, 0.5, key="b122_sigma", step=0.05)
    sweep = ui.live(
        lesson.sweep,
        slot="one",
        run_id=run_id,
        digit=digit,
        seed=ui.seed(),
        sigmas=(sigma,),
        weights_hash=networks.weights_hash(run_id),
    )
    if sweep:
        one = sweep.trials[0]
        ui.strip([sweep.truth, one.noisy, one.denoised, one.error], size=196)
        ui.code_that_ran(sweep)


def all_levels(run_id: str) -> None:
    """PSNR of input and output over the noise level."""
    curve = ui.live(
        lesson.psnr_curve, run_id=run_id, seed=ui.seed(), weights_hash=networks.weights_hash(run_id)
    )
    if not curve:
        return
    ui.live_plot(
        [
            ui.Trace("output of the network", curve.sigmas, curve.denoised, color="x_0_hat"),
            ui.Trace("input", curve.sigmas, curve.noisy, color="x_t"),
        ],
        key="b122_curve",
        x_title="noise σ",
        y_title="PSNR in dB, mean of 100 test digits",
    )
    ui.caption(
        "Left of the crossing, the network's output is worse than its input. Right of σ = 0.5 no "
        "training image was as noisy, so nothing made its answers right there."
    )
    ui.code_that_ran(curve)


def questions(run_id: str) -> None:
    """Two more things that the network was not trained for."""
    ui.say(ui.PREDICT)
    for question, function, key in (
        (ask.TWICE, digit_networks.twice, "b122_q1"),
        (ask.NOTHING_UNDER, digit_networks.nothing_under, "b122_q2"),
    ):
        if ui.predict(question, key=key):
            ui.measured(
                ui.live(
                    function,
                    run_id=run_id,
                    seed=ui.seed(),
                    weights_hash=networks.weights_hash(run_id),
                )
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
        image = ui.number("Test image", 0, 9_999, 0, key="b122_digit")
    seven_levels(chosen, image)
    ui.explain(lesson.denoise_at, x="x_0", z="x_t", x_hat="x_0_hat")
    any_level(chosen, image)
    all_levels(chosen)
    questions(chosen)
else:
    ui.info("No denoiser has finished training yet: train one in lesson 1.2 first.")
