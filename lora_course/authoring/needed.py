"""Which statements of a notebook one of its cells needs: worked out from the names they use."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class _Statement:
    cell: int
    node: ast.stmt
    shown: bool  # the last expression of its cell: what the cell shows


def needed(cells: Sequence[str], wanted: Sequence[int]) -> list[tuple[int, str]]:
    """The statements that the last ones of the `wanted` cells need, those included.

    Each comes with the number of its cell. Taken are: what binds a name that is needed; and what
    may change a needed value in place, which is every loop, block or call that names it. What a
    cell shows at its end is taken to change nothing.
    """
    statements = [
        _Statement(number, node, node is body[-1] and isinstance(node, ast.Expr))
        for number, code in enumerate(cells)
        for body in [ast.parse(code).body]
        for node in body
    ]
    imported = {name for s in statements if _imports(s.node) for name in _bound(s.node)}
    names: set[str] = set()
    kept: list[_Statement] = []
    for statement in reversed(statements):
        node, bound, read = statement.node, _bound(statement.node), _read(statement.node)
        if statement.shown:
            taken = statement.cell in wanted
        else:
            changes = not _plain(node) and bool(read & (names - imported))
            taken = bool(bound & names) or changes
        if taken:
            if _plain(node):
                names -= bound  # what stood there before is not asked for
            names |= read
            kept.append(statement)
    return [(s.cell, ast.unparse(s.node)) for s in reversed(kept)]


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _plain(node: ast.stmt) -> bool:
    """Whether it only binds names, whatever they were."""
    if isinstance(node, ast.Assign):
        targets = [part for target in node.targets for part in _parts(target)]
        return all(isinstance(part, ast.Name) for part in targets)
    return _imports(node) or isinstance(node, ast.FunctionDef | ast.ClassDef)


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for inner in target.elts for part in _parts(inner)]
    return [target.value] if isinstance(target, ast.Starred) else [target]


def _bound(node: ast.stmt) -> set[str]:
    """The names that it gives a value."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    places: list[ast.AST] = [node]
    if isinstance(node, ast.Assign):  # not the names inside a comprehension on its right
        places = [part for target in node.targets for part in _parts(target)]
    found = (inner for place in places for inner in ast.walk(place))
    return {n.id for n in found if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}


def _read(node: ast.stmt) -> set[str]:
    """The names that it uses, those in the bodies of its functions among them."""
    found = ast.walk(node)
    read = {n.id for n in found if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        read.add(node.target.id)
    return read
