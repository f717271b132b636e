"""B2.2 · Train a time-conditioned DDPM

Here you train a DDPM: one network for all three hundred noise levels, which is given the timestep
beside the noisy image. Repeated denoising then turns pure noise into digits. You learn what
training and sampling consist of, and how the quality of samples is measured when nothing is there
to compare them with, pixel by pixel.
"""

from lessons.diffusion import denoise, forward, posterior
from lessons.measure import classifier
from lessons.part_b import sampled_digits
from lessons.part_b import train_ddpm as lesson
from lessons.trace import digit_traces
from lessons.training import curves, networks
from lessons.workshop.experiments import digit_sampling
from pages import _ui as ui
from pages._shared import sampling as sampling
from pages._shared import training as training
from pages._teaching import train_ddpm as ask

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    (sampling.FRECHET_OF_FORTY, "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("ddpm", ROWS)

ui.explain(forward.add_noise)
ui.explain(lesson.noise_loss, eps_hat="eps")
ui.explain(lesson.normalised)

ui.say(
    "## Train it\n"
    "Every digit of a batch gets a random timestep of its own, from hardly any noise to hardly "
    "any digit. A fresh network starts at a loss of about 1: its output is close to 0, and the "
    "noise that it should predict has unit variance. The learning rate decays during training: "
    "large steps find good weights fast, but in the end only make them jitter, since each batch "
    "has other digits, other noise and other timesteps. An average of the weights over the last "
    "steps (EMA, a setting below) smooths the same jitter; lesson 2.5.1 compares the two."
)
training.lab("ddpm", curves.DDPM, ROWS)

ui.say(
    "## Sample from it\nEvery step draws a slightly less noisy image from the distribution that "
    "the network's clean estimate predicts."
)
ui.explain(denoise.clean_estimate, x_0="x_0_hat")
ui.explain(posterior.posterior_mean, x_0="x_0_hat")
ui.explain(posterior.step_variance)

chosen = sampling.finished_run("b22_run", "ddpm", follow=True)
if chosen:
    steps = ui.choice("Steps", sampled_digits.STEP_CHOICES, 100, key="b22_steps")
    trajectory = ui.live(
        sampled_digits.trajectory,
        run_id=chosen,
        seed=ui.seed(),
        steps=steps,
        weights_hash=networks.weights_hash(chosen),
        on_frame=lambda frame: ui.stack(frame, size=840),
    )
    if trajectory:
        ui.trajectory(
            trajectory,
            trajectory.samples,
            key=ui.named("b22_film", chosen, steps, ui.seed()),
            name="digits",
        )
        sampling.verdict(trajectory)
        ui.code_that_ran(trajectory)
        ui.microscope(
            digit_traces.digit,
            key="b22",
            which=ui.Which("digit", "Place in the row", range(10)),
            run_id=chosen,
            seed=ui.seed(),
            steps=steps,
            weights_hash=networks.weights_hash(chosen),
        )

ui.say(
    "## How good are the samples?\n"
    "No test digit belongs to a sample, so PSNR can't be used. Compare the *distributions* "
    "instead: do many samples together look like many real digits? The **Fréchet distance** (FID "
    "in papers) describes each set by the mean and covariance of a classifier's features. Lower is "
    "better, and it is never 0 for a finite sample: forty real digits have "
    f"**{sampling.FLOOR_OF_FORTY:.1f}**, forty images of pure noise over 100. "
    f"The classifier here was trained on the 60,000 training digits and classifies "
    f"{classifier.accuracy():.1%} of the test digits correctly. Its *confidence* would mislead: it "
    "must choose one of ten digits, and is often certain about images that show none."
)
ui.explain(classifier.frechet_distance)

ui.say(ui.PREDICT)
for question, function, key in (
    (ask.WRONG_TIME, digit_sampling.wrong_time, "b22_q1"),
    (ask.BATCH_STATISTICS, digit_sampling.batch_statistics, "b22_q2"),
):
    if ui.predict(question, key=key) and chosen:
        ui.measured(
            ui.live(
                function, run_id=chosen, seed=ui.seed(), weights_hash=networks.weights_hash(chosen)
            )
        )
ui.say(
    "**Look closer.** In the reference run the test loss falls from 0.043 after epoch 5 to 0.032 "
    "after epoch 20, and the Fréchet distance of the forty samples from 9.9 to 8.4. Which faults "
    "of the samples are left? And which digit appears is left to chance: how would you request a 7?"
)
