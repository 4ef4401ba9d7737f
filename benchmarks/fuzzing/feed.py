"""One parser and the fuzzer: `python -m benchmarks.fuzzing.feed NAME` with libFuzzer's arguments.

Started by `benchmarks.fuzzing`, with atheris, which is no dependency of the project.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(
    include=["vantum", "yaml", "dotenv", "wave", "phonenumbers.phonenumberutil"]
):
    import phonenumbers.phonenumberutil  # noqa: F401 - the product imports it later, unwatched

    from benchmarks.fuzzing.targets import TARGETS


def main() -> None:
    """Feed the parser until time is up or it breaks."""
    _, name, *words = sys.argv
    atheris.Setup([name, *words], TARGETS[name].take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
