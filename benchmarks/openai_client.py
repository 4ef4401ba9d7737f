"""What the vendor's client costs and ours: `python -m benchmarks.openai_client`.

Imports are measured in fresh processes, on top of the server that would hold the client; answers
are streamed by a simulator in a process of its own, to both clients by turns.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from statistics import median
from typing import Any, cast

import uvloop
from openai import AsyncOpenAI

from benchmarks.calibration import headline
from vantum.agents.schema import load_agent
from vantum.providers.base import Message, Prompt
from vantum.providers.local.client import LocalSpeech
from vantum.providers.openai import OpenAIModel
from vantum.providers.resources import Resources
from vantum.settings import load_settings
from vantum.simulator.openai_answers import Model
from vantum.telemetry import server_log
from vantum.upkeep import HouseUpkeep
from vantum.wire.openai import ChatRequest

IMPORTS = 5  # processes each; the median counts
ROUNDS = 6
AT_ONCE = 20  # answers, as of so many calls
SYSTEM = "You are Alex, and you sell. " * 100
QUESTION = "What does it cost?"

IMPORTING = """
import resource, sys, time
import vantum.web.app
def held_mb():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
before_mb, began = held_mb(), time.process_time()
__import__(sys.argv[1])
print(time.process_time() - began, held_mb() - before_mb)
"""

Ask = Callable[[], Coroutine[Any, Any, None]]


def imported(module: str) -> tuple[float, float]:
    """CPU seconds and megabytes that importing `module` adds to a server."""
    command = [sys.executable, "-c", IMPORTING, module]
    runs = [
        [float(number) for number in subprocess.check_output(command, text=True).split()]
        for _ in range(IMPORTS)
    ]
    return median(run[0] for run in runs), median(run[1] for run in runs)


@asynccontextmanager
async def both_clients(url: str) -> AsyncIterator[tuple[Ask, Ask]]:
    """How to ask for one answer: with the vendor's client, and with ours."""
    settings = load_settings({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": url})
    upkeep = HouseUpkeep(server_log())
    messages: Any = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": QUESTION},
    ]
    async with upkeep.open(), AsyncOpenAI(base_url=url, api_key="k") as theirs:
        none = cast(LocalSpeech, None)
        ours = OpenAIModel(Resources(settings, load_agent("sales"), none, upkeep), dialect="openai")

        async def ask_theirs() -> None:
            stream = await theirs.chat.completions.create(
                model=settings.llm_model,
                messages=messages,
                stream=True,
                stream_options={"include_usage": True, "include_obfuscation": False},
            )
            async for chunk in stream:
                _ = chunk.choices and chunk.choices[0].delta.content

        async def ask_ours() -> None:
            async for _ in ours.reply(Prompt(SYSTEM, (Message("user", QUESTION),))):
                pass

        yield ask_theirs, ask_ours


async def cpu_of(ask: Ask) -> float:
    """CPU seconds of this process for AT_ONCE answers at once."""
    began = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask())
    return time.process_time() - began


async def streamed(url: str) -> tuple[float, float]:
    """CPU seconds per answer, the vendor's client and ours."""
    async with both_clients(url) as (theirs, ours):
        await cpu_of(theirs)
        await cpu_of(ours)  # both are warm, with connections open
        pairs = [(await cpu_of(theirs), await cpu_of(ours)) for _ in range(ROUNDS)]
    return (
        median(pair[0] for pair in pairs) / AT_ONCE,
        median(pair[1] for pair in pairs) / AT_ONCE,
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(headline())
    print("import, on top of a server       CPU s      MB")
    figures = [imported(name) for name in ("openai", "vantum.providers.openai")]
    for name, (cpu_s, size_mb) in zip(("openai", "ours"), figures, strict=True):
        print(f"  {name:28} {cpu_s:9.3f} {size_mb:7.1f}")
    print(f"  ratio                      {figures[0][0] / figures[1][0]:11.1f}", end="")
    print(f" {figures[0][1] / figures[1][1]:7.1f}")
    command = [sys.executable, "-m", "vantum", "simulate", "--port", "0", "--profile", "bench"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            found = next(m for line in simulator.stdout if (m := re.search(r"http://\S+", line)))
            url = f"{found.group()}/v1"
            theirs_s, ours_s = uvloop.run(streamed(url))
        finally:
            simulator.terminate()
    tokens = len(Model(one_answer=True).reply(ChatRequest(model="", messages=[])).tokens)
    print("streaming                        CPU us a token")
    print(f"  openai                       {theirs_s / tokens * 1e6:9.0f}")
    print(f"  ours                         {ours_s / tokens * 1e6:9.0f}")
    print(f"  ratio                      {theirs_s / ours_s:11.1f}")


if __name__ == "__main__":
    main()
