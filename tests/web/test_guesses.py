"""Who guesses tokens is soon told to wait, and who has a good one does not notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from rest import TOKEN, Clock, desk_serving

from vantum.roles import Caller
from vantum.store.database import Database
from vantum.web.guesses import KNOWN, Guesses

pytestmark = pytest.mark.anyio


def test_so_many_wrong_ones_are_looked_up_a_second() -> None:
    guesses = Guesses(3)
    for number in range(3):
        assert guesses.may_try(f"vt_{number}", 5.0)
        guesses.tried(f"vt_{number}", 5.0, good=False)
    assert not guesses.may_try("vt_4", 5.9)
    assert guesses.may_try("vt_4", 6.0)


def test_a_token_that_was_good_goes_on_until_it_is_wrong() -> None:
    guesses = Guesses(1)
    guesses.tried("vt_good", 5.0, good=True)
    guesses.tried("vt_bad", 5.0, good=False)
    assert guesses.may_try("vt_good", 5.0)
    guesses.tried("vt_good", 5.0, good=False)  # revoked
    assert not guesses.may_try("vt_good", 5.0)


def test_what_is_remembered_is_bounded() -> None:
    guesses = Guesses(1)
    for number in range(KNOWN + 1):
        guesses.tried(f"vt_{number}", 5.0, good=True)
    assert len(guesses._good) <= KNOWN


async def test_who_guesses_is_told_to_wait_and_others_are_served(tmp_path: Path) -> None:
    looked_up = []

    async def bearer(token: str) -> Caller | None:
        looked_up.append(token)
        return Caller("1", "viewer") if token == "vt_good" else None

    database = Database(f"sqlite:///{tmp_path}/vantum.db")
    guesses = Guesses(wrong_per_s=2)
    async with desk_serving(database, Clock(), bearer=bearer, guesses=guesses) as http:

        async def asks(token: str) -> int:
            headers = {"authorization": f"Bearer {token}"}
            return (await http.get("/api/v1/calls", headers=headers)).status_code

        assert await asks("vt_good") == 404  # it came in; there is nothing
        found = [await asks(f"vt_{number}") for number in range(200)]
        assert found[:2] == [401, 401]
        assert set(found) == {401, 429}
        assert len(looked_up) == 1 + found.count(401)
        assert await asks("vt_good") == 404
        assert await asks(TOKEN) == 404
    await database.close()
