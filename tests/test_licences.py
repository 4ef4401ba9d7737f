"""Whatever is installed with Vantum may be shipped with it: permissive licences only."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# MPL-2.0 asks that changes to its own files be shown, and we make none.
MAY: Final = re.compile(
    r"\b(MIT(-0)?|0?BSD|Apache|ISC|PSF|Python Software Foundation|MPL[ -]2(\.0)?"
    r"|Mozilla Public License 2(\.0)?|Zlib|CC0|Unlicense)\b"
)
MAY_NOT: Final = re.compile(r"\bA?GPL|\bLGPL|\bSSPL|\bBUSL|Commons Clause|NonCommercial|-NC\b")


def shipped() -> dict[str, str]:
    """The licence of each package that Vantum needs, its own dependencies too."""
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["local"]]
    todo = [Requirement(one) for one in asked]
    found: dict[str, str] = {}
    while todo:
        wanted = todo.pop()
        extras = wanted.extras or {""}
        if wanted.marker and not any(wanted.marker.evaluate({"extra": one}) for one in extras):
            continue
        known = distribution(wanted.name)
        if canonicalize_name(wanted.name) in found and not wanted.extras:
            continue
        found[canonicalize_name(wanted.name)] = licence(known)
        for text in known.requires or ():
            needs = Requirement(text)
            if needs.marker is None or any(needs.marker.evaluate({"extra": one}) for one in extras):
                todo.append(needs)
    return found


def licence(package: Distribution) -> str:
    """What a package says of itself: an expression, its classifiers, or the title of a text."""
    headers = dict.fromkeys(("License-Expression", "License", "License-File"), "")
    classifiers = []
    for name, value in package.metadata.items():  # type: ignore[attr-defined]
        if name in headers:
            headers[name] = value
        elif name == "Classifier" and value.startswith("License ::"):
            classifiers.append(value)
    said = headers["License-Expression"] or "; ".join(classifiers) or headers["License"][:100]
    text = package.read_text(f"licenses/{headers['License-File']}") or ""
    return said or text.strip().partition("\n")[0]


def refused(found: dict[str, str]) -> dict[str, str]:
    return {
        name: told for name, told in found.items() if not MAY.search(told) or MAY_NOT.search(told)
    }


def test_every_package_may_be_shipped() -> None:
    found = shipped()
    assert {"aiohttp", "sqlalchemy", "moonshine-voice"} <= set(found)
    assert not refused(found)


def test_every_package_within_the_page_may_be_shipped() -> None:
    lock = json.loads((ROOT / "console" / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name and not one.get("dev")}
    assert {"node_modules/react", "node_modules/msgpackr"} <= set(packages)
    assert not refused({name: one.get("license", "") for name, one in packages.items()})


def test_a_licence_that_asks_for_more_is_found() -> None:
    for told in ("GPL-3.0-only", "AGPL-3.0", "LGPL-2.1 OR MIT", "CC-BY-NC-4.0"):
        assert MAY_NOT.search(told), told


def test_a_licence_that_nobody_knows_is_refused() -> None:
    for told in ("LIMITED USE LICENSE", "DISCLOSED", "Proprietary", ""):
        assert refused({"it": told}), told
