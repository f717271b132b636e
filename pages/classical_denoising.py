"""A1.2 · Classical denoising

Noise is independent from pixel to pixel, while neighbouring pixels of an image are mostly alike:
averaging neighbours removes noise, and blurs edges with it. This lesson finds the best that a
Gaussian filter and the best linear filter can do, and introduces PSNR and SSIM, the measures by
which all later denoisers are compared with them.
"""

import streamlit as st

from lessons.measure import quality
from lessons.part_a import classical_denoising as lesson
from lessons.part_a import forward_process
from lessons.workshop.experiments import stepping
from pages import _ui as ui
from pages._teaching import classical_denoising as ask


def by_hand() -> None:
    """A filter of the reader's own choice, and the PSNR of all others."""
    ui.say(
        "## Choose the filter yourself\n"
        "A wider Gaussian removes more noise and more of the image. Between the two lies a best "
        "σ, and it grows with the noise: move $t$ and watch the peak of the curves."
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
        source_image=source_image,
        t=t,
        kernel=kernel,
        sigma=sigma,
        seed=ui.seed(),
    )
    if not found:
        return
    ui.strip((found.noisy, found.filtered), size=280)
    everything = [*(p for row in rows for p in row), found.noisy, found.filtered]
    ui.deliver(everything, "The best Gaussian at three noise levels, and one of my own")
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
source_image = ui.gallery_input(key="a12_picture", model=chosen)
rows = ui.live(lesson.best, model=chosen, source_image=source_image, seed=ui.seed())
if rows:
    ui.grid(rows, column_labels=lesson.COLUMNS[: len(rows[0])], size=196)
ui.caption(
    "Kernel and σ of the Gaussian were chosen for the highest PSNR against the clean image, which "
    "a real denoiser does not have: the column is an upper bound. The Wiener filter knows only the "
    "mean power of many other images at each frequency."
)
ui.code_that_ran(rows)
ui.say(
    "## Two measures of quality\n"
    "Both compare an estimate with the clean image, so they can be used only where that is known. "
    "**PSNR** is the squared error on a logarithmic scale, in decibels; higher is better. **SSIM** "
    "compares local brightness, contrast and structure; 1 is perfect. Neither knows what the image "
    "shows: lesson 1.4 comes back to what PSNR does not see."
)
ui.explain(quality.psnr)
ui.explain(quality.ssim)
ui.say("## The Gaussian filter")
ui.explain(lesson.blurred, x_0="x_0_hat")
ui.explain(lesson.scaled)
ui.say(
    "## The best linear denoiser\n"
    "Images have most of their power at low frequencies, while white noise has equal power at all. "
    "The Wiener filter therefore weights each frequency by its signal-to-noise ratio. Among linear "
    "filters it has the smallest mean squared error for images of this power spectrum. Telling an "
    "edge from noise of the same frequency takes a non-linear denoiser: a network, "
    "which has learnt from many images what edges look like."
)
ui.explain(lesson.wiener, x_0="x_0_hat")
by_hand()
ui.say(ui.PREDICT)
ui.predict(ask.BEST_SIGMA, key="a12_q1")
if ui.predict(ask.NOISE_LEFT, key="a12_q2"):
    ui.strip(
        ui.live(stepping.blurred_noise, model=chosen, kernel=5, sigma=1.0, seed=ui.seed()).images,
        size=196,
    )
ui.say(
    "**Look closer.** A filter treats all regions alike. Where in the image should it blur more, "
    "where less, and what would it have to know for that?"
)
