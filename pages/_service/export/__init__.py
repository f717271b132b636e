"""Results as files: one function of a lesson, with all that it is built of.

Everything here is text: modules are read and never imported, and only those of the lessons.
"""

from pages._service.export.marked import Equation, MarkedCode, shown
from pages._service.export.notebook import notebook
from pages._service.export.parts import Call
from pages._service.export.script import script

__all__ = ["Call", "Equation", "MarkedCode", "notebook", "script", "shown"]
