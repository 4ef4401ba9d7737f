"""How the server is put together: what is built once, what runs beside the calls, how it stops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from vantum.calls import Calls
from vantum.casting import Casting, serving, unused_keys
from vantum.errors import ProviderError
from vantum.limits import Budgets
from vantum.providers.base import get_ready
from vantum.providers.local.client import LocalSpeech, socket_path
from vantum.settings import Settings
from vantum.telemetry import Log, Metrics, server_log
from vantum.upkeep import HouseUpkeep
from vantum.web.access import TOKEN_FILE, api_token
from vantum.web.entrance import Entrance, desk_opener, mounted
from vantum.web.pages import Labelled, Pages, console_files
from vantum.web.passes import Turnstile
from vantum.web.records import Records
from vantum.web.siblings import Siblings
from vantum.web.socket import SocketDoor

if TYPE_CHECKING:
    from vantum.telephony.exchange import Exchange
    from vantum.tracing import Tracing

LOADING_S: Final = 60.0  # 1-3 s as a rule; a cold disk and a busy machine take far longer


def build_app(
    settings: Settings,
    *,
    stop: Callable[[], Awaitable[None]] | None = None,
    budgets: Budgets | None = None,
    siblings: Siblings | None = None,
) -> Starlette:
    """The ASGI application. `stop` ends the server once a signal has drained it, `siblings` share
    its port. Raises SettingsError for a provider or default agent that cannot be used.
    """
    log = server_log()
    speech = LocalSpeech(socket_path(settings.vantum_data_dir))
    upkeep = HouseUpkeep(log)
    casting = Casting(settings, speech, upkeep, budgets)
    metrics = Metrics()
    tracing = _tracing(settings, casting, metrics, upkeep, log)
    models = speech if casting.uses_local_speech else None
    calls = Calls(settings, metrics, log, tracing, local_speech=models)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pages = Pages(calls, casting, speech, metrics=metrics, records=records, siblings=siblings)
        app.routes.extend(pages.routes())
        _introduce(pages, casting, unused_keys(settings, casting.providers), log)
        api = _api(app, settings, calls, casting, records, upkeep=upkeep, log=log)
        async with upkeep.open(), api, asyncio.TaskGroup() as group:
            app.mount("/", console_files())  # last: it takes every path that is left
            tasks = [
                group.create_task(calls.house.clock.run(), name="playout"),
                group.create_task(calls.sweep(), name="sweep"),
                group.create_task(calls.strain.watch(), name="strain"),
            ]
            if models is not None:
                tasks.append(group.create_task(_with_models(models, log), name="local-speech"))
            tasks.append(group.create_task(_look_at_keys(casting, log), name="look-at-keys"))
            if stop is not None:
                _stop_on_signals(group, calls, settings.drain_s, stop, upkeep=upkeep)
            yield
            await calls.drain(0)
            for task in tasks:
                task.cancel()

    app = Starlette(lifespan=lifespan)
    app.state.frontend_url = settings.frontend_url
    app.add_middleware(Labelled)
    records = Records(settings.database, upkeep.start, log)
    door = SocketDoor(settings, calls, casting, turnstile=Turnstile(records), log=log)
    app.routes.append(WebSocketRoute("/ws", door.enter))
    app.state.calls = calls
    return app


def _tracing(
    settings: Settings, casting: Casting, metrics: Metrics, upkeep: HouseUpkeep, log: Log
) -> Tracing | None:
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return None
    from vantum.tracing import tracing_to  # noqa: PLC0415 - memory that only traces need

    tracing = tracing_to(endpoint, settings, serving(settings, casting.providers), metrics, log)
    upkeep.at_end(tracing.close)
    return tracing


@asynccontextmanager
async def _api(
    app: Starlette,
    settings: Settings,
    calls: Calls,
    casting: Casting,
    records: Records,
    *,
    upkeep: HouseUpkeep,
    log: Log,
) -> AsyncIterator[None]:
    """The records, the telephone where there is one, and what programs may ask of both."""
    token, public = _api_token(settings, log), settings.public_url is not None
    async with aclosing(records):
        if settings.database_url is not None:
            upkeep.start("open-records", records.keep_trying())
        phone = _telephone(app, settings, calls, casting, records, upkeep=upkeep, log=log)
        async with phone as exchange:
            desk = desk_opener(records, exchange, settings)
            app.routes.append(mounted(Entrance(desk, token, public=public)))
            yield


def _telephone(
    app: Starlette,
    settings: Settings,
    calls: Calls,
    casting: Casting,
    records: Records,
    *,
    upkeep: HouseUpkeep,
    log: Log,
) -> AbstractAsyncContextManager[Exchange | None]:
    if settings.phone_off:
        log.info("phone_is_off", why=settings.phone_off)
        return nullcontext()
    from vantum.web.phone import telephone  # noqa: PLC0415 - 30 MB that only the phone needs

    return telephone(app, settings, calls, casting, records, upkeep=upkeep, log=log)


def _api_token(settings: Settings, log: Log) -> str:
    file = settings.vantum_data_dir / TOKEN_FILE
    try:
        token, is_new = api_token(settings.vantum_data_dir)
    except OSError as error:
        log.warning("api_is_local_only", file=str(file), why=error.strerror)
        return ""
    if is_new:
        log.info("api_token_made", file=str(file))
    return token


def _introduce(pages: Pages, casting: Casting, unused: dict[str, str], log: Log) -> None:
    """Say who takes calls here, what is wrong with agents, and what was set in vain."""
    log.info("providers_chosen", **pages.providers())
    for part, why in pages.off().items():
        log.warning("part_is_off", part=part, why=why)
    for variable, why in unused.items():
        log.warning("setting_without_use", setting=variable, why=why)
    for event, told in casting.complaints():
        log.warning(event, **told)


async def _with_models(speech: LocalSpeech, log: Log) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_tell_when_loaded(speech, log), name="loading")
        await speech.run()


async def _tell_when_loaded(speech: LocalSpeech, log: Log) -> None:
    """Models load while calls are already taken; that they cannot is learnt only then."""
    try:
        await speech.wait_ready(LOADING_S)
    except ProviderError as error:
        log.warning("part_is_off", part="local speech", why=str(error))
    else:
        log.info("local_speech_ready")


async def _look_at_keys(casting: Casting, log: Log) -> None:
    """Have the vendors asked once, so that a wrong key shows now and not in the first call."""
    cast = casting.cast(casting.default)
    for part, provider in (("stt", cast.ears), ("llm", cast.mind), ("tts", cast.voice)):
        try:
            await get_ready(provider)
        except ProviderError as error:
            log.warning("part_is_in_trouble", part=part, trouble=error.trouble, why=str(error))


def _stop_on_signals(
    group: asyncio.TaskGroup,
    calls: Calls,
    patience_s: float,
    stop: Callable[[], Awaitable[None]],
    *,
    upkeep: HouseUpkeep,
) -> None:
    """Drain first: the web server's own handler would cut every socket with code 1012."""

    async def drain(patience_s: float) -> None:
        try:
            await calls.drain(patience_s)
        finally:
            await stop()  # whatever became of the calls: a signal must end the server

    def begin() -> None:
        # A second signal means that the operator has waited long enough.
        group.create_task(drain(0 if calls.draining else patience_s), name="drain")

    upkeep.at_end(stop)  # also where something of the house fails: nobody is served without it
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, begin)
