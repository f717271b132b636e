"""A1.7 · Image to image

Drown a picture a little, then let the network find its way back: the more noise, the freer it is.
"""

from lessons import forward_process, originals, sanity, text_to_image
from lessons import image_to_image as lesson
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def one_level() -> None:
    """A single noise level, with its film."""
    ui.say("## One level, step by step")
    start = ui.slider("Start at place $i$ of 34", 0, 32, 22, key="a17_start")
    one = ui.live(
        lesson.demo,
        slot="a17 one",
        model=chosen,
        original=original,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        starts=(start,),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if one:
        ui.strip((one.original, one.starts[0], one.results[0]), size=224)
        ui.code_that_ran(one)
        key = ui.named("a17_film", chosen, original, start, asked, gamma, ui.seed())
        ui.film(one.films[0], one.results, key=key, name="edited")


def two_more() -> None:
    """The lesson's row on two more pictures of the gallery."""
    ui.say("## On two more pictures")
    found, rows, titles = [], [], []
    for other in originals.names(shape)[1:3]:
        row = ui.live(
            lesson.demo,
            slot=f"a17 {other.name}",
            model=chosen,
            original=other.name,
            prompt=prompts_for(chosen).neutral,
            gamma=7.0,
            seed=ui.seed(),
            on_frame=lambda frame: ui.strip(frame, size=280),
        )
        if row:
            found.append(row)
            rows.append((*row.results, row.original))
            titles.append(other.title)
    if rows:
        ui.grid(rows, row_labels=titles, size=112)
        ui.made_with(chosen, prompt=prompts_for(chosen).neutral, γ=7.0)
    for row in found:
        ui.code_that_ran(row)


def questions() -> None:
    """What is left of an original."""
    ui.say(HEADING)
    if ui.predict(ask.TWO_ORIGINALS, key="a17_q1"):
        ui.compared(
            ui.live(
                sanity.two_originals,
                model=chosen,
                pair=tuple(one.name for one in originals.names(shape)[:2]),
                prompt=prompts_for(chosen).neutral,
                i_start=0,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.LIGHTEST, key="a17_q2")


ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.outline(chosen).shape
original = ui.picture_input(key=ui.per_model("a17_picture", chosen), shape=shape)
with ui.more():
    gamma = ui.slider("Guidance γ", 0.0, 15.0, 7.0, key="a17_gamma", step=0.5)
    asked = ui.prompt("Prompt", prompts_for(chosen).neutral, model=chosen, key="a17_prompt")
if original is not None:
    found = ui.live(
        lesson.demo,
        slot="a17 row",
        model=chosen,
        original=original,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if found:
        ui.grid([(*found.results, found.original)], size=140)
        number = "A1.7" if isinstance(original, str) else "A1.7.1"
        ui.deliver((*found.results, found.original), "Edited from six noise levels", number=number)
        ui.made_with(chosen, prompt=asked, γ=gamma)
        ui.code_that_ran(found)
        ui.caption(
            "From almost pure noise to a light touch, and the original. Somewhere in between is a "
            "picture that is like the original and yet was never seen."
        )
    ui.explain(forward_process.add_noise)
    one_level()
two_more()
questions()
ui.say(
    "**Look closer.** Which decisions does the network leave as they were at every level, and "
    "which does it take first?"
)
