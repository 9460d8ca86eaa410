"""Which cells of a notebook have to be run: the learner's own, and what those use of the course's.

Most of a chapter is demonstrations that a learner leaves as they are: minutes of training and
figures that no answer needs. A cell counts as the course's when it is, to the letter, one that was
handed out and no exercise. It is run when it may make or change something that is needed:

- It *may change* every name that it binds or stores into, and every object whose name it mentions:
  to append to a list, to train a model and to print one look alike. What only imports bind is no
  such object: to call a function of a module does not change the module.
- *Needed* where a cell is run are the names that it mentions, from the cells above it; and after
  the last cell, when the answers are called, the names that functions mention, from any cell. With
  a name, what stands in one cell with it may be needed then: `b = a` makes two names for one list.

State that has no name in the notebook, such as torch's default type, does not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Sequence
from symtable import symtable

from lora_course.chapters.rooms import room_of

MOST_CODE = 200_000  # characters; reading the names off much more takes long
LOOPS = {"genexpr", "listcomp", "setcomp", "dictcomp"}  # functions to Python, run where they stand
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
        used = [_used(code) for code in cells]
        kept = [_used(code, functions_only=True) for code in cells]
        bound = [_bound(code) for code in cells]
        imported = [_imported(code) for code in cells]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return everything  # magics, or broken
    chosen = {place for place, code in enumerate(cells) if digest(code) not in course}
    if any(used[place] & OPAQUE for place in chosen):
        return everything
    objects = set().union(*(b - i for b, i in zip(bound, imported, strict=True)))
    changed = [b | (u & objects) for b, u in zip(bound, used, strict=True)]
    while True:
        at_the_end = _at_the_end(chosen, kept, used, changed)
        more: set[int] = set()
        below: set[str] = set()  # what is needed by the cells that are run below this one
        for place in sorted(everything, reverse=True):
            needless = changed[place].isdisjoint(below) and changed[place].isdisjoint(at_the_end)
            if place not in chosen:
                if needless and "*" not in bound[place]:
                    continue
                more.add(place)
            below |= used[place]
        if not more:
            return chosen
        chosen |= more


def _at_the_end(
    chosen: Collection[int],
    kept: Sequence[set[str]],
    used: Sequence[set[str]],
    changed: Sequence[set[str]],
) -> set[str]:
    """The names that functions of the chosen cells mention, and all that may be one with them."""
    names = set().union(*(kept[place] for place in chosen))
    while True:
        more = (used[place] for place in chosen if not changed[place].isdisjoint(names))
        grown = names.union(*more)
        if grown == names:
            return names
        names = grown


def _used(code: str, functions_only: bool = False) -> set[str]:
    """The global names that the code, functions in it included, reads."""
    found: set[str] = set()
    tables = [symtable(code, "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        if not functions_only or (table.get_type() == "function" and table.get_name() not in LOOPS):
            found |= {s.get_name() for s in table.get_symbols() if top or s.is_global()}
    return found


def _imported(code: str) -> set[str]:
    """The global names that the code binds by imports alone."""
    symbols = symtable(code, "cell", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_imported() and not s.is_assigned()}


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
