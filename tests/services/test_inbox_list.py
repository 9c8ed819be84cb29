"""The inbox as a list: everything that arrived, found by what people know of it."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from sqlmodel import Session, select

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, InboxEntry, InboxState, RefusedWebhook
from crm_app.services import inbox_list, inbox_review
from crm_app.services.exceptions import bodies
from crm_app.services.inbox_list import InboxQuery
from tests.channels.purchase_orders import purchase_order
from tests.factories import AccountFactory, OrderFactory
from tests.services import webhooks


def entry(session: Session, **fields: Any) -> InboxEntry:
    given: dict[str, Any] = {
        "kind": "hook:store",
        "topic": "order.created",
        "dedupe_key": secrets.token_hex(8),
        "external_id": "77",
        "state": InboxState.PROCESSED,
        "body": zstandard.compress(b'{"name": "Asha Rao", "n": [1, null]}'),
    } | fields
    if "account_id" not in given:
        given["account_id"] = AccountFactory(channel=Channel.BLINKIT).id
    made = InboxEntry(**given)
    session.add(made)
    session.flush()
    return made


def ids(session: Session, actor: Actor, **params: str) -> list[int]:
    page = inbox_list.list_entries(session, actor, InboxQuery.parse(params))
    return [row.id for row in page.rows]


def test_each_filter_finds_its_entries_the_newest_first(session: Session, asha: Actor) -> None:
    old = entry(session, received_at=now() - timedelta(days=3))
    other = entry(session, external_id="88", topic="order.cancelled")
    waiting = entry(
        session,
        account_id=old.account_id,
        state=InboxState.WAITING,
        reason="Its order has not arrived.",
    )
    day = old.received_at.astimezone(get_settings().zone).date().isoformat()

    assert ids(session, asha) == [waiting.id, other.id, old.id]
    assert ids(session, asha, account=str(old.account_id)) == [waiting.id, old.id]
    assert ids(session, asha, topic="ORDER.CAN") == [other.id]
    assert ids(session, asha, topic="order_") == []
    assert ids(session, asha, state="waiting") == [waiting.id]
    assert ids(session, asha, order="88") == [other.id]
    assert ids(session, asha, day=day) == [old.id]
    assert ids(session, asha, before=str(other.id)) == [old.id]


def test_pages_follow_each_other(session: Session, asha: Actor) -> None:
    made = [entry(session).id for _ in range(5)]

    first = inbox_list.list_entries(session, asha, InboxQuery(limit=3))
    last = inbox_list.list_entries(session, asha, InboxQuery(limit=3, before=first.next_before))

    assert [row.id for row in (*first.rows, *last.rows)] == made[::-1]
    assert last.next_before is None


def test_an_entry_names_its_order_where_it_is_here(session: Session, asha: Actor) -> None:
    here = OrderFactory(external_id="77")
    one = entry(session, account_id=here.account_id)
    # Another account may have an order of the same number.
    entry(session)

    rows = inbox_list.list_entries(session, asha, InboxQuery()).rows

    assert [row.order_id for row in rows] == [None, here.id]
    assert rows[1].id == one.id


@pytest.mark.parametrize(
    "params",
    [
        {"account": "x"},
        {"account": "-1"},
        {"state": "lost"},
        {"day": "31 Nov"},
        {"before": "9" * 30},
        {"limit": "0"},
        {"limit": "201"},
    ],
)
def test_filters_that_mean_nothing_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        InboxQuery.parse(params)

    assert set(caught.value.details) == set(params)


def test_a_body_is_masked_until_somebody_who_may_looks(
    session: Session, asha: Actor, reader: Actor
) -> None:
    one = entry(session)

    masked = inbox_list.get_entry(session, reader, one.id).masked
    with pytest.raises(PermissionDeniedError):
        inbox_list.reveal(session, reader, one.id)
    clear = inbox_list.reveal(session, asha, one.id)

    assert "name" in masked
    assert "Asha Rao" not in masked
    assert "Asha Rao" in clear
    audited = session.exec(select(AuditEntry)).one()
    assert (audited.action, audited.subject_id) == ("inbox:body:revealed", str(one.id))


def test_a_processed_entry_is_replayed_and_one_that_nobody_can_work_on_says_so(
    session: Session, asha: Actor
) -> None:
    done, note = entry(session), entry(session, kind="hook:person")

    inbox_review.replay(session, asha, done.id)
    rows = {row.id: row for row in inbox_list.list_entries(session, asha, InboxQuery()).rows}

    assert (rows[done.id].state, rows[done.id].can_replay) == (InboxState.RECEIVED, True)
    assert rows[note.id].can_replay is False
    with pytest.raises(NotFoundError):
        inbox_list.get_entry(session, asha, note.id + 1)


def test_refused_webhooks_are_for_admins(session: Session, admin: Actor, asha: Actor) -> None:
    account = AccountFactory()
    for account_id in (account.id, 0):
        session.add(
            RefusedWebhook(
                at=now(), account_id=account_id, address="192.0.2.1", topic="t", reason="r"
            )
        )
    session.flush()

    found = inbox_list.refused(session, admin, InboxQuery())
    of_account = inbox_list.refused(session, admin, InboxQuery(account_id=account.id))

    assert [(one.account_id, known is not None) for one, known in found] == [
        (0, False),
        (account.id, True),
    ]
    assert len(of_account) == 1
    with pytest.raises(PermissionDeniedError):
        inbox_list.refused(session, asha, InboxQuery())


@pytest.mark.usefixtures("database")
def test_a_webhook_that_really_came_stands_in_the_list(session: Session, asha: Actor) -> None:
    account_id = webhooks.account(Channel.BLINKIT)
    webhooks.send(
        Channel.BLINKIT, account_id, webhooks.delivery(Channel.BLINKIT, purchase_order(), "")
    )
    webhooks.work(Channel.BLINKIT, account_id)

    (row,) = inbox_list.list_entries(session, asha, InboxQuery()).rows

    assert (row.state, row.external_id) == (InboxState.PROCESSED, "7700001")
    assert row.order_id is not None
    assert bodies.masked(b"no json") == "7 bytes that are no JSON."
