"""A1.5.2 · Samplers

A network only says what the noise in an image is; the sampler decides what to do with the answer.
Here the same network samples from the same noises with three of them, DDPM, DDIM and
DPM-Solver++(2M), in five to a hundred network calls. Fewer calls are less waiting: which sampler
can do with how few?
"""

import streamlit as st

from lessons.beyond import samplers as lesson
from lessons.diffusion import forward, posterior, samplers
from lessons.measure import sampler_quality
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._teaching import samplers as ask

COLORS = ("x_t", "z", "x_0_hat", "eps")


def quality(model: str) -> None:
    """The measured curves of a model, where there are any."""
    found = sampler_quality.measured(model)
    if not found:
        ui.caption("The quality over the number of steps was not measured with this model.")
        return
    ui.say(
        "## What fewer steps cost, measured\n"
        f"{found.count} samples for each point at γ = {found.gamma:g}, from the same noises for "
        "all samplers. The faint lines are one standard error above and below."
    )
    if found.floor is not None:
        curves(found, "frechet", "Fréchet distance (lower is better)", "a152_frechet")
    curves(found, "accuracy", "classified as requested", "a152_accuracy")
    if found.floor is None:
        curves(found, "probability", "probability of the thing requested", "a152_probability")
    ui.say(in_words(found))
    if found.floor is not None:
        ui.caption(
            "A distance below that of as many real digits does not mean better than real: guided "
            "samples vary less (lesson B 2.4 measures it), and with so few images variance alone "
            "adds to the distance."
        )
    ui.caption(
        f"Measured by `python -m lessons.measure.sampler_quality {model}` in "
        f"{found.cpu_minutes:g} minutes of one core, seed {found.seed}, in bfloat16. The standard "
        "errors are those of a jackknife, which leaves out one part of the samples after the "
        "other. All curves share their noises, so that differences between them are better known "
        "than the errors of each say."
    )
    ui.explain(sampler_quality.jackknife)


def curves(found: sampler_quality.SamplerSweep, what: str, title: str, key: str) -> None:
    """One measure over the number of steps, a curve a sampler, with its standard errors."""
    traces, steps = [], []
    for (name, by), color in zip(found.qualities.items(), COLORS, strict=False):
        steps = list(by)
        pairs = [getattr(one, what) for one in by.values()]
        traces.append(ui.Trace(name, steps, [value for value, _ in pairs], color=color))
        for sign in (-1, 1):
            edge = [value + sign * error for value, error in pairs]
            traces.append(ui.Trace("", steps, edge, "faint", color))
    if what == "frechet" and found.floor is not None:
        ends = (steps[0], steps[-1])
        name = f"{found.count} real digits"
        traces.append(ui.Trace(name, ends, (found.floor, found.floor), "dashed", "muted"))
    ui.live_plot(traces, key=key, x_title="network calls", y_title=title, log_x=True, height=320)


def in_words(found: sampler_quality.SamplerSweep) -> str:
    """Each sampler with the fewest steps and with the most, in numbers."""
    digits = found.floor is not None
    what = "Fréchet distance" if digits else "Probability of the thing requested"
    steps = list(next(iter(found.qualities.values())))
    few, many = steps[0], steps[-1]
    rows, first = [], dict[str, float]()
    for name, by in found.qualities.items():
        pairs = [by[one].frechet or by[one].probability or (0.0, 0.0) for one in (few, many)]
        first[name] = pairs[0][0]
        cells = " | ".join(f"{value:.2f} ± {error:.2f}" for value, error in pairs)
        rows.append(f"| {name} | {cells} |")
    best, *_, worst = sorted(first, key=lambda name: first[name] if digits else -first[name])
    table = "\n".join(rows)
    return (
        f"| {what} | {few} steps | {many} steps |\n|---|---|---|\n{table}\n\n"
        f"With {few} steps the best value is that of **{best}**, the worst that of **{worst}**; "
        "values that differ by less than their errors can't be told apart. The second order "
        "extrapolates from the step before, which helps only where steps are short."
    )


def how_far_apart(found: lesson.SampledBy) -> str:
    """How much the images of two samplers differ, in words."""
    pairs = "; ".join(f"{two}: **{far:.2f}**" for two, far in found.apart.items())
    return (
        "Root mean square difference of the pixels, white minus black being 1, on average over "
        f"the {lesson.COUNT} images. {pairs}."
    )


ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
left, right = st.columns([3, 2], gap="large")
with left:
    asked = ui.prompt("Prompt", prompts.wanted, model=chosen, key="a152_prompt")
    steps = ui.choice("Steps", lesson.STEPS, 10, key="a152_steps")
with right:
    gamma = ui.slider(
        "Guidance scale γ",
        0.0,
        10.0,
        sampler_quality.GAMMAS.get(chosen, prompts.gamma),
        key=ui.per_model("a152_gamma", chosen),
        step=0.5,
    )
    eta = ui.slider("η of DDIM", 0.0, 1.0, 0.0, key="a152_eta", step=0.1)
found = ui.live(
    lesson.demo, model=chosen, prompt=asked, gamma=gamma, steps=steps, eta=eta, seed=ui.seed()
)
if found:
    ui.grid(
        tuple(found.rows.values()),
        row_labels=tuple(f"{name}: {found.calls} network calls" for name in found.rows),
        size=112,
    )
    ui.say(how_far_apart(found))
    ui.deliver(
        tuple(image for row in found.rows.values() for image in row),
        "DDPM, DDIM and DPM-Solver++ from the same noises",
    )
    ui.made_with(chosen, prompt=asked, γ=gamma, steps=steps, η=eta)
    ui.code_that_ran(found)
ui.say(
    "Every column starts from one noise, and every step is one call of the network, whichever the "
    "sampler. Two of them leave nothing else to chance: DDIM at η = 0 and DPM-Solver++ solve the "
    "same differential equation, and with enough steps they end at the same image. DDPM draws "
    "fresh noise in every step, so it ends elsewhere. However few the timesteps, the first is the "
    "noisiest one of lesson 1.4: pure noise is no fair start where the network expects more of an "
    "image (Lin et al. 2023, arXiv:2305.08891)."
)
ui.say("## Three rules for a step")
ui.explain(posterior.posterior_mean, x_0="x_0_hat")
ui.explain(posterior.posterior_variance)
ui.explain(samplers.ddim_mean, x_0="x_0_hat")
ui.explain(samplers.ddim)
ui.explain(samplers.dpm_solver_2m)
ui.explain(forward.log_snr)
ui.say("## One noise, more and more steps")
over = ui.live(lesson.over_steps, model=chosen, prompt=asked, gamma=gamma, seed=ui.seed())
if over:
    ui.grid(
        tuple(over.values()),
        row_labels=tuple(over),
        column_labels=tuple(f"{steps} steps" for steps in lesson.SHOWN),
        size=112,
    )
    ui.code_that_ran(over)
quality(chosen)
ui.say(ui.PREDICT)
ui.predict(ask.ETA_ONE, key="a152_q1")
ui.predict(ask.SAME_IMAGE, key="a152_q2")
ui.predict(ask.SECOND_ORDER, key="a152_q3")
ui.say(
    "**Look closer.** Move η from 0 to 1 at ten steps and at fifty. Where does it change the image "
    "more, and where the quality?"
)
