"""Results as files: one function of a lesson, with all that it is built of.

Everything here is text: modules are read and never imported, and only those of the lessons.
"""

from pages._export.marked import Equation, Shown, shown
from pages._export.notebook import notebook
from pages._export.parts import Call
from pages._export.script import script

__all__ = ["Call", "Equation", "Shown", "notebook", "script", "shown"]
