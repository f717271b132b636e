"""A1.1 · The forward process

Every diffusion model is defined by a process that needs no learning: an image is covered by
Gaussian noise, a little at each timestep, until hardly a trace of it is left. This lesson shows the
chain of small steps, the noise schedule that sets their size, and why any timestep can be
reached in a single jump. The network's whole task will be to undo that jump.
"""

import streamlit as st

from lessons.diffusion import forward, schedules
from lessons.part_a import forward_process as lesson
from lessons.workshop.experiments import stepping
from pages import _ui as ui
from pages._teaching import forward_process as ask


def plotted(t: int) -> None:
    """The model's noise schedule in three charts, with the slider's timestep marked."""
    found = ui.live(lesson.schedule, model=chosen)
    if not found:
        return
    beta, alpha_bar, snr = found.betas[t], found.alpha_bars[t], found.snr[t]
    ui.say(
        f"At $t$ = {t} this model has $\\beta_t$ = {lesson.share(beta)}, $\\bar\\alpha_t$ = "
        f"{lesson.share(alpha_bar)} and a signal-to-noise ratio of {snr:.1f} dB. From $t$ = "
        f"{found.even} on there is more noise than signal (below 0 dB)."
    )
    charts = (
        (found.betas, "variance added, β", "β", "eps"),
        (found.alpha_bars, "signal power left, ᾱ", "ᾱ", "x_0"),
        (found.snr, "signal-to-noise ratio in dB", "SNR", "x_t"),
    )
    for column, (values, title, name, color) in zip(st.columns(3), charts, strict=True):
        with column:
            ends = min(values), max(values)
            ui.live_plot(
                [
                    ui.Trace(name, found.timesteps, values, color=color),
                    ui.Trace("the slider's t", (t, t), ends, "dashed", "muted"),
                ],
                key=f"a11_schedule_{name}",
                x_title="timestep t",
                y_title=title,
                height=300,
            )


def compare_with_steps(t: int) -> None:
    """The chain of small steps beside the jump, both measured."""
    found = ui.live(
        lesson.steps_and_jump, model=chosen, source_image=source_image, t=t, seed=ui.seed()
    )
    if found:
        ui.strip(found.images, size=224)
        ui.caption(
            "Independent noise, the same distribution. The standard deviation of what is not "
            f"signal, measured over {lesson.COPIES} noises each: {found.noise_by_steps:.3f} by "
            f"steps, {found.noise_by_jump:.3f} by the jump; the equation says "
            f"√(1 − ᾱ) = {found.predicted:.3f}."
        )
        ui.code_that_ran(found)


ui.lesson_header(__doc__)
chosen = ui.model()
source_image = ui.gallery_input(key="a11_picture", model=chosen)

levels = ui.live(lesson.levels, model=chosen, source_image=source_image, seed=ui.seed())
ui.strip(levels, size=196)
ui.caption(
    "One image at four timesteps, with the same noise each time; only the proportions change. "
    "Even $t = 0$ carries a trace of noise: the clean image comes before the first timestep."
)
ui.code_that_ran(levels)

ui.say(
    "## The chain\n"
    "Each of the $T$ timesteps multiplies the image by a number slightly below 1 and adds "
    "independent Gaussian noise. The **noise schedule** $\\beta_1, \\ldots, \\beta_T$ says how "
    "much:\n\n"
    "$$q(x_t \\mid x_{t-1}) = \\mathcal{N}\\!\\left(\\sqrt{1 - \\beta_t}\\, x_{t-1},\\; "
    "\\beta_t \\mathbf{I}\\right)$$"
)
ui.explain(forward.forward_step)
ui.say(
    "## Why one jump equals many steps\n"
    "Put one step into the next. The image has then been multiplied by "
    "$\\sqrt{\\alpha_t \\alpha_{t-1}}$, and two independent noises have been added, the older one "
    "of them faded by $\\sqrt{\\alpha_t}$. A sum of independent Gaussians is Gaussian, and its "
    "variance is the sum of the variances:\n\n"
    "$$\n\\alpha_t (1 - \\alpha_{t-1}) + (1 - \\alpha_t) = 1 - \\alpha_t \\alpha_{t-1}\n$$\n\n"
    "So two steps are one step with the product $\\alpha_t \\alpha_{t-1}$ in place of "
    "$\\alpha_t$, and all steps up to $t$ are one step with the product of them all, "
    "$\\bar\\alpha_t$. That is why the lessons compute with $\\bar\\alpha_t$ and hardly ever with "
    "$\\beta_t$: training may pick any timestep at random and reach it at once."
)
ui.explain(schedules.from_betas)
ui.explain(forward.add_noise)

last = lesson.last_timestep(chosen)
t = ui.slider("Timestep $t$", 0, last, (last + 1) // 4, key=ui.per_model("a11_t", chosen))
mixed = ui.live(lesson.demo, model=chosen, source_image=source_image, t=t, seed=ui.seed())
ui.strip(mixed, size=224)
ui.deliver(mixed, "The clean image, the noise, and their mixture at one timestep")
ui.code_that_ran(mixed)
ui.say(
    "The weights are square roots because power, not amplitude, is shared out: the two squares "
    "add up to 1, so data of variance 1 keep the variance 1 at every $t$, and the network never "
    "meets inputs of another scale."
)

ui.say("## The schedule of this model")
plotted(t)
ui.say(
    "The **linear** schedule of the first DDPM lets β grow evenly. The **cosine** schedule lets "
    "$\\bar\\alpha$ fall like a squared cosine (Nichol and Dhariwal 2021, arXiv:2102.09672), so "
    "that fewer timesteps are spent on almost pure noise."
)
ui.explain(forward.signal_to_noise)
if ui.toggle("Take the small steps one by one", key="a11_steps"):
    compare_with_steps(t)

ui.say(ui.PREDICT)
if ui.predict(ask.NO_NOISE, key="a11_q1"):
    ui.compared(ui.live(stepping.no_noise, model=chosen, source_image=source_image, seed=ui.seed()))
ui.predict(ask.WEIGHTS, key="a11_q2")
ui.say(
    "**Look closer.** At which $t$ can you no longer name the subject? What is its signal-to-noise "
    "ratio there, and is it the same for every image of the gallery?"
)
