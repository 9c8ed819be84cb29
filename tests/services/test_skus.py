"""Lists of SKUs: kept by people, sheets and programs; what they do not name stands on the desk."""

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.trouble import Cause, Source
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.jobs.skus import watch_skus
from crm_app.models import AuditEntry, ChannelAccount, ChannelSku, Order, UnmappedSku
from crm_app.services import skus
from crm_app.services.exceptions import listing, sku_deeds
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.exceptions.rows import ExceptionRow
from tests.factories import AccountFactory, OrderFactory, OrderLineFactory
from tests.services.exceptions import trouble


@pytest.fixture
def shop(session: Session) -> ChannelAccount:
    made: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    session.commit()
    return made


def sold(
    session: Session, where: ChannelAccount, sku: str, status: OrderStatus = OrderStatus.CONFIRMED
) -> int:
    order = OrderFactory(account=where, status=status)
    OrderLineFactory(order=order, sku=sku, title=f"The {sku}")
    session.commit()
    return order.id


def rows(session: Session, actor: Actor) -> list[ExceptionRow]:
    return list(listing.list_exceptions(session, actor, ExceptionQuery()).rows)


def names(session: Session, where: ChannelAccount) -> dict[str, str]:
    session.expire_all()
    found = session.exec(select(ChannelSku).where(ChannelSku.account_id == where.id))
    return {one.channel_sku: one.sku for one in found}


def test_an_account_without_a_list_has_no_unknown_sku(
    session: Session, shop: ChannelAccount, admin: Actor
) -> None:
    sold(session, shop, "RING-1")

    assert watch_skus() == 0
    assert rows(session, admin) == []


def test_what_the_list_does_not_name_stands_on_the_desk_and_leaves_when_it_is_named(
    session: Session, shop: ChannelAccount, admin: Actor
) -> None:
    sold(session, shop, "RING-1")
    first = sold(session, shop, "RING-2")
    sold(session, shop, "RING-2")
    sold(session, shop, "OLD-1", OrderStatus.DELIVERED)
    skus.put(session, admin, shop.id, "RING-1", "PLM-R1")
    session.commit()

    (row,) = rows(session, admin)
    assert (row.source, row.cause, row.title) == (Source.SKU, Cause.SKU, "RING-2")
    assert (row.said, row.order_id) == ("The RING-2", first)
    assert session.exec(select(UnmappedSku.orders)).one() == 2
    sku_deeds.name_it(session, admin, row.key, " PLM-R2 ")
    session.commit()

    assert rows(session, admin) == []
    assert names(session, shop) == {"RING-1": "PLM-R1", "RING-2": "PLM-R2"}


def test_it_leaves_when_no_order_to_ship_carries_it_any_more(
    session: Session, shop: ChannelAccount, admin: Actor
) -> None:
    skus.put(session, admin, shop.id, "RING-1", "PLM-R1")
    session.commit()
    order_id = sold(session, shop, "RING-2")
    assert watch_skus() == 1
    assert [row.title for row in rows(session, admin)] == ["RING-2"]

    order = listing.find(session, rows(session, admin)[0].key).order_id
    assert order == order_id
    session.get_one(Order, order_id).status = OrderStatus.SHIPPED
    session.commit()
    watch_skus()

    assert rows(session, admin) == []


def test_a_sheet_adds_changes_and_names_what_it_cannot_use(
    session: Session, shop: ChannelAccount, admin: Actor
) -> None:
    skus.put(session, admin, shop.id, "RING-1", "PLM-R1")
    skus.put(session, admin, shop.id, "RING-2", "PLM-R2")
    session.commit()
    sheet = (
        "\ufeffOur SKU;Channel SKU;Name\n"
        "PLM-R1;RING-1;\n"
        'PLM-R9;RING-2;"A ring; of gold"\n'
        "\n"
        "PLM-R3;RING-3;\n"
        ";RING-4;Nobody's\n"
    )

    taken = skus.take_sheet(session, admin, shop.id, sheet)
    session.commit()

    assert (taken.added, taken.changed, taken.unchanged) == (1, 1, 1)
    assert (taken.problem_count, taken.problems) == (1, ("Line 6: Our SKU is missing.",))
    assert names(session, shop) == {"RING-1": "PLM-R1", "RING-2": "PLM-R9", "RING-3": "PLM-R3"}
    note = session.exec(select(AuditEntry).where(AuditEntry.action == "sku:sheet:taken")).one()
    assert note.after == {"added": 1, "changed": 1}


@pytest.mark.parametrize(
    "sheet",
    ["\n\n", "RING-1\n", "x" * 121 + ",PLM-1\n", "a,b\n" * (skus.MOST_LINES + 1)],
)
def test_a_sheet_without_a_usable_line_changes_nothing(
    session: Session, shop: ChannelAccount, admin: Actor, sheet: str
) -> None:
    with pytest.raises(InvalidInputError):
        skus.take_sheet(session, admin, shop.id, sheet)
    session.rollback()

    assert names(session, shop) == {}


def test_only_who_may_keep_mappings_changes_a_list(
    session: Session, shop: ChannelAccount, admin: Actor, asha: Actor
) -> None:
    skus.put(session, admin, shop.id, "RING-1", "PLM-R1")
    sold(session, shop, "RING-2")
    watch_skus()
    (row,) = rows(session, admin)

    with pytest.raises(PermissionDeniedError):
        skus.put(session, asha, shop.id, "RING-1", "MINE")
    with pytest.raises(PermissionDeniedError):
        skus.take_sheet(session, asha, shop.id, "RING-1,MINE")
    with pytest.raises(PermissionDeniedError):
        skus.remove(session, asha, shop.id, "RING-1")
    with pytest.raises(PermissionDeniedError):
        skus.overview(session, asha)
    with pytest.raises(PermissionDeniedError):
        sku_deeds.name_it(session, asha, row.key, "MINE")

    assert names(session, shop) == {"RING-1": "PLM-R1"}


def test_lists_are_searched_paged_counted_and_shortened(
    session: Session, shop: ChannelAccount, admin: Actor
) -> None:
    other = AccountFactory(channel=Channel.SHOPIFY, name="Empty")
    for number in range(3):
        skus.put(session, admin, shop.id, f"RING_{number}", f"PLM-{number}", "Gold 100%")
    session.commit()

    def found(**asked: object) -> list[str]:
        return [one.channel_sku for one in skus.list_skus(session, admin, shop.id, **asked)]  # pyright: ignore[reportArgumentType]

    assert found(limit=2) == ["RING_0", "RING_1"]
    assert found(limit=2, after="RING_1") == ["RING_2"]
    assert found(search="plm-2") == ["RING_2"]
    assert found(search="100%") == ["RING_0", "RING_1", "RING_2"]
    assert found(search="%2%") == []
    counted = {one.name: (one.lines, one.unmapped) for one in skus.overview(session, admin)}
    assert counted == {shop.name: (3, 0), other.name: (0, 0)}
    skus.remove(session, admin, shop.id, "RING_0")
    assert found() == ["RING_1", "RING_2"]
    with pytest.raises(NotFoundError):
        skus.remove(session, admin, shop.id, "RING_0")


def test_only_an_unknown_sku_is_named_on_the_desk(
    session: Session, shop: ChannelAccount, admin: Actor
) -> None:
    order = trouble.refused(session, shop)
    (row,) = rows(session, admin)

    with pytest.raises(ConflictError, match="about no SKU"):
        sku_deeds.name_it(session, admin, row.key, "PLM-1")
    assert (order.account_id, names(session, shop)) == (shop.id, {})
