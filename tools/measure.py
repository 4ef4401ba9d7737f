"""How big the code's files, functions and classes are; run as a program it prints the figures."""

from __future__ import annotations

import ast
import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from radon.complexity import cc_visit_ast  # type: ignore[import-untyped]  # has no stubs

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Module:
    """One file of source."""

    path: str  # from the root of the repository, with forward slashes
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Lines of the file, blank ones and comments too."""
        return len(self.text.splitlines())


@dataclass(frozen=True)
class Function:
    """One function or method."""

    name: str
    lines: int


@dataclass(frozen=True)
class Class:
    """One class: its length, the attributes its methods set, its bases as written."""

    name: str
    lines: int
    attributes: int
    methods: int
    bases: tuple[str, ...]


def module(path: str, text: str) -> Module:
    """A module from its text."""
    return Module(path, text, ast.parse(text))


def modules(*folders: str) -> list[Module]:
    """Every Python file below `folders` of the repository."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    paths = [path for path in paths if path.parent.name != "versions"]  # written by alembic
    return [module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def functions(of: Module) -> Iterator[Function]:
    """Every function, methods and inner ones too."""
    for node in ast.walk(of.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(node.name, _lines(node))


def complexities(of: Module) -> Iterator[tuple[str, int]]:
    """Every function's name and cyclomatic complexity."""
    for block in cc_visit_ast(of.tree):
        if not hasattr(block, "methods"):
            yield block.fullname, block.complexity


def classes(of: Module) -> Iterator[Class]:
    """Every class."""
    for node in ast.walk(of.tree):
        if isinstance(node, ast.ClassDef):
            kinds = ast.FunctionDef | ast.AsyncFunctionDef
            methods = sum(isinstance(part, kinds) for part in node.body)
            bases = tuple(ast.unparse(base) for base in node.bases)
            yield Class(node.name, _lines(node), len(_attributes(node)), methods, bases)


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _attributes(node: ast.ClassDef) -> set[str]:
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute)
        and isinstance(inner.ctx, ast.Store)
        and isinstance(inner.value, ast.Name)
        and inner.value.id == "self"
    }


def _spread(values: Sequence[int]) -> str:
    if len(values) < 2:
        return " / ".join(map(str, values)) or "-"
    return (
        f"{statistics.median(values):g} / {statistics.quantiles(values, n=10)[-1]:.0f}"
        f" / {max(values)}"
    )


def figures() -> Iterator[tuple[str, str]]:
    """The name of each figure and its value; three numbers are median / p90 / greatest."""
    source, tests = modules("src"), modules("tests")
    lines, test_lines = (sum(of.lines for of in group) for group in (source, tests))
    built = list(itertools.chain.from_iterable(map(classes, source)))
    made = list(itertools.chain.from_iterable(map(functions, source)))
    hard = [value for of in source for _, value in complexities(of)]
    yield "files / lines", f"{len(source)} / {lines}"
    yield "file lines", _spread([of.lines for of in source])
    yield "function lines", _spread([function.lines for function in made])
    yield "complexity", _spread(hard)
    yield "complexity above 10", f"{100 * sum(value > 10 for value in hard) / len(hard):.1f} %"
    yield "class lines", _spread([found.lines for found in built])
    yield "attributes set by a class", _spread([found.attributes for found in built])
    yield "methods of a class", _spread([found.methods for found in built])
    yield "test lines per line", f"{test_lines / lines:.2f}"


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:28}{value}")
