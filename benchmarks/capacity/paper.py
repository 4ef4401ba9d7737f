"""What many calls at once need, on paper: from what one call was measured to need. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from benchmarks.capacity.records import Asked
from benchmarks.capacity.rows import BUSY, Row
from vantum.costs import Tariff, Used, cost
from vantum.settings import Settings
from vantum.wire import twilio

SIZES: Final = (100, 1_000, 10_000)
VENDORS: Final = {
    "deepgram": "Deepgram",
    "openai": "OpenAI",
    "cartesia": "Cartesia",
    "twilio": "Twilio",
}
LATE_MS: Final = 50.0  # added to one answer in twenty, at most
FRAMES_PER_S: Final = 50
_PACKET_BYTES: Final = 66  # Ethernet, IP, TCP with timestamps
_HEAD_BYTES: Final = 6  # of a WebSocket's frame, masked
_CHUNK_TEXT_BYTES: Final = 150  # of Cartesia's message round the sound


class Talk(Struct, frozen=True):
    """How people talk, which decides the rest: taken, not measured."""

    length_s: float = 90.0  # of an answered call, in the middle between a refusal and a meeting
    answered: float = 0.3  # of the dials; most land on nobody or a mailbox
    agent_speaks: float = 0.5  # of the time
    characters_per_s: float = 15.0  # of speech
    cached: float = 0.6  # of the prompt's tokens: its beginning is the same in every turn
    written: float = 0.05  # of all tokens
    conversations_per_context: float = 4.0  # Cartesia's rule: voices are faster than speech
    cores: int = 8  # of a machine
    spare: float = 0.2  # of each core, for what is uneven


TALK: Final = Talk()


class Need(Struct, frozen=True):
    """What so many calls at once need."""

    calls: int
    processes: int
    machines: int
    memory_gb: float
    sockets: int
    writes_per_s: float
    statements_per_s: float
    recognisers: int
    contexts: int
    tokens_per_minute: int
    dials_per_s: float
    mbit_per_s: float
    cost_per_hour: dict[str, Decimal]  # US dollars, by vendor

    @property
    def total(self) -> Decimal:
        """US dollars an hour, to all vendors."""
        return sum(self.cost_per_hour.values(), Decimal(0))


def carried(rows: Sequence[Row]) -> Row:
    """The most calls that one process on one core carried well; of a run with enough callers."""
    good = (
        row
        for row in rows
        if row.program == "vantum"
        and row.turns
        and not row.lost
        and row.added_p95_ms <= LATE_MS
        and row.others_share < BUSY
    )
    return max(good, key=lambda row: row.calls)


def need(
    calls: int, row: Row, asked: Asked, tariffs: tuple[Tariff, ...], talk: Talk = TALK
) -> Need:
    """On paper."""
    processes = math.ceil(calls / (row.calls * (1 - talk.spare)))
    begun_per_s = calls / talk.length_s  # answered calls that begin, as others end
    per_process = calls / processes
    memory_mb = processes * (row.idle_mb + per_process * row.call_mb)
    statements = sum(asked.statements.values())
    return Need(
        calls=calls,
        processes=processes,
        machines=math.ceil(processes / talk.cores),
        memory_gb=memory_mb / 1_000,
        sockets=round(calls * asked.files),
        writes_per_s=begun_per_s * asked.writes,
        statements_per_s=begun_per_s * statements + processes * asked.idle_per_s,
        recognisers=calls,
        contexts=math.ceil(calls / talk.conversations_per_context),
        tokens_per_minute=calls * Settings().llm_tokens_per_call_minute,
        dials_per_s=begun_per_s / talk.answered,
        mbit_per_s=calls * sum(bits_per_s(talk).values()) / 1e6,
        cost_per_hour={
            vendor: 60 * calls * amount for vendor, amount in per_minute(tariffs, talk).items()
        },
    )


def per_minute(tariffs: tuple[Tariff, ...], talk: Talk = TALK) -> dict[str, Decimal]:
    """US dollars for a minute of a call, by vendor, at list prices with the default models."""
    settings = Settings()
    tokens = settings.llm_tokens_per_call_minute
    written = round(tokens * talk.written)
    model = Used(
        prompt_tokens=tokens - written,
        cached_tokens=round((tokens - written) * talk.cached),
        completion_tokens=written,
    )
    characters = round(60 * talk.agent_speaks * talk.characters_per_s)
    parts = {
        "deepgram": (settings.stt_model, Used(seconds=60)),
        "openai": (settings.llm_model, model),
        "cartesia": (settings.tts_model, Used(characters=characters)),
        "twilio": ("voice", Used(seconds=60)),
    }
    found = {}
    for vendor, (name, used) in parts.items():
        amount = cost(vendor, name, used, tariffs)
        assert amount is not None, f"{vendor}: no price of {name}"
        found[vendor] = amount.value
    return found


def bits_per_s(talk: Talk = TALK) -> dict[str, float]:
    """Of a call, by whom they go to and come from; both ways together."""
    sound = bytes(twilio.FRAME_BYTES)
    heard = twilio.Media("10000", "MZ" + "0" * 32, twilio.InboundSound("inbound", "1", "1", sound))
    played = twilio.Play("MZ" + "0" * 32, twilio.OutboundSound(sound))
    round_it = _PACKET_BYTES + _HEAD_BYTES
    inward, outward = (len(twilio.written(one)) + round_it for one in (heard, played))
    spoken = FRAMES_PER_S * talk.agent_speaks
    voiced = len(sound) * 4 / 3 + _CHUNK_TEXT_BYTES / 10  # ten frames come in one message
    return {
        "carrier": 8 * (FRAMES_PER_S * inward + spoken * outward),
        "recogniser": 8 * FRAMES_PER_S * (len(sound) + round_it),
        "voice": 8 * spoken * voiced,
    }


class Line(Struct, frozen=True):
    """One line of the table: what is needed, what the vendors' usual plans have, how it is told."""

    what: str
    told: str
    plan: str = ""


# The plans: Deepgram's and Cartesia's pages on concurrency, Twilio's on calls per second, 2026.
LINES: Final = (
    Line("server processes, one to a core", "{0.processes:,}"),
    Line("machines of 8 cores", "{0.machines:,}"),
    Line("memory", "{0.memory_gb:,.1f} GB"),
    Line("open sockets", "{0.sockets:,}"),
    Line("database's statements", "{0.statements_per_s:,.0f}/s"),
    Line("of these, writes", "{0.writes_per_s:,.0f}/s"),
    Line("network", "{0.mbit_per_s:,.0f} Mbit/s"),
    Line("recogniser's streams", "{0.recognisers:,}", "Deepgram: 150, Growth 225"),
    Line("voice's contexts", "{0.contexts:,}", "Cartesia's Scale: 15"),
    Line("model's tokens, a minute", "{0.tokens_per_minute:,}", "OpenAI: by tier"),
    Line("dials", "{0.dials_per_s:,.1f}/s", "Twilio: 1/s until raised"),
    *(
        Line(f"{name}, an hour", f"{{0.cost_per_hour[{vendor}]:,.0f}} USD", "at list prices")
        for vendor, name in VENDORS.items()
    ),
    Line("all vendors, an hour", "{0.total:,.0f} USD"),
)


def table(needs: Sequence[Need]) -> Iterator[str]:
    """As lines of Markdown."""
    heads = ["", *(f"{one.calls:,} calls" for one in needs), "usual plan"]
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for line in LINES:
        yield _row([line.what, *map(line.told.format, needs), line.plan])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
