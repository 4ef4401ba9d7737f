"""How an answer is fetched from a server that speaks OpenAI's chat completions, and given up.

Why not the vendor's client: docs/adr/0007-openai-over-a-thin-client.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import suppress
from typing import Final

import msgspec
from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)

from vantum.alarm import Patience
from vantum.errors import ProviderError, ProviderTimeout
from vantum.providers.base import Action, Prompt, Usage
from vantum.providers.openai_body import Dialect, dialect_of, refused_option, request_of
from vantum.providers.openai_errors import error_in_stream, error_of, is_too_long
from vantum.providers.openai_tools import deeds_of
from vantum.providers.resources import Resources
from vantum.wire.openai import Answer, TokenUsage, read_fault
from vantum.wire.sse import EventStream, EventTooLongError

Said = str | Action | Usage

_KEPT_S: Final = 60.0  # an idle connection; turns are seconds apart, and TLS costs a turn 100 ms
_NAMES_S: Final = 300  # that a looked-up address is kept
_LINGER_S: Final = 0.25  # for a stream's last byte, after which its connection can be used again
_FAULT_BYTES: Final = 65_536  # of an error's body; more is not read


class OpenAIModel:
    """One agent's access to the server; its connections are shared by all calls of the agent."""

    def __init__(self, resources: Resources, *, dialect: Dialect | None = None) -> None:
        settings = resources.settings
        self._settings = settings
        self._budgets = resources.budgets
        self._upkeep = resources.upkeep
        self._url = f"{settings.openai_base_url}/chat/completions"
        self._dialect = dialect or dialect_of(settings.openai_base_url)
        self._refused: set[str] = set()  # options that this server does not take
        self._session: ClientSession | None = None
        self._warm_until_s = 0.0  # clock time until which a connection is kept
        request_s = self._budgets.llm_request_s
        self._first_s = min(settings.llm_request_timeout_s, request_s)
        self._pause_s = min(settings.llm_stream_processing_timeout_s, request_s)

    async def prewarm(self) -> None:
        """Have a connection open, and the key looked at. Raises ProviderError.

        Servers that list no models are as good as others.
        """
        now_s = asyncio.get_running_loop().time()
        if now_s < self._warm_until_s:
            return
        url = f"{self._settings.openai_base_url}/models"
        response = await self._sent(self._opened().get(url), now_s + self._first_s)
        patience = Patience()
        try:
            if response.status in {401, 402, 403}:
                fault = read_fault(await _body(response, now_s + self._first_s))
                raise error_of(response.status, fault, response.headers)
            while await _read(response, now_s + self._first_s, patience):
                pass  # only a response that was read to its end leaves its connection
        finally:
            patience.close()
            response.close()
        self._warm_until_s = now_s + _KEPT_S

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Said, None]:
        """Yield the answer as it arrives, then what it asks for and costs. Raises ProviderError."""
        clock = asyncio.get_running_loop().time
        ends_s = clock() + self._settings.llm_streaming_timeout_s
        due_s = min(ends_s, clock() + self._first_s)
        response = await self._ask(prompt, due_s)
        events, answer, said, patience = EventStream(), Answer(), False, Patience()
        try:
            while not answer.done:
                chunk = await _read(response, due_s, patience)
                text = "".join(map(answer.take, _cut(events, chunk)))
                if text:
                    said = said or not text.isspace()
                    yield text
                    # The caller of this generator may have taken its time; the server did not.
                    due_s = min(ends_s, clock() + self._pause_s)
                if answer.fault is not None:
                    raise error_in_stream(answer.fault)
                if not chunk:
                    break
            for item in _concluded(answer, prompt, said=said):
                yield item
            with suppress(ClientError, OSError):
                async with asyncio.timeout(_LINGER_S):
                    while await response.content.readany():
                        pass
        finally:
            patience.close()
            response.close()  # at once: an answer that nobody wants is paid for by the token

    async def _ask(self, prompt: Prompt, due_s: float) -> ClientResponse:
        """The response whose body is the answer.

        Servers differ in what they take, so a refused option is left out from then on. This is no
        retry: another request is made.
        """
        while True:
            asked = request_of(self._settings, prompt, self._dialect, self._refused)
            response = await self._post(msgspec.json.encode(asked), due_s)
            if response.status == 200 and response.content_type != "application/json":
                return response
            fault = read_fault(await _body(response, due_s))
            option = None if is_too_long(fault) else refused_option(response.status, fault, asked)
            if option is None:
                raise error_of(response.status, fault, response.headers)
            self._refused.add(option)

    async def _post(self, body: bytes, due_s: float) -> ClientResponse:
        request = self._opened().post(self._url, data=body, allow_redirects=False)
        return await self._sent(request, due_s)

    async def _sent(self, request: Awaitable[ClientResponse], due_s: float) -> ClientResponse:
        try:
            async with asyncio.timeout_at(due_s):
                return await request
        except TimeoutError:
            raise ProviderTimeout("the model's server does not answer", service="llm") from None
        except (ClientError, OSError) as error:
            what = type(error).__name__  # its text may name the request's headers
            text = f"the model's server cannot be reached ({what})"
            raise ProviderError(text, service="llm") from None

    def _opened(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                # Unbounded: a call asks for one answer at a time, and calls are counted elsewhere.
                connector=TCPConnector(limit=0, keepalive_timeout=_KEPT_S, ttl_dns_cache=_NAMES_S),
                cookie_jar=DummyCookieJar(),
                headers=self._headers(),
                timeout=ClientTimeout(total=None, connect=self._budgets.llm_connect_s),
            )
            self._upkeep.at_end(self._session.close)
        return self._session

    def _headers(self) -> dict[str, str]:
        # Compressed, a stream may wait in a gateway until enough has come together.
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        key, organization = self._settings.openai_api_key, self._settings.openai_organization
        if key is not None:
            headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        if organization:
            headers["OpenAI-Organization"] = organization
        return headers


async def _read(response: ClientResponse, due_s: float, patience: Patience) -> bytes:
    """What has come; nothing at the end."""
    try:
        return await patience.until(due_s, response.content.readany())
    except TimeoutError:
        text = "the model's server stopped in its answer"
        raise ProviderTimeout(text, service="llm") from None
    except (ClientError, OSError) as error:
        what = type(error).__name__
        text = f"the connection to the model's server broke ({what})"
        raise ProviderError(text, service="llm") from None


async def _body(response: ClientResponse, due_s: float) -> bytes:
    """As much of an error's body as is worth reading."""
    body, patience = b"", Patience()
    try:
        with suppress(ProviderError):  # the status alone tells most of it
            while len(body) < _FAULT_BYTES and (chunk := await _read(response, due_s, patience)):
                body += chunk
    finally:
        patience.close()
        response.close()
    return body


def _cut(events: EventStream, chunk: bytes) -> list[bytes]:
    try:
        return events.feed(chunk) if chunk else events.end()
    except EventTooLongError as error:
        raise ProviderError(f"the model's server sent {error}", service="llm") from None


def _concluded(answer: Answer, prompt: Prompt, *, said: bool) -> Iterator[Said]:
    """What follows an answer's text. Raises ProviderError where there was no good one."""
    if answer.usage is not None:
        yield _usage(answer.usage)
    if answer.finish_reason is None:
        raise ProviderError("the model's answer was cut short", service="llm")
    if answer.refused or answer.finish_reason == "content_filter":
        raise ProviderError("the model declined to answer", service="llm", trouble="fatal")
    deeds = tuple(deeds_of(answer.calls, prompt.actions, said=said))
    yield from deeds
    if not said and not deeds:
        raise ProviderError("the model gave an empty answer", service="llm", trouble="server")


def _usage(usage: TokenUsage) -> Usage:
    details = usage.prompt_tokens_details
    return Usage(
        usage.prompt_tokens or 0,
        usage.completion_tokens or 0,
        (details.cached_tokens or 0) if details is not None else 0,
    )


def language_model(resources: Resources) -> OpenAIModel:
    """Build the provider."""
    return OpenAIModel(resources)
