"""B2.3 · Train a class-conditioned DDPM

Tell the network which digit it is looking at, but sometimes don't: then you can ask for one.
"""

from lessons import curves, guidance, magnified_digits, sampled_digits, trained
from lessons import train_class_ddpm as lesson
from pages import _sampling as sampling
from pages import _training as training
from pages import _ui as ui

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
        edition=trained.changed(run_id),
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
    ui.microscope(
        magnified_digits.digit,
        key="b23",
        which=ui.Which("digit", "First sample of digit", range(10)),
        run_id=run_id,
        seed=ui.seed(),
        steps=20,
        gamma=gamma,
        among=100,
        edition=trained.changed(run_id),
    )


ui.lesson_header(__doc__)
training.hero("class-ddpm", ROWS)

ui.explain(lesson.keep_mask)
ui.explain(guidance.guide)

ui.say(
    "## Train it\n"
    "The label is one number in ten, switched on or off at two places of the network. "
    "**Predict first:** will knowing the label lower the loss a lot, or a little?"
)
training.lab("class-ddpm", curves.CLASS_DDPM, ROWS)

ui.say(
    "## Ask for digits\n"
    "Ten of each, twenty steps; a judge reads them. **Predict first:** which digit will it "
    "take for another one most often?"
)
chosen = sampling.finished_run("b23_run", "class-ddpm")
if chosen:
    examined(chosen)

ui.say(
    "**Look closer.** The samples are recognisable after the first epoch, long before those of the "
    "network without labels. What does the label save the network from having to decide?"
)
