"""Writes docs/dialing-rules.md from the rules files; --check says whether it is old."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, get_args

from vantum.dialing import shipped
from vantum.dialing.dial import Reason
from vantum.dialing.places import country_name
from vantum.dialing.rules import Pack, Rule, parse

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "docs" / "dialing-rules.md"

INTRODUCTION: Final = """\
# Dialing rules

Written from `src/vantum/dialing/rules/` by `tools/rules_doc.py`; change them there.

No call is made unless every rule below that may apply allows it. What may apply follows from the
number's area code, the stored address and the stored time zone together: all the countries, states
and time zones that any of them names. An unknown country, state or zone, and a missing consent,
mean no call. A rule binds from its first to its last day, on the called party's calendar; "always"
stands where the source gives no day.

**These are samples from secondary sources, not legal advice.** Each says whether counsel has
verified it. Countries without a table are not dialled.
"""


def when(rule: Rule) -> str:
    """From when until when it binds."""
    start = "always" if rule.since == date(1970, 1, 1) else f"from {rule.since}"
    return start if rule.until is None else f"{start} until {rule.until}"


def rows(pack: Pack) -> Iterator[str]:
    """The table of one file."""
    yield "| rule | what it says | where | in force | source | checked |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for rule in pack.rules:
        where = " ".join(rule.states) or "everywhere"
        checked = "verified" if rule.verified else "unverified"
        cells = (f"`{rule.id}`", rule.says, where, when(rule), rule.source, checked)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def document() -> str:
    """docs/dialing-rules.md."""
    lines = [INTRODUCTION.rstrip()]
    for name in shipped.RULE_FILES:
        pack = parse(shipped.rule_file(name), name)
        lines += [f"\n## {country_name(pack.country)}: `{name}`\n", *rows(pack)]
    reasons = ", ".join(f"`{reason}`" for reason in get_args(Reason))
    lines.append(f"\n## Reasons for a refusal\n\n{reasons}.")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or with --check compare it; 1 when it is old."""
    text = document()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.relative_to(ROOT)} is old: run tools/rules_doc.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
