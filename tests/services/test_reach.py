"""Nothing of an account beyond somebody's reach shows in what they read, count, find or change.

Each read is made by somebody who sees one account, first while there is no other, then beside one
that they may not see: both times it has to say the same.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import db, models, narrowing
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.alert import AlertKind, AlertLevel
from crm_app.domain.channel import Channel
from crm_app.domain.download import FileFormat
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.domain.time import now
from crm_app.errors import NotFoundError, PermissionDeniedError
from crm_app.models import DownloadPart, Order, OrderComment, OrderEvent
from crm_app.services import (
    account_view,
    auth,
    bulk_choice,
    bulk_results,
    bulk_runs,
    dashboard,
    facet_choices,
    health,
    ledger,
    needs,
    order_past,
    order_search,
    order_view,
    orders,
    payload_view,
    personal_data,
    sweeping,
    view_lists,
)
from crm_app.services.alerts import settings as alerts
from crm_app.services.bulk_choice import Choice
from crm_app.services.by_hand import people as by_hand
from crm_app.services.documents import uploads
from crm_app.services.downloads import asking
from crm_app.services.exceptions import listing
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.ledger_query import LedgerQuery
from crm_app.services.order_query import OrderQuery
from crm_app.services.rollups import RollupChange, key_of
from crm_app.services.working import comments, holding, reading, tagging, watching
from tests.factories import (
    AccountFactory,
    CustomerFactory,
    OrderFactory,
    OrderLineFactory,
    StaffRoleFactory,
    UserFactory,
    give,
)

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
EVERYTHING = [one.value for one in Permission]


@dataclass
class World:
    """Somebody who sees one account, what is on it, and what is beyond."""

    actor: Actor
    mine: models.ChannelAccount
    order: Order


def fill(session: Session, account: models.ChannelAccount, word: str) -> Order:
    """An account with something of everything, findable by a word."""
    customer = CustomerFactory(account=account, name=f"Meera {word}", email=f"{word}@mail.example")
    author_id = session.exec(select(models.User.id).limit(1)).one()
    change = RollupChange()
    made: list[Order] = []
    for number, (status, sync) in enumerate(
        [
            (OrderStatus.CONFIRMED, SyncStatus.IN_SYNC),
            (OrderStatus.SHIPPED, SyncStatus.REJECTED),
            (OrderStatus.PACKED, SyncStatus.CONFLICT),
        ]
    ):
        order = OrderFactory(
            account=account,
            customer=customer,
            status=status,
            sync_status=sync,
            external_id=f"{word}-{number}",
            customer_name=f"Meera {word}",
            placed_at=NOON - timedelta(minutes=number),
            ship_by=NOON - timedelta(hours=2),
            cancel_requested=number == 0,
        )
        OrderLineFactory(order=order, title=f"{word} ring")
        session.add(
            OrderEvent(
                order_id=order.id,
                kind="order:imported",
                actor_kind=ActorKind.CHANNEL,
                actor_label=word,
                at=NOON,
            )
        )
        session.add(OrderComment(order_id=order.id, text=word, author_id=author_id))
        session.add(
            models.StatusIntent(
                order_id=order.id,
                account_id=account.id,
                state=IntentState.REJECTED,
                from_status=OrderStatus.CONFIRMED,
                to_status=OrderStatus.PACKED,
                happened_at=NOON,
                order_version=1,
                next_try_at=NOON,
                actor_label=word,
                reason=word,
            )
        )
        change.add(key_of(order), order.total_minor)
        made.append(order)
    session.add(
        models.Alert(
            kind=AlertKind.SILENT,
            subject=word,
            account_id=account.id,
            level=AlertLevel.BAD,
            sentence=word,
            href="/",
            opened_at=NOON,
            changed_at=NOON,
        )
    )
    session.flush()
    change.write(session)
    return made[0]


@pytest.fixture
def world(session: Session) -> World:
    mine = AccountFactory(channel=Channel.AMAZON, name="Mine")
    UserFactory(role=Role.ADMIN, name="Boss")
    order = fill(session, mine, "mine")
    role = StaffRoleFactory(name="Lead", verbs=EVERYTHING)
    user = UserFactory(role=None, name="Lead person")
    give(session, user, role, accounts=[mine])
    session.commit()
    actor = replace(auth.person(session, user), confirmed_at=now())
    return World(actor, mine, order)


Read = Callable[[Session, World], Any]
READS: dict[str, Read] = {
    "list": lambda s, w: order_search.list_orders(s, w.actor, OrderQuery()),
    "list, by ship-by": lambda s, w: order_search.list_orders(
        s, w.actor, OrderQuery.parse({"sort": "ship_by"})
    ),
    "count": lambda s, w: order_search.count_orders(s, w.actor, OrderQuery()),
    "count of an attention": lambda s, w: needs.count_needs(s, w.actor),
    "search by a name": lambda s, w: order_search.list_orders(s, w.actor, OrderQuery(text="meera")),
    "search by a SKU": lambda s, w: order_search.list_orders(
        s, w.actor, OrderQuery(text="PDE-18K-RG")
    ),
    "search by a number": lambda s, w: order_search.count_orders(
        s, w.actor, OrderQuery(text="hidden-0")
    ),
    "filter by a SKU": lambda s, w: order_search.list_orders(
        s, w.actor, OrderQuery.parse({"sku": "PDE-18K-RG"})
    ),
    "filter by a city": lambda s, w: order_search.count_orders(
        s, w.actor, OrderQuery.parse({"city": "Mumbai"})
    ),
    "choices of the filters": lambda s, w: facet_choices.facet_choices(s, w.actor),
    "dashboard": lambda s, w: replace(dashboard.get_dashboard(s, w.actor), as_of=NOON),
    "sync health": lambda s, w: health.sync_health(s, w.actor).accounts,
    "ledger": lambda s, w: ledger.prove(s, w.actor, LedgerQuery()),
    "changes": lambda s, w: ledger.list_changes(s, w.actor, LedgerQuery()),
    "exceptions": lambda s, w: listing.list_exceptions(s, w.actor, ExceptionQuery()),
    "count of exceptions": lambda s, w: listing.count_exceptions(s, w.actor),
    "accounts of exceptions": lambda s, w: listing.accounts(s, w.actor),
    "accounts": lambda s, w: [
        (one.id, one.name, one.waiting) for one in account_view.list_views(s, w.actor)
    ],
    "alerts": lambda s, w: alerts.overview(s, w.actor).open,
    "sidebar": lambda s, w: view_lists.pinned(s, w.actor),
    "known buyers": lambda s, w: by_hand.find(s, w.actor, "meera"),
    "order": lambda s, w: order_view.get_order(s, w.actor, w.order.id),
    "other orders": lambda s, w: reading.work_of(s, w.actor, w.order.id),
    "bulk runs": lambda s, w: bulk_results.list_runs(s, w.actor),
    "bulk choice": lambda s, w: (
        bulk_choice.draft(s, w.actor, Choice(query=OrderQuery()), "key").total
    ),
    "export": lambda s, w: _frozen(
        s, asking.export(s, w.actor, OrderQuery(), kind=FileFormat.CSV, key="key").id
    ),
}


def _frozen(session: Session, download_id: int) -> list[int]:
    session.flush()
    found = session.exec(
        select(DownloadPart.order_ids).where(DownloadPart.download_id == download_id)
    ).all()
    return [one for part in found for one in part]


def _read(world: World, read: Read) -> str:
    view_lists.forget_counts()
    with db.transaction() as session:
        said = repr(read(session, world))
        session.rollback()
    return said


@pytest.mark.parametrize("name", READS)
def test_what_lies_beyond_changes_nothing_that_is_read(
    session: Session, world: World, name: str
) -> None:
    alone = _read(world, READS[name])
    beyond = AccountFactory(channel=Channel.WOOCOMMERCE, name="Hidden")
    other = fill(session, beyond, "hidden")
    boss = auth.person(
        session, session.exec(select(models.User).where(models.User.name == "Boss")).one()
    )
    bulk_choice.draft(session, boss, Choice(ids=(other.id,)), "other")
    session.commit()

    beside = _read(world, READS[name])

    assert beside == alone
    assert "hidden" not in beside.lower()


def deeds(order_id: int, account_id: int) -> dict[str, Callable[[Session, Actor], Any]]:
    return {
        "order": lambda s, a: order_view.get_order(s, a, order_id),
        "its past": lambda s, a: order_past.as_of(s, a, order_id, NOON),
        "its work": lambda s, a: reading.work_of(s, a, order_id),
        "its comments": lambda s, a: comments.list_comments(s, a, order_id),
        "its payload": lambda s, a: payload_view.versions(s, a, order_id),
        "its buyer": lambda s, a: personal_data.reveal_contact(s, a, order_id),
        "a new status": lambda s, a: orders.change_status(s, a, order_id, OrderStatus.PACKED),
        "a hold": lambda s, a: holding.release(s, a, [order_id]),
        "a comment": lambda s, a: comments.add_comment(s, a, order_id, "Hello"),
        "a watch": lambda s, a: watching.watch(s, a, [order_id], is_on=True),
        "its account": lambda s, a: account_view.view(s, a, account_id),
        "a sweep": lambda s, a: sweeping.ask(s, a, account_id),
    }


@pytest.mark.parametrize("name", deeds(0, 0))
def test_by_its_id_it_is_not_there(session: Session, world: World, name: str) -> None:
    beyond = AccountFactory(channel=Channel.WOOCOMMERCE, name="Hidden")
    order = fill(session, beyond, "hidden")
    session.commit()
    deed = deeds(order.id, beyond.id)[name]
    before = _rows(session)

    with pytest.raises(NotFoundError), db.transaction() as other:
        deed(other, world.actor)

    assert _rows(session) == before


def _rows(session: Session) -> list[int]:
    session.rollback()
    tables = (OrderEvent, OrderComment, models.AuditEntry, models.StatusIntent, models.Sweep)
    return [len(session.exec(select(table)).all()) for table in tables]


def test_ids_beyond_are_not_taken_into_a_bulk_change(session: Session, world: World) -> None:
    order = fill(session, AccountFactory(channel=Channel.WOOCOMMERCE), "hidden")
    session.commit()

    with db.transaction() as other:
        run = bulk_choice.draft(other, world.actor, Choice(ids=(order.id, world.order.id)), "key")
        rows = bulk_results.rows(other, world.actor, run.id, after=0, limit=10)

    assert run.total == 1
    assert [row.number for row in rows] == ["mine-0"]


def test_a_verb_that_reaches_less_far_than_sight_is_refused_beyond(
    session: Session, world: World
) -> None:
    order = fill(session, AccountFactory(channel=Channel.WOOCOMMERCE), "other")
    tag = tagging.make_tag(session, replace(world.actor, narrowed={}), "Gift")
    session.commit()
    sees_all = replace(
        world.actor,
        narrowed={
            one: found
            for one, found in world.actor.narrowed.items()
            if one is not Permission.VIEW_ORDERS
        },
    )

    with db.transaction() as other:
        assert order_view.get_order(other, sees_all, order.id).order.order_number == "other-0"
    with pytest.raises(NotFoundError), db.transaction() as other:
        tagging.put_tag(other, sees_all, [order.id], tag.id, is_on=True)

    assert session.exec(select(models.OrderTag)).all() == []


def test_a_role_on_a_channel_reaches_accounts_that_come_later(session: Session) -> None:
    user = UserFactory(role=None)
    give(session, user, Role.SUPPORT, channels=[Channel.AMAZON])
    first, other = AccountFactory(), AccountFactory(channel=Channel.FLIPKART)
    later = AccountFactory()

    actor = auth.person(session, user)

    assert [actor.may(Permission.VIEW_ORDERS, one.id) for one in (first, other, later)] == [
        True,
        False,
        True,
    ]


def test_verbs_about_the_whole_desk_are_held_everywhere_or_not_at_all(
    session: Session, world: World
) -> None:
    wide = {one for one in Permission if one.is_desk_wide}

    assert world.actor.permissions == frozenset(Permission) - wide
    with pytest.raises(PermissionDeniedError):
        world.actor.require(Permission.MANAGE_USERS)


def test_two_roles_add_up_each_where_it_holds(session: Session) -> None:
    amazon, shop = AccountFactory(), AccountFactory(channel=Channel.WOOCOMMERCE)
    user = UserFactory(role=Role.READ_ONLY)
    role = StaffRoleFactory(verbs=[Permission.CANCEL_ORDERS.value])
    session.add(
        models.RoleGrant(
            user_id=user.id, role_id=role.id, reach=ReachKind.ACCOUNTS, account_ids=[shop.id]
        )
    )
    session.flush()

    actor = auth.person(session, user)

    assert actor.may_everywhere(Permission.VIEW_ORDERS)
    assert not actor.may(Permission.CANCEL_ORDERS, amazon.id)
    assert actor.may(Permission.CANCEL_ORDERS, shop.id)
    assert actor.roles == ("Read-only", role.name)


def test_every_table_that_tells_of_accounts_is_narrowed(session: Session, world: World) -> None:
    """By the database's own list, so that a new table is covered without being named here."""
    names = session.execute(text(_TABLES)).scalars().all()

    with db.transaction() as other:
        narrowing.limit(other, [], world.actor.user_id)
        full = [name for name in names if _count(other, name)]

    assert "orders" in names
    assert full == []


_TABLES = (
    "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
    " AND column_name IN ('account_id', 'order_id') AND table_name NOT IN ('status_words',"
    " 'business_details', 'invoice_series')"
)


def _count(session: Session, table: str) -> int:
    return session.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one()  # noqa: S608


def test_whoever_is_deactivated_may_do_nothing_in_a_job(session: Session) -> None:
    user = UserFactory(is_active=False)

    assert auth.person(session, user).permissions == frozenset()


def test_runs_of_others_show_only_if_all_of_their_orders_do(session: Session, world: World) -> None:
    order = fill(session, AccountFactory(channel=Channel.WOOCOMMERCE), "hidden")
    boss = auth.person(session, UserFactory(role=Role.ADMIN))
    both = bulk_choice.draft(session, boss, Choice(ids=(order.id, world.order.id)), "both")
    one = bulk_choice.draft(session, boss, Choice(ids=(world.order.id,)), "one")
    session.commit()

    with db.transaction() as other:
        assert bulk_runs.get_run(other, world.actor, one.id).total == 1
    with pytest.raises(NotFoundError), db.transaction() as other:
        bulk_runs.get_run(other, world.actor, both.id)


def test_a_file_without_an_account_is_its_uploader_s(session: Session, world: World) -> None:
    other = UserFactory(role=None)
    give(session, other, Role.ADMIN, accounts=[world.mine])
    session.commit()
    colleague = auth.person(session, other)

    with db.transaction() as upload:
        document = uploads.receive(upload, world.actor, "orders.csv", io.BytesIO(b"a,b\n1,2\n"))
        number = document.id

    with db.transaction() as own:
        assert uploads.get_document(own, world.actor, number).size == 8
    with pytest.raises(NotFoundError), db.transaction() as strange:
        uploads.get_document(strange, colleague, number)
