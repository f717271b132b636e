"""The page kit. Pages write `from pages import _ui as ui` and need nothing else from here.

words           lesson_header(__doc__), say(text), note(text), caption(text), label(text)
mathematics     explain(lesson.function, z="x_t")
changed code    diff(lines, where)
results         live(lesson.demo, t=t, seed=seed()), code_that_ran(result)
pictures        strip(pictures), grid(rows, row_labels=, column_labels=)
walks           film(film, results, key=), microscope(lesson.walk, key=, which=, **knobs)
frames          scrubber(frames, key=, labels=) -> place
curves          live_plot([Trace(name, x, y, style, color)], key=, x_title=, y_title=, log_y=)
taking home     downloads({"a.csv": lambda: csv(...), "a.png": lambda: montage(...)}, key=), gif()
pictures in     picture_input(key="a17_picture", shape=(3, 64, 64)) -> name, pixels or None
masks in        mask_input(picture, key="a172_mask", shape=(3, 64, 64)) -> 0/1 (H, W) or None
numbers         slider(label, low, high, value, key="a11_t"), nearest(value, low, high, otherwise)
choices         choice(label, options, value, key=), select(label, words, value, key=),
                toggle(label, key=), named_choice(label, {name: words}, key=)
the address     carries all of these by itself; for what is none of them keep({name: text or None}),
                knob(name, None, label, bound=False), place_of(name)
the one seed    seed()
models          model(), prompt(words, default, model=, key=), prompt_pair(...), expectation(note),
                gallery_input(key=, model=), per_model(key, model), more(),
                named(name, *knobs) -> key, made_with(model, γ=7.0)
questions       predict(Question(...), key="a14_q1") -> answered, compared(result), measured(result)
deliverables    deliver(pictures, "what they are"), produced(), seen(), opened(), deliverables()
pages           all_lessons(), to_page(file, text), part_title(part)
looking         turning(upright, viewed, words=, view=, key=), stepping_back(pictures, words=, key=)

A page's docstring is its title line (`B1.2 · Train a denoiser`), a blank line, and one sentence on
what the page shows; the list of pages, the home page and `lesson_header` all read it there.
What pages say goes through the notation that the reader chose (`notation.py`); code does not.
"""

from pages._ui.address import keep, knob, named_choice, place_of
from pages._ui.code_that_ran import code_that_ran
from pages._ui.contents import contents, part_title, start_here, to_page
from pages._ui.diff import diff
from pages._ui.downloads import csv, downloads, gif, montage
from pages._ui.explain import explain
from pages._ui.film import film
from pages._ui.lessons import discover as all_lessons
from pages._ui.live import live
from pages._ui.live_plot import Trace, live_plot
from pages._ui.mask_input import mask_input
from pages._ui.messages import duration, problems, telling
from pages._ui.microscope import Which, microscope
from pages._ui.model import (
    expectation,
    gallery_input,
    made_with,
    model,
    more,
    named,
    per_model,
    prompt,
    prompt_pair,
)
from pages._ui.numbers import check_choice, choice, nearest, number, select, slider, toggle
from pages._ui.picture_input import picture_input
from pages._ui.pictures import grid, stack, strip
from pages._ui.plain_text import plain_text
from pages._ui.predict import Question, compared, measured, predict
from pages._ui.produced import (
    Deliverable,
    Produced,
    deliver,
    deliverables,
    kept_pictures,
    produced,
    remove,
    seen,
)
from pages._ui.scrubber import scrubber
from pages._ui.seed import seed
from pages._ui.turning import stepping_back, turning
from pages._ui.visit import opened
from pages._ui.words import caption, label, lesson_header, note, say

__all__ = [
    "Deliverable",
    "Produced",
    "Question",
    "Trace",
    "Which",
    "all_lessons",
    "caption",
    "check_choice",
    "choice",
    "code_that_ran",
    "compared",
    "contents",
    "csv",
    "deliver",
    "deliverables",
    "diff",
    "downloads",
    "duration",
    "expectation",
    "explain",
    "film",
    "gallery_input",
    "gif",
    "grid",
    "keep",
    "kept_pictures",
    "knob",
    "label",
    "lesson_header",
    "live",
    "live_plot",
    "made_with",
    "mask_input",
    "measured",
    "microscope",
    "model",
    "montage",
    "more",
    "named",
    "named_choice",
    "nearest",
    "note",
    "number",
    "opened",
    "part_title",
    "per_model",
    "picture_input",
    "place_of",
    "plain_text",
    "predict",
    "problems",
    "produced",
    "prompt",
    "prompt_pair",
    "remove",
    "say",
    "scrubber",
    "seed",
    "seen",
    "select",
    "slider",
    "stack",
    "start_here",
    "stepping_back",
    "strip",
    "telling",
    "to_page",
    "toggle",
    "turning",
]
