"""Which parsers read bytes that others made, and how each may refuse them.

Any bytes at all must be read, or refused with the domain's own error: whatever else a parser raises
is a defect. The fuzzer and the tests know the parsers from here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.fuzzing import at_the_door, simulated
from vantum.agents.dates import clock_time
from vantum.agents.dictation import dictated
from vantum.agents.english import headcount, numbers
from vantum.agents.findings import Ended, Finding
from vantum.agents.hearing import best_reply
from vantum.agents.noting import NoFindingError, read
from vantum.agents.schema import load, load_agent
from vantum.agents.versions import duty_of
from vantum.agents.when import moment
from vantum.audio.arrivals import Arrivals
from vantum.audio.dtmf import keyed
from vantum.audio.pcm import decode_mulaw, encode_mulaw, from_float, to_float
from vantum.audio.resample import resampler
from vantum.campaigns.endpoints import checked_url
from vantum.campaigns.reading import told
from vantum.conversation.utterances import is_nod, is_unfinished, words
from vantum.dialing.chain import verify
from vantum.dialing.numbers import NumberError, e164, number_of
from vantum.dialing.places import of_address, of_zone
from vantum.errors import CarrierError, ProviderError, RequestError, SettingsError
from vantum.providers.cartesia_trouble import refused as refused_voice
from vantum.providers.deepgram import NovaReader
from vantum.providers.deepgram_flux import FluxReader
from vantum.providers.deepgram_line import Feed
from vantum.providers.local.frames import Deframer, decode_answer, decode_request
from vantum.providers.openai_errors import error_in_stream, error_of
from vantum.providers.openai_tools import deeds_of
from vantum.settings import doubtful_lines, load_settings
from vantum.telephony.tokens import opened
from vantum.telephony.twilio import leg_in, legs_in, refused
from vantum.wav_file import read_wav
from vantum.wire import cartesia, twilio
from vantum.wire.browser import BadFrame, decode
from vantum.wire.frames import error_for
from vantum.wire.openai import Answer, read_fault
from vantum.wire.sse import EventStream, EventTooLongError

NOW: Final = 1_795_000_000.0
SALES: Final = load_agent("sales")


class Target(Struct, frozen=True):
    """A parser: what reads the bytes, and the errors with which it may refuse them."""

    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...] = ()

    def take(self, data: bytes) -> None:
        """Have these bytes read. What this raises is a defect."""
        with suppress(*self.refuses):
            self.read(data)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Several messages of one connection."""
    yield from data.split(b"\n")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _on_disk(suffix: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """For what reads a file by its path."""

    def reads(data: bytes) -> object:
        with TemporaryDirectory(prefix="vantum-fuzz-") as folder:
            path = Path(folder) / f"given{suffix}"
            path.write_bytes(data)
            return read(path)

    return reads


# -- from clients and the carrier ------------------------------------------------------------------


def _browser_frame(data: bytes) -> None:
    try:
        decode(data)
    except BadFrame as bad:
        error_for(bad, bad.request_type, event_id="e", session_id="s")
        raise


def _media_stream(data: bytes) -> None:
    arrivals = Arrivals()
    for piece in _pieces(data):
        message = twilio.from_carrier(piece)
        if isinstance(message, twilio.Media):
            at_ms = twilio.count(message.media.timestamp)
            if at_ms is not None:
                arrivals.push(at_ms, message.media.payload)
        elif isinstance(message, twilio.Mark):
            twilio.count(message.mark.name.partition(":")[2])


def _carrier_answer(data: bytes) -> None:
    for read_one in (leg_in, legs_in):
        with suppress(CarrierError):
            read_one(data)
    raise refused(400, data)


def _media_token(data: bytes) -> None:
    for text in (_text(data), data.decode("latin-1")):
        assert opened(text, "CA1", b"key", NOW) is None


# -- from the vendors ------------------------------------------------------------------------------


def _nova(data: bytes) -> None:
    reader = NovaReader(8.0)
    for number, piece in enumerate(_pieces(data)):
        reader.read(piece, number / 10)
        if number % 3 == 2:
            reader.flush(number / 10)


def _flux(data: bytes) -> None:
    reader = FluxReader(Feed("mulaw", 8_000, bytes), starved_s=1.0)
    for number, piece in enumerate(_pieces(data)):
        reader.read(piece, number / 10)
        reader.meanwhile(number / 10)


def _model_stream(data: bytes) -> None:
    stream, answer = EventStream(), Answer()
    half = len(data) // 2
    for event in (*stream.feed(data[:half]), *stream.feed(data[half:]), *stream.end()):
        answer.take(event)
    if answer.fault is not None:
        error_in_stream(answer.fault)
    for deed in deeds_of(answer.calls, ("press_keys", "end_call", "opt_out"), said=False):
        if not isinstance(deed, str) and deed.name == "press_keys":
            keyed(deed.argument[:32])


def _model_refusal(data: bytes) -> None:
    raise error_of(429, read_fault(data), {"retry-after": data[:20].decode("latin-1")})


def _model_finding(data: bytes) -> None:
    rules = Finding("unclear", "")
    read(_text(data), Ended("disconnected", NOW), SALES, None, rules)


def _voice(data: bytes) -> None:
    for piece in _pieces(data):
        message = cartesia.server_message(piece)
        if isinstance(message, cartesia.Error):
            refused_voice(message)
    retry_after = data[:20].decode("latin-1")
    raise refused_voice(cartesia.refusal(data), status=429, retry_after=retry_after)


def _caller_words(data: bytes) -> None:
    """What a recogniser heard somebody say, as the dialogue reads it."""
    text = _text(data)
    said = words(text)
    clock_time(moment(said, asked=True), NOW, None)
    numbers(said)
    headcount(said, asked=True)
    best_reply(SALES, text)
    is_nod(text, "en")
    is_unfinished(text, "en")
    for kind in ("digits", "email", "spelling"):
        dictated(kind, text)


# -- from operators and their files ----------------------------------------------------------------


def _contacts(data: bytes) -> None:
    for part in told(BytesIO(data), "contacts", "US", NOW):
        msgspec.json.encode(part)
    for part in told(BytesIO(data), "suppressions", None, NOW):
        msgspec.json.encode(part)


def _phone_number(data: bytes) -> None:
    text = _text(data)
    for region in ("US", None):
        with suppress(NumberError):
            e164(text, region)
    number_of(text, "DE")


def _address(data: bytes) -> None:
    of_address(_text(data))
    of_zone(_text(data))


def _agent(path: Path) -> None:
    load(path)
    duty_of(path.read_text("utf-8"))


def _settings(path: Path) -> None:
    doubtful_lines(path)
    load_settings({}, env_file=path)


def _sound(data: bytes) -> None:
    rates = (8_000, 11_025, 16_000, 24_000, 44_100, 48_000)
    source, target = (rates[number % len(rates)] for number in data[:2].ljust(2, b"\0"))
    from_float(to_float(data))
    encode_mulaw(data)
    decode_mulaw(data)
    stream = resampler(source, target)
    stream.push(data[2:9])
    stream.push(data[9:])
    stream.flush()


def _speech_frames(data: bytes) -> None:
    for body in Deframer().push(data):
        for read_one in (decode_request, decode_answer):
            with suppress(msgspec.MsgspecError):
                read_one(body)


TARGETS: Final[Mapping[str, Target]] = {
    "browser_frames": Target(_browser_frame, (BadFrame,)),
    "media_streams": Target(_media_stream, (twilio.MessageError,)),
    "media_tokens": Target(_media_token),
    "carrier_answers": Target(_carrier_answer, (CarrierError,)),
    "carrier_forms": Target(at_the_door.carrier_form),
    "socket_heads": Target(at_the_door.socket_head),
    "rest_requests": Target(at_the_door.rest_request),
    "nova_messages": Target(_nova, (ProviderError,)),
    "flux_messages": Target(_flux, (ProviderError,)),
    "model_streams": Target(_model_stream, (EventTooLongError,)),
    "model_refusals": Target(_model_refusal, (ProviderError,)),
    "model_findings": Target(_model_finding, (NoFindingError,)),
    "voice_messages": Target(_voice, (ProviderError,)),
    "caller_words": Target(_caller_words),
    "contact_files": Target(_contacts),
    "phone_numbers": Target(_phone_number, (RequestError,)),
    "addresses": Target(_address),
    "webhook_addresses": Target(
        lambda data: checked_url(_text(data), local=False), (RequestError,)
    ),
    "receipts": Target(lambda data: verify(data.split(b"\n"))),
    "agent_files": Target(_on_disk(".yaml", _agent), (SettingsError,)),
    "settings_files": Target(_on_disk(".env", _settings), (SettingsError,)),
    "wav_files": Target(_on_disk(".wav", read_wav), (SettingsError,)),
    "sound": Target(_sound),
    "speech_frames": Target(_speech_frames, (ValueError,)),
    "simulated_carrier": Target(simulated.carrier, simulated.CARRIER_REFUSES),
    "simulated_twiml": Target(simulated.twiml, simulated.TWIML_REFUSES),
    "simulated_recogniser": Target(simulated.recogniser, (msgspec.ValidationError,)),
    "simulated_model": Target(simulated.model),
    "simulated_voice": Target(simulated.voice, (ValueError,)),
}
"""By name. The simulated vendors are part of what is shipped, so they are read to, too."""
