"""B2.2 · Train a time-conditioned DDPM

One network for all three hundred noise levels, and the walk from pure noise to a digit.
"""

from lessons import (
    curves,
    forward_process,
    iterative_denoising,
    magnified_digits,
    sampled_digits,
    sanity,
    trained,
)
from lessons import train_ddpm as lesson
from pages import _sampling as sampling
from pages import _training as training
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("forty samples from pure noise; a judge is sure of them to {confidence:.0%}", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("ddpm", ROWS)

ui.explain(forward_process.add_noise)
ui.explain(lesson.noise_loss, eps_hat="eps")
ui.explain(lesson.normalised)

ui.say(
    "## Train it\n"
    "A different timestep for every digit of a batch: sometimes hardly any noise, sometimes hardly "
    "any digit."
)
training.lab("ddpm", curves.DDPM, ROWS)

ui.say("## Sample from it\nEvery step asks: what could have stood here one moment earlier?")
ui.explain(iterative_denoising.clean_estimate, x_0="x_0_hat")
ui.explain(iterative_denoising.posterior_mean, x_0="x_0_hat")
ui.explain(iterative_denoising.step_variance)

chosen = sampling.finished_run("b22_run", "ddpm")
if chosen:
    steps = ui.choice("Steps", sampled_digits.STEP_CHOICES, 100, key="b22_steps")
    film = ui.live(
        sampled_digits.film,
        run_id=chosen,
        seed=ui.seed(),
        steps=steps,
        edition=trained.edition(chosen),
        on_frame=lambda frame: ui.stack(frame, size=840),
    )
    if film:
        ui.film(
            film,
            film.samples,
            key=ui.named("b22_film", chosen, steps, ui.seed()),
            name="digits",
        )
        sampling.verdict(film)
        ui.code_that_ran(film)
        ui.microscope(
            magnified_digits.digit,
            key="b22",
            which=ui.Which("digit", "Place in the row", range(10)),
            run_id=chosen,
            seed=ui.seed(),
            steps=steps,
            edition=trained.edition(chosen),
        )

ui.say(HEADING)
for question, function, key in (
    (ask.WRONG_TIME, sanity.wrong_time, "b22_q1"),
    (ask.BATCH_STATISTICS, sanity.batch_statistics, "b22_q2"),
):
    if ui.predict(question, key=key) and chosen:
        ui.measured(
            ui.live(function, run_id=chosen, seed=ui.seed(), edition=trained.edition(chosen))
        )
ui.say(
    "**Look closer.** The loss hardly falls after the fifth epoch, yet the samples go on "
    "improving. And which digit comes is left to chance: how would you ask for a 7?"
)
