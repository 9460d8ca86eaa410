"""What an instructor may want to look at in a submission: it may be fair, and no check can tell.

Two things cannot be kept from a notebook that is graded: the course's own functions, which it needs
to run, and the objects of its own kernel. To use the ones as an answer, or to change the others, is
told here, with the line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from lora_course.files import PACKAGE
from lora_course.grading.cell_code import root
from lora_course.grading.needed_cells import MOST_CODE, NeededCells
from lora_course.grading.records import Flag

COURSE = PACKAGE.name
NAMED = re.compile(rf"\b{COURSE}[./]")
PATCHED = (COURSE, "torch", "builtins")
EMPTY = re.compile(r"\A(?:[ \t]*\n)+")
MOST = 20
TEXT = 200  # characters


def flags(cells: NeededCells, imports: Collection[str]) -> list[Flag]:
    """All there are in the learner's cells.

    `imports`: the full names, such as "lora_course.adapt", that the chapter's own cells import.
    """
    if not cells.readable:
        return [Flag(0, f"more than {MOST_CODE:,} characters of code, which nothing looked at")]
    patched = {name for code in cells.codes for name in _bound_by_imports(code.tree, PATCHED)}
    found = []
    for place in sorted(cells.own):
        code = cells.codes[place]
        lines = EMPTY.sub("", code.source).splitlines()  # as IPython counts them
        for node, why in _odd(code.tree, imports, patched):
            line = lines[node.lineno - 1].strip() if node.lineno <= len(lines) else ""
            found.append(Flag(place + 1, f"{why}: {line}"[:TEXT]))
    return found


def told(answers: Mapping[str, str], found: Sequence[Flag]) -> tuple[Flag, ...]:
    """The first `MOST` flags: of `answers`, by their names, that are the course's; then `found`."""
    own = [
        Flag(0, f"{name} is the course's own {code}"[:TEXT])
        for name, code in answers.items()
        if code
    ]
    return tuple(dict.fromkeys([*own, *found]))[:MOST]


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Each import statement with each full name of the course's that it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names if _course(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _course(node.module):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def _course(name: str) -> bool:
    return name.partition(".")[0] == COURSE


def _bound_by_imports(tree: ast.AST, modules: Collection[str]) -> Iterator[str]:
    """The names that stand for those modules, or for something in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                module = (isinstance(node, ast.ImportFrom) and node.module) or alias.name
                if module.split(".")[0] in modules:
                    yield alias.asname or alias.name.split(".")[0]


def _odd(
    tree: ast.AST, imports: Collection[str], patched: Collection[str]
) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    for statement, name in imported(tree):
        if name not in imports and name != COURSE:
            yield statement, f"imports {name}, which the chapter does not"
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                if root(node) in patched or ast.unparse(node).startswith("sys.modules["):
                    yield node, "changes a module"
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[target, *_]):
                if root(target) in patched:
                    yield node, "changes a module"
            case ast.Constant(value=str(text)) if NAMED.search(text):
                yield node, "names the course's code in a text"
            case ast.Attribute(value=ast.Name(id=name)) if name == COURSE:
                full = f"{COURSE}.{node.attr}"
                if isinstance(node.ctx, ast.Load) and full not in imports:
                    yield node, f"uses {full}, which the chapter does not"
