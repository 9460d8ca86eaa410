"""Which cells of a notebook have to be run: the learner's own, and what those use of the course's.

Most of a chapter is demonstrations that a learner leaves as they are: minutes of training and
figures that no answer needs. A cell counts as the course's when it is, to the letter, one that was
handed out and no exercise; it is run when it binds a name that a cell to be run mentions.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from symtable import symtable

from lora_course.chapters.rooms import room_of

MOST_CODE = 200_000  # characters; reading the names off much more takes long
# Code with one of these may use names that cannot be read off it: then everything is run.
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


def digest(source: str) -> str:
    """How a handed-out cell is known."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:16]


def handed_out(chapter: int) -> frozenset[str]:
    """Digests of the chapter's cells that are no exercises, as its room keeps them."""
    return frozenset(room_of(chapter).read_built()["cells"])


def needed(cells: Sequence[str], course: frozenset[str]) -> set[int]:
    """The places of the cells to run; all of them where that cannot be told."""
    everything = set(range(len(cells)))
    if sum(map(len, cells)) > MOST_CODE:
        return everything
    try:
        used = {place: _used(code) for place, code in enumerate(cells)}
        bound = {place: _bound(code) for place, code in enumerate(cells)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return everything  # magics, or broken
    chosen = {place for place, code in enumerate(cells) if digest(code) not in course}
    if any(used[place] & OPAQUE for place in chosen):
        return everything
    while True:
        wanted = set().union(*(used[place] for place in chosen))
        more = {p for p in everything - chosen if bound[p] & wanted or "*" in bound[p]}
        if not more:
            return chosen
        chosen |= more


def _used(code: str) -> set[str]:
    """The global names that the code, functions in it included, reads."""
    found, tables = set(), [symtable(code, "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        found |= {s.get_name() for s in table.get_symbols() if top or s.is_global()}
    return found


def _bound(code: str) -> set[str]:
    """The global names that the code binds, or whose objects it stores into."""
    tree, table = ast.parse(code), symtable(code, "cell", "exec")
    names = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    stores = [
        _base(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)
    ]
    declared = [n for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names]
    starred = ["*" for node in ast.walk(tree) if isinstance(node, ast.alias) and node.name == "*"]
    return names.union(stores, declared, starred)


def _base(target: ast.expr) -> str:
    """The name at the root of what is stored to: `a` of `a.b` and of `a[0].c`."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
