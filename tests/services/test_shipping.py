"""An order leaves in parts: pieces, packages, what the channel is told and what it shows."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import func
from sqlmodel import Session, select

from crm_app import db
from crm_app.channels.base import ChannelPackage, Receipt, StatusUpdate
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    InvalidTransitionError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RejectedError,
)
from crm_app.models import AuditEntry, OrderEvent, OrderPackage, StatusIntent
from crm_app.services import matching, order_view, orders, packages, pulling, rollups, shipping
from crm_app.services.orders import Keep
from tests.factories import AccountFactory, OrderFactory, OrderLineFactory, bind
from tests.services.fakes import FakeShop, Fault, line, told
from tests.services.outbox import claims_expire, intents, order_of, push

S, I = OrderStatus, IntentState  # noqa: E741


@dataclass
class FakeMarket(FakeShop):
    """A channel that takes packages: one that comes with a known reference edits that one."""

    channel: ClassVar[Channel] = Channel.AMAZON

    def push_status(self, update: StatusUpdate) -> Receipt:
        self.calls.append(f"push {update.external_id} {update.status}")
        fault = self.push_faults.popleft() if self.push_faults else None
        if fault is None or fault.acts:
            self.pushed.append(update)
            if self.shows:
                self._take(update)
        if fault is not None:
            raise fault.error
        return Receipt("confirmShipment", 204)

    def _take(self, update: StatusUpdate) -> None:
        order = self.orders[update.external_id]
        package = ChannelPackage(
            str(update.reference),
            update.carrier,
            update.tracking_number,
            "PICKED_UP",
            lines=update.lines,
        )
        sent = {one.external_id: one for one in order.packages or ()} | {
            package.external_id: package
        }
        gone = {
            key: sum(dict(one.lines).get(key, 0) for one in sent.values())
            for key in (one.external_id for one in order.lines)
        }
        lines = tuple(
            dataclasses.replace(one, quantity_shipped=gone[one.external_id]) for one in order.lines
        )
        whole = all(one.quantity_shipped == one.quantity for one in lines)
        newest = list(sent.values())[-1]
        self.put(
            dataclasses.replace(
                order,
                lines=lines,
                packages=tuple(sent.values()),
                carrier=newest.carrier,
                tracking_number=newest.tracking_number,
                status=S.SHIPPED if whole else S.CONFIRMED,
                channel_status="SHIPPED" if whole else "PARTIALLY_SHIPPED",
                updated_at=order.updated_at + timedelta(seconds=1),
                raw={"n": len(self.calls), "packages": len(sent)},
            )
        )


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.AMAZON).id


@pytest.fixture
def market(account_id: int) -> FakeMarket:
    """An order of three earrings and one ring, pulled already."""
    made = FakeMarket()
    ring = line("20", sku="RING-7", title="Ring")
    made.put(told("1", lines=(line("10", quantity=3), ring), packages=()))
    pulling.pull(made, account_id, budget_s=60)
    return made


def ship(actor: Actor, lines: dict[str, int], number: str, **more: int) -> None:
    with db.transaction() as session:
        shipping.ship(
            session,
            actor,
            order_of("1").id,
            lines,
            carrier="DTDC",
            tracking_number=number,
            expected_version=more.get("version"),
        )


def sent(order_id: int) -> list[tuple[str, dict[str, int], bool]]:
    with db.transaction() as session:
        return [
            (one.tracking_number, one.lines, one.is_told)
            for one in packages.of_order(session, order_id)
        ]


def test_a_part_leaves_and_the_order_is_partly_shipped(asha: Actor, market: FakeMarket) -> None:
    del market
    ship(asha, {"10": 2, "20": 0}, "D1")

    order = order_of("1")
    (intent,) = intents()
    assert (order.status, order.sync_status) == (S.CONFIRMED, SyncStatus.QUEUED)
    assert (order.units_shipped, order.unit_count) == (2, 4)
    assert (order.tracking_number, order.shipped_at) == ("D1", None)
    assert (intent.to_status, intent.is_part, intent.state) == (S.SHIPPED, True, I.QUEUED)
    assert sent(order.id) == [("D1", {"10": 2}, False)]
    with db.transaction() as session:
        event = session.exec(
            select(OrderEvent).where(OrderEvent.kind == "order:part:shipped")
        ).one()
        entry = session.exec(select(AuditEntry)).one()
        assert event.data["units_shipped"] == [0, 2]
        assert event.version == order.version
        assert entry.action == "order:part:shipped"
        assert rollups.differences(session) == ([], [])
        detail = order_view.get_order(session, asha, order.id)
    assert [(one.quantity_shipped, one.left) for one in detail.lines] == [(2, 1), (0, 1)]
    assert detail.events[0].sentence == "shipped 2 of 4 pieces, tracking D1"


def test_the_channel_is_told_each_part_and_the_last_one_ships_the_order(
    asha: Actor, account_id: int, market: FakeMarket
) -> None:
    ship(asha, {"10": 2}, "D1")
    push(market, account_id)

    order = order_of("1")
    (first,) = market.pushed
    assert (first.lines, first.left) == ((("10", 2),), (("10", 1), ("20", 1)))
    assert (order.status, order.sync_status) == (S.CONFIRMED, SyncStatus.IN_SYNC)
    assert [one.state for one in intents()] == [I.CONFIRMED]
    assert sent(order.id) == [("D1", {"10": 2}, True)]

    ship(asha, {"10": 1, "20": 1}, "D2")
    assert order_of("1").status is S.SHIPPED
    push(market, account_id)

    order = order_of("1")
    assert (market.pushed[1].lines, market.pushed[1].left) == ((("10", 1), ("20", 1)), ())
    assert (order.status, order.sync_status) == (S.SHIPPED, SyncStatus.IN_SYNC)
    assert (order.units_shipped, order.tracking_number) == (4, "D2")
    assert [one.state for one in intents()] == [I.CONFIRMED, I.CONFIRMED]
    assert sent(order.id) == [("D1", {"10": 2}, True), ("D2", {"10": 1, "20": 1}, True)]


def test_two_parts_travel_one_after_the_other(
    asha: Actor, account_id: int, market: FakeMarket
) -> None:
    ship(asha, {"10": 1}, "D1")
    ship(asha, {"10": 2, "20": 1}, "D2")

    assert [one.state for one in intents()] == [I.QUEUED, I.QUEUED]
    push(market, account_id)

    assert [one.tracking_number for one in market.pushed] == ["D1", "D2"]
    assert [one.state for one in intents()] == [I.CONFIRMED, I.CONFIRMED]
    assert order_of("1").status is S.SHIPPED


def test_a_call_without_an_answer_is_read_and_not_doubled(
    asha: Actor, account_id: int, market: FakeMarket
) -> None:
    market.push_faults.append(Fault(OutcomeUnknownError("No answer."), acts=True))
    ship(asha, {"10": 2}, "D1")

    push(market, account_id)
    claims_expire()
    push(market, account_id)

    assert len(market.pushed) == 1
    assert [one.state for one in intents()] == [I.CONFIRMED]
    assert sent(order_of("1").id) == [("D1", {"10": 2}, True)]


def test_a_refused_part_waits_for_a_person_and_goes_again_under_its_reference(
    asha: Actor, account_id: int, market: FakeMarket
) -> None:
    market.push_faults.append(Fault(RejectedError("No such carrier.")))
    ship(asha, {"10": 2}, "D1")
    push(market, account_id)
    assert order_of("1").sync_status is SyncStatus.REJECTED

    # A newer version of the channel's without the package is no agreement.
    market.put(
        dataclasses.replace(
            market.orders["1"],
            note="Ring twice",
            updated_at=market.orders["1"].updated_at + timedelta(seconds=5),
            raw={"note": 1},
        )
    )
    pulling.pull(market, account_id, budget_s=60)
    assert order_of("1").sync_status is SyncStatus.REJECTED

    first = intents()[0].id
    with db.transaction() as session:
        orders.settle(session, asha, order_of("1").id, Keep.OURS)
    push(market, account_id)

    (again,) = market.pushed
    assert (again.reference, again.lines) == (first, (("10", 2),))
    assert [one.state for one in intents()] == [I.REJECTED, I.CONFIRMED]
    assert order_of("1").sync_status is SyncStatus.IN_SYNC
    assert sent(order_of("1").id) == [("D1", {"10": 2}, True)]


def test_the_channels_word_takes_a_refused_package_away(
    asha: Actor, account_id: int, market: FakeMarket
) -> None:
    market.push_faults.append(Fault(RejectedError("No such carrier.")))
    ship(asha, {"10": 2}, "D1")
    push(market, account_id)

    with db.transaction() as session:
        orders.settle(session, asha, order_of("1").id, Keep.CHANNELS)

    order = order_of("1")
    assert (order.sync_status, order.units_shipped) == (SyncStatus.IN_SYNC, 0)
    assert sent(order.id) == []


def test_the_same_package_again_does_nothing(asha: Actor, market: FakeMarket) -> None:
    del market
    ship(asha, {"10": 2}, "D1")
    version = order_of("1").version

    ship(asha, {"10": 2}, "D1", version=version - 1)

    assert (order_of("1").version, len(intents())) == (version, 1)


@pytest.mark.parametrize(
    ("lines", "number", "field"),
    [
        ({"10": 4}, "D2", "lines"),
        ({"10": -1}, "D2", "lines"),
        ({"nothing": 1}, "D2", "lines"),
        ({"10": 0}, "D2", "lines"),
        ({"10": 1}, "D1", "tracking_number"),
        ({"10": 1}, "", "tracking_number"),
    ],
)
def test_what_is_not_left_does_not_leave(
    asha: Actor, market: FakeMarket, lines: dict[str, int], number: str, field: str
) -> None:
    del market
    ship(asha, {"20": 1}, "D1")
    before = order_of("1").version

    with pytest.raises(InvalidInputError) as caught:
        ship(asha, lines, number)

    assert field in caught.value.details
    assert order_of("1").version == before
    assert len(sent(order_of("1").id)) == len(intents()) == 1


def test_a_channel_that_takes_a_whole_says_why(session: Session, asha: Actor) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE), unit_count=2)
    OrderLineFactory(order=order, external_id="1", quantity=2)
    session.commit()

    with pytest.raises(InvalidTransitionError, match="completes an order as a whole"):
        shipping.ship(session, asha, order.id, {"1": 1})

    assert session.exec(select(func.count()).select_from(OrderPackage)).one() == 0
    assert session.exec(select(func.count()).select_from(StatusIntent)).one() == 0


def test_an_order_by_hand_leaves_in_parts_and_nobody_is_told(session: Session, asha: Actor) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.MANUAL), unit_count=2)
    OrderLineFactory(order=order, external_id="1", quantity=2)
    session.commit()

    shipping.ship(session, asha, order.id, {"1": 1})
    assert (order.status, order.units_shipped) == (S.CONFIRMED, 1)
    shipping.ship(session, asha, order.id, {"1": 1}, carrier="DTDC", tracking_number="D2")

    assert (order.status, order.units_shipped, order.tracking_number) == (S.SHIPPED, 2, "D2")
    assert session.exec(select(func.count()).select_from(StatusIntent)).one() == 0


def test_a_partly_shipped_order_is_not_cancelled(session: Session, asha: Actor) -> None:
    order = OrderFactory(account=AccountFactory(channel=Channel.MANUAL), unit_count=2)
    OrderLineFactory(order=order, external_id="1", quantity=2)
    session.commit()
    shipping.ship(session, asha, order.id, {"1": 1})

    with pytest.raises(InvalidTransitionError, match="A part of it has left"):
        orders.change_status(session, asha, order.id, S.CANCELLED)

    assert order.status is S.CONFIRMED


def test_who_may_not_change_ships_no_part(reader: Actor, asha: Actor, market: FakeMarket) -> None:
    del market
    with pytest.raises(PermissionDeniedError):
        ship(reader, {"10": 1}, "D1")
    ship(asha, {"10": 1}, "D1")
    with pytest.raises(ConflictError):
        ship(asha, {"10": 1}, "D2", version=1)

    assert len(sent(order_of("1").id)) == 1


def test_packages_of_the_channel_come_in_and_go(
    session: Session, account_id: int, market: FakeMarket, asha: Actor
) -> None:
    order = market.orders["1"]
    two = (
        ChannelPackage("A", "Delhivery", "T-AAAA1", lines=(("10", 1),)),
        ChannelPackage("B", "Delhivery", "T-BBBB2", lines=(("20", 1),)),
    )
    later = timedelta(seconds=1)
    market.put(
        dataclasses.replace(
            order,
            packages=two,
            tracking_number="T-BBBB2",
            updated_at=order.updated_at + later,
            raw={"n": 2},
        )
    )
    pulling.pull(market, account_id, budget_s=60)

    stored = order_of("1")
    assert [one[0] for one in sent(stored.id)] == ["T-AAAA1", "T-BBBB2"]
    assert stored.units_shipped == 2
    for number in ("T-AAAA1", "T-BBBB2", "t-aaaa1"):
        found = matching.match(session, number, sees_people=False)
        keys = session.exec(select(type(stored).id).where(found.condition)).all()
        assert list(keys) == [stored.id], number

    market.put(
        dataclasses.replace(
            order, packages=two[:1], updated_at=order.updated_at + 2 * later, raw={"n": 1}
        )
    )
    pulling.pull(market, account_id, budget_s=60)

    assert [one[0] for one in sent(stored.id)] == ["T-AAAA1"]
    assert order_of("1").units_shipped == 1
    del asha
