"""The names in the code of one cell, read as IPython reads it: with magics, and never run."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from symtable import SymbolTable, symtable

LOOPS = {"genexpr", "listcomp", "setcomp", "dictcomp"}  # functions to Python, run where they stand
# Code with one of these may use names that cannot be read off it.
OPAQUE = {
    "eval",
    "exec",
    "globals",
    "locals",
    "vars",
    "dir",
    "get_ipython",
    "__import__",
    "compile",
}
# Magics whose text is Python that they run; and those that may bind or delete any name.
RUN = {"time", "timeit", "prun", "capture"}
BIND = {"run", "load", "loadpy", "pylab", "store", "edit", "macro", "rerun", "recall", "reset"}
BIND |= {"reset_selective", "xdel"}
OPTIONS = re.compile(r"(?:-\w+(?: +\d+)? +|-\w+$)*")
BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError)


def digest(source: str) -> str:
    """How a handed-out cell is known, however its lines end and whatever comments stand in it."""
    lines = (line.rstrip() for line in source.splitlines())
    code = "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))
    return hashlib.sha256(code.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class CellCode:
    """The code of a cell. One that is no Python uses and binds nothing: it cannot be run."""

    source: str
    tree: ast.Module
    table: SymbolTable  # its names as Python's compiler sees them

    @staticmethod
    def read(source: str) -> CellCode:
        """Read a cell's text."""
        from IPython.core.inputtransformer2 import TransformerManager

        try:
            tree = ast.parse(TransformerManager().transform_cell(source))
            tree = ast.fix_missing_locations(_Magics().visit(tree))
            # What parses may still be no Python, such as `return` by itself.
            return CellCode(source, tree, symtable(ast.unparse(tree), "cell", "exec"))
        except BROKEN:
            return CellCode(source, ast.Module([], []), symtable("", "cell", "exec"))

    @cached_property
    def used(self) -> set[str]:
        """The global names that the code, functions in it included, reads."""
        return self._read(functions_only=False)

    @cached_property
    def used_in_functions(self) -> set[str]:
        """The global names that functions in it read."""
        return self._read(functions_only=True)

    def _read(self, *, functions_only: bool) -> set[str]:
        found: set[str] = set()
        tables = [self.table]
        while tables:
            table = tables.pop()
            tables += table.get_children()
            top = table.get_type() == "module"
            function = table.get_type() == "function" and table.get_name() not in LOOPS
            if function or not functions_only:
                found |= {s.get_name() for s in table.get_symbols() if top or s.is_global()}
        return found

    @cached_property
    def imported(self) -> set[str]:
        """The global names that the code binds by imports alone."""
        symbols = self.table.get_symbols()
        return {s.get_name() for s in symbols if s.is_imported() and not s.is_assigned()}

    @cached_property
    def bound(self) -> set[str]:
        """The global names that the code binds, or whose objects it stores into."""
        symbols = self.table.get_symbols()
        names = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
        nodes = list(ast.walk(self.tree))
        stores = [
            root(node)
            for node in nodes
            if isinstance(node, ast.Attribute | ast.Subscript)
            and not isinstance(node.ctx, ast.Load)
        ]
        declared = [name for node in nodes if isinstance(node, ast.Global) for name in node.names]
        starred = ["*" for node in nodes if isinstance(node, ast.alias) and node.name == "*"]
        return names.union(stores, declared, starred)

    @property
    def opaque(self) -> bool:
        """Whether it may use names that cannot be read off it."""
        return bool(self.used & OPAQUE)


def root(target: ast.expr) -> str:
    """The name at the root of an expression: `a` of `a.b` and of `a[0].c`; "" for none."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


class _Magics(ast.NodeTransformer):
    """Puts the Python that a magic runs in its place, and nothing for all that binds no names."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        code = _python_of(node.value)
        if code is None:
            return self.generic_visit(node)
        return list(_Magics().visit(ast.parse(code)).body) or ast.Pass()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # As a value, in `names = !ls` and `x = %time f()`.
        code = _python_of(node)
        if code is None:
            return self.generic_visit(node)
        return _Magics().visit(ast.parse(code or "None", mode="eval").body)


def _python_of(call: ast.expr) -> str | None:
    """The Python in a magic; "" where there is none in it; None for what is no known magic."""
    if not (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Call)
        and root(call.func.value.func) == "get_ipython"
    ):
        return None
    words = [node.value if isinstance(node, ast.Constant) else None for node in call.args]
    texts = [word for word in words if isinstance(word, str)]
    match call.func.attr, texts:
        case (("system" | "getoutput"), _):
            return ""
        case "run_line_magic", [name, line] if name not in BIND:
            return OPTIONS.sub("", line, count=1) if name in RUN else ""
        case "run_cell_magic", [name, line, body] if name not in BIND:
            if name not in RUN:
                return ""
            output = OPTIONS.sub("", line, count=1).split(maxsplit=1) if name == "capture" else []
            return "\n".join([f"{output[0]} = None" if output else "", body])
    return None
