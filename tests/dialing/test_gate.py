"""Who may be called at all: consent, suppression, lists, caller ids, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from dials import (
    DAY_S,
    FLORIDA,
    HAWAII,
    NEW_YORK,
    NOON,
    OURS,
    RULES,
    TEXAS,
    WASHINGTON,
    allowed,
    consent,
    dial,
    is_allowed,
    refused,
    scrub,
)
from hypothesis import given
from hypothesis import strategies as st

from vantum.dialing.abandonment import Share
from vantum.dialing.dial import Allowed, Dial, Reason, Refused, Suppression
from vantum.dialing.gate import decide
from vantum.dialing.rules import Pack, Rules


def test_a_dial_that_all_rules_allow() -> None:
    found = allowed(dial())
    assert (found.countries, found.states) == (("US",), ("NY",))
    assert [(one.zone, one.time) for one in found.local_times] == [
        ("America/New_York", "2026-08-24T13:00:00-04:00")
    ]
    assert found.until == NOON + 8 * 3600  # 21:00 there
    assert found.dnc_version is None
    names = {rule.id for rule in found.rules}
    assert {"us-hours", "us-consent-telemarketing", "us-dnc", "us-own-list"} <= names
    assert not any(name.startswith("us-fl") for name in names)
    assert "us-revoke-all" not in names  # binds from 2027 on


def test_an_answer_can_be_kept_as_json() -> None:
    for answer in (decide(dial(), RULES), decide(dial(consents=()), RULES)):
        again = msgspec.json.decode(msgspec.json.encode(answer), type=Allowed | Refused)
        assert again == answer


# Consent.


@pytest.mark.parametrize(
    ("given_consents", "reason"),
    [
        ((), "no_consent"),
        ((consent(kind="express"),), "no_consent"),
        ((consent(given_at=NOON + 1),), "no_consent"),
        ((consent(expires_at=NOON),), "consent_expired"),
        ((consent(expires_at=NOON - 1), consent(kind="express")), "consent_expired"),
        ((consent(revoked_at=NOON - 1),), "consent_revoked"),
        ((consent(revoked_at=NOON + 9),), "consent_revoked"),  # somebody's clock is wrong
        ((consent(revoked_at=NOON - DAY_S),), "consent_revoked"),  # in the moment of giving
        ((consent(), consent(revoked_at=NOON - 1)), "consent_revoked"),  # one revokes all
        ((consent(expires_at=NOON - 5, revoked_at=NOON - 1),), "consent_revoked"),
        ((consent(kind="express", revoked_at=NOON - 1),), "no_consent"),
    ],
)
def test_consents_that_do_not_count(given_consents: tuple[Any, ...], reason: str) -> None:
    found = refused(dial(consents=given_consents))
    assert (found.reason, found.again_at) == (reason, None)
    assert [rule.id for rule in found.rules] == ["us-consent-telemarketing"]


@pytest.mark.parametrize(
    "given_consents",
    [
        (consent(expires_at=NOON + 0.5),),
        (consent(given_at=NOON),),
        (consent(revoked_at=NOON - 60, given_at=NOON - 90), consent(given_at=NOON - 30)),
        (consent(kind="express"), consent()),
        (consent(expires_at=NOON - 1), consent(given_at=NOON - 30)),
    ],
)
def test_consents_that_count(given_consents: tuple[Any, ...]) -> None:
    assert allowed(dial(consents=given_consents)).consent in given_consents


def test_information_needs_a_lesser_consent_but_some() -> None:
    spoken = dial(purpose="informational", consents=(consent(kind="express"),), dnc=scrub())
    assert allowed(spoken).consent.kind == "express"
    nothing = refused(msgspec.structs.replace(spoken, consents=()))
    assert (nothing.reason, [r.id for r in nothing.rules]) == ("no_consent", ["us-consent"])


def test_the_longest_lasting_consent_is_the_one_used() -> None:
    short, long = consent(expires_at=NOON + 60), consent(expires_at=NOON + 600)
    found = allowed(dial(consents=(short, long)))
    assert (found.consent, found.until) == (long, NOON + 600)


# Suppression, lists, caller ids.


@pytest.mark.parametrize("since", [0, NOON - DAY_S, NOON, NOON + DAY_S])
def test_who_asked_not_to_be_called_is_not_called(since: float) -> None:
    found = refused(dial(suppression=Suppression(since=since, reason="said so on a call")))
    assert (found.reason, found.again_at) == ("suppressed", None)
    assert "said so on a call" in found.sentence


def test_suppression_holds_without_any_rule_and_for_any_place() -> None:
    asked = Suppression(since=0, reason="x")
    for number in ("+442071234567", "+15550100123", "+12125551234"):
        assert refused(dial((number, ""), suppression=asked), Rules(())).reason == "suppressed"


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        (None, "no_dnc"),
        (scrub(listed=True), "on_dnc"),
        (scrub(scrubbed_at=NOON - 31 * DAY_S), "stale_dnc"),
        (scrub(scrubbed_at=NOON + 1), "stale_dnc"),
        (scrub(scrubbed_at=NOON - 32 * DAY_S, listed=True), "stale_dnc"),
    ],
)
def test_without_written_consent_the_list_decides(listing: Any, reason: str) -> None:
    spoken = (consent(kind="express"),)
    found = refused(dial(purpose="informational", consents=spoken, dnc=listing))
    assert (found.reason, [r.id for r in found.rules]) == (reason, ["us-dnc"])
    # A written consent makes the list unnecessary, whatever it says.
    assert is_allowed(dial(purpose="informational", dnc=listing))


def test_a_fresh_list_allows_until_it_is_stale() -> None:
    spoken = (consent(kind="express"),)
    listing = scrub(scrubbed_at=NOON - 31 * DAY_S + 5)
    found = allowed(dial(purpose="informational", consents=spoken, dnc=listing))
    assert (found.dnc_version, found.until) == ("2026-08-20", NOON + 5)


def test_a_list_is_needed_again_when_the_written_consent_ends() -> None:
    both = (consent(expires_at=NOON + 60), consent(kind="express"))
    assert allowed(dial(purpose="informational", consents=both)).until == NOON + 60


@pytest.mark.parametrize("owned", [frozenset(), frozenset({"+14045550101"})])
def test_only_our_own_numbers_are_shown(owned: frozenset[str]) -> None:
    assert refused(dial(owned_caller_ids=owned)).reason == "caller_id_not_owned"


# What is not known.


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+14165551234", "Canada"),
        ("+442071234567", "Britain (UK)"),
        ("+447700900123", "Britain (UK)"),
        ("+491701234567", "Germany"),
        ("+525512345678", "Mexico"),
        ("+17875551234", "Puerto Rico"),
        ("+18765551234", "Jamaica"),
        ("+16715551234", "Guam"),
        ("+61491570006", "Australia"),
    ],
)
@pytest.mark.parametrize("address", ["", NEW_YORK[1]])
def test_countries_without_rules_are_refused_by_name(
    number: str, country: str, address: str
) -> None:
    found = refused(dial((number, address)))
    assert found.reason == "unknown_country"
    assert country in found.sentence


@pytest.mark.parametrize("number", ["+18005551234", "+18885551234", "+15550100123", "+19995551234"])
def test_a_number_of_no_place_needs_an_address(number: str) -> None:
    assert refused(dial((number, ""))).reason == "unknown_country"
    zone_only = refused(dial((number, ""), timezone="America/New_York"))
    assert zone_only.reason == "unknown_state"
    found = allowed(dial((number, NEW_YORK[1]), timezone="America/New_York"))
    assert found.states == ("NY",)


@pytest.mark.parametrize(
    "number",
    ["", "12125551234", "+1 212 555 1234", "+1212555123", "+12125551234x", "+999123456789"],
)
def test_what_is_no_number(number: str) -> None:
    assert refused(dial((number, NEW_YORK[1]))).reason == "bad_number"


@pytest.mark.parametrize(
    "zone",
    ["America/Nowhere", "EST", "UTC", "Etc/GMT+5", "america/new_york", "../etc/passwd", "x" * 99],
)
def test_a_zone_that_is_none_is_no_guess_and_no_silence(zone: str) -> None:
    assert refused(dial(timezone=zone)).reason == "unknown_zone"


@pytest.mark.parametrize("zone", ["America/Toronto", "Europe/London", "America/Puerto_Rico"])
def test_a_zone_in_another_country_is_refused(zone: str) -> None:
    assert refused(dial(timezone=zone)).reason == "unknown_country"


@pytest.mark.parametrize(
    "address", ["Berlin, DE", "Toronto, ON M5V 1A1", "Miami", "Miami, FL", "?", "x" * 501]
)
def test_an_address_that_cannot_be_read_is_no_silence(address: str) -> None:
    assert refused(dial((NEW_YORK[0], address))).reason == "unknown_state"


@pytest.mark.parametrize(
    "changes",
    [
        {"now": float("nan")},
        {"now": float("inf")},
        {"now": -1.0},
        {"now": NOON * 1000},  # milliseconds
        {"now": None},
        {"now": "noon"},
        {"number": None},
        {"number": 12125551234},
        {"caller_id": None},
        {"owned_caller_ids": None},
        {"consents": None},
        {"consents": ({"kind": "written"},)},
        {"consents": (consent(kind="loud"),)},
        {"consents": (consent(source=""),)},
        {"consents": (consent(given_at=None),)},
        {"consents": (consent(expires_at=float("nan")),)},
        {"suppression": "yes"},
        {"suppression": False},
        {"dnc": scrub(version="")},
        {"dnc": scrub(listed=None)},
        {"dnc": scrub(scrubbed_at=float("nan"))},
        {"earlier": (float("nan"),)},
        {"earlier": None},
        {"earlier": (None,)},
        {"address": None},
        {"timezone": None},
        {"timezone": object()},
        {"window": "09:00-17:00"},
        {"purpose": "fun"},
        {"purpose": None},
    ],
)
def test_a_value_that_is_not_of_its_kind_refuses(changes: dict[str, Any]) -> None:
    found = refused(dial(**changes))
    assert (found.reason, found.again_at) == ("malformed", None)


@pytest.mark.parametrize("missing", [one.name for one in msgspec.structs.fields(Dial)])
def test_nothing_of_a_dial_has_a_default(missing: str) -> None:
    known = {name: getattr(dial(), name) for name in Dial.__struct_fields__ if name != missing}
    with pytest.raises(TypeError, match=missing):
        Dial(**known)


def test_no_sentence_tells_whom_it_is_about() -> None:
    for one in (dial(consents=()), dial(now=NOON + 12 * 3600), dial(timezone="Mars/Olympus")):
        sentence = refused(one).sentence
        assert one.number not in sentence
        assert one.address not in sentence


# Rules.


def only(*names: str) -> Rules:
    """The shipped rules, these alone."""
    kept = tuple(rule for pack in RULES.packs for rule in pack.rules if rule.id in names)
    return Rules((Pack("US", kept),))


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (Rules(()), "unknown_country"),
        (only("us-hours"), "invalid_rules"),
        (only("us-consent"), "invalid_rules"),
        (only("us-consent-telemarketing", "us-fl-hours"), "invalid_rules"),
    ],
)
def test_rules_that_leave_something_open_allow_nothing(rules: Rules, reason: str) -> None:
    assert refused(dial(), rules).reason == reason


def test_rules_for_another_purpose_say_nothing_about_this_one() -> None:
    rules = only("us-hours", "us-consent-telemarketing")
    assert is_allowed(dial(), rules)
    assert refused(dial(purpose="informational"), rules).reason == "invalid_rules"


def test_rules_bind_from_their_day_on() -> None:
    before, after = (dial(now=NOON + days * DAY_S) for days in (0, 365))
    assert "us-revoke-all" not in {rule.id for rule in allowed(before).rules}
    assert "us-revoke-all" in {rule.id for rule in allowed(after).rules}


# What the call itself has to keep to.


@pytest.mark.parametrize(
    ("place", "caller_id", "announce"),
    [
        (NEW_YORK, OURS, False),
        (TEXAS, OURS, False),
        (WASHINGTON, OURS, True),
        (FLORIDA, OURS, True),
        (NEW_YORK, "+12065550100", True),  # our own end is in Washington
        (NEW_YORK, "+15550199999", True),  # our own end is nowhere
        (NEW_YORK, "+442071234567", True),
    ],
)
def test_recording_is_announced_by_the_stricter_of_both_ends(
    place: tuple[str, str], caller_id: str, announce: bool
) -> None:
    found = allowed(dial(place, caller_id=caller_id, owned_caller_ids=frozenset({caller_id})))
    assert found.duties.announce_recording is announce


def test_a_rule_of_our_own_end_is_named_once() -> None:
    shown = {"caller_id": "+12065550100", "owned_caller_ids": frozenset({"+12065550100"})}
    for place in (NEW_YORK, FLORIDA):
        names = [rule.id for rule in allowed(dial(place, **shown)).rules]
        assert names.count("us-all-party-recording") == 1


def test_duties_are_the_strictest_of_all() -> None:
    assert allowed(dial()).duties.abandoned == (Share(0.03, 30),)
    california = ("+12135551234", NEW_YORK[1])
    duties = allowed(dial(california, now=NOON + 3600)).duties
    assert duties.abandoned == (Share(0.01, 30), Share(0.03, 30))
    assert (duties.ring_at_least_s, duties.speak_within_s) == (15, 2)
    assert duties.disclose_ai_at_start


def test_rules_without_duties_ask_for_none() -> None:
    duties = allowed(dial(), only("us-hours", "us-consent")).duties
    assert (duties.ring_at_least_s, duties.abandoned, duties.speak_within_s) == (0, (), None)
    assert not duties.disclose_ai_at_start


# Whatever comes.


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "number": st.one_of(st.text(), st.from_regex(r"\+1[0-9]{10}", fullmatch=True)),
            "address": st.text(),
            "timezone": st.text(),
            "now": st.floats(),
            "earlier": st.lists(st.floats()).map(tuple),
            "purpose": st.text(),
            "caller_id": st.text(),
        },
    )
)
def test_whatever_comes_gets_an_answer(changes: dict[str, Any]) -> None:
    answer = decide(dial(**changes), RULES)
    if isinstance(answer, Refused):
        assert answer.reason in get_args(Reason)


@given(st.sampled_from([NEW_YORK, FLORIDA, TEXAS, WASHINGTON, HAWAII]), st.sets(st.integers(0, 4)))
def test_what_is_missing_refuses(place: tuple[str, str], gone: set[int]) -> None:
    """A dial that is allowed, less any of these, is allowed no more."""
    without: list[dict[str, Any]] = [
        {"consents": ()},
        {"owned_caller_ids": frozenset()},
        {"number": ""},
        {"number": "+15550100123", "address": ""},
        {"timezone": "Nowhere/Land"},
    ]
    one = dial(place, now=NOON + 5 * 3600, timezone="America/Chicago")
    changes = {key: value for index in sorted(gone) for key, value in without[index].items()}
    assert is_allowed(msgspec.structs.replace(one, **changes)) is not bool(gone)


def test_a_decision_is_cheap(costs: Callable[[Callable[[], object]], float]) -> None:
    """A dispatcher asks 100 times a second."""
    crowd = [dial((f"+1305555{n:04}", f"{n} Main St, Miami, FL 33101")) for n in range(100)]
    assert all(is_allowed(one) for one in crowd)
    assert costs(lambda: [is_allowed(one) for one in crowd]) / len(crowd) < 0.0005
