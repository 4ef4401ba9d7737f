"""Says whether the built page in the package was made from the page's sources.

`console_hash.py` records two hashes beside the build: of what it was made from, and of what came
out. `--check` compares them (exit code 1 when stale); `--build` builds the page first (needs Node).
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "console"
BUILT: Final = ROOT / "src" / "vantum" / "web" / "console"
RECORD: Final = ".sources"
# What the build reads; tests and installed packages (pinned by the lock file) change nothing in it.
INPUTS: Final = (
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
)


def files_under(path: Path) -> list[Path]:
    """Every file at or below `path`."""
    found = path.rglob("*") if path.is_dir() else [path]
    return [file for file in found if file.is_file()]


def hash_of(folder: Path, files: list[Path]) -> str:
    """One hash over names and contents, whatever order the files are found in."""
    digest = hashlib.sha256()
    for name in sorted(file.relative_to(folder).as_posix() for file in files):
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def record_of(source: Path, built: Path) -> str:
    """The text of the record as it should be now."""
    inputs = [file for name in INPUTS for file in files_under(source / name)]
    outputs = [file for file in files_under(built) if file.name != RECORD]
    return f"sources {hash_of(source, inputs)}\nbuild {hash_of(built, outputs)}\n"


def stale_parts(source: Path, built: Path) -> list[str]:
    """Which of `sources` and `build` no longer match the record; both when there is none."""
    path = built / RECORD
    recorded = path.read_text().splitlines() if path.exists() else []
    now = record_of(source, built).splitlines()
    return [line.split()[0] for line in now if line not in recorded]


def main(arguments: list[str]) -> int:
    if arguments == ["--build"]:
        for command in (["npm", "ci"], ["npm", "run", "build"]):
            subprocess.run(command, cwd=SOURCE, check=True)
        return 0  # the page's own build command has recorded the hashes
    if arguments == ["--check"]:
        stale = stale_parts(SOURCE, BUILT)
        if stale:
            print(f"The built page is stale ({' and '.join(stale)} changed): run `make console`.")
        return 1 if stale else 0
    (BUILT / RECORD).write_text(record_of(SOURCE, BUILT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
