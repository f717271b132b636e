"""Which names of a module a piece of its code uses, and which of its own names stand in the way."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_NAMED = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
)
_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


@dataclass(frozen=True)
class Reference:
    """One use of a name that belongs to the module.

    Attributes:
        node: where the name stands.
        dotted: the whole `name.attribute`, if that is how it is used.
        local: names that functions around it bind; none of them may stand in its place.
    """

    node: ast.Name
    dotted: ast.Attribute | None
    local: frozenset[str]


def references(statement: ast.stmt) -> tuple[Reference, ...]:
    """Find the module's names that a top-level statement uses or binds, in the order of the text.

    Raises:
        ValueError: it changes the module's names from within a function.
    """
    finder = _Finder()
    finder.visit(statement)
    return tuple(finder.found)


class _Finder(ast.NodeVisitor):
    """Visits a statement with the scopes around each name on a stack."""

    def __init__(self) -> None:
        self.found: list[Reference] = []
        self.scopes: list[tuple[bool, frozenset[str]]] = []
        """Whether the scope is a class's, and what it binds."""

    def visit_Name(self, node: ast.Name) -> None:
        self._note(node, None)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            self._note(node.value, node)
        else:
            self.visit(node.value)

    def visit_Global(self, node: ast.Global) -> None:
        raise ValueError(f"line {node.lineno} changes the module's names from within a function")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._outside(node.decorator_list)
        self._function(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._outside([*node.decorator_list, *node.bases, *node.keywords])
        self._inside(node.body, frozenset(_bound(node.body)), is_class=True)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, [node.key, node.value])

    def _function(self, node: _Function, body: Sequence[ast.AST]) -> None:
        arguments = _arguments(node)
        hints = [argument.annotation for argument in arguments]
        returned = None if isinstance(node, ast.Lambda) else node.returns
        defaults = [*node.args.defaults, *node.args.kw_defaults]
        self._outside(part for part in (*hints, returned, *defaults) if part)
        bound = {argument.arg for argument in arguments} | set(_bound(body))
        self._inside(body, frozenset(bound))

    def _comprehension(self, node: _Comprehension, results: Sequence[ast.expr]) -> None:
        first = node.generators[0]
        self.visit(first.iter)  # this one is worked out before there is a scope
        rest = [part for one in node.generators[1:] for part in (one.target, one.iter, *one.ifs)]
        inner = [first.target, *first.ifs, *rest, *results]
        self._inside(inner, frozenset(_bound([one.target for one in node.generators])))

    def _outside(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _inside(
        self, nodes: Iterable[ast.AST], bound: frozenset[str], is_class: bool = False
    ) -> None:
        self.scopes.append((is_class, bound))
        self._outside(nodes)
        self.scopes.pop()

    def _note(self, node: ast.Name, dotted: ast.Attribute | None) -> None:
        # A class's own names are seen in its body, but not in its methods.
        seen = [names for is_class, names in self.scopes[:-1] if not is_class]
        local = frozenset[str]().union(*seen, *(names for _, names in self.scopes[-1:]))
        if node.id not in local:
            self.found.append(Reference(node, dotted, local))


def _arguments(node: _Function) -> list[ast.arg]:
    all_kinds = node.args
    named = [*all_kinds.posonlyargs, *all_kinds.args, *all_kinds.kwonlyargs]
    return named + [one for one in (all_kinds.vararg, all_kinds.kwarg) if one]


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that these nodes bind in their own scope, not in one inside them."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id
        elif isinstance(node, _NAMED) and node.name:
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.split(".")[0]
        if isinstance(node, _SCOPES):
            # `:=` in a comprehension binds a name of the function around it.
            walrus = (part for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
            yield from (part.target.id for part in walrus)
        else:
            yield from _bound(ast.iter_child_nodes(node))
