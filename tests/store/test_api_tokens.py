"""Tokens open the API for as long as they are valid; what is kept of them opens nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from vantum.store.api_tokens import USED_EVERY_S, ApiTokens
from vantum.store.database import Database

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


@pytest.fixture
def tokens(database: Database) -> ApiTokens:
    return ApiTokens(database)


async def test_a_secret_leads_to_its_token_and_no_other_does(tokens: ApiTokens) -> None:
    ann, secret = await tokens.make("ann", "viewer", NOW)
    _, other = await tokens.make("bob", "admin", NOW)
    found = await tokens.bearer(secret, NOW)
    assert found is not None
    assert (found.id, found.name, found.role) == (ann.id, "ann", "viewer")
    for wrong in (secret[:-1], secret + "x", secret.swapcase(), ann.id, "", "vt_é"):
        assert await tokens.bearer(wrong, NOW) is None
    assert secret != other


async def test_secrets_are_long_and_known_by_their_beginning(tokens: ApiTokens) -> None:
    made = {(await tokens.make("x", "viewer", NOW))[1] for _ in range(20)}
    assert len(made) == 20
    # 32 characters of base64 are 192 bits.
    assert {(secret[:3], len(secret)) for secret in made} == {("vt_", 35)}


async def test_nothing_that_is_kept_opens_anything(database: Database, tokens: ApiTokens) -> None:
    _, secret = await tokens.make("ann", "admin", NOW)
    async with database.reading() as connection:
        [row] = (await connection.execute(text("SELECT * FROM api_tokens"))).all()
    assert secret.removeprefix("vt_") not in repr(row)
    assert [one for one in row if isinstance(one, str) and await tokens.bearer(one, NOW)] == []


async def test_a_revoked_token_opens_nothing_from_then_on(tokens: ApiTokens) -> None:
    ann, secret = await tokens.make("ann", "operator", NOW)
    await tokens.make("bob", "operator", NOW + 1)
    revoked = await tokens.revoke(ann.id, NOW + 5)
    assert revoked is not None
    assert revoked.revoked_at == NOW + 5
    assert await tokens.bearer(secret, NOW + 6) is None
    again = await tokens.revoke(ann.id, NOW + 9)
    assert again == revoked
    assert [(one.name, one.revoked_at) for one in await tokens.all()] == [
        ("ann", NOW + 5),
        ("bob", None),
    ]
    assert await tokens.revoke("nobody's", NOW) is None


async def test_use_is_noted_at_most_once_a_minute(tokens: ApiTokens) -> None:
    _, secret = await tokens.make("ann", "viewer", NOW)
    noted = []
    for at in (NOW + 1, NOW + 2, NOW + 1 + USED_EVERY_S, NOW + 2 + USED_EVERY_S):
        assert await tokens.bearer(secret, at)
        noted.append((await tokens.all())[0].used_at)
    first, later = NOW + 1, NOW + 1 + USED_EVERY_S
    assert noted == [first, first, later, later]
