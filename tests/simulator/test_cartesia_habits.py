"""What the documentation leaves open: answers are whole however the service marks their pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from cartesia_voice import hired, lasts, sound_of, spoken
from websockets.asyncio.server import ServerConnection, serve

from vantum.providers.registry import registered
from vantum.wire import cartesia as wire

pytestmark = pytest.mark.anyio

# What a service says to one request; it is told how many texts it got so far in this context.
Habit = Callable[[wire.GenerationRequest, int], list[wire.ServerMessage]]


@asynccontextmanager
async def serving(habit: Habit) -> AsyncIterator[str]:
    async def serve_one(socket: ServerConnection) -> None:
        texts = dict[str, int]()
        async for frame in socket:
            asked = wire.client_message(frame)
            if isinstance(asked, wire.GenerationRequest):
                number = texts[asked.context_id] = texts.get(asked.context_id, 0) + bool(
                    asked.transcript
                )
                for message in habit(asked, number):
                    await socket.send(wire.encoded(message), text=True)

    async with serve(serve_one, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def sound(asked: wire.GenerationRequest, flush_id: int | None) -> list[wire.ServerMessage]:
    return [wire.Chunk(asked.context_id, asked.transcript[:2].encode(), flush_id)]


def flushes_only_when_asked(asked: wire.GenerationRequest, number: int) -> list[wire.ServerMessage]:
    if asked.transcript:
        return sound(asked, number)
    return [wire.FlushDone(asked.context_id, number)] if asked.flush else done(asked)


def flushes_by_itself_and_when_asked(
    asked: wire.GenerationRequest, number: int
) -> list[wire.ServerMessage]:
    if asked.transcript:
        first = 2 * number - 1
        return [*sound(asked, first), wire.FlushDone(asked.context_id, first)]
    return [wire.FlushDone(asked.context_id, 2 * number)] if asked.flush else done(asked)


def tells_no_flush(asked: wire.GenerationRequest, number: int) -> list[wire.ServerMessage]:
    if asked.transcript:
        return sound(asked, number)
    return [] if asked.flush else done(asked)


def done(asked: wire.GenerationRequest) -> list[wire.ServerMessage]:
    return [wire.Done(asked.context_id)]


@pytest.mark.parametrize(
    ("habit", "texts"),
    [
        (flushes_only_when_asked, ["aa", "bb", "cc"]),
        (flushes_by_itself_and_when_asked, ["aa", "bb", "cc"]),
        (tells_no_flush, ["aa", "bb", "cc"]),
    ],
)
async def test_every_piece_gets_its_own_sound(habit: Habit, texts: list[str]) -> None:
    async with serving(habit) as url, hired(url) as voice:
        parts = await spoken(voice, *texts)
    assert lasts(parts) == list(range(len(texts)))
    assert [sound_of(parts, piece).decode() for piece in lasts(parts)] == texts


async def test_text_that_the_service_has_no_sound_for_is_over_with_its_context() -> None:
    def mute(asked: wire.GenerationRequest, number: int) -> list[wire.ServerMessage]:
        return [] if asked.continue_ else done(asked)

    async with serving(mute) as url, hired(url) as voice:
        parts = await spoken(voice, "aa", "bb")
    assert (lasts(parts), sound_of(parts)) == ([0, 1], b"")


async def test_a_sample_cut_in_two_is_put_together() -> None:
    def odd(asked: wire.GenerationRequest, number: int) -> list[wire.ServerMessage]:
        if asked.transcript:
            cut = [b"a", b"abb", b"cc"]
            return [wire.Chunk(asked.context_id, data, 1) for data in cut]
        return [wire.FlushDone(asked.context_id, 1)] if asked.flush else done(asked)

    async with serving(odd) as url, hired(url) as voice:
        parts = await spoken(voice, "text")
    assert [part.pcm for part in parts if not part.last] == [b"aabb", b"cc"]


async def test_trouble_that_names_no_context_reaches_the_only_one_there_is() -> None:
    def confused(asked: wire.GenerationRequest, number: int) -> list[wire.ServerMessage]:
        return [wire.Error(status_code=402, done=True)]

    async with serving(confused) as url, hired(url) as voice:
        with pytest.raises(Exception, match="nothing left") as raised:
            await spoken(voice, "text")
    assert raised.value.trouble == "quota"  # type: ignore[attr-defined]


def test_the_provider_is_found_by_its_name() -> None:
    assert "cartesia" in registered()["tts"]
