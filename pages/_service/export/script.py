"""A result as one Python file."""

from __future__ import annotations

from pages._service.export import parts
from pages._service.export.flatten import Piece
from pages._service.export.modules import ENDING, Module
from pages._service.export.parts import Call

_HERE = 'sys.path.insert(0, ".")  # the project, whose folder this is run in'
_RULE = "# " + "-" * (parts.WIDTH - 2)


def script(call: Call) -> str:
    """Write the file: imports, every function that it needs, the parameters, the run.

    Raises:
        ValueError: the function is none of the lessons.
        TypeError: a parameter can't be written down.
    """
    names = parts.flat(call)
    standard, packages, project = parts.imports(names)
    run = "\n".join(parts.steps(call, names)).splitlines()
    head = ("from __future__ import annotations", standard, _HERE, packages, project)
    blocks = [
        f"{_docstring(call)}\n\n" + "\n\n".join(part for part in head if part),
        *(_section(home, pieces) for home, pieces in names.sections),
        f"{_RULE}\n# This result\n{_RULE}\n\n{parts.parameters(call, names)}",
        "\n".join(['if __name__ == "__main__":', *(f"    {line}" for line in run)]),
    ]
    return "\n\n\n".join(blocks) + "\n"


def _section(home: Module, pieces: tuple[Piece, ...]) -> str:
    """What was taken of one module, under its name and with its docstring."""
    where = [] if home.name == ENDING else [home.path, ""]
    said = (f"# {line}".rstrip() for line in (*where, *home.doc.splitlines()))
    head = "\n".join((_RULE, *said, _RULE))
    return f"{head}\n\n" + "\n\n\n".join(piece.source for piece in pieces)


def _docstring(call: Call) -> str:
    module, name = call.place
    about = (
        f"{parts.title(call)}.",
        f"This is `{name}` of {module.replace('.', '/')}.py as the page ran it, with everything of "
        "the lessons that it is built of. All of the mathematics is in this file: change it, and "
        "see what happens. Networks, weights and data come from the project, so run it in the "
        "project's folder:",
        f"    python {call.file_name}.py",
        "\n".join(parts.facts(call)),
        parts.comparison(call),
        parts.licence(),
    )
    text = "\n\n".join(_broken(part) for part in about)
    return 'r"""' + text.replace('"""', "''") + '\n"""'


def _broken(text: str) -> str:
    """Break what is too long; the facts and the command keep their lines."""
    if "\n" in text or text.startswith(" "):
        return text
    return "\n".join(parts.wrapped(text, parts.WIDTH - 4))
