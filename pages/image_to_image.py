"""A1.7 · Image to image

Noise is added to a source image up to some timestep, and the sampling loop denoises it again
(SDEdit). The starting timestep decides how much of the source survives: the more noise, the more
freely the network chooses. The same loop that generates images thus becomes an editor.
"""

from lessons import text_to_image
from lessons.diffusion import forward
from lessons.images import sources
from lessons.part_a import image_to_image as lesson
from lessons.prompts import prompts_for
from lessons.workshop.experiments import prompting
from pages import _ui as ui
from pages._teaching import image_to_image as ask


def one_level() -> None:
    """A single starting timestep, with its trajectory."""
    ui.say("## One starting timestep, step by step")
    start = ui.slider("i_start, of 34 timesteps", 0, 32, 22, key="a17_start")
    one = ui.live(
        lesson.demo,
        slot="a17 one",
        model=chosen,
        source_image=source_image,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        starts=(start,),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if one:
        ui.strip((one.source_image, one.starts[0], one.results[0]), size=224)
        ui.code_that_ran(one)
        key = ui.named("a17_film", chosen, source_image, start, asked, gamma, ui.seed())
        ui.trajectory(one.trajectories[0], one.results, key=key, name="edited")


def two_more() -> None:
    """The same row for two more images of the gallery."""
    ui.say("## On two more images")
    found, rows, titles = [], [], []
    for other in sources.names(shape)[1:3]:
        row = ui.live(
            lesson.demo,
            slot=f"a17 {other.name}",
            model=chosen,
            source_image=other.name,
            prompt=prompts_for(chosen).neutral,
            gamma=prompts_for(chosen).gamma,
            seed=ui.seed(),
            on_frame=lambda frame: ui.strip(frame, size=280),
        )
        if row:
            found.append(row)
            rows.append((*row.results, row.source_image))
            titles.append(other.title)
    if rows:
        ui.grid(rows, row_labels=titles, size=112)
        ui.made_with(chosen, prompt=prompts_for(chosen).neutral, γ=prompts_for(chosen).gamma)
    for row in found:
        ui.code_that_ran(row)


def questions() -> None:
    """How much of a source image is left."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.TWO_SOURCE_IMAGES, key="a17_q1"):
        ui.compared(
            ui.live(
                prompting.two_source_images,
                model=chosen,
                pair=tuple(one.name for one in sources.names(shape)[:2]),
                prompt=prompts_for(chosen).neutral,
                i_start=0,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.LIGHTEST, key="a17_q2")


ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.spec(chosen).shape
source_image = ui.image_input(key=ui.per_model("a17_picture", chosen), shape=shape)
with ui.more():
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).gamma, key="a17_gamma", step=0.5
    )
    asked = ui.prompt("Prompt", prompts_for(chosen).neutral, model=chosen, key="a17_prompt")
if source_image is not None:
    found = ui.live(
        lesson.demo,
        slot="a17 row",
        model=chosen,
        source_image=source_image,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if found:
        ui.grid([(*found.results, found.source_image)], size=140)
        number = "A1.7" if isinstance(source_image, str) else "A1.7.1"
        ui.deliver(
            (*found.results, found.source_image),
            "The source image, edited from six noise levels",
            number=number,
        )
        ui.made_with(chosen, prompt=asked, γ=gamma)
        ui.code_that_ran(found)
        ui.caption(
            "Edits from almost pure noise (left) to little noise, and the source image (right). "
            "The larger i_start, the less noise was added and the more of the source is kept. "
            "Large shapes survive more noise than details do. The noise makes the room: what it "
            "has not covered, the network has no reason to change."
        )
    ui.explain(forward.add_noise)
    one_level()
two_more()
questions()
ui.say(
    "**Look closer.** From left to right, which properties of the source image appear first: "
    "colours, layout, outline or details?"
)
