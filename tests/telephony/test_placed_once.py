"""An order that is sent again, or to two processes at once, rings one telephone once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from phone import PERSON, Phone, telephone

pytestmark = pytest.mark.anyio


async def orders(phone: Phone, key: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {phone.token}", "Idempotency-Key": key}
    url = f"{phone.url}/api/v1/calls"
    async with phone.http.post(url, json={"to": PERSON}, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_an_order_to_two_processes_at_once_rings_once(
    tmp_path: Path, database_url: str
) -> None:
    async with (
        telephone(tmp_path, database_url=database_url) as one,
        telephone(tmp_path, database_url=database_url, carrier=one.simulator) as other,
    ):
        answers = await asyncio.gather(*(orders(phone, "order-1") for phone in (one, other) * 4))
        placed = {call["id"] for status, call in answers if status == 201}
        assert len(placed) == 1
        assert {status for status, _ in answers} <= {201, 409}
        again = await orders(other, "order-1")
        assert (again[0], {again[1]["id"]}) == (201, placed)
        assert await dialled(one) == 1
        second = await orders(one, "order-2")
        assert (second[0], await dialled(one)) == (201, 2)
        for call_id in {*placed, second[1]["id"]}:
            await one.asks("POST", f"/api/v1/calls/{call_id}/hang-up")
        await one.is_quiet()
        await other.is_quiet()


async def dialled(phone: Phone) -> int:
    """Calls that the carrier was ever asked for."""
    async with phone.http.get(f"{phone.simulator.url}/simulator/calls") as answer:
        return len((await answer.json())["calls"])
