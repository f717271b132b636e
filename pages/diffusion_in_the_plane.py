"""A1.0 · Diffusion in the plane

A sample of two numbers is a point, so all of diffusion fits into one image: the data under noise,
the field that leads back, and samples that follow it.
"""

from lessons.beyond import diffusion_in_the_plane as lesson
from lessons.beyond.plane import network, score
from lessons.diffusion import forward, guidance, posterior, samplers
from lessons.part_a import perfect_denoiser
from pages import _ui as ui
from pages._shared import plane as show
from pages._teaching import diffusion_in_the_plane as ask

ui.lesson_header(__doc__)
data = show.data_input()
found = ui.live(lesson.exact, **data, seed=ui.seed())
if found:
    show.both_ways(found)
    ui.deliver(found.images, "The plane: noise, half-way, samples of SDE and ODE, the data")
    ui.caption(show.ends(found))
    ui.code_that_ran(found)

ui.say("## Into the noise")
ui.explain(forward.add_noise)
ui.say(
    "## The field that leads back\n"
    "The **score** is the direction in which the density $p_t$ of noisy data grows fastest. The "
    "arrows are $-\\hat\\epsilon = \\sigma_t \\nabla \\log p_t$, the score on a scale that does "
    "not explode as the noise goes; long ones are drawn shorter than they are."
)
ui.explain(score.log_density)
ui.explain(perfect_denoiser.responsibilities)
ui.explain(score.exact_score, x_0="x_0_hat")
ui.explain(score.score_of_noise)

ui.say(
    "## Two ways to follow it\n"
    "**SDE** (stochastic differential equation), the ancestral sampler of DDPM: each step goes to "
    "the mean below and adds fresh noise. **ODE** (ordinary differential equation), the "
    "probability flow, which DDIM with η = 0 follows: nothing is left to chance but the first "
    "noise. With short steps and the exact score the particles of both have the density $p_t$ at "
    "each noise level; only their paths differ."
)
ui.explain(posterior.posterior_mean, x_0="x_0_hat")
ui.explain(samplers.ddim_mean, x_0="x_0_hat")
ui.explain(score.sliced_wasserstein)

ui.say(
    "## A network learns the field\n"
    "Nobody can write down the score of all photographs, and nobody has to: a network that is "
    "asked for the noise often enough learns it."
)
ui.explain(network.denoising_loss)
steps = ui.choice("Training steps", lesson.STEP_CHOICES, lesson.STEP_CHOICES[-1], key="a10_steps")
learned = ui.live(
    lesson.learned, **data, steps=steps, seed=ui.seed(), weights_hash=lesson.WEIGHTS_HASH
)
if found and learned:
    show.fields(found, learned)
    ui.caption(show.difference(found, learned))
    show.errors(learned)
    show.growing(found, learned)
    ui.code_that_ran(learned)

ui.say(
    "## Guidance that overshoots\n"
    "Every set has two classes; the blue one is asked for. Guidance follows what the class changes "
    "in the field, γ times as far."
)
ui.explain(guidance.guide)
crowded = ui.live(lesson.exact_guidance, **data, seed=ui.seed())
if found and learned and crowded:
    show.samples_over_gamma(found, crowded, learned.guided)
    show.leaving(crowded, learned.guided)
    ui.code_that_ran(crowded)

ui.say(ui.PREDICT)
ui.predict(ask.FAR_OUT, key="a10_q1")
ui.predict(ask.SAME_NOISE, key="a10_q2")
if ui.predict(ask.TEN, key="a10_q3"):
    known = ui.choice("Known points", lesson.FEW, lesson.FEW[2], key="a10_known")
    few = ui.live(lesson.copies, **data, known=known, seed=ui.seed())
    if few:
        show.copies(few)
        ui.code_that_ran(few)
ui.say(
    "**Look closer.** In which stretch of the slider do the particles decide between the two "
    "classes, and when between single points?"
)
