"""The served page is the one its sources make, and it needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import console_hash  # noqa: E402  (tools/ is no package)

SOURCE, BUILT = console_hash.SOURCE, console_hash.BUILT
TEXT = {".html", ".js", ".css", ".svg"}
BUILT_FILES = [file for file in console_hash.files_under(BUILT) if file.suffix in TEXT]


def test_built_page_is_current() -> None:
    assert console_hash.stale_parts(SOURCE, BUILT) == [], "run `make console`"


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, Path]:
    """A page and its build that a test may spoil."""
    source, built = tmp_path / "console", tmp_path / "built"
    for folder, name in ((source, "src/a.ts"), (source, "package.json"), (built, "index.html")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (built / console_hash.RECORD).write_text(console_hash.record_of(source, built))
    assert console_hash.stale_parts(source, built) == []
    return source, built


def test_changed_source_is_noticed(copy: tuple[Path, Path]) -> None:
    source, built = copy
    (source / "src" / "a.ts").write_text("changed")
    assert console_hash.stale_parts(source, built) == ["sources"]


def test_renamed_source_is_noticed(copy: tuple[Path, Path]) -> None:
    source, built = copy
    (source / "src" / "a.ts").rename(source / "src" / "b.ts")
    assert console_hash.stale_parts(source, built) == ["sources"]


def test_edited_build_is_noticed(copy: tuple[Path, Path]) -> None:
    source, built = copy
    (built / "index.html").write_text("edited by hand")
    assert console_hash.stale_parts(source, built) == ["build"]


def test_missing_build_is_noticed(copy: tuple[Path, Path]) -> None:
    source, built = copy
    shutil.rmtree(built)
    assert console_hash.stale_parts(source, built) == ["sources", "build"]


def test_installed_packages_and_tests_do_not_count(copy: tuple[Path, Path]) -> None:
    source, built = copy
    for name in ("node_modules/react/index.js", "tests/call.test.ts"):
        (source / name).parent.mkdir(parents=True)
        (source / name).write_text("x")
    assert console_hash.stale_parts(source, built) == []


@pytest.mark.parametrize("file", BUILT_FILES, ids=lambda file: file.name)
def test_page_loads_nothing_from_elsewhere(file: Path) -> None:
    loads = r"""(?:src|href|import|from|url\(|fetch\(|@import)\s*[=(]?\s*["'`]?https?://"""
    assert not re.search(loads, file.read_text())


def test_page_fits_a_strict_content_security_policy() -> None:
    page = (BUILT / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert not re.search(r"\sstyle=|\son\w+=", page)
    for script in BUILT.rglob("*.js"):
        assert not re.search(r"\beval\(|new Function\(|data:text/javascript", script.read_text())


def test_page_refers_only_to_built_files() -> None:
    named = re.findall(r'(?:src|href)="\./([^"]+)"', (BUILT / "index.html").read_text())
    assert len(named) >= 3
    assert [name for name in named if not (BUILT / name).is_file()] == []


def test_worklets_are_files_of_their_own() -> None:
    for name in ("capture.worklet", "playback.worklet"):
        assert len(list(BUILT.glob(f"assets/{name}-*.js"))) == 1


def test_lock_file_names_no_registry() -> None:
    packages = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [
        name for name, entry in packages.items() if name and not entry.get("integrity")
    ] == [], "npm checks what it installs"
