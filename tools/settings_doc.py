"""Writes docs/settings.md and .env.example from the settings; --check says whether they are old."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, get_type_hints

from msgspec import Meta
from pydantic.fields import FieldInfo

from vantum.conversation.policy import Silences
from vantum.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent

# The first variable of each section, in the order of the model.
SECTIONS: Final = {
    "HOST": "The server",
    "LOG_LEVEL": "The log",
    "STT_PROVIDER": "Who hears, answers and speaks",
    "VAD": "Turns",
    "STT_MODEL": "Hearing",
    "LLM_MODEL": "Answering",
    "TTS_MODEL": "Speaking",
    "TWILIO_ACCOUNT_SID": "The telephone",
}

INTRODUCTION: Final = """\
# Settings

Written from `src/vantum/settings.py` by `tools/settings_doc.py`; change it there.

Every setting is an environment variable and optional. A file `.env` in the working directory is
read too; the environment wins over it. A blank value counts as not set. A bad value stops the
start: each one is named with what is allowed, and the exit code is not zero. Keys are never
logged, shown or sent to a client.
"""

TURNS: Final = """\
## `turns:` in an agent file

Seconds, from above 0 to 600: how long the agent waits for what. Written from
`src/vantum/conversation/policy.py`. Behind a whole sentence that nothing else is known of,
`VAD_SILENCE_THRESHOLD_MS` decides. What is no setting is a constant of a language or of the
telephone, and has its reason beside it in the code.

| name | default | meaning |
| --- | --- | --- |
"""


def fields() -> list[tuple[str, FieldInfo]]:
    """Every setting: its variable and its field, in the order of the model."""
    return [(str(field.alias), field) for field in Settings.model_fields.values()]


def default_of(field: FieldInfo) -> str:
    """The default as it would be written into the environment; blank where there is none."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "shown" in extra:
        return str(extra["shown"])
    value = field.get_default()
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def allowed(field: FieldInfo) -> str:
    """What may be given, in words."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict), "every setting is made by vantum.setting_kinds"
    return str(extra["allowed"])


def table() -> str:
    """docs/settings.md."""
    lines = [INTRODUCTION.rstrip()]
    for variable, field in fields():
        if variable in SECTIONS:
            lines.append(f"\n## {SECTIONS[variable]}\n")
            lines.append("| variable | default | allowed | meaning |\n| --- | --- | --- | --- |")
        default = f"`{default_of(field)}`" if default_of(field) else "–"  # noqa: RUF001
        lines.append(f"| `{variable}` | {default} | {allowed(field)} | {field.description} |")
    return "\n".join(lines) + f"\n\n{TURNS}{turns()}"


def turns() -> str:
    """The rows of what an agent file may say of a caller's turn."""
    hints, silences = get_type_hints(Silences, include_extras=True), Silences()
    rows = []
    for name in Silences.__struct_fields__:
        told = [one.description for one in hints[name].__metadata__ if isinstance(one, Meta)]
        meaning = next(filter(None, told))
        rows.append(f"| `{name}` | {getattr(silences, name):g} | {meaning} |\n")
    return "".join(rows)


def example() -> str:
    """.env.example: every setting at its default, commented out."""
    lines = ["# Copy to .env and take the # off what you change. All of it is optional."]
    for variable, field in fields():
        if variable in SECTIONS:
            lines.append(f"\n# {SECTIONS[variable]}")
        lines.append(f"#{variable}={default_of(field)}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write both files, or with --check compare them; 1 when a file is old."""
    old = False
    for name, text in (("docs/settings.md", table()), (".env.example", example())):
        path = ROOT / name
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"{name} is old: run tools/settings_doc.py", file=sys.stderr)
            old = True
    return int(old)


if __name__ == "__main__":
    sys.exit(main())
