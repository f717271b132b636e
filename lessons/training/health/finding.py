"""What rules look at, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """A likely cause.

    Attributes:
        key: which, for tests and tables.
        cause: half a sentence that goes on after "Likely: ".
        tell: half a sentence with the numbers that say so, and what to look at.
    """

    key: str
    cause: str
    tell: str


@dataclass(frozen=True)
class Evidence:
    """What the rules may look at.

    Attributes:
        settings: of the run.
        probes: from the first step to the present one, at least one.
        losses: of all steps.
        ratio: the present loss over the usual one, None if it can't be compared.
        off: whether it is off.
        off_at: at which noise levels the loss on test digits is off, from little noise to much; ()
            if it can't be compared.
    """

    settings: Mapping[str, Any]
    probes: Sequence[Mapping[str, Any]]
    losses: Sequence[float]
    ratio: float | None
    off: bool
    off_at: Sequence[bool] = ()

    @property
    def now(self) -> Mapping[str, Any]:
        """The last probe."""
        return self.probes[-1]

    @property
    def is_worse(self) -> bool:
        """Whether the loss is higher than usual, though perhaps not yet off."""
        return self.off or (self.ratio is not None and self.ratio > 1.25)

    @property
    def grown(self) -> float:
        """The norm of the weights over that after the first step."""
        return float(self.now["weight"]) / max(float(self.probes[0]["weight"]), 1e-30)


Rule = Callable[[Evidence], Finding | None]
"""Says what stands out, if it does; it may read what no probe has measured."""
