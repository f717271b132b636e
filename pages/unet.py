"""B1.1 · The UNet

A noisy digit goes in, a clean one comes out. On the way the picture shrinks to a single pixel;
the arcs carry past that pixel what would be lost in it.
"""

from typing import Final

import streamlit as st

from lessons import unet as lesson
from lessons.train_denoiser import add_noise
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask
from pages._unet_figure import unet_figure

BLOCK: Final = "b11_block"
NAMES: Final = lesson.BLOCKS


def choose(name: str) -> None:
    """Choose a block, for the figure; the row of names under it holds the choice."""
    st.session_state[BLOCK] = name


def table(block: lesson.Block) -> str:
    """How many numbers a block learns, layer by layer, in Markdown."""
    if not block.layers:
        return "Nothing in it is learnt: an average has no parameters."
    rows = [f"| {x.kind} | {x.product} | {x.parameters:,} |" for x in block.layers]
    total = f"| **together** | | **{block.parameters:,}** |"
    return "\n".join(["| layer | weights + biases | parameters |", "|:--|:--|--:|", *rows, total])


def size(shape: tuple[int, ...]) -> str:
    """(128, 14, 14) as 128 × 14 × 14."""
    return " × ".join(map(str, shape))


def number(value: float) -> str:
    """Two digits after the point, and a true minus."""
    return f"{value:.2f}".replace("-", "−")


ui.lesson_header(__doc__)

trained = lesson.trained_runs()
usual = lesson.usual_width(trained)
with st.container(horizontal=True, gap="medium"):
    D = ui.choice("Width D", lesson.WIDTHS, usual, key="b11_width")
    digit = ui.choice("Digit", range(10), 3, key="b11_digit")
run = trained.get(D)
network = ui.live(lesson.architecture, num_hiddens=D)
walk = ui.live(
    lesson.walk, num_hiddens=D, run_id=run.id if run else None, digit=digit, seed=ui.seed()
)

place = st.container()
ui.check_choice(BLOCK, NAMES, NAMES[0], "Block")
name = st.segmented_control(
    "Block",
    NAMES,
    # A choice made in the figure is there already, and a default beside it would be one too many.
    default=None if BLOCK in st.session_state else NAMES[0],
    required=True,
    key=BLOCK,
    bind="query-params",
)
with place:
    if network:
        unet_figure(
            network,
            key="b11_figure",
            selected=name or NAMES[0],
            given=walk.given if walk else None,
            answer=walk.answer if walk else None,
            on_choose=choose,
        )
    made = f"trained: {run.label}" if run else f"D = {D} · not trained: its weights are random"
    ui.label(f"{network.parameters:,} parameters · {made}")
    if walk:
        ui.deliver((walk.given, walk.answer), "A noisy digit, and the answer", network=made)
    ui.caption(
        "A box is as high as its pictures, and wider the more of them it holds; under it, how many "
        "numbers the block learns. Dashed: what an arc has brought there."
    )

ui.code_that_ran(walk)

block = next((x for x in network.blocks if x.name == name), None)
if block:
    st.header(f"{block.name}: {block.kind}", anchor=False)
    joined = " and ".join(f"`{source}`" for source in block.sources)
    ui.say(
        f"{size(block.shape_in)} in, from {joined}; {size(block.shape_out)} out; "
        f"{block.parameters:,} parameters."
    )
    maps = walk.maps[block.name]
    left, right = st.columns(2, gap="large")
    with left:
        if maps:
            ui.strip(maps.pictures, size=84)
            ui.label(
                f"Channels 1 to {len(maps.pictures)} of {maps.channels} for this digit; black is "
                f"{number(maps.low)} or less, white {number(maps.high)} or more."
            )
    with right:
        st.markdown(table(block))
    for tab, part in zip(st.tabs(list(block.parts)), block.parts, strict=True):
        with tab:
            ui.explain(lesson.class_named(part))

st.header("Noise, from none to as strong as the digit", anchor=False)
noised = ui.live(lesson.noising, digit=digit, seed=ui.seed())
ui.strip(noised, size=84)
ui.caption("The same digit and the same noise each time; only its strength grows.")
ui.code_that_ran(noised)
ui.explain(add_noise, z="x_t", x="x_0")

st.header("Why the last layer is a plain convolution", anchor=False)
floor = ui.live(lesson.gelu_floor, seed=ui.seed())
ui.say(
    f"Every other layer ends in a GELU, which never gives less than **{number(floor.lowest)}**. "
    f"Later lessons ask the same network for the noise itself, and "
    f"**{floor.share:.0%}** of that lies lower."
)
if floor:
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        ui.live_plot(
            [
                ui.Trace("GELU", floor.x, floor.y, color="eps"),
                ui.Trace("plain", floor.x, floor.x, style="dashed", color="muted"),
            ],
            key="b11_gelu",
            x_title="what the convolution says",
            y_title="what comes out",
            height=320,
        )
    with right:
        ui.strip([floor.noise, floor.nearest])
    ui.code_that_ran(floor)
if walk and walk.lowest < floor.lowest:
    ui.caption(f"The answer in the figure above goes down to {number(walk.lowest)}.")

ui.say(HEADING)
counts = sorted(((x.parameters, x.name) for x in network.blocks), reverse=True)[:2]
most = ", ".join(f"{name} {count:,}" for count, name in counts)
ui.predict(ask.MOST_NUMBERS, key="b11_q1", seen=f"The two largest here: {most}.")
ui.predict(
    ask.LAST_GELU,
    key="b11_q2",
    seen=f"Its lowest is {number(floor.lowest)}; {floor.share:.0%} of noise is lower than that.",
)
ui.say(
    "**Look closer.** How much of the picture does each block see? What would the way up still "
    "know without the arcs?"
)
