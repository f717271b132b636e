"""A text-to-image model small enough for a processor: trained here, and in the box.

Open it with `load`. `python -m models.miniature_training` trains it; its card is weights/README.md.
"""

from models.miniature.box import BrokenModel, Miniature, available, load

__all__ = ["BrokenModel", "Miniature", "available", "load"]
