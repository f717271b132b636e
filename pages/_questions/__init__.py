"""What the lessons ask their readers to predict: a `Question` a constant, in the pages' order."""

from typing import Final

HEADING: Final = "## Predict, then look"
