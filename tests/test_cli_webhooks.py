"""Endpoints as an operator adds them, looks at them, and mends what has failed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.jobs import Jobs

NOW = 1_800_000_000.0


def webhook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vantum", "webhook", *words],
        env={**os.environ, "DATABASE_URL": f"sqlite:///{folder}/vantum.db"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def fails(folder: Path) -> None:
    """Something is told, and given up."""
    database = Database(f"sqlite:///{folder}/vantum.db")
    await Contacts(database).suppress("+15550100100", NOW, "asked not to be called")
    jobs = Jobs(database, "one")
    [job] = await jobs.claim(NOW, 10)
    await jobs.failed(job, "it answered 500", None, NOW)
    await database.close()


def test_an_endpoint_from_its_first_to_its_last_day(tmp_path: Path) -> None:
    added = webhook(tmp_path, "add", "https://example.com/in", "--events", "number.suppressed")
    assert added.returncode == 0, added.stderr
    hook_id, _, told = added.stdout.splitlines()[0].partition(" ")
    secret = added.stdout.split()[-1]
    assert (told, secret[:6], len(secret)) == ("is told of number.suppressed", "whsec_", 49)
    listed = webhook(tmp_path, "list").stdout
    assert listed == f"{hook_id}  on  https://example.com/in  number.suppressed\n"

    asyncio.run(fails(tmp_path))
    failed = webhook(tmp_path, "failed").stdout
    job_id = failed.split()[0]
    assert failed.endswith(f"endpoint {hook_id}  1 tries: it answered 500\n")
    assert webhook(tmp_path, "again", job_id).returncode == 0
    assert not webhook(tmp_path, "failed").stdout
    again = webhook(tmp_path, "again", job_id)
    assert (again.returncode, "nothing that has failed" in again.stderr) == (2, True)

    off = webhook(tmp_path, "off", hook_id)
    assert (off.returncode, off.stdout) == (0, f"{hook_id} is told nothing any more\n")
    assert f"{hook_id}  off since " in webhook(tmp_path, "list").stdout
    off = webhook(tmp_path, "off", hook_id)
    assert (off.returncode, "no endpoint that is on" in off.stderr) == (2, True)


def test_an_endpoint_in_an_inner_network_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    refused = webhook(tmp_path, "add", "https://10.0.0.1/in")
    assert (refused.returncode, "say --local" in refused.stderr) == (2, True)
    assert webhook(tmp_path, "add", "https://10.0.0.1/in", "--local").returncode == 0
