"""An agent file as its author wrote it: in which line each field stands, and none of them twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml
from yaml import CSafeLoader  # the one in Python takes 0.1 s of a start

from vantum.agents.mistakes import QUOTES, begins_with_blank
from vantum.errors import SettingsError

_OWN_NAMES: Final = {"agent": "name", "company": "company"}
MOST_VALUES: Final = 100_000  # the longest file that comes with Vantum has 1,500
MOST_DEEP: Final = 100  # libyaml's nodes are made on the C stack: 90,000 brackets end the process
# For a date that is none; for a tag such as !!int before what is none.
_NO_YAML: Final = (yaml.YAMLError, ValueError, LookupError, AttributeError)
_STEP: Final = re.compile(r"[^.\[\]]+")


class Source:
    """A file that was read. Places are written like `playbook.faqs[3].say[0]`."""

    def __init__(self, path: Path, text: str) -> None:
        """Raises SettingsError for what is no YAML, and for a field that is given twice."""
        self.path = path
        try:
            self._check_depth(text)
            loader = CSafeLoader(text)
            self._root = loader.get_single_node()
            self._check(self._root, {})
            self.tree: object = loader.construct_document(self._root) if self._root else None
        except _NO_YAML as error:
            raise self._no_yaml(error, text) from error

    def line(self, place: str) -> int | None:
        """The line of a field, or that of the last one on the way to it which the file has."""
        node, line = self._root, None
        for step in _STEP.findall(place):
            found = _within(node, step)
            if found is None:
                break
            line, node = found
        return line

    def has(self, place: str) -> bool:
        """Is this field given?"""
        node = self._root
        for step in _STEP.findall(place):
            found = _within(node, step)
            if found is None:
                return False
            node = found[1]
        return True

    def told(self, place: str, what: str) -> str:
        """What is to be said of a field, with where it stands: `mine.yaml:12: greeting: what`."""
        line = self.line(place)
        where = f"{self.path}:{line}" if line else str(self.path)
        return f"{where}: {place}: {what}" if place else f"{where}: {what}"

    def mistake(self, place: str, what: str) -> SettingsError:
        """The same, as an error."""
        return SettingsError(self.told(place, what))

    def _no_yaml(self, error: Exception, text: str) -> SettingsError:
        where = getattr(error, "problem_mark", None)
        line = f":{where.line + 1}" if where is not None else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        hint = f"; {QUOTES}" if where is not None and begins_with_blank(text, where.line) else ""
        return SettingsError(f"{self.path}{line}: not valid YAML: {problem}{hint}")

    def _check_depth(self, text: str) -> None:
        depth = 0
        for event in yaml.parse(text, CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MOST_DEEP:
                    assert event.start_mark is not None, "the parser knows where it is"
                    raise self._too_deep(event.start_mark.line)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _check(self, node: yaml.Node | None, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
        """How many values a part holds, and how deep; each alias counts as what it repeats.

        YAML itself would take the last of two fields, and say nothing; and would let a few lines of
        aliases stand for more values than memory holds.
        """
        if not isinstance(node, yaml.CollectionNode):
            return 1, 0
        if id(node) in known:
            return known[id(node)]
        known[id(node)] = MOST_VALUES, MOST_DEEP  # of what contains itself
        parts = node.value
        if isinstance(node, yaml.MappingNode):
            self._check_names(key for key, _ in node.value)
            parts = [value for _, value in node.value]
        size, depth = 1, 0
        for part in parts:
            values, levels = self._check(part, known)
            size, depth = size + values, max(depth, levels)
            if size > MOST_VALUES:
                line = node.start_mark.line + 1
                raise SettingsError(
                    f"{self.path}:{line}: more than {MOST_VALUES} values, or an alias within itself"
                )
        if depth >= MOST_DEEP:
            raise self._too_deep(node.start_mark.line)
        known[id(node)] = size, depth + 1
        return known[id(node)]

    def _check_names(self, keys: Iterable[yaml.Node]) -> None:
        lines: dict[str, int] = {}
        for key in keys:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise SettingsError(f"{self.path}:{line}: a list or mapping is no name of a field")
            if key.value in lines:
                raise SettingsError(
                    f"{self.path}:{line}: `{key.value}` is given twice here, first in line"
                    f" {lines[key.value]}; leave out one of them"
                )
            lines[key.value] = line

    def _too_deep(self, line: int) -> SettingsError:
        return SettingsError(f"{self.path}:{line + 1}: nested deeper than {MOST_DEEP} levels")


def _within(node: yaml.Node | None, step: str) -> tuple[int, yaml.Node] | None:
    """The line and the value of a field, or of an entry of a list by its number."""
    if isinstance(node, yaml.MappingNode):
        return next(
            ((key.start_mark.line + 1, value) for key, value in node.value if key.value == step),
            None,
        )
    if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
        entry = node.value[int(step)]
        return entry.start_mark.line + 1, entry
    return None


def read_source(path: Path) -> Source:
    """The file at that path. Raises SettingsError where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    return Source(path, text)


def with_own_names(tree: object) -> object:
    """A file's tree with its own name and company for {agent} and {company}, in every field."""
    if not isinstance(tree, dict):
        return tree
    names = {f"{{{blank}}}": tree.get(key) for blank, key in _OWN_NAMES.items()}
    return _replaced(tree, {blank: name for blank, name in names.items() if isinstance(name, str)})


def _replaced(value: object, names: dict[str, str]) -> object:
    if isinstance(value, dict):
        return {key: _replaced(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, names) for item in value]
    if isinstance(value, str):
        for blank, name in names.items():
            value = value.replace(blank, name)
    return value
