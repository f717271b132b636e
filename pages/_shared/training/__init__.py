"""The laboratory that every training page shares: settings, live curve, controls, epochs."""

from pages._shared.training.lab import hero, lab
from pages._shared.training.rows import RowNames

__all__ = ["RowNames", "hero", "lab"]
