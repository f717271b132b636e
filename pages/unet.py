"""B1.1 · The UNet

A UNet takes an image and returns one of the same size, here a noisy digit and its clean estimate.
This lesson follows one digit through the network, block by block, and says what each block
contributes. All networks of Part B are this UNet, with small additions.
"""

from typing import Final

import streamlit as st

from lessons.part_b import architecture
from lessons.part_b import unet as lesson
from lessons.part_b.train_denoiser import add_unscaled_noise
from pages import _ui as ui
from pages._shared.unet_figure import unet_figure
from pages._teaching import unet as ask

BLOCK: Final = "b11_block"
NAMES: Final = lesson.BLOCKS


def choose(name: str) -> None:
    """Choose a block, for the figure; the row of names under it holds the choice."""
    st.session_state[BLOCK] = name


def table(block: architecture.TracedBlock) -> str:
    """The parameters of a block, layer by layer, in Markdown."""
    if not block.layers:
        return "It has no parameters: it takes an average."
    rows = [f"| {x.kind} | {x.product} | {x.parameters:,} |" for x in block.layers]
    total = f"| **total** | | **{block.parameters:,}** |"
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
    D = ui.choice("Width D", architecture.WIDTHS, usual, key="b11_width")
    digit = ui.choice("Digit", range(10), 3, key="b11_digit")
run = trained.get(D)
network = ui.live(architecture.architecture, num_hiddens=D)
trace = ui.live(
    lesson.trace, num_hiddens=D, run_id=run.id if run else None, digit=digit, seed=ui.seed()
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
            given=trace.given if trace else None,
            answer=trace.answer if trace else None,
            on_choose=choose,
        )
    made = f"trained: {run.label}" if run else f"D = {D} · untrained: its weights are random"
    ui.label(f"{network.parameters:,} parameters · {made}")
    if trace:
        ui.deliver(
            (trace.given, trace.answer), "A noisy digit, and the clean estimate", network=made
        )
    ui.caption(
        "The height of a box is the size of its feature maps, its width their number, D in the "
        "first block; below it stands the number of its parameters. Dashed: feature maps that a "
        "skip connection adds."
    )

ui.code_that_ran(trace)
ui.say(
    "The left half, the **encoder**, makes the feature maps smaller and more numerous: "
    "28 × 28, 14 × 14, 7 × 7, and 1 × 1 in the **bottleneck**. A value there can depend on every "
    "pixel of the image; the region that a value depends on is its **receptive field**, and it "
    "grows with every convolution and every halving. What the bottleneck knows of the whole, it "
    "knows without exact positions. The right half, the **decoder**, enlarges the feature maps "
    "again, and the arcs, the **skip connections**, hand it the encoder's maps of the same size, "
    "in which edges still have their exact place. Both are stacked as channels, not added."
)

block = next((x for x in network.blocks if x.name == name), None)
if block:
    st.header(f"{block.name}: {block.kind}", anchor=False)
    joined = " and ".join(f"`{source}`" for source in block.sources)
    ui.say(
        f"{size(block.shape_in)} in, from {joined}; {size(block.shape_out)} out; "
        f"{block.parameters:,} parameters."
    )
    maps = trace.maps[block.name]
    left, right = st.columns(2, gap="large")
    with left:
        if maps:
            ui.strip(maps.images, size=84)
            ui.label(
                f"Channels 1 to {len(maps.images)} of {maps.channels} for this digit; black is "
                f"{number(maps.low)} or less, white {number(maps.high)} or more."
            )
    with right:
        st.markdown(table(block))
    for tab, part in zip(st.tabs(list(block.parts)), block.parts, strict=True):
        with tab:
            ui.explain(architecture.class_named(part))

st.header("Noise levels, from none to σ = 1", anchor=False)
noised = ui.live(lesson.noising, digit=digit, seed=ui.seed())
ui.strip(noised, size=84)
ui.caption("The same digit and the same noise each time; only the noise level σ grows.")
ui.code_that_ran(noised)
ui.explain(add_unscaled_noise, z="x_t", x="x_0")

st.header("Why the last layer is a plain convolution", anchor=False)
floor = ui.live(lesson.gelu_floor, seed=ui.seed())
ui.say(
    "All other blocks end in a GELU, an activation function whose output is never below "
    f"**{number(floor.lowest)}**. Later lessons train the same network to predict the noise "
    f"itself, and **{floor.share:.0%}** of the values of Gaussian noise are lower than that."
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
            x_title="output of the convolution",
            y_title="output of the layer",
            height=320,
        )
    with right:
        ui.strip([floor.noise, floor.nearest])
    ui.code_that_ran(floor)
if trace and trace.lowest < floor.lowest:
    ui.caption(f"The lowest value of the output in the figure above is {number(trace.lowest)}.")

ui.say(ui.PREDICT)
counts = sorted(((x.parameters, x.name) for x in network.blocks), reverse=True)[:2]
most = ", ".join(f"{name} {count:,}" for count, name in counts)
ui.predict(ask.MOST_NUMBERS, key="b11_q1", seen=f"The two largest here: {most}.")
ui.predict(
    ask.LAST_GELU,
    key="b11_q2",
    seen=f"Its minimum is {number(floor.lowest)}; {floor.share:.0%} of noise is lower than that.",
)
ui.say(
    "**Look closer.** How large is the receptive field of each block? What could the decoder "
    "still reconstruct without the skip connections?"
)
