"""The laboratory that every training page shares: settings, live curve, controls, epochs."""

from pages._training.lab import hero, lab
from pages._training.rows import RowNames

__all__ = ["RowNames", "hero", "lab"]
