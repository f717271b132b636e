"""The known mistakes, each as a change of our own solution: the bug lab's, and of write-ups."""

from typing import Final

from lessons.check.known.conventions import RIGHTS
from lessons.check.known.kinds import Known
from lessons.check.known.lab import LAB
from lessons.check.known.others import OTHERS
from lessons.check.known.sampling import SAMPLING

KNOWN: Final = (*LAB, *SAMPLING, *OTHERS)

__all__ = ["KNOWN", "LAB", "RIGHTS", "Known"]
