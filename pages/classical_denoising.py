"""A1.2 · Classical denoising

Noise differs from pixel to pixel, pictures mostly don't: so take the mean of the neighbours. How
far does that go?
"""

import streamlit as st

from lessons import classical_denoising as lesson
from lessons import forward_process, sanity
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def by_hand() -> None:
    """A filter of the reader's own choice, beside all the others."""
    ui.say(
        "## Choose the filter yourself\n"
        "A wide bell takes more noise away, and more of the picture. Every filter has its best σ."
    )
    last = forward_process.last_timestep(chosen)
    left, middle, right = st.columns(3)
    with left:
        t = ui.slider("Timestep $t$", 1, last, (last + 1) // 4, key=ui.per_model("a12_t", chosen))
    with middle:
        kernel = ui.choice("Kernel", lesson.KERNELS, 5, key="a12_kernel")
    with right:
        sigma = ui.slider("σ in pixels", 0.25, 5.0, 1.0, key="a12_sigma", step=0.25)
    found = ui.live(
        lesson.by_hand,
        model=chosen,
        original=original,
        t=t,
        kernel=kernel,
        sigma=sigma,
        seed=ui.seed(),
    )
    if not found:
        return
    ui.strip((found.noisy, found.filtered), size=280)
    everything = [*(p for row in rows for p in row), found.noisy, found.filtered]
    ui.deliver(everything, "Gaussians: the best of three noise levels, and one of my own")
    ui.code_that_ran(found)
    ui.live_plot(
        [
            ui.Trace(f"kernel {size}", lesson.SIGMAS, curve)
            for size, curve in zip(lesson.KERNELS, found.curves, strict=True)
        ],
        key="a12_curves",
        x_title="σ in pixels",
        y_title="PSNR in dB",
        height=320,
    )


ui.lesson_header(__doc__)
chosen = ui.model()
original = ui.gallery_input(key="a12_picture", model=chosen)
rows = ui.live(lesson.best, model=chosen, original=original, seed=ui.seed())
if rows:
    ui.grid(rows, column_labels=("clean", "noisy", "best Gaussian"), size=224)
ui.caption(
    "Kernel and σ were found by trying all of them against the clean picture, which no real "
    "denoiser has: this is the most that these kernels can do."
)
ui.code_that_ran(rows)
ui.explain(lesson.blurred, x_0="x_0_hat")
ui.explain(lesson.scaled)
by_hand()
ui.say(HEADING)
ui.predict(ask.BEST_SIGMA, key="a12_q1")
if ui.predict(ask.NOISE_LEFT, key="a12_q2"):
    ui.strip(
        ui.live(sanity.blurred_noise, model=chosen, kernel=5, sigma=1.0, seed=ui.seed()).pictures,
        size=196,
    )
ui.say(
    "**Look closer.** The filter treats every place alike. Where in the picture would you blur "
    "more, where less, and what would you have to know for that?"
)
