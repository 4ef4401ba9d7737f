"""What `vantum doctor` looks at, one thing after another, and what it says to do about each."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct
from rich.console import Console

from vantum.audio.pcm import BYTES_PER_SAMPLE, duration_s, silence
from vantum.call import Cast
from vantum.campaigns.looking import missing
from vantum.casting import Casting
from vantum.conversation.events import Transcript
from vantum.counted import counted
from vantum.errors import CarrierError, ProviderError, RecordsError, SettingsError, VantumError
from vantum.hosts import THIS_MACHINE
from vantum.providers.base import (
    FINALISE,
    Finalise,
    ListenOptions,
    Message,
    Spoken,
    VoiceOptions,
    get_ready,
)
from vantum.providers.chosen import Speech, address_of
from vantum.providers.local.client import LocalSpeech, socket_path
from vantum.settings import Settings
from vantum.store.campaigns import Campaigns
from vantum.store.database import Database
from vantum.store.migrating import NEWEST
from vantum.store.processes import Kind
from vantum.telemetry import server_log
from vantum.telephony.account import account_of
from vantum.upkeep import HouseUpkeep
from vantum.web.server import check_data_dir

LOOK_S: Final = 30.0  # one thing; models load in 3 s, mostly
_SENTENCE: Final = "What does it cost for ten people?"
_NOBODY: Final = "CA" + 32 * "0"
_RATE_HZ: Final = 16_000
_APART_S: Final = 2.0  # clocks, where one of them is told in whole seconds
_LEAST_FREE: Final = 10**9

How = Literal["good", "off", "doubtful", "bad"]
_COLOURS: Final[dict[How, str]] = {
    "good": "green",
    "off": "dim",
    "doubtful": "yellow",
    "bad": "bold red",
}


class Found(Struct, frozen=True):
    """What is to be said of one thing."""

    what: str
    how: How
    told: str
    do: str = ""  # what helps


Look = Callable[[], Coroutine[Any, Any, Found]]


async def examine(settings: Settings, note: Callable[[Found], None]) -> None:
    """Look at everything that calls need, in the order in which they need it.

    No generator: one that is left in the middle of a task group cannot be closed quietly.
    """
    note(_folder(settings))
    upkeep, speech = HouseUpkeep(server_log()), LocalSpeech(socket_path(settings.vantum_data_dir))
    try:
        casting = Casting(settings, speech, upkeep)
        cast = casting.cast(casting.default)
    except SettingsError as error:
        note(Found("agents", "bad", str(error), "vantum agent check tells the line"))
        return
    note(_agents(casting))
    async with upkeep.open():
        if casting.uses_local_speech:
            upkeep.start("local-speech", speech.run())
        for what, look in (
            ("recogniser", lambda: _provider(casting, "stt", cast.ears, speech)),
            ("model", lambda: _model(casting, cast)),
            ("voice", lambda: _provider(casting, "tts", cast.voice, speech)),
            ("sound", lambda: _sound(cast)),
            ("telephone", lambda: _telephone(settings)),
            ("public address", lambda: _public(settings)),
            ("clock", lambda: _clock(settings, casting)),
            ("records", lambda: _records(settings)),
            ("processes", lambda: _processes(settings)),
        ):
            note(await _looked(what, look, partial(_cure, settings, casting, what)))


async def _looked(what: str, look: Look, cure: Callable[[VantumError | None], str]) -> Found:
    try:
        async with asyncio.timeout(LOOK_S):
            return await look()
    except TimeoutError:
        return Found(what, "bad", f"no answer within {LOOK_S:g} s", cure(None))
    except VantumError as error:
        return Found(what, "bad", str(error) or type(error).__name__, cure(error))


_SERVICES: Final[dict[str, Speech]] = {"recogniser": "stt", "model": "llm", "voice": "tts"}


def _cure(settings: Settings, casting: Casting, what: str, error: VantumError | None) -> str:
    """What to do about it; no `error` where nobody answered in time."""
    if what == "telephone":
        return reach(settings.twilio_base_url, "TWILIO_BASE_URL")
    if what == "sound":
        return "mend recogniser and voice first; where both are good, try it again"
    if what not in _SERVICES:
        return ""
    provider = casting.providers.by_service()[_SERVICES[what]].provider
    address = address_of(settings, provider)
    if address is None:
        return _LOCAL if provider == "local" else ""
    if isinstance(error, ProviderError) and error.trouble != "network":
        return f"compare key and settings with the account at {_host(address)}"
    return reach(address, f"{provider.partition('-')[0].upper()}_BASE_URL")


def reach(address: str, setting: str) -> str:
    """What to do where a vendor is not reached."""
    return f"see that this machine reaches {_host(address)} (network, DNS, proxy; {setting})"


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _folder(settings: Settings) -> Found:
    folder = settings.vantum_data_dir
    try:
        check_data_dir(folder)
    except SettingsError as error:
        return Found("data folder", "bad", str(error), "set VANTUM_DATA_DIR to one of ours")
    free = shutil.disk_usage(folder).free
    told = f"{folder.resolve()}, {free / 1e9:.0f} GB free"
    if free < _LEAST_FREE:
        return Found("data folder", "doubtful", told, "a full disk keeps no recordings: make room")
    return Found("data folder", "good", told)


def _agents(casting: Casting) -> Found:
    names = ", ".join(sorted(casting.agents))
    told = [", ".join(map(str, known.values())) for _, known in casting.complaints()]
    if told:
        do = "vantum agent check tells the lines"
        return Found("agents", "doubtful", f"{names}; {'; '.join(told)}", do)
    return Found("agents", "good", names)


async def _provider(
    casting: Casting, service: Literal["stt", "tts"], provider: object, speech: LocalSpeech
) -> Found:
    choice = casting.providers.by_service()[service]
    what = "recogniser" if service == "stt" else "voice"
    if choice.off:
        return Found(what, "bad", f"{choice.provider}: {choice.off}", _SET)
    began = time.monotonic()
    await (speech.wait_ready(LOOK_S) if choice.provider == "local" else get_ready(provider))
    return Found(what, "good", f"{choice.provider}, ready after {_since(began)}")


async def _model(casting: Casting, cast: Cast) -> Found:
    choice = casting.providers.llm
    if choice.off:
        return Found("model", "bad", f"{choice.provider}: {choice.off}", _SET)
    await get_ready(cast.mind)
    began, prompt = time.monotonic(), cast.prompt((Message("user", _SENTENCE),), "doctor")
    answered_s: float | None = None
    async with aclosing(cast.mind.reply(prompt)) as answer:
        async for part in answer:
            if isinstance(part, str) and part.strip():
                answered_s = time.monotonic() - began
                break
    if answered_s is None:
        told = f"{choice.provider} answered nothing"
        return Found("model", "bad", told, "try another LLM_MODEL")
    return Found("model", "good", f"{choice.provider}, first word after {answered_s:.2f} s")


async def _sound(cast: Cast) -> Found:
    """What the voice says, the recogniser has to hear."""
    began = time.monotonic()
    options = VoiceOptions(cast.voice_id, cast.language, "doctor", rate_hz=_RATE_HZ)
    async with aclosing(cast.voice.speak(_one(_SENTENCE), options)) as said:
        parts = [part async for part in said if isinstance(part, Spoken) and part.pcm]
    if not parts:
        return Found("sound", "bad", "the voice gave no sound", "try another CARTESIA_VOICE_ID")
    made_s, rate_hz = time.monotonic() - began, parts[0].rate_hz
    pcm = b"".join(part.pcm for part in parts)
    heard = await _heard(cast, pcm, rate_hz)
    lasts_s = duration_s(pcm, rate_hz)
    told = f'said "{_SENTENCE}" ({lasts_s:.1f} s of sound, made in {made_s:.1f} s), heard "{heard}"'
    if not heard:
        return Found("sound", "bad", told, "the recogniser heard nothing: is it for this language?")
    return Found("sound", "good", told)


async def _heard(cast: Cast, pcm: bytes, rate_hz: int) -> str:
    options = ListenOptions(
        rate_hz=rate_hz, language=cast.language, session_id="doctor", automatic=False
    )
    async with aclosing(cast.ears.listen(_slowly(pcm, rate_hz), options)) as hearing:
        finals = [one.text async for one in hearing if isinstance(one, Transcript) and one.final]
    return " ".join(finals).strip()


async def _slowly(pcm: bytes, rate_hz: int) -> AsyncIterator[bytes | Finalise]:
    """As it is spoken: recognisers take no more at once than somebody says."""
    size = rate_hz // 10 * BYTES_PER_SAMPLE
    pcm += silence(0.5, rate_hz)
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]
        await asyncio.sleep(0.1)
    yield FINALISE


async def _one(text: str) -> AsyncIterator[str]:
    yield text


async def _telephone(settings: Settings) -> Found:
    if settings.phone_off:
        return Found("telephone", "off", settings.phone_off)
    carrier = account_of(settings).carrier()
    began = time.monotonic()
    try:
        await carrier.look(_NOBODY)
    except CarrierError as error:
        if error.trouble == "network":  # a cure of its own
            raise
        return Found("telephone", "bad", str(error), "compare with the account at the carrier")
    finally:
        await carrier.close()
    told = f"{settings.twilio_base_url} knows the account, {_since(began)}"
    if settings.twilio_phone_number is None:
        do = "set TWILIO_PHONE_NUMBER to call anybody"
        return Found("telephone", "doubtful", told + "; there is no number to call from", do)
    return Found("telephone", "good", f"{told}; calls come from {settings.twilio_phone_number}")


async def _public(settings: Settings) -> Found:
    what, url = "public address", settings.public_url
    if url is None:
        return Found(what, "off", "PUBLIC_URL is not set; the carrier would ask there")
    do = "start vantum serve, and have proxy or tunnel lead this address to its port"
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{url}/health") as answer:
            if answer.status == 200 and b"sessions" in await answer.read():
                return Found(what, "good", f"{url} leads to a server of ours")
            return Found(what, "bad", f"{url}/health answered {answer.status}, and is not ours", do)
    except aiohttp.ClientError as error:
        return Found(what, "bad", f"{url} cannot be reached: {type(error).__name__}", do)


async def _clock(settings: Settings, casting: Casting) -> Found:
    """By the clock of the first service of the internet that is used."""
    chosen = casting.providers.by_service().values()
    addresses = (address_of(settings, one.provider) for one in chosen if not one.off)
    used = list(filter(None, addresses))
    if not used:
        return Found("clock", "off", "there is nobody to compare it with")
    with suppress(aiohttp.ClientError, ValueError):  # a date may be any text
        async with aiohttp.ClientSession() as http, http.get(used[0]) as answer:
            if date := answer.headers.get("Date"):
                return compared("clock", time.time() - parsedate_to_datetime(date).timestamp())
    return Found("clock", "doubtful", f"{used[0]} told no time to compare it with")


def compared(what: str, ahead_s: float) -> Found:
    """What is to be said of a clock that is so far ahead of another."""
    if abs(ahead_s) > _APART_S:
        side = "ahead" if ahead_s > 0 else "behind"
        do = "hours of the law go by it: have a time service (chrony, timesyncd) set it"
        return Found(what, "doubtful", f"{abs(ahead_s):.0f} s {side}", do)
    return Found(what, "good", "right")


async def _records(settings: Settings) -> Found:
    """Looked at alone: tables are made by who needs them."""
    database = Database(settings.database)
    if database.file is not None and not database.file.exists():
        return Found("records", "good", f"a SQLite file, would be made at {database.file}")
    began = time.monotonic()
    try:
        version = await database.version()
        kind = "a SQLite file" if database.is_file else "PostgreSQL"
        if version != NEWEST:
            at = "there are no tables yet" if version is None else f"its tables are at {version}"
            return Found("records", "doubtful", f"{kind}, {at}", "run `vantum migrate`")
        ahead = compared("records", time.time() - database.now())
        told = f"{kind}, tables up to date, {_since(began)}"
        if ahead.how != "good":
            return Found("records", ahead.how, f"{told}; our clock is {ahead.told}", ahead.do)
        return Found("records", "good", told)
    except SettingsError as error:
        do = "check DATABASE_URL and its server; browsers' calls go on without, all else does not"
        return Found("records", "bad", str(error), do)
    finally:
        await database.close()


async def _processes(settings: Settings) -> Found:
    try:
        lacking, running = await _lacking(settings)
    except RecordsError:
        return Found("processes", "off", "without records nobody knows")
    here = await _serves_here(settings)  # without a telephone it is on no record
    serves, works = here or "serve" not in lacking, "worker" not in lacking
    told = ", ".join(
        f"vantum {name} {'runs' if runs else 'does not run'}"
        for name, runs in (("serve", serves), ("worker", works))
    )
    if running and lacking:
        told += f"; {counted(running, 'running campaign')}: nobody is called"
        start = "start " + " and ".join(f"vantum {kind}" for kind in lacking)
        return Found("processes", "bad", told, (here and settings.phone_off) or start)
    return Found("processes", "good" if serves and works else "off", told)


async def _lacking(settings: Settings) -> tuple[tuple[Kind, ...], int]:
    """The processes that do not run, as far as is on record, and how many campaigns do."""
    database = Database(settings.database)
    if database.file is not None and not database.file.exists():
        return ("worker", "serve"), 0
    try:
        campaigns = await Campaigns(database).all()
        running = sum(one.state == "running" for one in campaigns)
        return await missing(database, "worker", "serve"), running
    finally:
        await database.close()


async def _serves_here(settings: Settings) -> bool:
    """Whether a server of ours answers at HOST and PORT."""
    near = settings.host in {"0.0.0.0", "::"} | THIS_MACHINE
    url = f"http://{'localhost' if near else settings.host}:{settings.port}/health"
    with suppress(aiohttp.ClientError, ValueError):  # a host may be any text
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            return b"sessions" in await answer.read()
    return False


_LOCAL: Final = (
    'build the image with --build-arg WITH="--group local", else `uv sync --group local`; '
    "or set DEEPGRAM_API_KEY and CARTESIA_API_KEY"
)
_SET: Final = "set it in the environment or in .env, or leave the provider at auto"


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"


async def tell(settings: Settings, console: Console) -> bool:
    """Print what is found; whether nothing is bad."""
    good = True

    def show(found: Found) -> None:
        nonlocal good
        good = good and found.how != "bad"
        console.print(f"[{_COLOURS[found.how]}]{found.how:9}[/]", end="")
        console.print(f"{found.what}: {found.told}", markup=False)
        if found.do:
            console.print(f"{'':9}{found.do}", markup=False)

    await examine(settings, show)
    return good
