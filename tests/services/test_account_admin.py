"""What admins do with accounts: allowed to them alone, written down, and losing nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from crm_app import vault
from crm_app.channels.base import OrderPage
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.models import AccountStatus, AuditEntry, ChannelAccount, Order
from crm_app.services import account_admin, account_view, accounts, pulling
from tests.factories import AccountFactory
from tests.services.fakes import FakeSource, last_page, told

ACTS: list[Callable[[Session, Actor, int], Any]] = [
    account_admin.pause,
    account_admin.resume,
    account_admin.pull_now,
    account_admin.renew_hook_secret,
    lambda session, actor, key: account_admin.rename(session, actor, key, "New"),
    lambda session, actor, key: account_admin.replay(
        session, actor, key, now() - timedelta(hours=1)
    ),
    account_view.view,
]


@pytest.mark.parametrize("act", ACTS)
def test_only_admins_and_only_what_there_is(
    session: Session, admin: Actor, asha: Actor, act: Callable[[Session, Actor, int], Any]
) -> None:
    account = AccountFactory()

    with pytest.raises(PermissionDeniedError):
        act(session, asha, account.id)
    with pytest.raises(NotFoundError):
        act(session, admin, account.id + 1)

    assert session.exec(select(AuditEntry)).all() == []


def test_a_paused_account_is_asked_nothing_until_it_is_resumed(
    session: Session, admin: Actor
) -> None:
    account = AccountFactory()
    account_admin.pause(session, admin, account.id)
    while_paused = accounts.claim_for_pull(session)

    account_admin.resume(session, admin, account.id)

    assert while_paused == []
    assert accounts.claim_for_pull(session) == [account.id]
    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    assert [(one.action, one.after) for one in entries] == [
        ("account:paused", {"status": "paused"}),
        ("account:resumed", {"status": "connected"}),
    ]


def test_what_makes_no_sense_is_refused(session: Session, admin: Actor) -> None:
    paused = AccountFactory(status=AccountStatus.PAUSED)
    sending = AccountFactory(channel=Channel.SWIGGY)

    for act, account in (
        (account_admin.pause, paused),
        (account_admin.resume, sending),
        (account_admin.pull_now, paused),
        (account_admin.pull_now, sending),
    ):
        with pytest.raises(ConflictError):
            act(session, admin, account.id)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b"])
def test_a_name_that_nobody_can_read_is_refused(session: Session, admin: Actor, name: str) -> None:
    account = AccountFactory(name="Before")

    with pytest.raises(InvalidInputError):
        account_admin.rename(session, admin, account.id, name)

    assert account.name == "Before"


def test_a_name_is_unique_on_its_channel(session: Session, admin: Actor) -> None:
    AccountFactory(name="Taken")
    elsewhere = AccountFactory(name="Mine", channel=Channel.FLIPKART)
    here = AccountFactory(name="Mine")

    account_admin.rename(session, admin, elsewhere.id, "Taken")
    with pytest.raises(ConflictError):
        account_admin.rename(session, admin, here.id, "Taken")

    assert (elsewhere.name, here.name) == ("Taken", "Mine")


def test_a_replay_moves_the_cursor_back_and_changes_no_order(
    session: Session, admin: Actor
) -> None:
    account = AccountFactory(cursor=now().isoformat(), resume="page 3", watermark=now())
    session.commit()
    pulling.pull(FakeSource([last_page(told())]), account.id, budget_s=5)
    since = now() - timedelta(hours=5)

    account_admin.replay(session, admin, account.id, since)
    session.commit()
    source = FakeSource([last_page(told(), cursor="later")])
    count = pulling.pull(source, account.id, budget_s=5).count

    session.refresh(account)
    assert source.asked == [(since.isoformat(), None)]
    assert (count.unchanged, count.total) == (1, 1)
    assert account.cursor == "later"
    assert len(session.exec(select(Order)).all()) == 1


def test_a_pull_that_was_on_its_way_does_not_undo_a_replay(session: Session, admin: Actor) -> None:
    account = AccountFactory(cursor="old")
    session.commit()
    since = now() - timedelta(hours=5)

    class Interrupted(FakeSource):
        def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Any:
            del cursor, resume
            yield OrderPage((told("405-1"),), resume="page 2")
            account_admin.replay(session, admin, account.id, since)
            session.commit()
            yield last_page(told("405-2"), cursor="new")

    pulling.pull(Interrupted([]), account.id, budget_s=5)

    session.refresh(account)
    assert (account.cursor, account.resume) == (since.isoformat(), None)
    assert len(session.exec(select(Order)).all()) == 2


@pytest.mark.parametrize(
    "since",
    [now() + timedelta(hours=1), now() - timedelta(days=400), datetime(2026, 1, 1)],  # noqa: DTZ001
    ids=["future", "too long ago", "no zone"],
)
def test_a_replay_needs_a_moment_of_the_past(
    session: Session, admin: Actor, since: datetime
) -> None:
    account = AccountFactory(cursor="old")

    with pytest.raises(InvalidInputError):
        account_admin.replay(session, admin, account.id, since)

    assert account.cursor == "old"


def test_a_new_webhook_secret_is_told_once_and_kept_encrypted(
    session: Session, admin: Actor
) -> None:
    account: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    theirs = AccountFactory(channel=Channel.SHOPIFY)

    first = account_admin.renew_hook_secret(session, admin, account.id)
    second = account_admin.renew_hook_secret(session, admin, account.id)
    with pytest.raises(ConflictError):
        account_admin.renew_hook_secret(session, admin, theirs.id)

    assert first != second
    assert len(second) >= 32
    assert vault.unseal(account.credentials) == {"key": "value", "webhook_secret": second}
    assert second not in repr([one.after for one in session.exec(select(AuditEntry))])


def test_the_view_names_the_keys_and_tells_none(session: Session, admin: Actor) -> None:
    account = AccountFactory(
        credentials=vault.seal({"client_secret": "hush", "refresh_token": "hush2", "empty": ""})
    )

    (found,) = account_view.list_views(session, admin)

    assert found.id == account.id
    assert found.kept == ("client_secret", "refresh_token")
    assert "hush" not in repr(found)
