"""B2.5 · Flow matching

Flow matching trains a network to predict the velocity along straight lines from noise to images;
sampling follows that velocity in a few steps of Euler's method. Recent image generators are trained
this way. You compare it with the DDPM of the lessons before, and learn what makes few steps
suffice: the sampler matters as much as the training.
"""

import streamlit as st

from lessons.diffusion import flow, posterior
from lessons.measure import step_kinds, step_quality
from lessons.part_b import flow_paths, sampled_digits
from lessons.trace import digit_traces
from lessons.training import curves, networks, runs
from lessons.workshop.experiments import digit_networks
from pages import _ui as ui
from pages._shared import sampling as sampling
from pages._shared import training as training
from pages._teaching import flow_matching as ask

_WITH, _WITHOUT = "with classes", "without"
_ROWS: training.RowNames = (("", "x_0_hat"),) * 3
ROWS: training.RowNames = (
    *_ROWS,
    (sampling.FOUR_OF_EACH, "x_0_hat"),
)
ROWS_WITHOUT: training.RowNames = (
    *_ROWS,
    (sampling.FRECHET_OF_FORTY, "x_0_hat"),
)


def samples(run_id: str) -> None:
    """Ten digits in a number of steps that the reader chooses."""
    has_classes = run_id.startswith("class-")
    left, right = st.columns([3, 2])
    with left:
        steps = ui.choice("Steps", sampled_digits.FLOW_STEP_CHOICES, 30, key="b25_steps")
    with right:
        gamma = ui.slider("Guidance γ", 0.0, 10.0, 2.0, key="b25_gamma", step=0.5)
    if not has_classes:
        ui.caption("This network has no classes, so γ has no effect.")
    trajectory = ui.live(
        sampled_digits.trajectory,
        run_id=run_id,
        seed=ui.seed(),
        steps=steps,
        gamma=gamma if has_classes else 0.0,
        weights_hash=networks.weights_hash(run_id),
        on_frame=lambda frame: ui.stack(frame, size=840),
    )
    if trajectory:
        ui.trajectory(
            trajectory,
            trajectory.samples,
            key=ui.named("b25_film", run_id, steps, gamma, ui.seed()),
            name="digits",
        )
        sampling.verdict(trajectory)
        ui.code_that_ran(trajectory)
        ui.microscope(
            digit_traces.digit,
            key="b25_walk",
            which=ui.Which("digit", "Digit" if has_classes else "Place in the row", range(10)),
            run_id=run_id,
            seed=ui.seed(),
            steps=steps,
            gamma=gamma if has_classes else 0.0,
            weights_hash=networks.weights_hash(run_id),
        )


def beside_ddpm(flow_run: str, ddpm_run: str) -> None:
    """Trajectories of three methods, in the plane in which digits differ most."""
    ui.say(
        "## How straight are the sampling trajectories?\n"
        f"From the same {flow_paths.COUNT} noise images to the same digit in {flow_paths.STEPS} "
        "steps: by flow matching, and by one DDPM in two ways, deterministic (DDIM, η = 0) and "
        "with fresh noise in every step (DDPM). They are seen in the two directions in which test "
        "digits differ most."
    )
    left, right = st.columns([3, 2])
    with left:
        digit = ui.choice("Digit", range(10), 3, key="b25_digit")
    with right:
        gamma = ui.slider("γ of both networks", 0.0, 10.0, 1.0, key="b25_ways_gamma", step=0.5)
    found = ui.live(
        flow_paths.paths,
        flow_run=flow_run,
        ddpm_run=ddpm_run,
        digit=digit,
        gamma=gamma,
        seed=ui.seed(),
        weights_hash=networks.weights_hash(flow_run) + networks.weights_hash(ddpm_run),
    )
    if not found:
        return
    dots = [
        ui.Trace("test digits", *found.others, style="dots", color="muted"),
        ui.Trace(f"test digits: {digit}", *found.digits, style="dots", color="x_0"),
    ]
    for column, (name, paths), color in zip(
        st.columns(3), found.paths.items(), ("x_0_hat", "x_t", "eps"), strict=True
    ):
        mean = sum(path.path_length_ratio for path in paths) / len(paths)
        with column:
            ui.live_plot(
                [
                    *dots,
                    *(
                        ui.Trace(name if i == 0 else "", path.x, path.y, color=color)
                        for i, path in enumerate(paths)
                    ),
                ],
                key=f"b25_ways_{name.split()[0].lower()}",
                x_title="main direction of test digits",
                y_title="second direction",
                height=380,
            )
            ui.caption(f"{name}: path-length ratio **{mean:.2f}** on average.")
    ui.explain(flow_paths.path_length_ratio, x_0="eps")
    ui.caption(
        "DDIM and DDPM use the same network. What makes the DDPM's trajectories long is the fresh "
        "noise of every step: without it their length is nearly that of the straight line, as with "
        "flow matching, although they turn visibly in this plane."
    )
    ui.code_that_ran(found)


def fewer_steps(flow_run: str, ddpm_run: str) -> None:
    """The quality of samples over the number of steps, by sampler, as it was measured."""
    flow, ddpm = step_quality.measured(flow_run), step_quality.measured(ddpm_run)
    if not flow or not ddpm:
        return
    ui.say(
        "## What do fewer steps cost?\n"
        f"Measured on {flow.count:,} samples for each number of steps at γ = "
        f"{step_quality.GAMMA:g}; every step is one guided prediction for all. The DDPM's network "
        "is the same in three of the curves, only the sampler differs."
    )
    colors = ("x_0_hat", "eps", "x_0", "x_t")
    series = list(zip({**flow.qualities, **ddpm.qualities}.items(), colors, strict=False))
    ends = (min(step_quality.STEPS), max(step_quality.STEPS))
    ui.live_plot(
        [
            *(
                ui.Trace(name, list(by), [q.frechet for q in by.values()], color=color)
                for (name, by), color in series
            ),
            ui.Trace(
                f"{flow.count:,} real digits", ends, (flow.floor, flow.floor), "dashed", "muted"
            ),
        ],
        key="b25_frechet",
        x_title="sampling steps",
        y_title="Fréchet distance (lower is better)",
        log_x=True,
        log_y=True,
        height=320,
    )
    ui.live_plot(
        [
            ui.Trace(name, list(by), [q.accuracy for q in by.values()], color=color)
            for (name, by), color in series
        ],
        key="b25_accuracy",
        x_title="sampling steps",
        y_title="classified as the digit requested",
        log_x=True,
        height=320,
    )
    ui.say(_collapse(ddpm, flow))
    ui.explain(posterior.step_variance)
    ui.explain(posterior.posterior_variance)
    ui.caption(
        "β is right for data that are unit Gaussian noise themselves, the posterior variance for a "
        "data set of one image; what other data of variance 1 need lies between the two."
    )
    ui.caption(
        f"Flow matching: {runs.view(flow_run).label}. DDPM: {runs.view(ddpm_run).label}. Measured "
        "by `python -m lessons.measure.step_quality RUN`. The Fréchet distance is explained in "
        "lesson 2.2; lesson A 1.5.2 compares more samplers, with standard errors."
    )


def _collapse(ddpm: step_quality.StepsSweep, flow: step_quality.StepsSweep) -> str:
    """Why the course's DDPM needs many steps, in the numbers of five."""
    beta, posterior_, ddim = (
        ddpm.qualities[name][5] for name in (step_kinds.BETA, step_kinds.POSTERIOR, step_kinds.DDIM)
    )
    euler, two = flow.qualities[step_quality.EULER][5], flow.qualities[step_quality.EULER][2]
    ddim_two = ddpm.qualities[step_kinds.DDIM][2]
    return (
        "**The course's DDPM collapses at few steps, and the variance is the reason.** It adds "
        "noise of variance β, that of the whole stride, and with five steps too few follow that "
        f"could remove it: Fréchet distance **{beta.frechet:.0f}**, {beta.accuracy:.0%} as "
        "requested. The posterior variance $\\tilde\\beta$ is β times $(1 - \\bar\\alpha_s) / (1 - "
        "\\bar\\alpha_t)$, which is small where $s$ is almost clean: with the same network and the "
        f"same five steps the distance is **{posterior_.frechet:.2f}** and "
        f"{posterior_.accuracy:.0%} are as requested. DDIM, which adds none, has "
        f"**{ddim.frechet:.2f}**, flow matching **{euler.frechet:.2f}**; in two steps flow "
        f"matching is ahead, with {two.frechet:.1f} against DDIM's {ddim_two.frechet:.0f}. In "
        "steps of length one the two are nearly equal except at the cleanest timesteps, which is "
        "why the paper could use either."
    )


def questions() -> None:
    """One step, one digit, fewer steps."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.ONE_STEP, key="b25_q1") and flow_run:
        ui.measured(
            ui.live(
                digit_networks.one_flow_step,
                run_id=flow_run,
                seed=ui.seed(),
                weights_hash=networks.weights_hash(flow_run),
            )
        )
    if ui.predict(ask.ONE_DIGIT, key="b25_q2"):
        ui.compared(ui.live(digit_networks.one_digit_flow, seed=ui.seed()))
    ui.predict(ask.FEWER_STEPS, key="b25_q3")


ui.lesson_header(__doc__)
training.hero("class-flow", ROWS)

ui.explain(flow.interpolate, x_1="x_0_hat", x_0="eps")
ui.explain(flow.velocity_loss, x_1="x_0_hat", x_0="eps")
ui.explain(flow.euler)

ui.say(
    "The line is a forward process like the DDPM's with other weights: here the weights add up to "
    "1, there their squares do. From a point, its time and its velocity both noise and image "
    "follow, as the image follows from the noise that a DDPM predicts.\n\n"
    "## Train it\nEach digit of a batch gets a noise image and a random time $t$, and the network "
    "predicts the velocity from one to the other. The samples of the previews take 30 or 50 steps, "
    "where the course's DDPM takes 300."
)
classes = ui.choice("Network", (_WITH, _WITHOUT), _WITH, key="b25_classes")
if classes == _WITH:
    training.lab("class-flow", curves.CLASS_FLOW, ROWS)
else:
    training.lab("flow", curves.FLOW, ROWS_WITHOUT)

ui.say(
    "## Sample from it\nChoose few steps, then more: from which number on can each digit be "
    "recognised?"
)
chosen = sampling.finished_run("b25_run", "class-flow", "flow", follow=True)
if chosen:
    samples(chosen)
flow_run, ddpm_run = sampling.shipped("class-flow"), sampling.shipped("class-ddpm")
if flow_run and ddpm_run:
    beside_ddpm(flow_run, ddpm_run)
    fewer_steps(flow_run, ddpm_run)

questions()
ui.say(
    "**Look closer.** The lines of training are straight, the sampling trajectories are not quite: "
    "where many lines cross, the network can only learn their mean velocity. Where do the "
    "trajectories bend most?"
)
