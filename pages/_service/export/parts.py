"""What script and notebook have in common: who made it, of what, with which parameters."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lessons import model_choice
from lessons.training import networks
from pages._service.export import ending
from pages._service.export.flatten import Flat, Place, definition, flatten
from pages._service.export.literals import literal, written_parameters
from pages._service.export.modules import ENDING, ROOT, module

WIDTH: Final = 100
_ENDING: Final = ("finished", "pixels", "fingerprint", "save", "compare")


@dataclass(frozen=True)
class Call:
    """A result of a page, and where it came from.

    Attributes:
        function: a lesson's top-level function.
        parameters: its arguments.
        result: what it returned.
        precomputed: whether it was precomputed, perhaps on another machine.
        name: what its files are called; by default after the function.
        recipe: for a training run: where its recipe is defined. Then the function takes that and
            all parameters together.
        said: what the parameters are; by default what the function's docstring says.
    """

    function: Callable[..., object]
    parameters: Mapping[str, object]
    result: object
    precomputed: bool = False
    name: str = ""
    recipe: Place | None = None
    said: Mapping[str, str] | None = None

    @property
    def place(self) -> tuple[str, str]:
        """The function's module and name."""
        return self.function.__module__, self.function.__qualname__

    @property
    def file_name(self) -> str:
        """What its files are called, without an ending."""
        return self.name or "_".join((self.place[0].rpartition(".")[2], self.place[1]))


def flat(call: Call) -> Flat:
    """The function and all that it is built of, and what runs it.

    Raises:
        ValueError: it is no function of the lessons.
    """
    wanted = [call.place] if call.recipe is None else [call.recipe, call.place]
    return flatten([*wanted, *((ENDING, name) for name in _ENDING)])


def facts(call: Call) -> Iterator[str]:
    """Lines that say what the result depends on besides the code."""
    for name, value in call.parameters.items():
        if name == "model" and isinstance(value, str):
            family = model_choice.family(value)
            title = next(one.title for one in model_choice.models() if one.name == family)
            yield f"Model: {title}, edition {model_choice.weights_hash(value)}"
        elif isinstance(value, str) and (name == "run_id" or name.endswith("_run")):
            yield f"Network: {value}, edition {networks.weights_hash(value) or 'unknown'}"
    if "seed" in call.parameters:
        yield f"Seed: {literal(call.parameters['seed'], '')}"
    what = "pictures" if has_images(call.result) else "numbers"
    yield f"The page's {what} have the sha256 {ending.fingerprint(call.result)}"


def has_images(result: object) -> bool:
    """Whether there is an image in a result."""
    return any(hasattr(part, "shape") for _, part in ending.leaves(result))


def comparison(call: Call) -> str:
    """What to expect of the comparison with the page."""
    if call.precomputed:
        return (
            "The page's result was precomputed. Where that was on another kind of processor, "
            "last bits were rounded otherwise there, and the two sums differ."
        )
    return (
        "On the machine that made the page's result both sums are the same. Another kind of "
        "processor rounds last bits otherwise, and then they differ."
    )


def parameters(call: Call, names: Flat) -> str:
    """The parameters as a dict, each with what the function says of it."""
    said = definition(call.place).doc.arguments if call.said is None else call.said
    read = names.names[ENDING, "pixels"]
    lines = []
    for name, value in written_parameters(call.function, call.parameters).items():
        lines += [f"    # {line}" for line in wrapped(said.get(name, ""), WIDTH - 6)]
        lines.append(f'    "{name}": {literal(value, read)},')
    return "\n".join(["PARAMETERS = {", *lines, "}"])


def steps(call: Call, names: Flat) -> tuple[str, str]:
    """The lines that make the result, and those that keep it and compare it."""
    own = {name: names.names[ENDING, name] for name in _ENDING}
    folder = f'Path("exports/{call.file_name}")'
    expected = f'"{ending.fingerprint(call.result)}"'
    parameters = (
        "**PARAMETERS" if call.recipe is None else f"{names.names[call.recipe]}, PARAMETERS"
    )
    return (
        f"result = {own['finished']}({names.names[call.place]}({parameters}))",
        f"{own['save']}(result, {folder})\n"
        f"{own['compare']}(\n    {own['fingerprint']}(result),\n    {expected},\n)",
    )


def imports(names: Flat) -> tuple[str, str, str]:
    """The import statements: of the standard library, of packages, of the project."""
    whole: list[list[str]] = [["import sys"], [], []]
    parts: list[dict[str, list[str]]] = [{}, {}, {}]
    for one, bound in names.imports.items():
        root = one.module.split(".")[0]
        ours = root in ("models", "lessons")
        place = 2 if ours else 0 if root in sys.stdlib_module_names else 1
        if one.name:
            words = _as(one.name, one.name, bound)
            parts[place].setdefault(one.module, []).append(words)
        elif one.module != "sys":
            whole[place].append(_as(f"import {one.module}", one.module, bound))
    standard, packages, project = (
        "\n".join(
            sorted(lines)
            + [
                _fitted(f"from {name} import ", sorted(words))
                for name, words in sorted(of.items(), key=lambda one: one[0].lower())
            ]
        )
        for lines, of in zip(whole, parts, strict=True)
    )
    return standard, packages, project


def licence() -> str:
    """Whose work the file is, in two sentences; the names stand in the project's LICENSE."""
    return f"{_copyright()} MIT License; its text is the file LICENSE of the project."


def title(call: Call) -> str:
    """What the lesson is about."""
    return module((call.recipe or call.place)[0]).title


def what(call: Call) -> str:
    """The first sentence of the function's docstring."""
    doc = inspect.getdoc(call.function) or ""
    return " ".join(doc.split("\n\n")[0].split())


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines between words."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


def _as(text: str, name: str, bound: str) -> str:
    return text if bound == name else f"{text} as {bound}"


def _fitted(start: str, words: list[str]) -> str:
    line = start + ", ".join(words)
    if len(line) <= WIDTH:
        return line
    return f"{start}(\n" + "".join(f"    {word},\n" for word in words) + ")"


@functools.cache
def _copyright() -> str:
    lines = (ROOT / "LICENSE").read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith("Copyright")) + "."
