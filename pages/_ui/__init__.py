"""The page kit. Pages write `from pages import _ui as ui` and need nothing else from here.

words           lesson_header(__doc__), say(text), note(text), caption(text), label(text),
                standing_line(text)
mathematics     explain(lesson.function, z="x_t")
changed code    diff(lines, where)
results         live(lesson.demo, t=t, seed=seed()), code_that_ran(result)
images          strip(images), grid(rows, row_labels=, column_labels=)
sampling        trajectory(found.trajectory, results, key=),
                microscope(lesson.trace, key=, which=, **parameters)
frames          scrubber(frames, key=, labels=) -> place
curves          live_plot([Trace(name, x, y, style, color)], key=, x_title=, y_title=, log_y=)
taking home     downloads({"a.csv": lambda: csv(...), "a.png": lambda: montage(...)}, key=), gif()
images in       image_input(key="a17_picture", shape=(3, 64, 64)) -> name, pixels or None
drawings in     drawing_input(key="a174_drawing", shape=(3, 64, 64)) -> pixels or None
masks in        mask_input(image, key="a172_mask", shape=(3, 64, 64)) -> 0/1 (H, W) or None
numbers         slider(label, low, high, value, key="a11_t"), nearest(value, low, high, otherwise)
choices         choice(label, options, value, key=), select(label, words, value, key=),
                toggle(label, key=), named_choice(label, {name: words}, key=)
the address     carries all of these by itself; for what is none of them keep({name: text or None}),
                register(name, None, label, bound=False), place_of(name),
                only_looks(name, …) for those that no result depends on
the one seed    seed(), SEED where it is fixed
models          model(), prompt(words, default, model=, key=), prompt_pair(...),
                gallery_input(key=, model=), per_model(key, model), more(),
                named(name, *parameters) -> key, made_with(model, γ=7.0)
questions       PREDICT, predict(Question(...), key="a14_q1") -> answered, compared(result),
                measured(result)
deliverables    deliver(images, "what they are"), produced(), seen(), opened(), deliverables()
over a reload   is_kept(), days_kept(), save_remarks(name, remarks), forget_all()
messages        toast(text), info(text), warning(text), error(text): always plain text
pages           all_lessons(), to_page(file, text), part_title(part)
the plane       plane([Panel(title, caption, alt, (PlaneLayer(...),))], key=, labels=),
                plane_drawing(key=, most=) -> whatever the browser says are points
tables          table(columns, rows, label=), the first column naming the rows
looking         turning(image, viewed, words=, view=, key=), stepping_back(images, words=, key=)

A page's docstring is its title line (`B1.2 · Train a denoiser`), a blank line, and a few sentences
on what will be learned; the list of pages, the home page and `lesson_header` all read it there.
What pages say goes through the notation that the reader chose (`notation.py`); code does not.
"""

from pages._ui.code.code_that_ran import code_that_ran
from pages._ui.code.diff import diff
from pages._ui.code.explain import explain
from pages._ui.display.images import grid, stack, strip
from pages._ui.display.live import live
from pages._ui.display.live_plot import Trace, live_plot
from pages._ui.display.microscope import Which, microscope
from pages._ui.display.plane import Panel, PlaneLayer, plane
from pages._ui.display.scrubber import scrubber
from pages._ui.display.trajectory import trajectory
from pages._ui.display.turning import stepping_back, turning
from pages._ui.inputs.downloads import csv, downloads, gif, montage
from pages._ui.inputs.image_input import drawing_input, image_input
from pages._ui.inputs.mask_input import mask_input
from pages._ui.inputs.model import (
    gallery_input,
    made_with,
    model,
    more,
    named,
    per_model,
    prompt,
    prompt_pair,
)
from pages._ui.inputs.numbers import check_choice, choice, nearest, number, select, slider, toggle
from pages._ui.inputs.plane_drawing import plane_drawing
from pages._ui.inputs.predict import PREDICT, Question, compared, measured, predict
from pages._ui.inputs.seed import DEFAULT as SEED
from pages._ui.inputs.seed import seed
from pages._ui.session.address import keep, named_choice, place_of
from pages._ui.session.controls import only_looks, register
from pages._ui.session.lessons import discover as all_lessons
from pages._ui.session.produced import (
    Deliverable,
    deliver,
    deliverables,
    kept_images,
    produced,
    remove,
    seen,
)
from pages._ui.session.remembered import days_kept, forget_all, is_kept, save_remarks
from pages._ui.session.results import Produced
from pages._ui.session.visit import opened
from pages._ui.text.contents import contents, part_title, start_here, to_page
from pages._ui.text.messages import duration, error, info, problems, telling, toast, warning
from pages._ui.text.plain_text import plain_text
from pages._ui.text.table import table
from pages._ui.text.words import caption, label, lesson_header, note, say, standing_line

__all__ = [
    "PREDICT",
    "SEED",
    "Deliverable",
    "Panel",
    "PlaneLayer",
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
    "days_kept",
    "deliver",
    "deliverables",
    "diff",
    "downloads",
    "drawing_input",
    "duration",
    "error",
    "explain",
    "forget_all",
    "gallery_input",
    "gif",
    "grid",
    "image_input",
    "info",
    "is_kept",
    "keep",
    "kept_images",
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
    "only_looks",
    "opened",
    "part_title",
    "per_model",
    "place_of",
    "plain_text",
    "plane",
    "plane_drawing",
    "predict",
    "problems",
    "produced",
    "prompt",
    "prompt_pair",
    "register",
    "remove",
    "save_remarks",
    "say",
    "scrubber",
    "seed",
    "seen",
    "select",
    "slider",
    "stack",
    "standing_line",
    "start_here",
    "stepping_back",
    "strip",
    "table",
    "telling",
    "to_page",
    "toast",
    "toggle",
    "trajectory",
    "turning",
    "warning",
]
