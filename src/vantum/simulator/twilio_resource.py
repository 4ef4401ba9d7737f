"""How the simulated carrier shows a call over its REST interface."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Final

from vantum.simulator.twilio_call import Call

API: Final = "/2010-04-01/Accounts"


def shown(call: Call) -> dict[str, object]:
    """The resource as JSON."""
    order, record = call.order, call.record
    account = call.house.stage.account.sid
    uri = f"{API}/{account}/Calls/{call.sid}"
    lasted_s = None
    if record.ended_at is not None:
        lasted_s = round(record.ended_at - (record.answered_at or record.ended_at))
    return {
        "sid": call.sid,
        "account_sid": account,
        "parent_call_sid": order.parent_sid or None,
        "to": order.to,
        "to_formatted": order.to,
        "from": order.from_,
        "from_formatted": order.from_,
        "phone_number_sid": None,
        "status": record.status,
        "start_time": _date(record.dialled_at),
        "end_time": _date(record.ended_at),
        "duration": None if lasted_s is None else str(lasted_s),
        "price": None,
        "price_unit": "USD",
        "direction": order.direction,
        "answered_by": record.answered_by or None,
        "api_version": "2010-04-01",
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(round(record.queued_s * 1_000)),
        "trunk_sid": None,
        "annotation": None,
        "date_created": _date(record.created_at),
        "date_updated": _date(record.ended_at or record.answered_at or record.created_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def day_of(at: float) -> date:
    """The day of a moment, as the vendor counts days."""
    return datetime.fromtimestamp(at, UTC).date()


def _date(at: float | None) -> str | None:
    return None if at is None else format_datetime(datetime.fromtimestamp(at, UTC))
