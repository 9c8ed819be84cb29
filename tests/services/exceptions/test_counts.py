"""What the sidebar counts is what the page lists, and what a recount of the sources finds."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source
from crm_app.errors import PermissionDeniedError
from crm_app.models import (
    AccountStatus,
    ChannelAccount,
    ExceptionMark,
    InboxEntry,
    InboxState,
    IntentAttempt,
    Order,
    StatusIntent,
    UnmappedWord,
    WebhookRefusal,
)
from crm_app.services.exceptions import listing, sources
from crm_app.services.exceptions.query import ExceptionQuery, View
from crm_app.services.exceptions.rows import ExceptionRow
from tests.factories import OrderFactory, bind
from tests.services.exceptions import trouble

CONNECTED = AccountStatus.CONNECTED
ME = Actor(ActorKind.PERSON, "Asha", 7, frozenset({Permission.VIEW_ORDERS}))
SHORT = timedelta(minutes=2)


def every_row(session: Session, query: ExceptionQuery) -> list[ExceptionRow]:
    """The whole list, page by page."""
    rows: list[ExceptionRow] = []
    cursor = None
    while True:
        asked = ExceptionQuery(
            cause=query.cause, view=query.view, account_id=query.account_id, cursor=cursor, limit=3
        )
        page = listing.list_exceptions(session, ME, asked)
        rows += page.rows
        if page.next_cursor is None:
            return rows
        cursor = page.next_cursor


def recount(session: Session) -> Counter[tuple[str, Cause]]:
    """Account name and cause of everything that is wrong, found without the product's queries."""
    names = {one.id: one for one in session.exec(select(ChannelAccount))}
    found: list[tuple[str, Cause]] = []

    def note(account_id: int, cause: Cause) -> None:
        found.append((names[account_id].name, cause))

    for order in session.exec(select(Order)):
        if order.sync_status in (SyncStatus.REJECTED, SyncStatus.CONFLICT):
            is_conflict = order.sync_status is SyncStatus.CONFLICT
            note(order.account_id, Cause.CONFLICT if is_conflict else Cause.TRANSITION)
    old = now() - timedelta(minutes=15)
    late: Counter[int] = Counter()
    behind: set[int] = set()
    for intent in session.exec(select(StatusIntent)):
        if intent.state not in OPEN or intent.created_at > old:
            continue
        late[intent.account_id] += 1
        if intent.run_id is not None:
            if intent.send_by < now() and names[intent.account_id].status is CONNECTED:
                behind.add(intent.account_id)
            continue
        if names[intent.account_id].status is AccountStatus.CONNECTED:
            note(intent.account_id, cause_of(session, intent))
    for account_id in behind:
        # One line for all of an account's; any that was told to wait for the limit says why.
        note(account_id, Cause.QUOTA if is_at_limit(session, account_id) else Cause.WAITING)
    for entry in session.exec(select(InboxEntry)):
        is_connected = names[entry.account_id].status is AccountStatus.CONNECTED
        if entry.state is InboxState.SET_ASIDE:
            note(entry.account_id, Cause.POISON)
        elif entry.state is not InboxState.PROCESSED and entry.received_at < old and is_connected:
            note(entry.account_id, Cause.WAITING)
    for one in names.values():
        if one.status is AccountStatus.DISCONNECTED:
            note(one.id, Cause.CREDENTIALS)
        elif one.status is AccountStatus.PAUSED and late[one.id]:
            note(one.id, Cause.WAITING)
        elif one.status is AccountStatus.CONNECTED and one.failures >= 3:
            note(one.id, Cause.REMOTE)
    for word in session.exec(select(UnmappedWord)):
        note(word.account_id, Cause.MAPPING)
    for refusal in session.exec(select(WebhookRefusal)):
        if refusal.refused >= 10:
            note(refusal.account_id, Cause.CREDENTIALS)
    return Counter(found)


def cause_of(session: Session, intent: StatusIntent) -> Cause:
    tries = session.exec(
        select(IntentAttempt).where(IntentAttempt.intent_id == intent.id).order_by("id")
    ).all()
    last = tries[-1].outcome if tries else ""
    if intent.state is IntentState.SENT:
        return Cause.WAITING
    is_limited = intent.state is IntentState.BUDGET or last == "RateLimitedError"
    if is_limited or (not last and is_at_limit(session, intent.account_id)):
        return Cause.QUOTA
    if last == "NotYetError":
        return Cause.NOT_READY
    is_remote = last in ("RetryableError", "OutcomeUnknownError")
    return Cause.REMOTE if is_remote else Cause.WAITING


def is_at_limit(session: Session, account_id: int) -> bool:
    outcomes = session.exec(
        select(IntentAttempt.outcome)
        .join(StatusIntent, StatusIntent.id == IntentAttempt.intent_id)  # pyright: ignore[reportArgumentType]
        .where(StatusIntent.account_id == account_id)
    )
    return "RateLimitedError" in set(outcomes)


MAKERS: dict[str, Any] = {
    "refused": lambda session, where: trouble.refused(session, where),
    "conflict": lambda session, where: trouble.conflict(session, where),
    "well": lambda _, where: OrderFactory(account=where),
    "limit": lambda session, where: trouble.waiting(session, where, "RateLimitedError"),
    "fails": lambda session, where: trouble.waiting(session, where, "RetryableError"),
    "silent": lambda session, where: trouble.waiting(session, where, "OutcomeUnknownError"),
    "stuck": lambda session, where: trouble.waiting(session, where),
    "unseen": lambda session, where: trouble.waiting(
        session, where, "accepted", state=IntentState.SENT
    ),
    "young": lambda session, where: trouble.waiting(session, where, ago=SHORT),
    "arrived": lambda session, where: trouble.waiting(session, where, state=IntentState.CONFIRMED),
    "early_there": lambda session, where: trouble.waiting(session, where, "NotYetError"),
    "bulk": lambda session, where: trouble.of_run(session, where),
    "late_bulk": lambda session, where: trouble.of_run(session, where, is_late=True),
    "poison": lambda session, where: trouble.entry(session, where),
    "early": lambda session, where: trouble.entry(session, where, InboxState.WAITING),
    "fresh": lambda session, where: trouble.entry(session, where, InboxState.RECEIVED, ago=SHORT),
    "used": lambda session, where: trouble.entry(session, where, InboxState.PROCESSED),
    "word": lambda session, where: trouble.word(session, where, trouble.uuid.uuid4().hex),
}
ACCOUNTS: dict[str, Any] = {
    "connected": lambda _: trouble.account(),
    "disconnected": trouble.disconnected,
    "failing": trouble.failing,
    "hiccup": lambda session: trouble.failing(session, failures=2),
    "paused": trouble.paused,
    "idle": lambda _: trouble.account(status=AccountStatus.PAUSED),
    "guessed": lambda session: _guessed(session, 10),
    "knocked": lambda session: _guessed(session, 9),
}
MARKS = ("", "", "snoozed", "awake", "closed", "assigned")


def _guessed(session: Session, count: int) -> ChannelAccount:
    made = trouble.account()
    trouble.refusals(session, made, count)
    return made


def mark(session: Session, row: ExceptionRow, kind: str) -> None:
    """What a person may have noted on it."""
    if not kind:
        return
    moment = now()
    hours = {"snoozed": 1, "awake": -1}.get(kind)
    session.add(
        ExceptionMark(
            key=row.key,
            cause=row.cause,
            account_id=row.account_id,
            title=row.title,
            since=row.since,
            snoozed_until=moment + timedelta(hours=hours) if hours else None,
            resolved_at=moment if kind == "closed" else None,
            changed_at=moment,
        )
    )


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    desk=st.lists(
        st.tuples(
            st.sampled_from(sorted(ACCOUNTS)),
            st.lists(st.sampled_from(sorted(MAKERS)), max_size=6),
        ),
        min_size=1,
        max_size=4,
    ),
    marks=st.lists(st.sampled_from(MARKS), min_size=30, max_size=30),
)
def test_counts_list_and_sources_agree(
    database: str, desk: list[tuple[str, list[str]]], marks: list[str]
) -> None:
    with Session(db.get_engine(), expire_on_commit=False) as session:
        bind(session)
        for kind, pieces in desk:
            where = ACCOUNTS[kind](session)
            for piece in pieces:
                MAKERS[piece](session, where)
        wrong = recount(session)
        before = every_row(session, ExceptionQuery())
        by_key = {row.key: kind for row, kind in zip(before, marks, strict=False)}
        for row in before:
            mark(session, row, by_key.get(row.key, ""))
        session.flush()

        seen = {view: every_row(session, ExceptionQuery(view=view)) for view in View}
        counts = {
            view: listing.count_exceptions(session, ME, ExceptionQuery(view=view)) for view in View
        }
        by_cause = [
            row for cause in Cause for row in every_row(session, ExceptionQuery(cause=cause))
        ]
        session.rollback()

    assert Counter((row.account_name, row.cause) for row in before) == wrong
    for view in View:
        assert Counter(row.cause for row in seen[view]) == +Counter(counts[view].by_cause)
        assert counts[view].is_exact
    # Each is in exactly one view, and nothing was lost between two pages.
    keys = [row.key for view in View for row in seen[view]]
    assert sorted(keys) == sorted(row.key for row in before)
    assert len(set(keys)) == len(keys)
    expected = {"snoozed": View.SNOOZED, "closed": View.CLOSED}
    for view in View:
        assert all(expected.get(by_key.get(r.key, ""), View.OPEN) is view for r in seen[view])
    assert {row.key for row in by_cause} == {row.key for row in seen[View.OPEN]}
    assert [row.since for row in seen[View.OPEN]] == sorted(
        (row.since for row in seen[View.OPEN]), reverse=True
    )


def test_counts_keep_to_the_filters_of_the_list(session: Session) -> None:
    shop, other = trouble.account(), trouble.account()
    trouble.refused(session, shop)
    trouble.entry(session, shop)
    trouble.refused(session, other)

    counts = listing.count_exceptions(
        session, ME, ExceptionQuery(account_id=shop.id, cause=Cause.POISON)
    )

    # The cause is left out: the counts stand beside the links that choose one.
    assert (counts.by_cause[Cause.TRANSITION], counts.by_cause[Cause.POISON]) == (1, 1)
    assert counts.total == 2


def test_counting_stops_and_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNT_CAP", 2)
    shop = trouble.account()
    for _ in range(3):
        trouble.entry(session, shop)

    counts = listing.count_exceptions(session, ME)

    assert (counts.by_cause[Cause.POISON], counts.is_exact) == (2, False)


def test_without_the_permission_nothing_is_told(session: Session) -> None:
    nobody = Actor(ActorKind.PERSON, "Nobody", 9, frozenset())

    with pytest.raises(PermissionDeniedError):
        listing.count_exceptions(session, nobody)
    with pytest.raises(PermissionDeniedError):
        listing.list_exceptions(session, nobody, ExceptionQuery())


def test_no_part_walks_what_is_done_with(session: Session) -> None:
    """Orders in sync, arrived changes and processed entries are in none of these indexes."""
    shop = trouble.account()
    for _ in range(80):
        trouble.entry(session, shop)
    session.execute(text("UPDATE inbox SET state = 'processed', processed_at = now()"))
    session.execute(text("ANALYZE inbox"))
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plans = {
        source: "\n".join(
            session.execute(
                text("EXPLAIN " + str(_literal(sources.part(source)))),
            ).scalars()
        )
        for source in (Source.CHANGE, Source.WAIT, Source.INBOX)
    }

    # Which of the small ones the planner takes depends on what is in the tables.
    small = {
        Source.CHANGE: {"ix_orders_attention"},
        Source.WAIT: {"ix_status_intents_since", "ix_status_intents_due"},
        Source.INBOX: {"ix_inbox_aside", "ix_inbox_since", "ix_inbox_open", "ix_inbox_due"},
    }
    for source, plan in plans.items():
        assert small[source] & set(re.findall(r"ix_\w+", plan)), plan
        assert not re.search(r"Seq Scan on (orders|inbox|status_intents)", plan)


def _literal(statement: Any) -> str:
    compiled = statement.compile(
        db.get_engine(), compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    return str(compiled).replace("%%", "%")
