"""A1.5.1 · The perfect denoiser

For a finite set of images the optimal denoiser is known: it is a formula, and it reaches the
smallest possible training loss. Sampling with it returns only images of the set. This lesson
compares it with the trained network, to show that new images come from what the network does not
fit exactly.
"""

from lessons import text_to_image
from lessons.diffusion import denoise
from lessons.images import known_sets
from lessons.part_a import perfect_denoiser as lesson
from lessons.prompts import prompts_for
from lessons.workshop.experiments import stepping
from pages import _ui as ui
from pages._teaching import perfect_denoiser as ask


def charts(found: lesson.Curves) -> None:
    """The errors of both, and how many images are possible at each noise level."""
    ui.say(
        "## Where they differ\n"
        "Both estimate the clean image under the same noise. On images **of the set** no estimate "
        "has a smaller expected squared error than the formula. On **new** images every weighted "
        f"mean of known ones is wrong, and {where_ahead(found)}."
    )
    names = ("the perfect denoiser", "the network")
    for words, errors, key in (
        ("images of the set", found.known, "a151_known"),
        ("new images", found.new, "a151_new"),
    ):
        traces = [
            ui.Trace(name, found.timesteps, error, color=color)
            for name, error, color in zip(names, errors, ("x_0", "x_0_hat"), strict=True)
        ]
        if key == "a151_new":
            traces.append(
                ui.Trace(
                    "difference between the two", found.timesteps, found.apart, "dashed", "muted"
                )
            )
        ui.live_plot(
            traces,
            key=key,
            x_title="timestep t",
            y_title=f"mean squared error on {words}",
            height=320,
        )
    ui.explain(lesson.still_possible)
    ui.live_plot(
        [ui.Trace("still possible", found.choices, found.possible, color="x_0")],
        key="a151_possible",
        x_title="timestep t",
        y_title="effective number of images",
        log_y=True,
        height=280,
    )
    ui.say(decided(found))
    ui.code_that_ran(found)


def where_ahead(found: lesson.Curves) -> str:
    """Say where the network estimates new images better."""
    levels = zip(found.timesteps, *found.new, strict=True)
    ahead = [t for t, perfect, network in levels if network < perfect]
    if not ahead:
        return "yet the network has a smaller error at none of the timesteps measured"
    return (
        f"the network has the smaller error at {len(ahead)} of the {len(found.timesteps)} "
        f"timesteps measured, up to $t$ = {ahead[-1]}"
    )


def decided(found: lesson.Curves) -> str:
    """Say between which timesteps the choice falls."""
    levels = list(zip(found.choices, found.possible, strict=True))
    last, at_first = levels[-1]
    if at_first < 2:
        return (
            f"Already at $t$ = {last} the mean is {at_first:.1f}: the choice is made in the first "
            "step of sampling."
        )
    t, left = next(pair for pair in reversed(levels) if pair[1] < 2)
    return (
        f"At $t$ = {last} the mean is {at_first:.1f}; below 2 it falls at $t$ = {t} ({left:.1f}). "
        "Between these timesteps the trajectory chooses its image; afterwards it only removes "
        "noise from it."
    )


ui.lesson_header(__doc__)
chosen = ui.model()
prompt = prompts_for(chosen).neutral
sizes = known_sets.set_sizes(text_to_image.spec(chosen))
size = ui.choice(
    "Images in the known set",
    sizes,
    max(one for one in sizes if one <= 1000),
    key=ui.per_model("a151_size", chosen),
)
found = ui.live(
    lesson.demo,
    model=chosen,
    size=size,
    prompt=prompt,
    seed=ui.seed(),
    on_frame=lambda frame: ui.stack(frame, size=700),
)
if found:
    ui.grid(
        (found.perfect.images, found.perfect.nearest),
        row_labels=("the perfect denoiser", "nearest known"),
        size=140,
    )
    ui.grid(
        (found.network.images, found.network.nearest),
        row_labels=("the network", "nearest known"),
        size=140,
    )
    ui.deliver((*found.perfect.images, *found.network.images), "The formula, then the network")
    ui.made_with(chosen, known=size, prompt=prompt)
    ui.code_that_ran(found)
    ui.caption(
        "Both start from the same five noises. Distances are root mean square differences of "
        "pixels, where white minus black is 1. No sample of the perfect denoiser is farther than "
        f"{max(found.perfect.distances):.3f} from a known image, none of the network nearer than "
        f"{min(found.network.distances):.3f}."
    )
ui.explain(lesson.responsibilities)
ui.explain(lesson.expected_image)
ui.explain(denoise.noise_estimate, x_0="x_0_hat")
ui.explain(lesson.perfect)
if found:
    ui.say("## Every step")
    ui.trajectory(
        found.trajectory,
        (*found.perfect.images, *found.network.images),
        key=ui.named("a151_film", chosen, size, ui.seed()),
        name="perfect_denoiser",
    )
curves = ui.live(lesson.curves, model=chosen, size=size, prompt=prompt, seed=ui.seed())
if curves:
    charts(curves)
ui.say(
    "## Why this matters\n"
    "Training minimises the squared error on the training images, and the minimum is this formula, "
    "which only reproduces them. A network does not reach it: it has too few weights to store "
    "every image, and convolutions respond to strokes and edges wherever they lie. So its "
    "predictions for one region do not depend on having seen the whole image before, and that is "
    "how its samples can be new. Images that occur many times in a training set may be copied all "
    "the same, in large models too (Carlini et al. 2023, arXiv:2301.13188)."
)
ui.say(ui.PREDICT)
if ui.predict(ask.ONE_IMAGE, key="a151_q1"):
    ui.compared(ui.live(stepping.one_image_world, model=chosen, seed=ui.seed()))
ui.predict(ask.COPIES, key="a151_q2")
ui.say(
    "**Look closer.** The first clean estimate is nearly the mean of the whole set. At which step "
    "does each of the five trajectories settle on an image, and does the network settle earlier or "
    "later?"
)
