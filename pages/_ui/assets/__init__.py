"""What a browser runs and shows: scripts, styles, the icon."""

from pathlib import Path
from typing import Final

ASSETS: Final = Path(__file__).parent
