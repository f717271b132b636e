"""The bug lab: mistakes that leave a plausible picture, made on purpose in the real code.

A mistake is one changed line in a copy of the project's own modules (`copies`). What is run is the
lesson's own demo, and nothing outside of this package knows of any of it.
"""

from lessons.bug_lab.bench import Mistake
from lessons.bug_lab.changed import Difference, difference
from lessons.bug_lab.lab import Reading, Trial, beside, demo, together
from lessons.bug_lab.mistakes import BY_TITLE, LEFT_OUT, MISTAKES
from lessons.bug_lab.quiz import ASKED, Question, question

__all__ = [
    "ASKED",
    "BY_TITLE",
    "LEFT_OUT",
    "MISTAKES",
    "Difference",
    "Mistake",
    "Question",
    "Reading",
    "Trial",
    "beside",
    "demo",
    "difference",
    "question",
    "together",
]
