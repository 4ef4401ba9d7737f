"""Lines of an agent file are given a recording, and a mistake in one is told to its author."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_recordings import ANNOUNCEMENT, BROKEN_OFF, agent_file, rustle, write_wav

from vantum.agents.recordings import texts_of
from vantum.agents.schema import load_agent
from vantum.audio.pcm import stereo
from vantum.errors import SettingsError


def test_a_recording_is_read_with_the_agent_file(tmp_path: Path) -> None:
    pcm = rustle(0.5, 44_100)
    write_wav(tmp_path / "thread.wav", pcm, 44_100)
    [recording] = load_agent(agent_file(tmp_path, (BROKEN_OFF, "thread.wav"))).recordings
    assert (recording.sound.pcm, recording.sound.rate_hz) == (pcm, 44_100)


def test_two_channels_become_one(tmp_path: Path) -> None:
    pcm = rustle(0.5, 8_000)
    write_wav(tmp_path / "thread.wav", stereo(pcm, pcm), 8_000, channels=2)
    [recording] = load_agent(agent_file(tmp_path, (BROKEN_OFF, "thread.wav"))).recordings
    assert recording.sound.pcm == pcm


def test_names_are_filled_in_and_line_breaks_do_not_count(tmp_path: Path) -> None:
    write_wav(tmp_path / "hi.wav", rustle(0.5, 8_000), 8_000)
    said = "This is {agent}, an AI assistant\n from {company}, about your outbound calls."
    agent = load_agent(agent_file(tmp_path, (said, "hi.wav")))
    assert texts_of(agent.recordings) == {agent.phone.screening}


@pytest.mark.parametrize(
    ("says", "file", "told"),
    [
        (BROKEN_OFF, "gone.wav", "recordings[1].file: {}/gone.wav: there is no such file"),
        (BROKEN_OFF, "text.wav", "recordings[1].file: {}/text.wav: not a WAV file"),
        (
            BROKEN_OFF,
            "void.wav",
            "not a WAV file that can be read: it is empty or breaks off",
        ),
        (BROKEN_OFF, "none.wav", "none.wav: holds no sound"),
        (BROKEN_OFF, "deep.wav", "this has 24-bit samples at 8000 Hz"),
        (BROKEN_OFF, "high.wav", "this has 16-bit samples at 96000 Hz"),
        (BROKEN_OFF, "long.wav", "long.wav: lasts 61 s, at most 60 s are played"),
        (BROKEN_OFF, "", "recordings[1].file: expected text that is not empty"),
        (f"{BROKEN_OFF} Yes?", "good.wav", f"the nearest is broken_off: {BROKEN_OFF}"),
        ("Nothing of the kind at all.", "good.wav", "says: no line of this file is just that"),
        ("Alex", "good.wav", "says: no line of this file is just that"),  # a name is no line
        (ANNOUNCEMENT, "good.wav", "recordings[1].says: this line has a recording already"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, says: str, file: str, told: str) -> None:
    write_wav(tmp_path / "good.wav", rustle(0.1, 8_000), 8_000)
    write_wav(tmp_path / "none.wav", b"", 8_000)
    write_wav(tmp_path / "deep.wav", bytes(240), 8_000, width=3)
    write_wav(tmp_path / "high.wav", bytes(240), 96_000)
    write_wav(tmp_path / "long.wav", bytes(61 * 16_000), 8_000)
    (tmp_path / "void.wav").touch()
    (tmp_path / "text.wav").write_text("la la la", encoding="utf-8")
    path = agent_file(tmp_path, (ANNOUNCEMENT, "good.wav"), (says, file))
    with pytest.raises(SettingsError) as caught:
        load_agent(path)
    assert told.format(tmp_path) in str(caught.value)
    line = path.read_text("utf-8").partition("\nrecordings: ")[0].count("\n") + 2
    assert str(caught.value).startswith(f"{path}:{line}: recordings[1].")


def test_a_line_that_differs_from_call_to_call_cannot_be_recorded(tmp_path: Path) -> None:
    write_wav(tmp_path / "good.wav", rustle(0.1, 8_000), 8_000)
    line = next(line for line in load_agent("sales").playbook.demo.read_back if "{when}" in line)
    with pytest.raises(SettingsError, match="is not the same in every call"):
        load_agent(agent_file(tmp_path, (line, "good.wav")))
