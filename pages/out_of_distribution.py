"""B1.2.2 · Out of distribution

The network learnt to undo σ = 0.5. Here it gets less noise than that, and more.
"""

import streamlit as st

from lessons import out_of_distribution as lesson
from lessons import runs
from pages import _ui as ui

ui.lesson_header(__doc__)

finished = {run.id: run for run in runs.all_runs("denoiser") if runs.weights_file(run.id)}
if not finished:
    st.info("No denoiser has finished training yet: train one in lesson B1.2 first.")
    st.stop()

left, right = st.columns([3, 1])
run_id = left.selectbox(
    "Denoiser",
    list(finished),
    format_func=lambda name: finished[name].label if name in finished else name,
    key="b122_run",
)
digit = right.number_input("Test picture", 0, 9_999, 0, key="b122_digit", bind="query-params")

sweep = ui.live(lesson.sweep, run_id=run_id, digit=digit, seed=ui.seed())
if sweep:
    ui.grid(
        [
            [trial.noisy for trial in sweep.trials],
            [trial.denoised for trial in sweep.trials],
            [trial.error for trial in sweep.trials],
        ],
        row_labels=("given", "answer", "error"),
        column_labels=[f"σ = {trial.sigma:g}" for trial in sweep.trials],
        size=98,
    )
    ui.caption("The same test digit under the same noise. Decibels are against the true digit.")
    clean = sweep.trials[0]
    ui.say(
        f"**Look closer.** At σ = 0 there is nothing to remove, and still the answer is only "
        f"{clean.psnr:.1f} dB: the network takes away noise that is not there. How would you tell "
        "it how much there is?"
    )

ui.explain(lesson.denoise_at)

st.subheader("Turn the noise up yourself")
sigma = st.slider("Noise σ", 0.0, 2.0, 0.5, 0.05, key="b122_sigma", bind="query-params")
trial = ui.live(
    lesson.sweep, slot="one", run_id=run_id, digit=digit, seed=ui.seed(), sigmas=(sigma,)
)
if trial:
    one = trial.trials[0]
    ui.strip([trial.truth, one.noisy, one.denoised, one.error], size=196)

curve = ui.live(lesson.psnr_curve, run_id=run_id, seed=ui.seed())
if curve:
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
