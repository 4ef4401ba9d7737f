"""How a request that names a key (Idempotency-Key) is done once, however often it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from starlette.responses import Response

from vantum.errors import CarrierError, RecordsError, RequestError, VantumError
from vantum.store.answers import Answers, Earlier
from vantum.web.problems import MEDIA, refusal
from vantum.web.rest.route import JSON

TIDY_EVERY_S: Final = 600.0
SLOWEST_S: Final = 60.0  # several times what a request takes that waits for carrier and database
SLOWEST_LONG_S: Final = 3_600.0  # or one that brings a file of contacts, or plans a call to each
REPLAYED: Final = "Idempotent-Replayed"
_KEPT: Final = ("etag", "location")  # what a header adds to the body; the media type follows


class Once:
    """Keeps answers, and gives them again."""

    def __init__(self, answers: Answers, now: Callable[[], float]) -> None:
        self._answers = answers
        self._now = now
        self._tidied_at = now()

    async def answer(
        self,
        key: str,
        request: str,
        work: Callable[[], Awaitable[Response]],
        slowest_s: float = SLOWEST_S,
    ) -> Response:
        """Do the work, unless it was done under this key; `request` is a digest of what is asked.

        What has taken longer than `slowest_s` was given up, as far as anybody can tell.
        Raises VantumError where nothing was done; then the key is free again.
        """
        now = self._now()
        if now - self._tidied_at > TIDY_EVERY_S:
            self._tidied_at = now
            await self._answers.tidy(now)
        earlier = await self._answers.begin(key, request, now)
        if earlier is not None:
            return _again(earlier, request, now - slowest_s)
        try:
            response = await work()
        except (CarrierError, RecordsError) as error:  # it may have been done all the same
            response = refusal(error)
        except VantumError:
            await self._answers.forget(key)
            raise
        with suppress(RecordsError):  # what was done is told; the key stays taken
            body = bytes(response.body).decode()
            headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
            await self._answers.keep(key, response.status_code, headers, body)
        return response


def _again(earlier: Earlier, request: str, given_up: float) -> Response:
    if earlier.request != request:
        raise RequestError("Idempotency-Key was used for another request; take a new one")
    if earlier.status is not None:
        media = JSON if earlier.status < 400 else MEDIA
        headers = {**earlier.headers, REPLAYED: "true"}
        return Response(earlier.body, earlier.status, headers, media_type=media)
    why = "A request with this Idempotency-Key is being done; ask again soon"
    if earlier.at < given_up:
        why = (
            "A request with this Idempotency-Key was begun and its answer was lost: look whether"
            " it was done; to have it done again take a new key"
        )
    raise RequestError(why, code="INVALID_STATE")
