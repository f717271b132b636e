"""A training run from its first step to its last, without the folder and the process around it."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from lessons.picture import Picture, Progress
from lessons.training import Recipe, S, Training, train


def whole_run(
    recipe: Recipe[S], settings: Mapping[str, object]
) -> Generator[Progress, None, tuple[tuple[Picture, ...], ...]]:
    """Train a network, and let it show what it can do in the end.

    Args:
        recipe: what is special about this kind of run.
        settings: what is not the recipe's default, by name.

    Yields:
        Progress after each step, with the loss of its batch.

    Returns:
        The rows of pictures that the recipe shows after the last epoch.

    Raises:
        ValueError: a setting is unknown or out of its range.
    """
    training = Training.begin(recipe, recipe.settings.model_validate(dict(settings)))
    total = training.settings.total_steps
    for step in train(training):
        yield Progress(step.step, total, f"loss {float(step.loss):.4f}")
    return training.preview().rows
