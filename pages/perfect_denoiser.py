"""A1.5.1 · The perfect denoiser

For a handful of pictures the best denoiser is a formula. It can only repeat what it has seen; the
network's mistake is to do more.
"""

from itertools import pairwise

from lessons import perfect_denoiser as lesson
from lessons import sanity
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def charts(found: lesson.Curves) -> None:
    """Where the two differ, and who is right."""
    ui.say(
        "## Where they differ\n"
        "Both guess the clean picture from under the same noise. On pictures **of the set** "
        "nothing can have a smaller mean error than the formula. On **new** pictures it has only "
        f"wrong answers to offer, and {where_ahead(found)}."
    )
    names = ("the perfect denoiser", "the network")
    for words, errors, key in (
        ("pictures of the set", found.known, "a151_known"),
        ("new pictures", found.new, "a151_new"),
    ):
        traces = [
            ui.Trace(name, found.timesteps, error, color=color)
            for name, error, color in zip(names, errors, ("x_0", "x_0_hat"), strict=True)
        ]
        if key == "a151_new":
            traces.append(
                ui.Trace("between the two", found.timesteps, found.apart, "dashed", "muted")
            )
        ui.live_plot(
            traces,
            key=key,
            x_title="timestep t",
            y_title=f"error on {words}",
            height=320,
        )
    ui.explain(lesson.still_possible)
    ui.live_plot(
        [ui.Trace("still possible", found.timesteps, found.possible, color="x_0")],
        key="a151_possible",
        x_title="timestep t",
        y_title="pictures possible",
        log_y=True,
        height=280,
    )
    ui.say(decided(found))
    ui.code_that_ran(found)


def where_ahead(found: lesson.Curves) -> str:
    """Say where the network guesses new pictures better."""
    levels = zip(found.timesteps, *found.new, strict=True)
    ahead = [t for t, perfect, network in levels if network < perfect]
    if not ahead:
        return "still the network is nowhere ahead of it"
    return (
        f"the network is ahead of it at {len(ahead)} of the {len(found.timesteps)} timesteps "
        f"measured, up to $t$ = {ahead[-1]}"
    )


def decided(found: lesson.Curves) -> str:
    """Say where the choice falls."""
    levels = list(zip(found.timesteps, found.possible, strict=True))
    for (_, before), (t, after) in pairwise(levels):
        if before < 2 <= after:
            return (
                f"Below $t$ = {t} a single picture is left: the walk has decided, and the rest of "
                "it only takes the noise away."
            )
    return "At most one or two pictures are possible at any timestep: there is little to decide."


ui.lesson_header(__doc__)
chosen = ui.model()
prompt = prompts_for(chosen).neutral
sizes = lesson.set_sizes(chosen)
size = ui.choice(
    "Pictures that it knows",
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
        (found.perfect.pictures, found.perfect.nearest),
        row_labels=("the perfect denoiser", "nearest known"),
        size=140,
    )
    ui.grid(
        (found.network.pictures, found.network.nearest),
        row_labels=("the network", "nearest known"),
        size=140,
    )
    ui.deliver((*found.perfect.pictures, *found.network.pictures), "The formula, then the network")
    ui.made_with(chosen, known=size, prompt=prompt)
    ui.code_that_ran(found)
    ui.caption(
        "The same five noises. Distances are root mean square differences of the pixels, black to "
        f"white being 1: the perfect denoiser ends at most {max(found.perfect.distances):.3f} from "
        f"a picture that it knows, the network at least {min(found.network.distances):.3f}."
    )
ui.explain(lesson.responsibilities)
ui.explain(lesson.expected_picture)
ui.explain(lesson.noise_beside, x_0="x_0_hat")
ui.explain(lesson.perfect)
if found:
    ui.say("## Every step")
    ui.film(
        found.film,
        (*found.perfect.pictures, *found.network.pictures),
        key=ui.named("a151_film", chosen, size, ui.seed()),
        name="perfect_denoiser",
    )
curves = ui.live(lesson.curves, model=chosen, size=size, prompt=prompt, seed=ui.seed())
if curves:
    charts(curves)
ui.say(
    "## Why that is the point\n"
    "Training asks for the smallest squared error on the training pictures, and the smallest of "
    "all is this formula, which only makes copies. The network can't reach it: it is too small to "
    "keep every picture, and it sees strokes and edges wherever they lie. What it misses on the "
    "training set is what makes its pictures new."
)
ui.say(HEADING)
if ui.predict(ask.ONE_PICTURE, key="a151_q1"):
    ui.compared(ui.live(sanity.one_picture_world, model=chosen, seed=ui.seed()))
ui.predict(ask.COPIES, key="a151_q2")
ui.say(
    "**Look closer.** The first guess is the mean of everything known. At which step of the film "
    "do the five walks decide, and does the network decide earlier or later?"
)
