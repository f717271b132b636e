"""Predict, then look: a question whose image waits until the reader has said what it will be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import streamlit as st

from pages._ui.display.images import grid
from pages._ui.session import remembered
from pages._ui.text import years
from pages._ui.text.words import caption, say

if TYPE_CHECKING:
    from lessons.workshop.experiments.comparing import Compared
    from lessons.workshop.experiments.digit_networks import MeasuredRows


PREDICT: Final = "## Predict, then look"
"""Heads a page's questions."""


@dataclass(frozen=True)
class Question:
    """One thing to predict. Nobody is graded: a wrong guess makes the image worth seeing.

    Attributes:
        text: the question, plain text with a few symbols; a screen reader says it.
        options: two to four answers, each of which somebody would give.
        answer: which of them happens, a place in `options`.
        why: at most three sentences, Markdown.
    """

    text: str
    options: tuple[str, ...]
    answer: int
    why: str

    def __post_init__(self) -> None:
        """Refuse an answer that is not among the options, and options that are alike."""
        if not 0 <= self.answer < len(self.options) or len(set(self.options)) < 2:
            raise ValueError(f"“{self.text}” has no answer among its options")


def predict(question: Question, *, key: str, seen: str = "") -> bool:
    """Ask, and after the answer tell what happens. Kept for the session, never in the address.

    Args:
        question: what to predict.
        key: its name, which begins with the lesson's number, e.g. "a14_q1".
        seen: one more sentence of the explanation, on what this page shows just now.

    Returns:
        Whether the reader has answered; only then show, and only then calculate.
    """
    answered = st.session_state.get(_kept(key))
    with st.container(key=f"ui_predict_{key}"):
        if not isinstance(answered, int) or answered not in range(len(question.options)):
            _ask(question, key)
            return False
        _tell(question, answered, key, seen)
    return True


def compared(found: Compared, *, size: int = 112) -> None:
    """Show images that came about in two ways, and how far apart they are at most.

    Args:
        found: the two rows and the number; nothing is shown of no result.
        size: width of each image in CSS pixels.
    """
    if found:
        grid(found.rows, row_labels=found.words, size=size)
        _proof(f"{apart(found.apart)} Calculated just now.")


def measured(found: MeasuredRows, *, size: int = 84) -> None:
    """Show the rows of an experiment, each with what was measured of it; arguments as above."""
    if found:
        grid(found.rows, row_labels=found.words, size=size)
        _proof("Calculated just now.")


def apart(difference: float) -> str:
    """Say the largest difference of two pixels, and what such a number means, in HTML."""
    words = (
        f"Largest difference between two pixels, black to white being 1: <b>{plain(difference)}</b>"
    )
    if difference == 0:
        return f"{words}, not even a rounding error."
    return f"{words}, a rounding error." if difference < 1e-3 else f"{words}."


def plain(number: float) -> str:
    """One significant digit, written out: 0.000003; what is smaller still is not."""
    if 0 < number < 1e-9:
        return "less than 0.000000001"
    return format(Decimal(f"{number:.1g}"), "f")


def _proof(html: str) -> None:
    # No caption: those are told apart by their words, and two proofs may well read alike.
    st.html(f'<p class="ui-label">{html}</p>')


def _ask(question: Question, key: str) -> None:
    # In a form, so that arrow keys may go through the options before one of them is the answer.
    with st.form(f"{key}_form", border=False):
        write = years.current().prose
        st.radio(write(question.text), question.options, index=None, key=key, format_func=write)
        st.form_submit_button("Show me", key=f"{key}_show", on_click=_keep, args=(question, key))
        if st.session_state.pop(_hurried(key), False):
            caption("Choose one of them first: an estimate is enough.")


def _tell(question: Question, answered: int, key: str, seen: str) -> None:
    right = answered == question.answer
    happens = question.options[question.answer]
    verdict = "That is what happens." if right else f"What happens instead: *{happens}*."
    say(f"**{question.text}**\n\nYou said: *{question.options[answered]}*. {verdict}")
    say(f"{question.why} {seen}".strip())
    st.button("Ask me again", key=f"{key}_again", on_click=_forget, args=(key,), type="tertiary")


def _keep(question: Question, key: str) -> None:
    """Keep the answer apart from the widget, whose state ends when the reader leaves the page."""
    sent = st.session_state.get(key)
    if sent in question.options:
        st.session_state[_kept(key)] = question.options.index(sent)
        remembered.save_answers()
    else:
        st.session_state[_hurried(key)] = True


def _forget(key: str) -> None:
    st.session_state.pop(_kept(key), None)
    remembered.save_answers()


def _kept(key: str) -> str:
    return f"{remembered.ANSWERS}: {key}"


def _hurried(key: str) -> str:
    return f"predict: {key} without an answer"
