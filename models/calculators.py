"""Where network calls are calculated: in this process, or elsewhere (`models.cluster`).

Whoever runs jobs collects network calls (`models.batching`) and has them answered by one of these.
Jobs, their turns and what they remember stay where they are; only batches of tensors travel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from models import batching
from models.batching import NetworkCall


class Calculator(Protocol):
    """Answers network calls."""

    @property
    def slots(self) -> int:
        """Batches that it calculates elsewhere at the same time, ≥ 0."""

    def elsewhere(self, call: NetworkCall) -> bool:
        """Whether a call is calculated elsewhere, and costs this process nothing but waiting."""

    def perform(self, calls: Sequence[NetworkCall]) -> float:
        """Answer calls of one kind as one batch. Raises nothing.

        Args:
            calls: at least one; each gets its `output` or its `error`.

        Returns:
            Seconds that processors elsewhere have calculated.
        """

    def close(self) -> None:
        """Let go of whatever it holds; repeatable."""


class InThisProcess:
    """Calls the networks that this process has loaded, in the thread that asks."""

    slots = 0

    def elsewhere(self, call: NetworkCall) -> bool:  # noqa: ARG002 - as the interface says
        """Nothing is."""
        return False

    def perform(self, calls: Sequence[NetworkCall]) -> float:
        """Call the network here; see `Calculator`."""
        batching.perform(calls)
        return 0.0

    def close(self) -> None:
        """There is nothing to let go of."""
