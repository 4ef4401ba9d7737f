"""What the simulated vendors read of their clients."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from vantum.simulator.openai_requests import read_request
from vantum.simulator.twilio_orders import fields_of, new_order
from vantum.simulator.twilio_refusals import RefusedError
from vantum.simulator.twilio_twiml import TwimlError, read
from vantum.wire import cartesia, deepgram, deepgram_flux, twilio

CARRIER_REFUSES: Final = (RefusedError, twilio.MessageError)
TWIML_REFUSES: Final = (TwimlError,)


def carrier(data: bytes) -> None:
    """A stream's message where it looks like one, else the form of a new call."""
    if data.startswith(b"{"):
        twilio.to_carrier(data)
    else:
        new_order(fields_of(data))


def twiml(data: bytes) -> None:
    """What a server answers to the carrier."""
    read(data.decode("utf-8", "replace"))


def recogniser(data: bytes) -> None:
    """A client's order, and the query that it connects with."""
    text = data.decode("utf-8", "replace")
    deepgram.read_order(text)
    deepgram_flux.read_order(text)
    query = parse_qsl(text, keep_blank_values=True)
    if "flux" in text:
        deepgram_flux.read_query(query)
    else:
        deepgram.read_query(query)


def model(data: bytes) -> None:
    """The body of a request."""
    read_request(data)


def voice(data: bytes) -> None:
    """A client's message."""
    cartesia.client_message(data)
