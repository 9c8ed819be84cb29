"""When the channel's budget is scarce: the nearest deadline first, then what costs most if late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.domain.channel import Channel
from crm_app.domain.intent import IntentState
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import RateLimitedError
from crm_app.models import StatusIntent
from crm_app.services import claiming, pulling, pushing, urgency
from tests.factories import AccountFactory, OrderFactory, bind
from tests.services.fakes import FakeShop, Fault, told
from tests.services.outbox import change, intents, push

NOON = datetime(2026, 11, 21, 12, 7, tzinfo=UTC)
S = OrderStatus


@pytest.fixture
def account_id(database: str) -> int:
    del database
    with db.transaction() as session:
        bind(session)
        return AccountFactory(channel=Channel.WOOCOMMERCE).id


def shop_with(account_id: int, **orders: dict[str, Any]) -> FakeShop:
    shop = FakeShop()
    for key, values in orders.items():
        shop.put(told(key, channel_status="processing", **values))
    pulling.pull(shop, account_id, budget_s=60)
    return shop


def bulk_like(*keys: str) -> None:
    """What a bulk change writes: patient, all at one moment."""
    for key in keys:
        change(key, S.SHIPPED)
    with db.transaction() as session:
        session.execute(text("UPDATE status_intents SET is_patient = true"))


def pushed(shop: FakeShop) -> list[str]:
    return [call.split()[1] for call in shop.calls if call.startswith("push")]


@pytest.mark.parametrize(
    ("ship_by", "origin", "expected"),
    [
        # Half an hour before ship-by, in steps of a quarter of an hour.
        (NOON + timedelta(hours=3), S.CONFIRMED, datetime(2026, 11, 21, 14, 30, tzinfo=UTC)),
        (NOON - timedelta(hours=1), S.PACKED, datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        # Far away, or without a deadline: a day, so that it comes forward with time.
        (NOON + timedelta(days=9), S.CONFIRMED, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)),
        (None, S.CONFIRMED, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)),
        # The parcel has left: ship-by is met.
        (NOON + timedelta(hours=3), S.SHIPPED, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_change_should_be_known_before_ship_by(
    ship_by: datetime | None, origin: OrderStatus, expected: datetime
) -> None:
    assert urgency.send_by(ship_by, origin, NOON) == expected


@pytest.mark.parametrize(
    ("channel", "total_minor", "points"),
    [
        (Channel.WOOCOMMERCE, 149_900, 15),
        # Amazon cancels what is late, and charges for it.
        (Channel.AMAZON, 149_900, 22),
        (Channel.WOOCOMMERCE, None, 10),
        (Channel.WOOCOMMERCE, 10**12, 32_000),
        (Channel.WOOCOMMERCE, -500_000, 0),
    ],
)
def test_what_is_late_costs_the_order_times_what_its_channel_makes_of_it(
    channel: Channel, total_minor: int | None, points: int
) -> None:
    order = OrderFactory.build(channel=channel, total_minor=total_minor, account_id=1)

    assert urgency.late_cost(order) == points


def test_a_channel_that_weighs_lateness_says_why() -> None:
    for channel, rules in capabilities.CAPABILITIES.items():
        assert (rules.lateness.weight != 1.0) == bool(rules.lateness.why), channel


def test_the_nearest_deadline_goes_first_and_then_the_dearest(account_id: int) -> None:
    soon, later = now() + timedelta(hours=4), now() + timedelta(hours=20)
    shop = shop_with(
        account_id,
        later={"ship_by": later, "total_minor": 900_000},
        none={"ship_by": None, "total_minor": 900_000},
        cheap={"ship_by": soon, "total_minor": 50_000},
        dear={"ship_by": soon, "total_minor": 800_000},
    )
    bulk_like("none", "later", "cheap", "dear")

    push(shop, account_id)

    assert pushed(shop) == ["dear", "cheap", "later", "none"]


def test_a_person_who_waits_goes_before_every_deadline_of_a_bulk_change(account_id: int) -> None:
    shop = shop_with(
        account_id, late={"ship_by": now() + timedelta(hours=2)}, one={"ship_by": None}
    )
    bulk_like("late")
    change("one", S.SHIPPED)

    push(shop, account_id)

    assert pushed(shop) == ["one", "late"]


def test_what_waits_for_its_next_try_lets_the_others_pass(account_id: int) -> None:
    shop = shop_with(
        account_id, soon={"ship_by": now() + timedelta(hours=2)}, later={"ship_by": None}
    )
    bulk_like("soon", "later")
    shop.push_faults.append(Fault(RateLimitedError("slow down", retry_after_s=60)))
    push(shop, account_id)

    pushing.push(shop, account_id, budget_s=20)

    assert pushed(shop) == ["soon", "later"]
    assert {one.state for one in intents()} == {IntentState.BUDGET, IntentState.CONFIRMED}


def test_a_change_without_a_deadline_comes_forward_with_time(account_id: int) -> None:
    """Nothing starves: what waits for a day is as pressing as a deadline of today."""
    shop = shop_with(
        account_id, old={"ship_by": None}, fresh={"ship_by": now() + timedelta(hours=6)}
    )
    bulk_like("old", "fresh")
    with db.transaction() as session:
        old = session.exec(select(StatusIntent).order_by("id")).first()
        assert old is not None
        old.send_by = urgency.send_by(None, S.CONFIRMED, now() - timedelta(hours=20))

    push(shop, account_id)

    assert pushed(shop) == ["old", "fresh"]


def test_what_was_told_is_read_back_after_the_others_are_told(account_id: int) -> None:
    """Where reading is slower than telling, the last order of many still makes its deadline."""
    shop = shop_with(account_id, a={"ship_by": None}, b={"ship_by": None})
    bulk_like("a", "b")

    push(shop, account_id)

    assert shop.calls == ["push a shipped", "push b shipped", "read a", "read b"]


def test_a_limit_of_reading_does_not_hold_back_what_is_to_be_told(account_id: int) -> None:
    shop = shop_with(account_id, a={"ship_by": None}, b={"ship_by": None})
    change("a", S.SHIPPED)
    change("b", S.SHIPPED)
    shop.read_faults.append(RateLimitedError("slow down", retry_after_s=60))

    push(shop, account_id)

    # The click was read back at once; the limit was met there, and b is told all the same.
    assert shop.calls == ["push a shipped", "read a", "push b shipped"]
    assert {one.state for one in intents()} == {IntentState.SENT}


@pytest.fixture
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Every statement of the sessions, as the driver gets it."""
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cur: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    engine = db.get_engine()
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


_FILL = text("""
    INSERT INTO status_intents (order_id, account_id, state, from_status, to_status, carrier,
        tracking_number, happened_at, order_version, actor_label, is_patient, send_by, late_cost,
        attempts, next_try_at, outcome_unknown, reason, made_on)
    SELECT o.id, o.account_id, 'queued', 'confirmed', 'shipped', '', '', now(), 1, 'Asha', true,
        now() + (n % 960) * interval '15 minutes', n % 700, 0,
        -- A third waits for its next try.
        now() + (CASE WHEN n % 3 = 0 THEN 1 ELSE -1 END) * interval '1 hour', false, '',
        current_date
    FROM orders o, generate_series(1, :many) AS n WHERE o.id = :order_id
""")


def test_claiming_walks_the_index_among_a_hundred_thousand(
    database: str, session: Session, statements: list[tuple[str, Any]]
) -> None:
    del database
    order = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    session.execute(_FILL, {"many": 100_000, "order_id": order.id})
    session.commit()
    session.execute(text("ANALYZE status_intents"))
    session.commit()
    statements.clear()

    with db.transaction() as looking:
        claiming.next_due(looking, order.account_id)
        (statement, parameters) = next(
            one for one in statements if "SKIP LOCKED" in one[0] and "status_intents" in one[0]
        )
        plan = _explain(looking, statement, parameters)

    assert "ix_status_intents_due" in plan
    assert "Sort" not in plan
    assert "Seq Scan on status_intents" not in plan


def _explain(session: AnySession, statement: str, parameters: Any) -> str:
    rows = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return "\n".join(str(row[0]) for row in rows)
