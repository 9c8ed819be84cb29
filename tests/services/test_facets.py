"""Every filter of the list against a brute-force oracle, alone, left out and together."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, select, text, update

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP, OrderStatus, PaymentStatus, SyncStatus
from crm_app.domain.time import business_day, now
from crm_app.domain.working import Priority
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import Order, OrderTag, Tag
from crm_app.services import order_filter
from crm_app.services.facets import Facet, Pick, parse_pick
from crm_app.services.importing import save_orders
from crm_app.services.order_query import OrderQuery, Sort
from crm_app.services.order_search import count_orders, list_orders
from tests.factories import AccountFactory, OrderFactory, OrderLineFactory
from tests.services.fakes import LONG_AGO, told
from tests.services.test_order_search import walk

CITIES = ("Mumbai", "pune", "O'Fallon, Upper", "")
PINS = ("400050", "400001", "411001", "")
SKUS = ("PDE-18K", "ring,one", "BR-7")


@pytest.fixture
def shelf(session: Session, asha: Actor) -> list[Order]:
    """Eighty orders in which every fact is there and missing."""
    dice = random.Random(11)
    tag = Tag(name="Gift wrap")
    session.add(tag)
    for channel in (Channel.AMAZON, Channel.WOOCOMMERCE):
        made = [
            told(
                f"{channel.mark}-{n}",
                placed_at=LONG_AGO - timedelta(hours=9 * dice.randrange(8)),
                status=dice.choice(list(OrderStatus)),
                payment_status=dice.choice(list(PaymentStatus)),
                total_minor=(total := dice.choice([None, 49_900, 100_000, 500_000])),
                currency=None if total is None else dice.choice(["INR", "INR", "USD"]),
                ship_by=dice.choice([None, *(now() + timedelta(hours=h) for h in (-30, 1, 26))]),
                cancel_requested=dice.random() < 0.3,
                return_requested=dice.random() < 0.2,
                is_cod=dice.random() < 0.4,
            )
            for n in range(40)
        ]
        save_orders(session, AccountFactory(channel=channel), made)
    session.flush()
    orders = list(session.exec(select(Order)).all())
    for order in orders:
        order.city, order.pincode = dice.choice(CITIES), dice.choice(PINS)
        order.on_hold = dice.random() < 0.3
        order.sync_status = dice.choice(list(SyncStatus))
        order.priority = dice.choice(list(Priority))
        order.assignee_id = dice.choice([None, asha.user_id])
        order.archived_at = now() if dice.random() < 0.2 else None
        if dice.random() < 0.2:
            order.status_on_channel = None
        for sku in dice.sample(SKUS, dice.randrange(3)):
            OrderLineFactory(order=order, sku=sku)
        if dice.random() < 0.3:
            session.add(OrderTag(order_id=order.id, tag_id=tag.id, placed_at=order.placed_at))
    session.commit()
    return orders


def _flag(read: Callable[[Order], bool]) -> Callable[[Order, str], bool]:
    return lambda order, value: read(order) == (value == "yes")


def _due(order: Order, value: str) -> bool:
    if value == "none":
        return order.ship_by is None
    if order.ship_by is None:
        return False
    if value == "overdue":
        return order.status in TO_SHIP and order.ship_by < now()
    today = business_day(now(), get_settings().zone)
    wanted = today if value == "today" else today + timedelta(days=1)
    return business_day(order.ship_by, get_settings().zone) == wanted


def _amount(order: Order, value: str) -> bool:
    low, dots, high = value.partition("..")
    # One figure alone is that amount, to the paisa.
    high = high if dots else low
    return order.currency == "INR" and (
        int(low or 0) * 100 <= (order.total_minor or 0) <= int(high or 10**9) * 100
    )


# What each facet may be asked for, and whether an order has a value of it.
VALUES: dict[Facet, list[str]] = {
    Facet.PAYMENT: [word.value for word in PaymentStatus],
    Facet.SYNC: [word.value for word in SyncStatus],
    Facet.PRIORITY: [word.value for word in Priority],
    Facet.DUE: ["overdue", "today", "tomorrow", "none"],
    Facet.AMOUNT: ["499", "..600", "1000..5000", "5000.."],
    Facet.CITY: ["Mumbai", "PUNE", "O'Fallon, Upper", "Atlantis"],
    Facet.PINCODE: ["400", "411001", "99"],
    Facet.SKU: ["PDE-18K", "pde-18k", "ring,one", "none-such"],
    Facet.TAG: ["gift wrap", "No such tag"],
    Facet.ASSIGNEE: ["me", "none"],
    Facet.CUSTOMER: ["1", "2", "999999"],
    **{
        flag: ["yes", "no"]
        for flag in (Facet.HOLD, Facet.COD, Facet.CANCEL, Facet.RETURN, Facet.UNMAPPED)
    },
}


class Oracle:
    """Plain Python over rows that were read once."""

    def __init__(self, session: Session) -> None:
        lines: Any = session.execute(text("SELECT order_id, sku FROM order_lines")).all()
        self.skus = {(order_id, sku) for order_id, sku in lines}
        self.tagged = set(session.exec(select(OrderTag.order_id)))

    def has(self, order: Order, facet: Facet, value: str) -> bool:
        plain: dict[Facet, Callable[[Order, str], bool]] = {
            Facet.PAYMENT: lambda o, v: o.payment_status == v,
            Facet.SYNC: lambda o, v: o.sync_status == v,
            Facet.PRIORITY: lambda o, v: o.priority == v,
            Facet.DUE: _due,
            Facet.AMOUNT: _amount,
            Facet.CITY: lambda o, v: o.city.lower() == v.lower(),
            Facet.PINCODE: lambda o, v: o.pincode.startswith(v),
            Facet.SKU: lambda o, v: (o.id, v) in self.skus or (o.id, v.upper()) in self.skus,
            Facet.TAG: lambda o, v: o.id in self.tagged and v == "gift wrap",
            Facet.ASSIGNEE: lambda o, v: (o.assignee_id is None) == (v == "none"),
            Facet.CUSTOMER: lambda o, v: str(o.customer_id) == v,
            Facet.HOLD: _flag(lambda o: o.on_hold),
            Facet.COD: _flag(lambda o: o.is_cod),
            Facet.CANCEL: _flag(lambda o: o.cancel_requested),
            Facet.RETURN: _flag(lambda o: o.return_requested),
            Facet.UNMAPPED: _flag(lambda o: o.status_on_channel is None),
        }
        return plain[facet](order, value)

    def fits(self, order: Order, query: OrderQuery) -> bool:
        archived = query.pick(Facet.ARCHIVED).values
        if archived != ("all",) and (order.archived_at is not None) != (archived == ("yes",)):
            return False
        if query.statuses and order.status not in query.statuses:
            return False
        return all(
            (not pick.values or any(self.has(order, pick.facet, one) for one in pick.values))
            and not any(self.has(order, pick.facet, one) for one in pick.without)
            for pick in query.picks
            if pick.facet is not Facet.ARCHIVED
        )


def pick_of(facet: Facet, values: tuple[str, ...], without: tuple[str, ...]) -> Pick:
    """As the address bar would give it: in its one written form."""
    return parse_pick(facet, Pick(facet, values, without).text(), {})


@st.composite
def asked(draw: st.DrawFn) -> OrderQuery:
    query = OrderQuery(
        sort=draw(st.sampled_from(list(Sort))),
        statuses=tuple(draw(st.sets(st.sampled_from(list(OrderStatus)), max_size=2))),
        limit=draw(st.integers(5, 40)),
    )
    for facet in draw(st.sets(st.sampled_from(list(VALUES)), max_size=3)):
        values = draw(st.sets(st.sampled_from(VALUES[facet]), max_size=2))
        is_flag = VALUES[facet] == ["yes", "no"]
        if is_flag:
            query = query.picking(Pick(facet, tuple(values)[:1]))
            continue
        without = draw(st.sets(st.sampled_from(VALUES[facet]), max_size=2)) - values
        query = query.picking(pick_of(facet, tuple(values), tuple(without)))
    archived = draw(st.sampled_from([(), ("yes",), ("all",)]))
    return query.picking(Pick(Facet.ARCHIVED, archived))


# A shelf is long to write out: without this a disagreement would hide behind the warning of that.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(query=asked(), few=st.sampled_from([0, 10, 5_000]))
def test_any_combination_agrees_with_plain_python(
    session: Session, asha: Actor, shelf: list[Order], query: OrderQuery, few: int
) -> None:
    oracle = Oracle(session)
    wanted = {order.id for order in shelf if oracle.fits(order, query)}
    with pytest.MonkeyPatch.context() as patch:
        # Each way to the rows gives the same ones, whatever counts as few.
        patch.setattr(order_filter, "_FEW_PICKED", few)
        patch.setattr(order_filter, "_VERY_FEW", 0)

        forth, back = walk(session, asha, query)

        assert forth == back
        assert set(forth) == wanted
        assert len(forth) == len(wanted)
        assert count_orders(session, asha, query) == (len(wanted), True)


@given(asked())
def test_an_address_is_read_back_as_it_was(query: OrderQuery) -> None:
    assert OrderQuery.parse(query.params()) == query


@pytest.mark.parametrize("facet", list(VALUES))
def test_no_statement_of_a_list_scans_the_orders(
    session: Session, asha: Actor, shelf: list[Order], facet: Facet
) -> None:
    session.execute(text("ANALYZE orders"))
    values = VALUES[facet]
    picks = [pick_of(facet, (value,), ()) for value in values] + [pick_of(facet, (), (values[0],))]
    with pytest.MonkeyPatch.context() as patch:
        # As in a shop of a million: the rollups see many, and no facet is few.
        patch.setattr(order_filter, "_VERY_FEW", 0)
        for few in (0, 5_000):
            patch.setattr(order_filter, "_FEW_PICKED", few)
            for pick, sort in itertools.product(picks, (Sort.NEWEST, Sort.SHIP_BY, Sort.TOTAL)):
                asked_ = statements(
                    session,
                    lambda p=pick, s=sort: list_orders(
                        session, asha, OrderQuery(picks=(p,), sort=s)
                    ),
                )

                plans = [plan for one in asked_ for plan in _plan(session, *one)]

                assert plans
                assert not [plan for plan in plans if "Seq Scan on orders" in plan]


def statements(session: Session, act: Callable[[], object]) -> list[tuple[str, Any]]:
    """Every statement over orders that `act` runs, with its parameters."""
    found: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "FROM orders" in statement:
            found.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return found


def _plan(session: Session, statement: str, parameters: Any) -> list[str]:
    rows = session.connection().exec_driver_sql("EXPLAIN " + statement, parameters)
    return [line for (line,) in rows]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("payment", "gold", "'gold' is no state of payment"),
        ("account", "x", "not the number of an account"),
        ("account", "0", "not the number of an account"),
        ("due", "someday", "is no ship-by"),
        ("due", "2026-11-22..2026-11-20", "is no ship-by"),
        ("amount", "a lot", "is no amount"),
        ("amount", "900..100", "above the largest"),
        ("amount", "..", "is no amount"),
        ("amount", "1e9", "is no amount"),
        ("pincode", "4", "is no pincode"),
        ("pincode", "40%", "is no pincode"),
        ("city", "x" * 121, "longer than 120"),
        ("hold", "maybe", "may be yes, no"),
        ("hold", "yes,no", "not both"),
        ("assignee", "Asha", "a person's number"),
        ("placed", "sometime", "it may be today"),
        ("sku", ",".join(str(n) for n in range(51)), "At most 50"),
        ("q", "x" * 10_000, "at most 200 characters; this has 10,000"),
    ],
)
def test_a_value_that_means_nothing_is_told_in_a_sentence(name: str, value: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        OrderQuery.parse({name: value})

    assert said in str(caught.value)
    assert list(caught.value.details) == [name]


def test_a_word_and_days_of_placing_exclude_each_other() -> None:
    with pytest.raises(InvalidInputError, match="either a word"):
        OrderQuery.parse({"placed": "today", "from": "2026-11-01"})


@given(st.text(max_size=80))
def test_no_text_breaks_a_filter(value: str) -> None:
    for facet in Facet:
        mistakes: dict[str, str] = {}
        pick = parse_pick(facet, value, mistakes)
        assert mistakes or parse_pick(facet, pick.text(), {}) == pick


def test_today_is_the_business_day_s(session: Session, asha: Actor) -> None:
    zone = get_settings().zone
    midnight = now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    OrderFactory(external_id="today", placed_at=midnight)
    OrderFactory(external_id="yesterday", placed_at=midnight - timedelta(microseconds=1))
    session.flush()

    def placed(word: str) -> list[str]:
        found = list_orders(session, asha, OrderQuery.parse({"placed": word}))
        return [row.external_id for row in found.orders]

    assert placed("today") == ["today"]
    assert placed("yesterday") == ["yesterday"]
    assert placed("week") == ["today", "yesterday"]


def test_who_sees_no_people_may_not_filter_by_pincode(session: Session, reader: Actor) -> None:
    OrderFactory()
    query = OrderQuery.parse({"pincode": "400050"})

    with pytest.raises(PermissionDeniedError, match="Pincodes"):
        list_orders(session, reader, query)


def test_without_looking_an_account_is_counted_by_the_rollups(
    session: Session, asha: Actor, shelf: list[Order]
) -> None:
    session.execute(update(Order).values(archived_at=None))
    account = shelf[0].account_id
    query = OrderQuery(picks=(Pick(Facet.ACCOUNT, (str(account),)),))

    chosen = order_filter.build(session, asha, query)

    assert (chosen.rows, chosen.is_exact) == (40, True)
    assert count_orders(session, asha, query) == (40, True)
    left_out = replace(query, picks=(Pick(Facet.ACCOUNT, (), (str(account),)),))
    assert count_orders(session, asha, left_out) == (40, True)


def test_all_orders_of_a_customer_are_for_those_who_see_people(
    session: Session, asha: Actor, reader: Actor, shelf: list[Order]
) -> None:
    customer_id = next(order.customer_id for order in shelf if order.customer_id)
    query = OrderQuery.parse({"customer": str(customer_id), "archived": "all"})

    found = list_orders(session, asha, query)

    wanted = {order.id for order in shelf if order.customer_id == customer_id}
    assert found.total == len(wanted)
    assert {order.id for order in found.orders} <= wanted
    with pytest.raises(PermissionDeniedError):
        list_orders(session, reader, query)
