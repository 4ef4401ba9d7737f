"""Which records there are: every table, for SQLite and PostgreSQL alike.

Times are seconds since 1970. Columns named after a plural hold JSON.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    select,
    text,
)

METADATA: Final = MetaData()

CALLS: Final = Table(
    "phone_calls",
    METADATA,
    Column("call_id", String, primary_key=True),
    Column("sid", String, unique=True),  # the carrier's name; not known before it has answered
    Column("direction", String, nullable=False),
    Column("their_number", String, nullable=False, index=True),
    Column("our_number", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("status", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("machine", String, nullable=False),
    Column("placed_by", String, nullable=False),  # the process
    Column("worker", String, nullable=False),  # whose process carries the talk; "": nobody's yet
    Column("placed_at", Float, nullable=False, index=True),
    Column("answered_at", Float),
    Column("greeted_after_s", Float),  # as the talk's process knows; for the case that it dies
    Column("ended_at", Float),
    Column("news_at", Float, nullable=False),
    Column("outcome", String, nullable=False),  # JSON; "" until it is known
    Column("for_call", String, nullable=False, index=True),  # of a colleague: whose caller waits
    Column("briefing", String, nullable=False),  # what a colleague is told first; "" for nothing
    Column("handed_over_at", Float),  # from then on two people talk on it, without us
    Column("end_asked", Boolean, nullable=False),  # by the operator, before there was a talk
    Column("facts", String, nullable=False),  # what the agent knows of whom it calls
    Column("allowed", String, nullable=False),  # of a call of no campaign: why it might be made
)
OPEN: Final = CALLS.c.ended_at.is_(None)
UNSETTLED: Final = text("outcome = ''")  # as the index has it: SQLite compares the words
# All calls ever made are kept; those that somebody still waits for are found without reading them.
for name, unfinished in (("phone_calls_open", OPEN), ("phone_calls_unsettled", UNSETTLED)):
    Index(name, CALLS.c.news_at, sqlite_where=unfinished, postgresql_where=unfinished)
USED_TOKENS: Final = Table(
    "used_tokens",  # of the carrier's media streams and of browsers' sessions
    METADATA,
    Column("nonce", String, primary_key=True),
    Column("used_at", Float, nullable=False, index=True),
)
COMMANDS: Final = Table(
    "phone_commands",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("call_id", String, nullable=False),
    Column("worker", String, nullable=False, index=True),
    Column("verb", String, nullable=False),
    Column("argument", String, nullable=False),
)

# -- whom to call, and whether they may be called -------------------------------------------------

LISTS: Final = Table(
    "lists",
    METADATA,
    Column("list_id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("source", String, nullable=False),  # the file it came from
    Column("imported_at", Float, nullable=False),
    Column("good", Integer, nullable=False),  # rows
    Column("bad", Integer, nullable=False),
)
IMPORTS: Final = Table(
    "imports",  # lists that are being read; what is recorded of them is not there yet
    METADATA,
    Column("list_id", String, primary_key=True),
    Column("seen_at", Float, nullable=False),
)
BAD_ROWS: Final = Table(
    "bad_rows",
    METADATA,
    Column("list_id", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("reason", String, nullable=False),
    Column("column_name", String, nullable=False),  # that is at fault; "": no single one
)
CONTACTS: Final = Table(
    "contacts",
    METADATA,
    Column("contact_id", String, primary_key=True),
    Column("list_id", String, nullable=False),
    Column("line", Integer, nullable=False),  # of the file
    Column("phone", String, nullable=False),
    Column("name", String, nullable=False),
    Column("company", String, nullable=False),
    Column("address", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("variables", String, nullable=False),
    Column("erased_at", Float),
    # Found by phone, too: numbers come in no order, so each index of them is dear in long lists.
    UniqueConstraint("phone", "list_id"),
)
Index("contacts_of_list", CONTACTS.c.list_id, CONTACTS.c.line)
CONSENTS: Final = Table(
    "consents",
    METADATA,
    Column("consent_id", String, primary_key=True),
    Column("phone", String, nullable=False, index=True),
    Column("kind", String, nullable=False),  # as `dialing.gate` names them
    Column("source", String, nullable=False),
    Column("given_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
    Column("list_id", String, nullable=False, default=""),  # that it came with
)
IN_FORCE: Final = CONSENTS.c.list_id.not_in(select(IMPORTS.c.list_id))
SUPPRESSIONS: Final = Table(
    "suppressions",
    METADATA,
    Column("phone", String, primary_key=True),
    Column("since", Float, nullable=False),
    Column("reason", String, nullable=False),
    Column("call_id", String, nullable=False),  # in which it was said; "" where it came otherwise
)
LIFTED: Final = Table(
    "lifted_suppressions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("phone", String, nullable=False, index=True),
    Column("since", Float, nullable=False),
    Column("reason", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("lifted_at", Float, nullable=False),
    Column("lifted_by", String, nullable=False),
    Column("why", String, nullable=False),
)

# -- campaigns ------------------------------------------------------------------------------------

CAMPAIGNS: Final = Table(
    "campaigns",
    METADATA,
    Column("campaign_id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("agent", String, nullable=False),
    Column("list_id", String, nullable=False),
    Column("plans", String, nullable=False),  # `dialing.plan.Plan`
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),  # why it is in that state
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("version", Integer, nullable=False),  # grows with each change by an operator
    Column("next_at", Float, nullable=False),  # the next moment that its own pace allows
    Column("planned_to", Integer, nullable=False),  # while it is made: the line of the list
)
ATTEMPTS: Final = Table(
    "attempts",
    METADATA,
    Column("attempt_id", String, primary_key=True),  # the id of its call, too
    Column("campaign_id", String, nullable=False),
    Column("contact_id", String, nullable=False),
    Column("number", Integer, nullable=False),  # 1 is the first
    Column("phone", String, nullable=False, index=True),
    Column("state", String, nullable=False),  # `store.campaign_pages.AttemptState`
    Column("due_at", Float, nullable=False),
    Column("owner", String, nullable=False),  # the boot of a worker; "": nobody's
    Column("lease_until", Float),
    Column("epoch", Integer, nullable=False),
    Column("caller_id", String, nullable=False),
    Column("dialed_at", Float),
    Column("ended_at", Float),
    Column("outcome", String, nullable=False),
    Column("abandoned", Boolean),  # NULL: no person has answered
    Column("detail", String, nullable=False),
    UniqueConstraint("campaign_id", "contact_id", "number"),
)
DUE: Final = text("attempts.state = 'due'")  # as the index has it, see above
HELD: Final = text("attempts.state IN ('dialing', 'live')")
# Millions are done; who is next, is being called or ended of late is found without reading them.
for name, column, of in (
    ("attempts_due", ATTEMPTS.c.due_at, "state = 'due'"),
    ("attempts_held", ATTEMPTS.c.lease_until, "state IN ('dialing', 'live')"),
    ("attempts_ended", ATTEMPTS.c.ended_at, "ended_at IS NOT NULL"),
):
    where = text(of)
    Index(name, ATTEMPTS.c.campaign_id, column, sqlite_where=where, postgresql_where=where)
GATES: Final = Table(
    "gates",  # whoever dials locks a row here first, so that limits hold between processes
    METADATA,
    Column("name", String, primary_key=True),
    Column("next_at", Float, nullable=False),  # the next moment for a dial
)
WORKERS: Final = Table(
    "workers",
    METADATA,
    Column("boot_id", String, primary_key=True),
    Column("kind", String, nullable=False),  # "serve" carries calls, "worker" dials
    Column("seen_at", Float, nullable=False),
    Column("room", Integer, nullable=False),  # phone calls that it can carry in all
)
JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("job_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),  # a call's id, mostly
    Column("lane", String, nullable=False),  # of a webhook its endpoint: few of one at once; or ""
    Column("details", String, nullable=False),
    Column("created_at", Float, nullable=False),  # when it was first due, whatever came then
    Column("state", String, nullable=False),  # due, running, done, dead
    Column("due_at", Float, nullable=False),
    Column("owner", String, nullable=False),
    Column("lease_until", Float),
    Column("epoch", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String, nullable=False),  # of the latest try
    UniqueConstraint("kind", "subject"),
)
_OPEN_JOBS = text("state IN ('due', 'running')")
# Whatever a process has no work for waits, and nobody reads past it.
Index("jobs_open", JOBS.c.kind, JOBS.c.due_at, sqlite_where=_OPEN_JOBS, postgresql_where=_OPEN_JOBS)

# -- what is known afterwards ---------------------------------------------------------------------

AGENTS: Final = Table(
    "agent_versions",
    METADATA,
    Column("version", String, primary_key=True),  # a digest of the file
    Column("name", String, nullable=False, index=True),
    Column("text", String, nullable=False),
    Column("first_used_at", Float, nullable=False),
)
FINDINGS: Final = Table(
    "findings",  # what came of a talk, in the operator's terms
    METADATA,
    Column("call_id", String, primary_key=True),
    Column("disposition", String, nullable=False, index=True),
    Column("summary", String, nullable=False),
    Column("fields", String, nullable=False),
    Column("callback_at", Float),
    Column("found_by", String, nullable=False),  # the model's name, or "playbook"
    Column("found_at", Float, nullable=False),
)
RECEIPTS: Final = Table(
    "receipts",
    METADATA,
    Column("number", Integer, primary_key=True),  # 1, 2, 3: the order of the chain
    Column("call_id", String, nullable=False, unique=True),
    Column("facts", String, nullable=False),
    Column("hash", String, nullable=False),  # of the facts and of the hash before
)
SALTS: Final = Table(
    "salts",  # without its salt a hashed number is nobody's
    METADATA,
    Column("phone", String, primary_key=True),
    Column("salt", String, nullable=False),
)
HOOKS: Final = Table(
    "webhooks",
    METADATA,
    Column("hook_id", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("secret", String, nullable=False),
    Column("events", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("local", Boolean, nullable=False),  # may be in a network of our own
    Column("off_at", Float),
)
API_TOKENS: Final = Table(
    "api_tokens",
    METADATA,
    Column("token_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("digest", String, nullable=False, unique=True),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float),
    Column("used_at", Float),
)
KEYS: Final = Table(
    "shared_keys",  # what all processes of an installation sign with, and no stranger
    METADATA,
    Column("name", String, primary_key=True),
    Column("key", String, nullable=False),
)
ANSWERS: Final = Table(
    "idempotent_answers",  # to requests that named a key: the same again is not done again
    METADATA,
    Column("key", String, primary_key=True),  # with whose token it was
    Column("request", String, nullable=False),  # a digest
    Column("status", Integer),  # NULL while it is being done
    Column("headers", String, nullable=False),
    Column("body", String, nullable=False),
    Column("at", Float, nullable=False),
)
