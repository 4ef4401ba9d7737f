"""What every peer says and is told, so that all do the same work; imports nothing."""

from __future__ import annotations

from typing import Final

GREETING: Final = (
    "Hi, this is Alex from Vantum. We build AI agents that make the first sales call for you. "
    "Do you have a minute?"
)
PROMPT: Final = (
    "You are Alex, who makes the first sales calls of a team. Answer in short sentences."
)
MODEL: Final = "gpt-5.4-mini"
VOICE: Final = "c961b81c-a935-4c17-bfb3-ba2239de8c2f"
RATE_HZ: Final = 8_000


def twiml(port: int) -> str:
    """Answers a call: sound in both directions over our WebSocket."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Connect>'
        f'<Stream url="ws://127.0.0.1:{port}/media"/></Connect></Response>'
    )
