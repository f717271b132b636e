"""A training run from its first step to its last, without the folder and the process around it."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from lessons.images.captioned import CaptionedImage, Progress
from lessons.training.loop import TrainingState, train
from lessons.training.recipe import RunRecipe, S
from lessons.training.runs.threads import fixed_threads, usual_threads


def train_in_process(
    recipe: RunRecipe[S], settings: Mapping[str, object]
) -> Generator[Progress, None, tuple[tuple[CaptionedImage, ...], ...]]:
    """Train a network, and let it show what it can do in the end.

    Args:
        recipe: what is special about this kind of run.
        settings: what is not the recipe's default, by name; and "threads", how many of them
            calculate: with another number sums are rounded otherwise, and losses drift apart.

    Yields:
        Progress after each step, with the loss of its batch.

    Returns:
        The rows of images that the recipe shows after the last epoch.

    Raises:
        ValueError: a setting is unknown or out of its range.
    """
    wanted = dict(settings)
    threads = int(str(wanted.pop("threads", None) or usual_threads()))
    with fixed_threads(threads):
        training = TrainingState.begin(recipe, recipe.settings.model_validate(wanted))
        total = training.settings.total_steps
        for step in train(training):
            yield Progress(step.step, total, f"loss {float(step.loss):.4f}")
        return training.preview().rows
