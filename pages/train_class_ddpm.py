"""B2.3 · Train a class-conditioned DDPM

A DDPM that is also given the label of each digit can be asked for a particular one. In training
the label is left out at random, so that the same network predicts with and without it: the next
lesson, classifier-free guidance, needs both. You train it here and measure how often it draws the
digit requested.
"""

from lessons.diffusion import guidance
from lessons.part_b import sampled_digits
from lessons.trace import digit_traces
from lessons.training import curves, labels, networks, runs
from lessons.workshop.experiments import digit_sampling
from pages import _ui as ui
from pages._shared import sampling as sampling
from pages._shared import training as training
from pages._teaching import train_class_ddpm as ask

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    (sampling.FOUR_OF_EACH, "x_0_hat"),
)


def examined(run_id: str) -> None:
    """Ten samples of each digit, classified."""
    gamma = ui.slider("Guidance γ", 0.0, 10.0, 5.0, key="b23_gamma", step=0.5)
    evaluation = ui.live(
        sampled_digits.evaluation,
        run_id=run_id,
        seed=ui.seed(),
        gamma=gamma,
        weights_hash=networks.weights_hash(run_id),
    )
    if not evaluation:
        return
    ui.grid(
        evaluation.rows,
        row_labels=[f"{digit}: {share:.0%}" for digit, share in enumerate(evaluation.accuracies)],
        size=56,
    )
    ui.caption(
        f"**{evaluation.accuracy:.0%}** are classified as the digit requested; the share for each "
        "digit stands beside its row. A caption with a question mark: the classifier finds "
        "another digit."
    )
    everything = [image for row in evaluation.rows for image in row]
    ui.downloads(
        {"digits.png": lambda: ui.montage(everything, columns=10)}, key=f"b23_{run_id}_{gamma:g}"
    )
    ui.code_that_ran(evaluation)
    ui.microscope(
        digit_traces.digit,
        key="b23",
        which=ui.Which("digit", "First sample of digit", range(10)),
        run_id=run_id,
        seed=ui.seed(),
        steps=20,
        gamma=gamma,
        among=100,
        weights_hash=networks.weights_hash(run_id),
    )


def both_losses() -> str:
    """The test losses of the two reference runs, as one sentence."""
    found = [
        runs.view(run_id).epochs[-1].numbers["test_loss"]
        for run_id in map(sampling.shipped, ("ddpm", "class-ddpm"))
        if run_id
    ]
    if len(found) < 2:
        return ""
    return (
        f"Test loss of the two reference runs: {found[0]:.4f} without labels, {found[1]:.4f} with."
    )


ui.lesson_header(__doc__)
training.hero("class-ddpm", ROWS)

ui.explain(labels.keep_mask)
ui.explain(guidance.guide)

ui.say(
    "## Train it\nThe label enters as a one-hot vector, ten numbers of which one is 1, embedded at "
    "two places of the network; a dropped label enters as ten zeros. Why is it dropped in 10 % of "
    "the training images? Guidance needs a prediction without label, and the network only learns "
    "one from images that had none. They are lost to learning the labels, so the share is kept "
    "small: at 50 % half of training would be spent on a prediction that needs no label. The share "
    "is a control below: at 0 the prediction without label is never trained, and guidance "
    "extrapolates from an arbitrary output."
)
training.lab("class-ddpm", curves.CLASS_DDPM, ROWS)

ui.say(
    "## Request digits\n"
    "Ten samples of each digit in twenty steps, classified. Which digit is mistaken for another "
    "one most often?"
)
chosen = sampling.finished_run("b23_run", "class-ddpm", follow=True)
if chosen:
    examined(chosen)

ui.say(ui.PREDICT)
ui.predict(ask.LABEL_LOSS, key="b23_q1", seen=both_losses())
if ui.predict(ask.MASKED, key="b23_q2") and chosen:
    ui.compared(
        ui.live(
            digit_sampling.masked_labels,
            run_id=chosen,
            seed=ui.seed(),
            weights_hash=networks.weights_hash(chosen),
        ),
        size=84,
    )
ui.say(
    "**Look closer.** After the first epoch of the reference runs, the forty samples with labels "
    "have a Fréchet distance of 6.6, those without labels 26.6. What does the label save the "
    "network from having to decide?"
)
