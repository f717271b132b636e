"""B2.3 · Train a class-conditioned DDPM

Tell the network which digit it is looking at, but sometimes don't: then you can ask for one.
"""

from lessons import curves, guidance, magnified_digits, runs, sampled_digits, sanity, trained
from lessons import train_class_ddpm as lesson
from pages import _sampling as sampling
from pages import _training as training
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("four samples of each digit, {accuracy:.0%} read as asked for by a judge", "x_0_hat"),
)


def examined(run_id: str) -> None:
    """Ten samples of each digit, read by the judge."""
    gamma = ui.slider("Guidance γ", 0.0, 10.0, 5.0, key="b23_gamma", step=0.5)
    exam = ui.live(
        sampled_digits.exam,
        run_id=run_id,
        seed=ui.seed(),
        gamma=gamma,
        edition=trained.edition(run_id),
    )
    if not exam:
        return
    ui.grid(
        exam.rows,
        row_labels=[f"{digit}: {share:.0%}" for digit, share in enumerate(exam.accuracies)],
        size=56,
    )
    ui.caption(
        f"**{exam.accuracy:.0%}** read as asked for, the judge sure to {exam.confidence:.0%}; the "
        "share of each class stands beside its row. A question mark: it reads another digit."
    )
    everything = [picture for row in exam.rows for picture in row]
    ui.downloads(
        {"digits.png": lambda: ui.montage(everything, columns=10)}, key=f"b23_{run_id}_{gamma:g}"
    )
    ui.code_that_ran(exam)
    ui.microscope(
        magnified_digits.digit,
        key="b23",
        which=ui.Which("digit", "First sample of digit", range(10)),
        run_id=run_id,
        seed=ui.seed(),
        steps=20,
        gamma=gamma,
        among=100,
        edition=trained.edition(run_id),
    )


def both_losses() -> str:
    """What the two networks that ship with the project reached, as one sentence."""
    found = [
        runs.view(run_id).epochs[-1].numbers["test_loss"]
        for run_id in map(sampling.shipped, ("ddpm", "class-ddpm"))
        if run_id
    ]
    if len(found) < 2:
        return ""
    return f"The two reference runs: {found[0]:.4f} without labels, {found[1]:.4f} with them."


ui.lesson_header(__doc__)
training.hero("class-ddpm", ROWS)

ui.explain(lesson.keep_mask)
ui.explain(guidance.guide)

ui.say(
    "## Train it\nThe label is one number in ten, switched on or off at two places of the network."
)
training.lab("class-ddpm", curves.CLASS_DDPM, ROWS)

ui.say(
    "## Ask for digits\n"
    "Ten of each, twenty steps; a judge reads them. Which digit does it take for another one most "
    "often?"
)
chosen = sampling.finished_run("b23_run", "class-ddpm")
if chosen:
    examined(chosen)

ui.say(HEADING)
ui.predict(ask.LABEL_LOSS, key="b23_q1", seen=both_losses())
if ui.predict(ask.MASKED, key="b23_q2") and chosen:
    ui.compared(
        ui.live(
            sanity.masked_labels, run_id=chosen, seed=ui.seed(), edition=trained.edition(chosen)
        ),
        size=84,
    )
ui.say(
    "**Look closer.** The samples are recognisable after the first epoch, long before those of the "
    "network without labels. What does the label save the network from having to decide?"
)
