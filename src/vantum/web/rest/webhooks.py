"""Which programs are told what happens, what they were told, and what they would not take."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from vantum.campaigns.endpoints import new_hook
from vantum.errors import RequestError
from vantum.store.deliveries import (
    Delivery,
    DeliveryState,
    Place,
    deliveries_page,
    delivery_by_id,
)
from vantum.store.hooks import Hook, Hooks
from vantum.store.jobs import Jobs
from vantum.web.rest.house import House
from vantum.web.rest.paging import Paged, cut, place
from vantum.web.rest.route import Route, route
from vantum.wire.hooks import Kind

ROOT: Final = "/api/v1/webhooks"
ONE: Final = f"{ROOT}/{{hook_id}}"
DELIVERIES: Final = "/api/v1/deliveries"


class NewHook(Struct, frozen=True, forbid_unknown_fields=True):
    """An endpoint to be added; `local`: it may be in a network of our own."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    events: tuple[Kind, ...] = ()  # all, where none is named
    local: bool = False


class ShownHook(Struct, frozen=True, kw_only=True):
    """An endpoint. Times are seconds since 1970."""

    hook_id: str
    url: str
    events: tuple[Kind, ...]
    created_at: float
    local: bool
    off_at: float | None


class MadeHook(Struct, frozen=True):
    """An endpoint, and what signs what it is told; that is shown this once."""

    webhook: ShownHook
    secret: str


class ShownHooks(Struct, frozen=True):
    """Every endpoint that ever was, the oldest first."""

    items: list[ShownHook]


class DeliveriesQuery(Paged, frozen=True, kw_only=True):
    """Which deliveries."""

    webhook: Annotated[str, Meta(description="The endpoint's id.")] | None = None
    state: DeliveryState | None = None


class DeliveriesPage(Struct, frozen=True):
    """Deliveries, the newest first."""

    items: list[Delivery]
    next: str | None  # `after` of the next page


class HookDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._hooks = Hooks(house.database)

    async def list(self) -> ShownHooks:
        """The endpoints that are told what happens, those that were switched off, too."""
        return ShownHooks([_shown(hook) for hook in await self._hooks.all()])

    async def add(self, body: NewHook) -> MadeHook:
        """Add an endpoint; its secret is shown this once."""
        house = self._house
        hook = new_hook(
            body.url, body.events, local=body.local, new_id=house.new_id(), now=house.now()
        )
        await self._hooks.add(hook)
        return MadeHook(_shown(hook), hook.secret)

    async def look(self, hook_id: str) -> ShownHook:
        """One endpoint."""
        return await self._known(hook_id)

    async def switch_off(self, hook_id: str) -> ShownHook:
        """Tell it nothing any more, not even what waits for it; asking again changes nothing."""
        await self._hooks.switch_off(hook_id, self._house.now())
        return await self._known(hook_id)

    async def deliveries(self, query: DeliveriesQuery) -> DeliveriesPage:
        """What endpoints are told; `dead` is what was tried for a day and is not any more."""
        after = place(query, Place)
        found = await deliveries_page(
            self._house.database, query.webhook, query.state, query.limit + 1, after
        )
        page, following = cut(found, query, lambda one: Place(one.created_at, one.delivery_id))
        return DeliveriesPage(page, following)

    async def again(self, delivery_id: str) -> Delivery:
        """Try anew what is dead."""
        delivery = await self._delivery(delivery_id)
        if not await Jobs(self._house.database, "").again(delivery_id, self._house.now()):
            why = f"It is {delivery.state}: only what is dead is tried anew"
            raise RequestError(why, code="INVALID_STATE")
        return await self._delivery(delivery_id)

    async def _delivery(self, delivery_id: str) -> Delivery:
        found = await delivery_by_id(self._house.database, delivery_id)
        if found is None:
            raise RequestError("There is no delivery with this id", code="NOT_FOUND")
        return found

    async def _known(self, hook_id: str) -> ShownHook:
        hook = await self._hooks.by_id(hook_id)
        if hook is None:
            raise RequestError("There is no webhook with this id", code="NOT_FOUND")
        return _shown(hook)


def _shown(hook: Hook) -> ShownHook:
    return ShownHook(**{name: getattr(hook, name) for name in ShownHook.__struct_fields__})


def routes(house: House) -> tuple[Route, ...]:
    """The routes about webhooks."""
    doors = HookDoors(house)
    return (
        route("GET", ROOT, "operator", doors.list),
        route("POST", ROOT, "admin", doors.add, 201, is_secret=True),
        route("GET", ONE, "operator", doors.look),
        route("DELETE", ONE, "admin", doors.switch_off),
        route("GET", DELIVERIES, "operator", doors.deliveries),
        route("POST", f"{DELIVERIES}/{{delivery_id}}/again", "operator", doors.again),
    )
