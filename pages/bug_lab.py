"""Bug lab

Mistakes in diffusion code seldom raise an error: the program runs, and the images look plausible.
Each entry here changes one line of the code that this app runs, shows what comes out beside the
right result, and measures the number that reveals it. You learn what to test in your own code.
"""

from __future__ import annotations

import secrets
from typing import Final

import streamlit as st

from lessons.workshop.bug_lab import bench, changed, lab, mistakes, quiz
from pages import _ui as ui

LOOK, QUIZ = "One mistake", "Which one is on?"
FIRST = "Sampling loop · the variance of one timestep in a step of many"
STATE = "bug_quiz"

SIGNS: Final = "The mistake as a change: − is the right line, + the wrong one that replaces it."


def look(chosen: str) -> None:
    """One mistake, chosen by the reader, and others on top of it."""
    titles = sorted(mistakes.BY_TITLE)
    title = ui.select("Mistake", titles, FIRST, key="bug_mistake", former=lab.FORMER)
    more: list[str] = []
    if fitting := lab.beside(title):
        with ui.more():
            key = ui.named("bug_also", title)
            ui.register(key, [], "Further mistakes")
            sent_too = st.multiselect(
                "Further mistakes", fitting, key=key, placeholder="none", bind="query-params"
            )
            more = [one for one in sent_too if one in fitting]
    made = lab.together(title, more)
    mistake = mistakes.BY_TITLE[title]
    ui.say(mistake.story)
    trial = ui.live(
        lab.demo,
        model=chosen,
        mistakes=made,
        seed=ui.seed(),
        on_frame=lambda frame: ui.stack(frame, size=700),
    )
    if trial:
        images(trial)
        if trial.words and trial.on != chosen:
            ui.label("Shown on Digits, whatever the model.")
        numbers(trial)
    ui.caption(SIGNS)
    for one in made:
        lines(mistakes.BY_TITLE[one])
    ui.say(f"**Why it passes.** {mistake.plausible}")
    file, sentence = mistake.noticed_in
    ui.say(f"**How to catch it.** `{file}` says: {sentence}.")


def images(trial: lab.Trial) -> None:
    """Right above wrong, and how far they are apart."""
    if trial.words:
        ui.caption(f"From the same noise: {trial.words}.")
        apart = "difference" if trial.gain == 1 else f"difference ×\u00a0{trial.gain}"
        ui.grid(
            (trial.right, trial.wrong, trial.difference),
            row_labels=("right", "with the mistake", apart),
            size=140 if len(trial.right) <= 5 else 84,
        )
    if trial.curve:
        ui.live_plot(
            [
                ui.Trace("right", trial.curve.epochs, trial.curve.right, color="x_0_hat"),
                ui.Trace("with the mistake", trial.curve.epochs, trial.curve.wrong, color="eps"),
            ],
            key="bug_rates",
            x_title="epoch",
            y_title="learning rate, the first being 1",
            log_y=True,
            height=320,
        )


def numbers(trial: lab.Trial) -> None:
    """The number that reveals it."""
    rows = [
        f"| {one.words} ({one.expected}) | {one.right} | **{one.wrong}** |"
        for one in trial.readings
    ]
    head = "| measured on digits | right | with the mistake |\n|---|---|---|\n"
    ui.say(head + "\n".join(rows))


def lines(mistake: bench.Mistake) -> None:
    """The line, right and wrong."""
    found = changed.difference(mistake.title)
    ui.diff(found.lines, found.where)


def ask() -> None:
    """Which one is on? Nothing on the page names the answer before the reader does."""
    state = st.session_state.setdefault(
        STATE, {"order": secrets.randbelow(2**31), "number": 0, "given": "", "right": 0, "asked": 0}
    )
    asked = quiz.question(state["order"], state["number"])
    ui.say(
        f"**Question {state['number'] + 1}.** One line of the code is wrong. Which mistake is it? "
        "Only the images are shown; the measured number would name it."
    )
    trial = ui.live(
        lab.demo, slot="bug_quiz", model="digits", mistakes=(asked.answer,), seed=ui.seed()
    )
    if trial:
        images(trial)
    key = f"bug_quiz_{state['number']}"
    st.radio("The mistake is", asked.choices, index=None, key=key, disabled=bool(state["given"]))
    if not state["given"]:
        st.button("Answer", key="bug_answer", type="primary", on_click=answer, args=(key,))
        return
    right = state["given"] == asked.answer
    ui.say(f"**{'Right' if right else 'No'}.** It was: {asked.answer}.")
    if trial:
        numbers(trial)
    mistake = mistakes.BY_TITLE[asked.answer]
    ui.say(mistake.story)
    ui.caption(SIGNS)
    lines(mistake)
    ui.say(f"**Why it passes.** {mistake.plausible}")
    ui.label(f"{state['right']} of {state['asked']} found")
    st.button("Next", key="bug_next", type="primary", on_click=following)


def answer(key: str) -> None:
    """Take the reader's choice, once, if it is one of those offered."""
    state, given = st.session_state[STATE], st.session_state.get(key)
    asked = quiz.question(state["order"], state["number"])
    if given in asked.choices and not state["given"]:
        right = state["right"] + (given == asked.answer)
        st.session_state[STATE] = state | {
            "given": given,
            "right": right,
            "asked": state["asked"] + 1,
        }


def following() -> None:
    """Go on to the next question, if this one is answered."""
    state = st.session_state[STATE]
    if state["given"]:
        st.session_state[STATE] = state | {"given": "", "number": state["number"] + 1}


ui.lesson_header(__doc__)
chosen = ui.model()
if ui.choice("What to do", (LOOK, QUIZ), LOOK, key="bug_mode") == QUIZ:
    ask()
else:
    look(chosen)
with st.expander("How a mistake is made here, and what is left out"):
    ui.say(
        "One line in the source of a module is replaced, and a copy of the module is made from it, "
        "beside the real one; so for every module that uses it. Then the lesson's own demo is run "
        "with the copies. No other page is affected. Not included: "
        + "; ".join(mistakes.LEFT_OUT)
        + "."
    )
