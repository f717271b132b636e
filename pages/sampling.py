"""A1.5 · Sampling

Started from pure noise, the loop of the previous lesson becomes a generator of images: no image is
hidden in the noise, and yet every trajectory ends at one. This lesson samples without guidance,
which shows what the conditional prediction alone can do, and why more is needed.
"""

from lessons import upscaling
from lessons.diffusion import samplers
from lessons.part_a import sampling
from lessons.prompts import prompts_for
from lessons.trace import image_traces
from lessons.workshop.experiments import prompting, stepping
from pages import _ui as ui
from pages._shared.upscaling import enlarging
from pages._teaching import sampling as ask

ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
asked = ui.prompt("Prompt", prompts.neutral, model=chosen, key="a15_prompt")
found = ui.live(
    sampling.demo,
    model=chosen,
    prompt=asked,
    seed=ui.seed(),
    on_frame=lambda frame: ui.stack(frame, size=840),
)
if found:
    ui.trajectory(
        found.trajectory, found.images, key=ui.named("a15_film", chosen, asked, ui.seed())
    )
    ui.deliver(found.images, "Five samples from pure noise, without guidance")
    ui.made_with(chosen, prompt=asked)
    ui.code_that_ran(found)
ui.caption(
    "Five noises, five samples. Only the conditional prediction, that with the prompt, is used; "
    "there is no guidance."
)
ui.say(
    "**Why noise becomes images.** At the noisiest timestep every training image is almost pure "
    "noise, so pure noise is a fair place to start. As far as the network is right, each step "
    "turns samples that are distributed like noisy images at $t$ into samples distributed like "
    "those at $s$; the last ones are then distributed like the training images. Which image it "
    "will be is decided on the way, by the noise of the start and that of the steps."
)
ui.explain(samplers.sampling_trajectory)
ui.microscope(
    image_traces.sample_from_noise,
    key="a15",
    which=ui.Which("number", "Image", range(1, 6)),
    model=chosen,
    prompt=asked,
    seed=ui.seed(),
)
if found:
    enlarging(chosen, found.images, asked, key="a15")
if not upscaling.offered(chosen):
    ui.caption(
        "This model samples at its full size. DeepFloyd IF samples a small image and enlarges it: "
        "a second diffusion model sees the small one, stretched, beside the noisy large one."
    )
ui.say(ui.PREDICT)
if ui.predict(ask.IN_COMPANY, key="a15_q1"):
    ui.compared(ui.live(prompting.in_company, model=chosen, prompt=asked, seed=ui.seed()))
if ui.predict(ask.SILENT_STEPS, key="a15_q2"):
    ui.compared(ui.live(stepping.silent_steps, model=chosen, prompt=asked, seed=ui.seed()))
ui.say(
    "**Look closer.** The samples hardly resemble each other, and some have no recognisable "
    "subject. The prompt excludes little, so they are drawn from nearly everything the network "
    "was trained on. The next lesson uses the prompt more strongly."
)
