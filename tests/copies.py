"""Finds formulas of the library that somebody wrote out again, under whatever names.

An expression is taken as a function of its parts: whatever is not arithmetic is an unknown. It is a
copy if, with some order of its unknowns, it gives the library's numbers. So the names don't count,
nor whether the formula is spread over several lines, nor how it is turned round.
"""

from __future__ import annotations

import ast
import cmath
import operator
import random
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import Any, Final, NamedTuple

import torch

from lessons.diffusion import denoise, forward, guidance, posterior, samplers

_BINARY: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: Final[Mapping[str, Callable[[Any], Any]]] = {
    "sqrt": cmath.sqrt,
    "log": cmath.log,
    "exp": cmath.exp,
    "square": lambda x: x * x,
    "rsqrt": lambda x: 1 / cmath.sqrt(x),
}
_PASSING: Final = {"float", "double", "clone", "contiguous"}

FORMULAS: Final[Mapping[str, tuple[Callable[..., Any], int]]] = {
    "add_noise": (forward.add_noise, 3),
    "clean_estimate": (denoise.clean_estimate, 3),
    "noise_estimate": (denoise.noise_estimate, 3),
    "v_target": (denoise.v_target, 3),
    "guide": (guidance.guide, 3),
    "posterior_mean": (posterior.posterior_mean, 4),
    "posterior_variance": (posterior.posterior_variance, 2),
    "learned_variance": (posterior.learned_variance, 3),
    "ddim_mean": (samplers.ddim_mean, 4),
    "the weight of x_0": (lambda a_t, a_s: posterior.posterior_mean(a_t * 0, a_t**0, a_t, a_s), 2),
    "the weight of x_t": (lambda a_t, a_s: posterior.posterior_mean(a_t**0, a_t * 0, a_t, a_s), 2),
}

Known = dict[str, ast.expr]


class Copy(NamedTuple):
    """A copy: which formula, on which line, and how it is written."""

    formula: str
    line: int
    text: str


def copies(source: str) -> list[Copy]:
    """Every copy of a formula or schedule, and every sampling loop, in a module's text."""
    tree = ast.parse(source)
    found = [*_schedules(tree), *_loops(tree)]
    for body in [tree.body, *(n.body for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        known: Known = {}
        for statement in _in_order(body):
            for node in _expressions(statement):
                whole = _Inlined(known).visit(_copy(node))
                formula = _formula(whole)
                if formula:
                    found.append(Copy(formula, node.lineno, ast.unparse(node)))
            _note(statement, known)
    return found


def _in_order(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body and of its blocks, but not of the functions in it."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            continue
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from _in_order(getattr(statement, block, []))


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The arithmetic in a statement itself, from large to small."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop(0)
        inside = ast.iter_child_nodes(node)
        waiting += [n for n in inside if not isinstance(n, ast.stmt)]
        if isinstance(node, ast.BinOp | ast.Call):
            yield node


def _note(statement: ast.stmt, known: Known) -> None:
    """Remember what a name stands for, if that is arithmetic."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value:
        target, value = statement.target, statement.value
    else:
        return
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=False))
    new = [
        (name.id, _Inlined(known).visit(_copy(what)))
        for name, what in pairs
        if isinstance(name, ast.Name)
    ]
    for name, what in new:
        known.pop(name, None)
        if isinstance(what, ast.BinOp | ast.UnaryOp) or _function_of(what):
            known[name] = what


class _Inlined(ast.NodeTransformer):
    def __init__(self, known: Known) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.known.get(node.id, node)


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _function_of(node: ast.AST) -> str:
    """The name of an elementary function that is called, as `x.sqrt()` or `math.sqrt(x)`."""
    if not isinstance(node, ast.Call) or node.keywords:
        return ""
    if isinstance(node.func, ast.Attribute):
        plain = isinstance(node.func.value, ast.Name) and node.func.value.id in (
            *("math", "torch", "np", "numpy", "cmath"),
        )
        wanted = 1 if plain else 0
        name = node.func.attr
        return name if name in _UNARY and len(node.args) == wanted else ""
    return ""


def _value(node: ast.expr, unknown: Callable[[str], complex]) -> complex:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, unknown), _value(node.right, unknown)
        return complex(_BINARY[type(node.op)](left, right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, unknown)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return complex(node.value)
    if isinstance(node, ast.Call):
        if name := _function_of(node):
            inner = node.args[0] if node.args else node.func.value  # type: ignore[attr-defined]
            return complex(_UNARY[name](_value(inner, unknown)))
        if isinstance(node.func, ast.Attribute) and node.func.attr in _PASSING and not node.args:
            return _value(node.func.value, unknown)
        if isinstance(node.func, ast.Name) and node.func.id == "float" and len(node.args) == 1:
            return _value(node.args[0], unknown)
    return unknown(ast.unparse(node))


def _formula(node: ast.expr) -> str:
    """The formula that an expression is a copy of; "" if it is none."""
    names: list[str] = []

    def noted(name: str) -> complex:
        if name not in names:
            names.append(name)
        return 0.5

    try:
        _value(node, noted)
    except (ZeroDivisionError, OverflowError, ValueError, TypeError, RecursionError):
        return ""
    for formula, (_, count) in FORMULAS.items():
        if count == len(names) and _is(node, formula, names):
            return formula
    return ""


def _is(node: ast.expr, formula: str, names: list[str]) -> bool:
    function, count = FORMULAS[formula]
    chance = random.Random(7)
    draws = [[chance.uniform(0.2, 0.8) for _ in range(count)] for _ in range(3)]
    for order in permutations(range(count)):
        if all(_agree(node, names, function, values, order) for values in draws):
            return True
    return False


def _agree(
    node: ast.expr,
    names: list[str],
    function: Callable[..., Any],
    values: list[float],
    order: tuple[int, ...],
) -> bool:
    given = [torch.tensor(values[place], dtype=torch.float64) for place in order]
    wanted = complex(float(function(*given)))
    try:
        found = _value(node, dict(zip(names, values, strict=True)).__getitem__)
    except (ZeroDivisionError, OverflowError, ValueError, TypeError):
        return False
    return abs(found - wanted) < 1e-9


def _schedules(tree: ast.Module) -> Iterator[Copy]:
    """Running products, the cosine's offset, and the linear schedule's ends elsewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in (0.008, 1.008):
            yield Copy("squaredcos_cap_v2", node.lineno, ast.unparse(node))
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name == "cumprod":
            yield Copy("from_betas", node.lineno, ast.unparse(node))
        numbers = {a.value for a in node.args if isinstance(a, ast.Constant)}
        if {1e-4, 0.02} <= numbers and name not in ("ddpm_schedule", "ddpm"):
            yield Copy("ddpm_schedule", node.lineno, ast.unparse(node))


def _loops(tree: ast.Module) -> Iterator[Copy]:
    """Loops over times that ask about x and a time, and put another x in its place by the answer.

    What depends on the loop's own counter is a time.
    """
    for loop in ast.walk(tree):
        if not isinstance(loop, ast.For):
            continue
        times = _names(loop.target, ast.Store)
        answers: dict[str, set[str]] = {}
        for statement in _in_order(loop.body):
            if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
                continue
            value = statement.value
            if not isinstance(value, ast.BinOp) and not _calls(value):
                continue
            used, set_here = _names(statement, ast.Load), _names(statement, ast.Store)
            asked = _asked_about(statement, times).union(*(answers.get(n, set()) for n in used))
            for name in set_here:
                if name in asked:
                    yield Copy("sampling_trajectory", loop.lineno, ast.unparse(statement))
                answers[name] = asked
            if used & times and not asked:
                times |= set_here


def _asked_about(statement: ast.stmt, times: set[str]) -> set[str]:
    """Names that stand in a call one of whose other arguments is a time."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and len(node.args) > 1 and "torch" not in _root(node.func):
            timed = [bool(_names(one, ast.Load) & times) for one in node.args]
            if any(timed):
                about = (one for one, is_time in zip(node.args, timed, strict=True) if not is_time)
                found.update(*(_names(one, ast.Load) for one in about))
    inner = (n.target for n in ast.walk(statement) if isinstance(n, ast.comprehension))
    return found.difference(*(_names(one, ast.Store) for one in inner))


def _calls(value: ast.expr | None) -> bool:
    return value is not None and any(isinstance(node, ast.Call) for node in ast.walk(value))


def _root(function: ast.expr) -> str:
    """`torch` of torch.where."""
    return ast.unparse(function).partition(".")[0]


def _names(node: ast.AST, how: type[ast.expr_context]) -> set[str]:
    names = (one for one in ast.walk(node) if isinstance(one, ast.Name))
    return {one.id for one in names if isinstance(one.ctx, how)}
