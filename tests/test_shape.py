"""The budgets that keep the code readable; what may exceed one stands below with its reason."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import vantum

ROOT = Path(__file__).resolve().parent.parent


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded  # dataclasses look their module up there
    spec.loader.exec_module(loaded)
    return loaded


measure = _tool("measure")

FILE_LINES = 400
FUNCTION_LINES = 50
COMPLEXITY = 12
CLASS_LINES = 250
ATTRIBUTES = 12
PUBLIC_NAMES = 12
DOCS_PER_CODE = 0.5

BAD_ENDINGS = re.compile(r"(Manager|Handler|Helper|Helpers|Utils?|Base|Impl)$")

# Bases that only declare data, besides exceptions and Protocols.
DATA = {"Struct", "BaseModel", "Enum", "StrEnum", "IntEnum", "NamedTuple", "TypedDict", "Protocol"}

# rule -> file -> why it may. One that is no longer needed fails a test below.
EXCEPTIONS: dict[str, dict[str, str]] = {
    "environment": {
        "src/vantum/cli.py": "hands it to settings.py",
    },
    "inheritance": {
        "src/vantum/providers/local/client.py": "asyncio's own callback interface",
        "src/vantum/providers/local/helper.py": "asyncio's own callback interface",
        "src/vantum/websocket.py": "picows' own callback interface",
        "src/vantum/in_turn.py": "no behaviour: only what is in it",
        "src/vantum/mailbox.py": "no behaviour: only what is in it",
    },
    "broad except": {
        "src/vantum/crew.py": "a task root: logs what no rule foresaw, ends the part politely",
        "src/vantum/in_turn.py": "a defect ends its call, and not whoever told it of something",
        "src/vantum/websocket.py": "the root of a callback: tells of it, and ends the connection",
        "src/vantum/providers/deepgram_line.py": "a callback: who brings sound does not pay",
        "src/vantum/upkeep.py": "task roots: one bad row, or task, must not end all else",
        "src/vantum/campaigns/jobs.py": "a task root: one bad job, not those beside it",
        "src/vantum/providers/local/helper.py": "thread roots: one bad text, not every call",
    },
    "tasks": {
        "src/vantum/providers/vendor_socket.py": "called off, one ends by itself, held in _LEFT",
        "src/vantum/providers/cartesia.py": "lives no longer than the generator it feeds",
        "src/vantum/crew.py": "one task group a call",
        "src/vantum/campaigns/jobs.py": "one group a round of jobs, which ends with them",
        "src/vantum/upkeep.py": "one task group for what providers keep between calls",
        "src/vantum/web/bridge.py": "one a connection, which uvicorn waits for at its end",
        "src/vantum/web/app.py": "the composition root and its task group",
        "src/vantum/providers/deepgram_line.py": "lives no longer than the generator it feeds",
        "src/vantum/providers/local/speech.py": "lives no longer than the generator it feeds",
        "src/vantum/providers/local/alert.py": "lives no longer than the generator it feeds",
        "src/vantum/providers/steady_ears.py": "lives no longer than the generator it feeds",
        "src/vantum/providers/steady_mind.py": "a race of two; both end with the generator",
        "src/vantum/simulator/cartesia_socket.py": "one a context, in the group of its socket",
        "src/vantum/simulator/twilio_line.py": "one group a stream: its two directions",
        "src/vantum/rehearsing.py": "a program of its own: two servers, in a task group each",
        "src/vantum/talk.py": "a program of its own: the caller, in one task group",
    },
}

Rule = Callable[[Any], Iterator[str]]  # takes a `Module` of tools/measure.py, loaded by its path


def file_lines(of: Any) -> Iterator[str]:
    if of.lines > FILE_LINES:
        yield f"{of.lines} lines"


def function_lines(of: Any) -> Iterator[str]:
    for function in measure.functions(of):
        if function.lines > FUNCTION_LINES:
            yield f"{function.name}: {function.lines} lines"


def complexity(of: Any) -> Iterator[str]:
    for name, value in measure.complexities(of):
        if value > COMPLEXITY:
            yield f"{name}: {value}"


def classes(of: Any) -> Iterator[str]:
    for found in measure.classes(of):
        if found.lines > CLASS_LINES:
            yield f"{found.name}: {found.lines} lines"
        if found.attributes > ATTRIBUTES:
            yield f"{found.name}: {found.attributes} attributes"


def names(of: Any) -> Iterator[str]:
    for found in measure.classes(of):
        if BAD_ENDINGS.search(found.name):
            yield found.name


def inheritance(of: Any) -> Iterator[str]:
    for found in measure.classes(of):
        for base in found.bases:
            plain = base.partition("[")[0]
            if plain.removeprefix("msgspec.") not in PERMITTED_BASES:
                yield f"{found.name}({base})"


def broad_except(of: Any) -> Iterator[str]:
    for node in ast.walk(of.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else ast.unparse(node.type)
            if node.type is None or re.search(r"\b(Base)?Exception\b", caught):
                yield f"line {node.lineno}: except {caught}"


def tasks(of: Any) -> Iterator[str]:
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in {"create_task", "ensure_future", "run_coroutine_threadsafe"}:
                yield f"line {node.lineno}: {called}"


def untyped_dicts(of: Any) -> Iterator[str]:
    if of.path.startswith("src/vantum/wire/"):
        return
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Subscript) and re.fullmatch(
            r"([Dd]ict|(Mutable)?Mapping)\[str, Any\]", ast.unparse(node)
        ):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def first_sentence(of: Any) -> Iterator[str]:
    first = (ast.get_docstring(of.tree) or "").partition("\n")[0]
    if not first:
        yield "begins without saying what is decided there"


def environment(of: Any) -> Iterator[str]:
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield f"line {node.lineno}: {ast.unparse(node)}"


RULES: dict[str, Rule] = {
    "file lines": file_lines,
    "function lines": function_lines,
    "complexity": complexity,
    "classes": classes,
    "names": names,
    "inheritance": inheritance,
    "broad except": broad_except,
    "tasks": tasks,
    "untyped dicts": untyped_dicts,
    "first sentence": first_sentence,
    "environment": environment,
}

SOURCE = measure.modules("src")
BESIDE = measure.modules("tools", "benchmarks", "examples")
# What programs beside the product must keep to as well.
RULES_BESIDE = ("file lines", "function lines", "complexity", "classes", "first sentence")


def _permitted_bases() -> set[str]:
    """Data declarations, exceptions, and our own classes that are one of these."""
    permitted = set(DATA)
    permitted |= {
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    ours = [found for of in SOURCE for found in measure.classes(of) if found.bases]
    while more := {
        found.name
        for found in ours
        if found.name not in permitted
        and all(
            base.removeprefix("msgspec.").partition("[")[0] in permitted for base in found.bases
        )
    }:
        permitted |= more
    return permitted


PERMITTED_BASES = _permitted_bases()


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps_to_its_budget(rule: str) -> None:
    checked = [*SOURCE, *(BESIDE if rule in RULES_BESIDE else [])]
    complaints = [
        f"{of.path}: {complaint}"
        for of in checked
        if of.path not in EXCEPTIONS.get(rule, {})
        for complaint in RULES[rule](of)
    ]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    ("rule", "path"), [(rule, path) for rule, paths in EXCEPTIONS.items() for path in paths]
)
def test_an_exception_is_still_needed(rule: str, path: str) -> None:
    [of] = [of for of in SOURCE if of.path == path]
    assert list(RULES[rule](of)), f"take {path} out of EXCEPTIONS[{rule!r}]"


LONG_BODY = "\n".join(["    x = 1"] * 60)
BRANCHES = "\n".join(f"    if a == {n}: return {n}" for n in range(13))
SELVES = "\n".join(f"        self.a{n} = {n}" for n in range(13))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("file lines", "x = 1\n" * 401),
        ("function lines", f"def f():\n{LONG_BODY}"),
        ("function lines", f"async def f():\n{LONG_BODY}"),
        ("complexity", f"def f(a):\n{BRANCHES}"),
        ("complexity", f"class A:\n  def f(self, a):\n{BRANCHES}"),
        ("classes", f"class A:\n    def __init__(self):\n{SELVES}"),
        ("classes", "class A:\n" + "    x = 1\n" * 260),
        ("names", "class CallManager: ..."),
        ("names", "class Base: ..."),
        ("inheritance", "class A(Call): ..."),
        ("inheritance", "class A(asyncio.Protocol): ..."),
        ("inheritance", "class A(Generic[T]): ..."),
        ("broad except", "try: f()\nexcept Exception: g()"),
        ("broad except", "try: f()\nexcept (ValueError, BaseException): g()"),
        ("broad except", "try: f()\nexcept: g()"),
        ("tasks", "asyncio.create_task(f())"),
        ("tasks", "group.create_task(f())"),
        ("tasks", "asyncio.ensure_future(f())"),
        ("untyped dicts", "def f(x: dict[str, Any]) -> None: ..."),
        ("untyped dicts", "x: Mapping[str, Any]"),
        ("first sentence", "x = 1"),
        ("environment", "x = os.environ['A']"),
        ("environment", "x = os.getenv('A')"),
    ],
)
def test_a_rule_sees_what_breaks_it(rule: str, text: str) -> None:
    assert list(RULES[rule](measure.module("src/vantum/some.py", text)))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("inheritance", "class A(Struct, frozen=True): ..."),
        ("inheritance", "class A(Protocol[T]): ..."),
        ("inheritance", "class A(msgspec.Struct): ..."),
        ("inheritance", "class A(ProviderError): ..."),
        ("broad except", "try: f()\nexcept (OSError, ValueError): g()"),
        ("names", "class Baseline: ..."),
        ("untyped dicts", "x: dict[str, int]"),
        ("first sentence", '"""Decides something."""'),
    ],
)
def test_a_rule_lets_good_code_pass(rule: str, text: str) -> None:
    assert not list(RULES[rule](measure.module("src/vantum/some.py", text)))


def test_few_names_are_public() -> None:
    assert 0 < len(vantum.__all__) <= PUBLIC_NAMES


def test_the_documents_are_at_most_half_as_long_as_the_code() -> None:
    papers = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    written = sum(len(paper.read_text("utf-8").splitlines()) for paper in papers)
    assert written <= DOCS_PER_CODE * sum(of.lines for of in SOURCE)
