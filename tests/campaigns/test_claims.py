"""Who is called next: within the limits, by one process each, and never twice at once."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from campaign import NOW, PLAN, numbers, serves, stage
from msgspec.structs import replace
from sqlalchemy import insert, update

from vantum.campaigns.looking import pace
from vantum.dialing.abandonment import Share
from vantum.dialing.candidate import Candidate, Go, Wait
from vantum.dialing.dial import Allowed, Consent
from vantum.dialing.duties import Duties
from vantum.dialing.keeping import DAY_S
from vantum.dialing.pacing import Shares
from vantum.dialing.plan import Retry
from vantum.errors import RequestError
from vantum.store.campaigns import Campaigns, State
from vantum.store.claims import HORIZON_S, LEASE_S, Claims
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.erasing import CallTraces
from vantum.store.schema import ATTEMPTS, CALLS, CONSENTS, SUPPRESSIONS

pytestmark = pytest.mark.anyio


async def test_contacts_are_dialled_in_order_at_moments_of_their_own(database: Database) -> None:
    campaign = await stage(database, numbers(20))
    dials = await campaign.takes()
    assert [dial.candidate.phone for dial in dials] == numbers(8)
    assert [dial.at - NOW for dial in dials] == [n / 8 for n in range(8)]
    assert not await campaign.takes()  # those moments are given away
    campaign.now += 0.25
    assert len(await campaign.takes()) == 2


@pytest.mark.parametrize("per_s", [3.0, 20.0])
async def test_no_second_holds_more_dials_than_it_may(database: Database, per_s: float) -> None:
    plan = replace(PLAN, calls_per_s=per_s, at_once=10_000)
    campaign = await stage(database, numbers(150), plan)
    moments = []
    for tick in range(20):
        campaign.now = NOW + tick * 0.25
        for worker in ("one", "two", "three"):
            moments += [dial.at for dial in await campaign.takes(worker)]
    assert len(moments) >= 5 * per_s
    worst = max(sum(at <= other < at + 1 for other in moments) for at in moments)
    assert worst <= per_s + 1


async def test_the_carriers_rate_holds_for_all_campaigns_together(database: Database) -> None:
    spring = await stage(database, numbers(10))
    autumn = await stage(database, numbers(10, 50), name="autumn")
    dials = await spring.takes(per_s=4.0) + await autumn.takes(per_s=4.0)
    assert len(dials) == 4 * HORIZON_S
    spring.now += 0.5
    dials += await spring.takes(per_s=4.0)
    assert {dial.candidate.campaign_id for dial in dials} == {"c-spring", "c-autumn"}


async def test_so_many_at_once_and_no_more(database: Database) -> None:
    campaign = await stage(database, numbers(10), replace(PLAN, at_once=3))
    dials = await campaign.takes()
    assert len(dials) == 3
    campaign.now += 10
    assert not await campaign.takes()
    await campaign.ends(dials[0], "agent_ended")
    await campaign.attempts.finish(campaign.now)
    assert len(await campaign.takes()) == 1


@pytest.mark.parametrize(
    ("shares", "most"),
    [
        (Shares(streams=2), 2),
        (Shares(contexts=1), 1),
        (Shares(tokens_per_min=9_500, tokens_per_call_min=3_000), 3),
        (Shares(streams=4, contexts=3, tokens_per_min=6_000, tokens_per_call_min=3_000), 2),
        (Shares(streams=0), 0),
    ],
)
async def test_a_dial_needs_its_share_of_everything(
    database: Database, shares: Shares, most: int
) -> None:
    campaign = await stage(database, numbers(10))
    assert len(await campaign.takes(shares=shares)) == most


async def test_calls_of_others_hold_shares_too(database: Database) -> None:
    campaign = await stage(database, numbers(10))
    assert len(await campaign.takes(shares=Shares(streams=2))) == 2
    other = await stage(database, numbers(5, 50), name="autumn")
    assert len(await other.takes(shares=Shares(streams=3))) == 1


async def test_nobody_is_dialled_while_no_process_carries_calls(database: Database) -> None:
    campaign = await stage(database, numbers(3))
    campaign.now += 60  # since the server was last seen
    assert not await campaign.takes()
    await serves(database, "another server", 2, campaign.now)
    assert len(await campaign.takes()) == 2


async def test_processes_that_claim_at_once_claim_different_contacts(database: Database) -> None:
    campaign = await stage(database, numbers(60), replace(PLAN, calls_per_s=128))
    taken = await asyncio.gather(*(campaign.takes(worker) for worker in ("one", "two", "three")))
    phones = [dial.candidate.phone for dials in taken for dial in dials]
    assert len(phones) == len(set(phones)) == 60
    assert sorted(phones) == numbers(60)


async def test_a_number_is_not_dialled_while_it_is_on_the_phone_with_us(
    database: Database,
) -> None:
    spring = await stage(database, numbers(1))
    autumn = await stage(database, numbers(1), name="autumn")

    def unless_busy(candidate: Candidate, at: float) -> Go | Wait:
        return Wait("on the phone", at + 60) if candidate.known.on_the_phone else Go("{}")

    dials = await spring.takes(decide=unless_busy)
    dials += await autumn.takes(decide=unless_busy)
    assert len(dials) == 1


async def test_what_decides_is_given_all_that_is_known_of_a_contact(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    consent = {"consent_id": "1", "phone": numbers(1)[0], "kind": "written", "source": "web form"}
    suppressed = {"phone": numbers(1)[0], "since": NOW, "reason": "asked not to be called"}
    async with database.writing() as connection:
        await connection.execute(insert(CONSENTS).values(consent | {"given_at": NOW - 5}))
        await connection.execute(insert(SUPPRESSIONS).values(suppressed | {"call_id": ""}))
    seen = []

    def notes(candidate: Candidate, at: float) -> Go | Wait:
        seen.append(candidate)
        return Wait("not today", None)

    await campaign.takes(decide=notes)
    [candidate] = seen
    assert (candidate.contact_id, candidate.number, candidate.agent) == ("spring-2", 1, "sales")
    assert [one.source for one in candidate.known.consents] == ["web form"]
    assert candidate.known.suppressed == "asked not to be called"
    assert candidate.plan == PLAN


async def test_who_may_not_be_called_is_refused_and_keeps_no_moment(database: Database) -> None:
    campaign = await stage(database, numbers(4))

    def odd_ones(candidate: Candidate, at: float) -> Go | Wait:
        return Go("{}") if int(candidate.phone[-1]) % 2 else Wait("no consent", None)

    dials = await campaign.takes(decide=odd_ones)
    assert [dial.at - NOW for dial in dials] == [0.0, 0.125]
    refused, called = (await campaign.report())[:2]
    assert (refused.state, refused.detail) == ("refused", "no consent")
    assert called.state == "dialing"


async def test_who_may_be_called_later_waits_until_then(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    await campaign.takes(decide=lambda candidate, at: Wait("outside hours", NOW + 3_600))
    [waiting] = await campaign.report()
    assert (waiting.state, waiting.detail, waiting.due_at) == ("due", "outside hours", NOW + 3_600)
    assert not await campaign.takes()
    campaign.now += 3_600
    await serves(database, "still there", 10, campaign.now)
    assert len(await campaign.takes()) == 1


async def test_a_campaign_that_was_not_started_or_is_paused_dials_nobody(
    database: Database,
) -> None:
    campaign = await stage(database, numbers(3), starts=False)
    assert not await campaign.takes()
    campaign.campaign = await campaign.campaigns.put(campaign.campaign, "running", NOW)
    campaign.campaign = await campaign.campaigns.put(campaign.campaign, "paused", NOW)
    assert not await campaign.takes()
    campaign.campaign = await campaign.campaigns.put(campaign.campaign, "running", NOW)
    assert await campaign.takes()


async def test_each_attempt_is_a_call_of_that_id(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    async with database.reading() as connection:
        [call] = (await connection.execute(CALLS.select())).all()
    assert call.call_id == dial.candidate.attempt_id == "c-spring-2-1"
    assert (call.their_number, call.our_number) == (numbers(1)[0], "+15550199999")
    assert call.ended_at is None


@pytest.mark.parametrize(
    ("outcome", "again_after_s"),
    [
        ("busy", 900),
        ("no_answer", 4 * 3600),
        ("voicemail", 86_400),
        ("unknown", 3_600),
        ("lost", 3_600),
        ("failed", 3_600),
        ("agent_ended", None),
        ("opt_out", None),
        ("invalid", None),
        ("transferred", None),
    ],
)
async def test_what_a_call_came_to_decides_about_another(
    database: Database, outcome: str, again_after_s: float | None
) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    await campaign.ends(dial, outcome, NOW + 30)
    assert await campaign.attempts.finish(NOW + 31) == 1
    [contact] = await campaign.report()
    assert contact.outcomes == (outcome,)
    expected = None if again_after_s is None else NOW + 30 + again_after_s
    assert contact.due_at == expected
    assert (await campaign.known()).state == ("done" if expected is None else "running")


async def test_a_contact_is_called_so_often_and_no_more(database: Database) -> None:
    retries = {"busy": Retry(60, 5), "no_answer": Retry(60, 1)}
    plan = replace(PLAN, attempts=4, retries=retries)
    campaign = await stage(database, numbers(1), plan)
    for outcome in ("busy", "no_answer", "busy", "busy"):
        [dial] = await campaign.takes()
        await campaign.ends(dial, outcome)
        await campaign.attempts.finish(campaign.now)
        campaign.now += 61
        await serves(database, f"server at {campaign.now}", 10, campaign.now)
    assert not await campaign.takes()
    [contact] = await campaign.report()
    assert contact.outcomes == ("busy", "no_answer", "busy", "busy")
    assert (await campaign.known()).state == "done"


async def test_finishing_twice_at_once_ends_each_attempt_once(database: Database) -> None:
    campaign = await stage(database, numbers(5))
    for dial in await campaign.takes():
        await campaign.ends(dial, "busy")
    counts = await asyncio.gather(*(campaign.attempts.finish(NOW) for _ in range(4)))
    assert sum(counts) == 5
    progress = await campaign.campaigns.progress("c-spring")
    assert (progress.contacts, progress.waiting, progress.dials) == (5, 5, 5)


async def test_a_claimed_dial_is_called_off_where_it_may_not_be_made_any_more(
    database: Database,
) -> None:
    campaign = await stage(database, numbers(3))
    first, second, third = await campaign.takes()
    claims = campaign.workers["one"]
    assert await claims.called_off([first, second, third]) == {}
    async with database.writing() as connection:
        row = {"phone": second.candidate.phone, "since": NOW, "reason": "", "call_id": ""}
        await connection.execute(insert(SUPPRESSIONS).values(row))
    off = {second.candidate.attempt_id: "The number was suppressed."}
    assert await claims.called_off([first, second, third]) == off
    theirs = {first.candidate.attempt_id: "It is another process's."}
    assert await Claims(database, "two").called_off([first]) == theirs
    await campaign.attempts.expired(NOW + LEASE_S + 1)
    assert await claims.called_off([first]) == theirs


async def test_who_was_erased_behind_the_claim_is_not_dialled(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    async with database.writing() as connection:
        await connection.execute(update(ATTEMPTS).values(phone=""))
    off = await campaign.workers["one"].called_off([dial])
    assert off == {dial.candidate.attempt_id: "The number was erased."}


@pytest.mark.parametrize("state", ["paused", "stopped"])
async def test_nobody_is_dialled_behind_a_pause_or_a_stop(database: Database, state: State) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    await campaign.campaigns.put(campaign.campaign, state, NOW)
    off = await campaign.workers["one"].called_off([dial])
    assert off == {dial.candidate.attempt_id: f"The campaign is {state}."}


async def test_a_dial_whose_process_died_is_taken_over_by_one(database: Database) -> None:
    campaign = await stage(database, numbers(2))
    rang, silent = await campaign.takes()
    await campaign.rings(rang, "CA1")
    assert not await campaign.attempts.expired(NOW + LEASE_S / 2)
    late = NOW + LEASE_S + 1
    taken = [one for _ in range(2) for one in await campaign.attempts.expired(late)]
    assert taken == [silent.candidate.attempt_id]
    assert await campaign.state(rang.candidate.attempt_id) == "live"


async def test_a_campaign_whose_calls_fail_is_paused(database: Database) -> None:
    campaign = await stage(database, numbers(30), replace(PLAN, calls_per_s=40))
    dials = await campaign.takes()
    for number, dial in enumerate(dials[:12]):
        await campaign.ends(dial, "failed" if number % 2 else "agent_ended")
    await campaign.attempts.finish(NOW)
    paused = await campaign.known()
    assert (paused.state, paused.reason) == ("paused", "6 of 12 calls failed within two minutes")


async def test_who_was_refused_does_not_hide_that_calls_fail(database: Database) -> None:
    campaign = await stage(database, numbers(40), replace(PLAN, calls_per_s=12))
    dials = await campaign.takes()
    campaign.now += 1
    await campaign.takes(decide=lambda candidate, at: Wait("no consent", None))
    for dial in dials:
        await campaign.ends(dial, "failed")
    await campaign.attempts.finish(campaign.now)
    paused = await campaign.known()
    assert (paused.state, paused.reason) == ("paused", "12 of 12 calls failed within two minutes")


def person_met(greeted_after_s: float) -> dict[str, object]:
    """What is known of a call that a person answered."""
    known = {"answered_at": NOW, "answered_by": "person", "lasted_s": 20.0}
    return {**known, "greeted_after_s": greeted_after_s}


async def test_a_campaign_that_lets_people_wait_is_paused(database: Database) -> None:
    campaign = await stage(database, numbers(61), replace(PLAN, calls_per_s=200, at_once=60))
    dials = await campaign.takes()
    assert len(dials) == 60
    waits = {3: 2.5, 8: 0.0, 21: 9.0}
    for number, dial in enumerate(dials):
        person = person_met(waits.get(number, 0.4))
        await campaign.ends(dial, "agent_ended", **({} if number == 5 else person))
    await campaign.attempts.finish(NOW)
    progress = await campaign.campaigns.progress(campaign.campaign.campaign_id)
    assert (progress.dials, progress.people, progress.abandoned) == (60, 59, 2)
    known = await campaign.known()
    assert known.reason == "2 of 59 people who answered waited too long for a voice"
    await campaign.campaigns.put(known, "running", NOW)
    [last] = await campaign.takes()
    await campaign.ends(last, "agent_ended", **person_met(0.4))
    await campaign.attempts.finish(NOW)
    assert (await campaign.known()).state == "done"  # what they know of stops them no more


def evidence_of(share: Share, speak_within_s: float) -> str:
    """What allowed a dial, as a worker writes it down, by rules that ask for this."""
    duties = Duties(
        announce_recording=False,
        disclose_ai_at_start=False,
        ring_at_least_s=0.0,
        abandoned=(share,),
        speak_within_s=speak_within_s,
    )
    consent = Consent(kind="written", source="a form", given_at=0, expires_at=None, revoked_at=None)
    allowed = Allowed(
        rules=(),
        countries=("US",),
        states=(),
        local_times=(),
        consent=consent,
        dnc_version=None,
        duties=duties,
        until=NOW + DAY_S,
    )
    return msgspec.json.encode(allowed).decode()


@pytest.mark.parametrize(("per_days", "state"), [(1, "running"), (2, "paused")])
async def test_people_who_waited_count_for_as_many_days_as_the_rules_say(
    database: Database, per_days: int, state: str
) -> None:
    evidence = evidence_of(Share(0.03, per_days), speak_within_s=3.0)
    plan = replace(PLAN, calls_per_s=200, at_once=60)
    campaign = await stage(database, numbers(102), plan)
    dials = await campaign.takes(decide=lambda candidate, at: Go(evidence))
    for dial in dials:
        waited_s = 9.0 if dial is dials[0] else 2.5
        await campaign.ends(dial, "agent_ended", **person_met(waited_s))
    await campaign.attempts.finish(NOW)
    campaign.now += 1.5 * DAY_S
    await serves(database, "a day later", 10_000, campaign.now)
    dials = await campaign.takes(decide=lambda candidate, at: Go(evidence))
    for dial in dials[:41]:  # the last one still talks
        waited_s = 9.0 if dial in dials[:3] else 2.5
        await campaign.ends(dial, "agent_ended", **person_met(waited_s))
    await campaign.attempts.finish(campaign.now)
    assert (await campaign.known()).state == state


async def test_a_campaign_that_was_paused_at_its_end_is_over_once_it_goes_on(
    database: Database,
) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    paused = await campaign.campaigns.put(campaign.campaign, "paused", NOW)
    await campaign.ends(dial, "agent_ended")
    await campaign.attempts.finish(NOW)
    assert await campaign.attempts.close(NOW) == 0
    await campaign.campaigns.put(paused, "running", NOW)
    assert await campaign.attempts.close(NOW) == 1
    assert (await campaign.known()).state == "done"
    assert await campaign.attempts.close(NOW) == 0


async def test_who_is_erased_before_their_call_is_ended_keeps_nobody_else_waiting(
    database: Database,
) -> None:
    campaign = await stage(database, numbers(2))
    first, second = await campaign.takes()
    for dial in (first, second):
        await campaign.ends(dial, "agent_ended")
    await CallTraces(database).erase(first.candidate.phone, lambda outcome: outcome)
    assert await campaign.attempts.finish(NOW) == 2
    assert (await campaign.known()).state == "done"


async def test_who_is_erased_waits_in_no_campaign(database: Database) -> None:
    waiting = await stage(database, numbers(2), starts=False)
    going = await stage(database, numbers(1), name="summer")
    await Contacts(database).erase(numbers(1)[0], NOW, "consent-1")
    erased, other = await waiting.report()
    assert (erased.state, erased.detail, other.state) == ("refused", "erased on request", "due")
    assert await going.attempts.close(NOW) == 1
    assert (await going.known()).state == "done"


async def test_who_may_not_be_called_makes_no_campaign_seem_fast(database: Database) -> None:
    campaign = await stage(database, numbers(40), replace(PLAN, at_once=1))

    def only_the_last(candidate: Candidate, at: float) -> Go | Wait:
        return Go("{}") if candidate.phone == numbers(40)[-1] else Wait("no consent", None)

    [dial] = await campaign.takes(decide=only_the_last)
    assert await pace(campaign.campaigns, campaign.campaign, NOW + 10) == 0.0
    await campaign.ends(dial, "agent_ended")
    await campaign.attempts.finish(NOW)
    assert await pace(campaign.campaigns, campaign.campaign, NOW + 10) == 0.1


async def test_nobody_waits_in_a_campaign_that_was_stopped(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    await campaign.campaigns.put(campaign.campaign, "stopped", NOW)
    await campaign.workers["one"].give_back(dial, NOW + 5, "The carrier had no time.")
    await campaign.attempts.close(NOW + 1)
    [contact] = await campaign.report()
    assert contact.state == "stopped"


async def test_busy_numbers_are_no_failures(database: Database) -> None:
    campaign = await stage(database, numbers(30), replace(PLAN, calls_per_s=40))
    for dial in await campaign.takes():
        await campaign.ends(dial, "busy")
    await campaign.attempts.finish(NOW)
    assert (await campaign.known()).state == "running"


async def test_a_promised_callback_is_kept(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    [dial] = await campaign.takes()
    await campaign.ends(dial, "agent_ended")
    await campaign.attempts.finish(NOW)
    done = await campaign.known()
    assert done.state == "done"
    assert await campaign.attempts.again(dial.candidate.attempt_id, NOW + 7_200, NOW)
    [contact] = await campaign.report()
    assert (contact.state, contact.due_at) == ("due", NOW + 7_200)
    reopened = await campaign.known()
    assert (reopened.state, reopened.version) == ("running", done.version + 1)
    assert await campaign.attempts.again(dial.candidate.attempt_id, NOW + 9_000, NOW)  # put off
    assert [one.due_at for one in await campaign.report()] == [NOW + 9_000]


async def test_what_was_stopped_stays_stopped(database: Database) -> None:
    campaign = await stage(database, numbers(3), replace(PLAN, at_once=1))
    [dial] = await campaign.takes()
    stopped = await campaign.campaigns.put(campaign.campaign, "stopped", NOW)
    await campaign.ends(dial, "busy")
    await campaign.attempts.finish(NOW)
    assert not await campaign.attempts.again(dial.candidate.attempt_id, NOW + 60, NOW)
    with pytest.raises(RequestError, match="is stopped"):
        await campaign.campaigns.put(stopped, "running", NOW)
    assert (await campaign.known()).state == "stopped"
    states = [one.state for one in await campaign.report()]
    assert states == ["done", "stopped", "stopped"]


async def test_two_operators_do_not_overwrite_each_other(database: Database) -> None:
    campaign = await stage(database, numbers(1))
    seen = campaign.campaign
    await campaign.campaigns.put(seen, "paused", NOW)
    with pytest.raises(RequestError, match="has just changed"):
        await campaign.campaigns.put(seen, "paused", NOW)


async def test_a_name_is_taken_once_and_a_list_has_somebody(database: Database) -> None:
    spring = await stage(database, numbers(1))
    with pytest.raises(RequestError, match='a campaign "spring" already'):
        await Campaigns(database).create(replace(spring.campaign, campaign_id="other"))
    with pytest.raises(RequestError, match="no contacts"):
        await stage(database, [], name="nobody")
