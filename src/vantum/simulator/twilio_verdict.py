"""When and how the simulated carrier tells what answered: a human, a machine, nobody knows."""

from __future__ import annotations

import asyncio
import time

from vantum.simulator.callees import verdict
from vantum.simulator.twilio_call import Call
from vantum.simulator.twilio_web import UnreachedError


async def detect(call: Call) -> tuple[str, float]:
    """The verdict and how long it took, in seconds."""
    began, order = time.monotonic(), call.order
    stage = call.house.stage
    found = verdict(call.record.kind, at_end=order.detection == "DetectMessageEnd")
    try:
        async with asyncio.timeout(order.detection_timeout_s):
            await stage.takes(stage.profile.verdict)
            if found.startswith("machine_end") and call.phone is not None:
                await call.phone.greeted.wait()
    except TimeoutError:
        found = "unknown"
    return found, time.monotonic() - began


async def tell_verdict(call: Call) -> None:
    """Detect beside the call, and send the callback; nothing for a call that is over by then."""
    found, took_s = await detect(call)
    if call.is_over:
        return
    order = call.order
    call.record.answered_by = found
    if not order.detection_url:
        call.warn(21262)
        return
    form = [
        ("AccountSid", call.house.stage.account.sid),
        ("CallSid", call.sid),
        ("AnsweredBy", found),
        ("MachineDetectionDuration", str(round(took_s * 1_000))),
    ]
    try:
        answer = await call.house.web.ask(order.detection_url, form, method=order.detection_method)
        if not 200 <= answer.status < 300:
            call.warn(11200)
    except UnreachedError as error:
        call.warn(error.code)
