"""What of `.env` is taken, and which of its lines are doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

from vantum.env_file import Doubt, doubts, values
from vantum.settings import doubtful_lines

KNOWN = ("PORT", "HOST", "STT_MODEL", "TTS_MODEL", "OPENAI_API_KEY")
EXPECTED = "NAME=value is expected"


def written(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PROT=3009\n", [Doubt(1, "PROT is no setting; did you mean PORT?")]),
        ("port=3009", [Doubt(1, "port is no setting; did you mean PORT?")]),
        ("PORT=1\n\n# why\n\nOPEN_AI_API_KEY=x\n", [Doubt(5, "OPEN_AI_API_KEY is no setting;")]),
        ("PORT 3009\nHOST=x\n", [Doubt(1, EXPECTED)]),
        ("HOST=x\nPORT\n", [Doubt(2, EXPECTED)]),
        ('HOST="x\n', [Doubt(1, EXPECTED)]),
        ("PORT=\nexport HOST=x\nSTT_MODEL='a b' # c\n", []),
        ("PATH=/bin\nDATABASE_PASSWORD=x\nAWS_REGION=y\n", []),
        ("", []),
    ],
)
def test_a_line_that_sets_nothing_is_doubted(tmp_path: Path, text: str, found: list[Doubt]) -> None:
    doubted = doubts(written(tmp_path, text), KNOWN)
    assert [doubt.line for doubt in doubted] == [doubt.line for doubt in found]
    for doubt, expected in zip(doubted, found, strict=True):
        assert doubt.why.startswith(expected.why)


def test_a_doubted_line_does_not_spoil_the_others(tmp_path: Path) -> None:
    path = written(tmp_path, "PORT 1\nPROT=2\nHOST=a=b\n")
    assert values(path) == {"PROT": "2", "HOST": "a=b"}


def test_no_setting_is_taken_for_another_one(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent / ".env.example"
    lines = example.read_text("utf-8").replace("#", "")
    assert [d for d in doubtful_lines(written(tmp_path, lines)) if "mean" in d.why] == []


def test_without_a_file_nothing_is_doubted(tmp_path: Path) -> None:
    assert doubtful_lines(tmp_path / ".env") == []
