"""A0 · Set-up

Two or three models, one seed, and a first look at what words can do to noise.
"""

import streamlit as st

from lessons import sampling, sanity, set_up, text_to_image
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask

MB = 2**20


def models_here() -> None:
    """What each model is, and what this machine has."""
    ui.say("## The models on this server")
    for about in text_to_image.models():
        ui.say(f"**{about.title}.** {about.text}")
    if st.button("Measure the chosen model on this machine", key="a0_measure"):
        st.session_state["a0_measured"] = chosen
    if st.session_state.get("a0_measured") == chosen:
        speed = ui.live(set_up.speed, model=chosen)
        if speed:
            channels, height, width = speed.shape
            ui.say(
                f"{speed.parameters / 1e6:.1f} million parameters, pictures of {height} × {width} "
                f"with {channels} channel{'s' if channels > 1 else ''}, T = {speed.timesteps}; "
                f"one guided step for one picture: **{speed.milliseconds:.0f} ms**."
            )
    here = set_up.machine()
    ui.label(
        f"Fastest device: {here.device} · this server occupies {here.memory // MB:,} MB, "
        f"{here.free // MB:,} MB are free · in memory: {', '.join(here.loaded) or 'no model yet'}"
    )


def questions() -> None:
    """What the seed and γ decide."""
    ui.say(HEADING)
    if ui.predict(ask.SAME_SEED, key="a0_q1"):
        ui.compared(
            ui.live(sanity.same_seed, model=chosen, prompt=prompts[0], gamma=7.0, seed=ui.seed())
        )
    ui.predict(ask.LOOKS, key="a0_q2")


def needs() -> None:
    """What a large model needs beside what the machine has, before anything is loaded."""
    try:
        fit = set_up.fit(chosen)
    except ValueError as error:
        st.error(str(error))
        return
    if fit:
        st.table([dict(zip(fit.columns, row, strict=True)) for row in fit.rows])
        ui.say(fit.verdict)
        ui.caption("Weights alone: pictures in the making need some more.")


ui.lesson_header(__doc__)
chosen = ui.model()
needs()
defaults = prompts_for(chosen).three
columns = st.columns(3)
prompts = []
for place, (column, default) in enumerate(zip(columns, defaults, strict=True)):
    with column:
        words = f"Prompt {place + 1}"
        prompts.append(ui.prompt(words, default, model=chosen, key=f"a0_prompt{place + 1}"))
grid = ui.live(
    sampling.prompt_grid,
    model=chosen,
    prompts=tuple(prompts),
    gamma=7.0,
    seed=ui.seed(),
    on_frame=lambda frame: ui.strip(frame, size=168),
)
if grid:
    ui.grid(
        grid,
        row_labels=[f"{steps} steps" for steps in sampling.STEPS],
        column_labels=prompts,
        size=224,
    )
    ui.downloads(
        {"prompts.png": lambda: ui.montage([p for row in grid for p in row], columns=3)},
        key="a0_files",
    )
    ui.deliver([p for row in grid for p in row], "Three prompts in few steps and in more")
    ui.made_with(chosen, γ=7.0)
    ui.code_that_ran(grid)
ui.caption("Every picture began as the same noise. Only the words and the number of steps differ.")
ui.say(
    "## One seed for everything\n"
    "The seed in the sidebar names the noise. The same seed gives the same noise, and so the same "
    "pictures, on every page and on every machine: change one thing at a time, and you see what it "
    "does. **Look closer.** What is the same in all columns, though the words differ?"
)
models_here()
questions()
