"""A0 · Set-up

A text-to-image diffusion model is a network that predicts noise, given a noisy image, a timestep
and a prompt. Before the lessons take its sampling apart, this page shows what goes into such a
network and what comes out, how it was trained, what it can be asked for, and why one seed fixes
every result.
"""

import streamlit as st

from lessons import model_choice
from lessons.part_a import set_up
from lessons.prompts import prompts_for
from lessons.workshop.experiments import prompting
from pages import _ui as ui
from pages._teaching import set_up as ask

MB = 2**20


def models_here() -> None:
    """What each model is, and what this machine has."""
    ui.say("## The models on this server")
    for about in model_choice.models():
        ui.say(f"**{about.title}.** {about.text}")
    if st.button("Measure the chosen model on this machine", key="a0_measure"):
        st.session_state["a0_measured"] = chosen
    if st.session_state.get("a0_measured") == chosen:
        speed = ui.live(set_up.speed, model=chosen)
        if speed:
            channels, height, width = speed.shape
            ui.say(
                f"{speed.parameters / 1e6:.1f} million parameters, images of {height} × {width} "
                f"with {channels} channel{'s' if channels > 1 else ''}, T = {speed.timesteps}; "
                f"one guided step for one image: **{speed.milliseconds:.0f} ms**."
            )
    here = set_up.machine()
    ui.label(
        f"Fastest device: {here.device} · this server occupies {here.memory // MB:,} MB, "
        f"{here.free // MB:,} MB are free · in memory: {', '.join(here.loaded) or 'no model yet'}"
    )


def questions() -> None:
    """What the seed and γ decide."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.SAME_SEED, key="a0_q1"):
        ui.compared(
            ui.live(
                prompting.same_seed, model=chosen, prompt=prompts[0], gamma=gamma, seed=ui.seed()
            )
        )
    ui.predict(ask.LOOKS, key="a0_q2")


def needs() -> None:
    """The memory that a large model needs and that the machine has, before anything is loaded."""
    try:
        fit = set_up.fit(chosen)
    except ValueError as error:
        ui.error(str(error))
        return
    if fit:
        ui.table(fit.columns, fit.rows, label="What the model's parts need")
        ui.say(fit.verdict)
        ui.caption("Weights alone; sampling needs some memory more.")


def ask_for() -> None:
    """What the model was trained on, to choose prompts from."""
    known = set_up.vocabulary(chosen)
    if known is None:
        return
    count = sum(len(subjects) for subjects in known.subjects.values())
    with st.expander(f"What this model can be asked for: {count} subjects, in English"):
        ui.say(
            "Only English is understood. Synonyms of these subjects often work as well; for "
            "anything else a note under the prompt names the nearest subject that is known. "
            f"Wordings: {', '.join(f'“{one}”' for one in known.wordings)}. A whole prompt: "
            f"“{known.example}”."
        )
        choose(known)
        for group, subjects in known.subjects.items():
            ui.say(f"**{group.capitalize()}:** {', '.join(subjects)}.")


def choose(known: set_up.Vocabulary) -> None:
    """A subject and a wording, put together and into one of the prompts above."""
    subjects = [subject for group in known.subjects.values() for subject in group]
    left, right = st.columns(2)
    subject = left.selectbox("Subject", subjects, key="a0_subject", persist_state="session")
    wording = right.selectbox("Wording", known.wordings, key="a0_wording", persist_state="session")
    asked = str(wording or "…").replace("…", str(subject or "").partition(" (")[0])
    with st.container(horizontal=True):
        for place in (1, 2, 3):
            st.button(
                f"Put into prompt {place}",
                key=f"a0_put{place}",
                on_click=st.session_state.update,
                args=({ui.per_model(f"a0_prompt{place}", chosen): asked},),
            )


ui.lesson_header(__doc__)
chosen = ui.model()
chosen_family = model_choice.family(chosen)
needs()
defaults, gamma = prompts_for(chosen).three, prompts_for(chosen).gamma
columns = st.columns(3)
prompts = []
for place, (column, default) in enumerate(zip(columns, defaults, strict=True)):
    with column:
        words = f"Prompt {place + 1}"
        prompts.append(ui.prompt(words, default, model=chosen, key=f"a0_prompt{place + 1}"))
grid = ui.live(
    set_up.prompt_grid,
    model=chosen,
    prompts=tuple(prompts),
    gamma=gamma,
    seed=ui.seed(),
    on_frame=lambda frame: ui.strip(frame, size=168),
)
if grid:
    ui.grid(
        grid,
        row_labels=[f"{steps} steps" for steps in set_up.STEPS],
        column_labels=prompts,
        size=224,
    )
    ui.downloads(
        {"prompts.png": lambda: ui.montage([p for row in grid for p in row], columns=3)},
        key="a0_files",
    )
    ui.deliver([p for row in grid for p in row], "Three prompts, each in 10 and in 20 steps")
    ui.made_with(chosen, γ=gamma)
    ui.code_that_ran(grid)
ui.caption(
    "All images start from the same noise. Columns differ in the prompt, rows in the number of "
    "sampling steps; γ is the guidance scale of lesson 1.6."
)
ask_for()
ui.say(
    "## What goes in, what comes out\n"
    "The network $\\epsilon_\\theta$ is given a noisy image $x_t$, the timestep $t$, which says "
    "how strong the noise is, and an embedding $c$ of the prompt. It returns an image of the same "
    "size: its prediction $\\hat\\epsilon = \\epsilon_\\theta(x_t, t, c)$ of the noise in "
    "$x_t$. It is called in every sampling step; the rest of sampling is arithmetic, and that is "
    "what Part A is about. Sampling visits only some of the $T$ timesteps of training: fewer steps "
    "are longer ones, and each trusts one prediction over a wider range of noise levels.\n\n"
    "**How the prompt enters.** A text encoder turns the words into vectors; it was trained "
    "beforehand on text and stays fixed. These vectors scale and shift layers of the "
    "network, or layers attend to them, so the same $x_t$ gives another $\\hat\\epsilon$ under "
    "another prompt. The empty prompt has an embedding too: it stands for “anything”.\n\n"
    "**How it was trained.** Take a training image $x_0$ with its caption, draw a timestep and a "
    "noise $\\epsilon$ at random, form $x_t$ in one jump (lesson 1.1), and change the weights so "
    "that the squared error of the prediction falls:\n\n"
    "$$\n\\mathbb{E}_{x_0, t, \\epsilon} "
    "\\lVert \\epsilon - \\epsilon_\\theta(x_t, t, c) \\rVert^2\n$$\n\n"
    "One caption in ten was replaced by the empty prompt, so that the network learnt to predict "
    "without a prompt as well; guidance (lesson 1.6) needs both. Part B trains such networks from "
    "scratch."
)
if chosen_family == "pictures":
    ui.caption(
        "Pictures was trained on 3.85 million images and reads prompts with the encoder "
        "all-MiniLM-L6-v2. Inside, it predicts the equivalent target v = √ᾱ ε − √(1 − ᾱ) x₀, from "
        "which the noise follows exactly, and the image without a division by a small √ᾱ: "
        "x̂₀ = √ᾱ x_t − √(1 − ᾱ) v."
    )
ui.say(
    "## One seed for everything\n"
    "All randomness on a page is drawn from the seed in the sidebar. The same seed gives the same "
    "noise and therefore the same images, so if you change one control at a time, every difference "
    "is due to that control. **Look closer.** What do the columns have in common, although their "
    "prompts differ?"
)
models_here()
questions()
