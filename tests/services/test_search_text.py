"""What people type into the search box, and what a text can never do."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from crm_app.channels.base import ChannelBuyer
from crm_app.domain.actor import Actor
from crm_app.models import Order
from crm_app.services.importing import save_orders
from crm_app.services.order_query import OrderQuery
from crm_app.services.order_search import count_orders, list_orders
from tests.factories import AccountFactory
from tests.services.fakes import told


def buyer(key: str, name: str, email: str = "", phone: str = "") -> ChannelBuyer:
    return ChannelBuyer(key, name, email, phone)


@pytest.fixture
def shelf(session: Session) -> None:
    """Orders by people with every kind of name and number."""
    people = {
        "405-1000001": buyer("1", "Meera Iyer", "Meera.I@mail.example", "+91 98200 12345"),
        "405-1000002": buyer("2", "A.K. Sharma", "ak@mail.example", "9820067890"),
        "WC-77": buyer("3", "José García-López", "jose@mail.example", "+34 600 111 222"),
        "WC-78": buyer("4", "मीरा अय्यर", "", "098765 43210"),
        "wc_79": buyer("5", "Sinéad O'Brien ✨"),
        "W%80": buyer("6", 'Quote " Back\\slash'),
        "WC-81": buyer("7", "Dr.Anita Rao"),
    }
    orders = [
        told(key, order_number=f"N{index}-{key}", buyer=who)
        for index, (key, who) in enumerate(people.items())
    ]
    save_orders(session, AccountFactory(), orders)
    session.commit()


def found(session: Session, actor: Actor, text: str) -> list[str]:
    page = list_orders(session, actor, OrderQuery(text=text))
    total, is_exact = count_orders(session, actor, OrderQuery(text=text))
    assert (total, is_exact) == (len(page.orders), True) == (page.total, page.total_is_exact)
    return sorted(row.external_id for row in page.orders)


BOTH = ["405-1000001", "405-1000002"]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("405-1000001", BOTH[:1]),
        ("405-100", BOTH),
        ("#405-1000001", BOTH[:1]),
        ("  405-1000001  ", BOTH[:1]),
        ("N0-405", BOTH[:1]),
        ("n0-405-1", BOTH[:1]),
        ("wc-77", ["WC-77"]),
        ("405-1000001x", []),
        ("1000001", []),  # not from its beginning
        ("meera", BOTH[:1]),
        ("IYER", BOTH[:1]),
        ("iyer meera", BOTH[:1]),
        ("mee iy", BOTH[:1]),
        ("eera", []),
        ("meera sharma", []),
        ("A.K. Sharma", BOTH[1:]),
        ("a.k.", BOTH[1:]),
        ("sharma", BOTH[1:]),
        ("josé", ["WC-77"]),
        ("JOSÉ gar", ["WC-77"]),
        ("garcía-lópez", ["WC-77"]),
        ("lópez", ["WC-77"]),
        ("मीरा", ["WC-78"]),
        ("अय्यर मीरा", ["WC-78"]),
        ("मी", ["WC-78"]),
        ("O'Brien", ["wc_79"]),
        ("brien", ["wc_79"]),
        ("Sinéad O'Brien ✨", ["wc_79"]),
        ("✨", []),
        ('Quote "', ["W%80"]),
        ("back\\slash", ["W%80"]),
        ("dr.anita", ["WC-81"]),
        ("meera.i@mail.example", BOTH[:1]),
        ("MEERA.I@", BOTH[:1]),
        ("@mail.example", []),
        ("12345", BOTH[:1]),
        ("2345", BOTH[:1]),
        ("345", []),  # too short to mean a phone
        ("9820012345", BOTH[:1]),
        ("+91 98200 12345", BOTH[:1]),
        ("+919820012345", BOTH[:1]),
        ("+91 98200 67890", BOTH[1:]),  # stored without the country code
        ("0 98200-67890", BOTH[1:]),
        ("9876543210", ["WC-78"]),
        ("(98765) 43210", ["WC-78"]),
        ("600 111 222", ["WC-77"]),
        ("wc_7", ["wc_79"]),  # no wildcard: WC-77 is not meant
        ("W%", []),
        ("W%8", ["W%80"]),
        ("%%%", []),
        ("___", []),
        ("#", []),
        ("'", []),
        ("*:*", []),
        ("meera:*", BOTH[:1]),
        ("' OR 1=1 --", []),
        ("meera' & 'x", []),
        ("!meera", BOTH[:1]),
        ("meera | sharma", []),
        ("a" * 200, []),
    ],
)
def test_a_text_finds_what_it_means(
    session: Session, asha: Actor, text: str, expected: list[str]
) -> None:
    assert found(session, asha, text) == expected


@pytest.mark.usefixtures("shelf")
def test_people_who_may_not_see_people_find_numbers_only(session: Session, reader: Actor) -> None:
    for text in ("meera", "meera.i@mail.example", "9820012345", "12345", "मीरा"):
        assert found(session, reader, text) == []

    assert found(session, reader, "405-1000001") == BOTH[:1]


@pytest.mark.usefixtures("shelf")
def test_a_text_and_filters_hold_together(session: Session, asha: Actor) -> None:
    row = session.exec(select(Order).where(Order.external_id == BOTH[0])).one()

    hit = list_orders(session, asha, OrderQuery(text="405-1", statuses=(row.status,)))
    none = list_orders(
        session, asha, OrderQuery(text="405-1", placed_to=row.placed_on.replace(year=2020))
    )

    assert [order.external_id for order in hit.orders] == BOTH[::-1]
    assert (none.orders, none.total) == ((), 0)


ODD = st.text(
    st.sampled_from("a1'\"\\:*&|!()<>-@#%_ .+\x01\u200d\u0301मी✨") | st.characters(codec="utf-8"),
    max_size=30,
)


@pytest.mark.usefixtures("shelf")
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=ODD)
def test_no_text_breaks_the_search(session: Session, asha: Actor, text: str) -> None:
    query = OrderQuery.parse({"q": text})

    page = list_orders(session, asha, query)

    assert page.total == len(page.orders)


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("\u202a+91 98200 12345\u202c", "+91 98200 12345"),
        ("\ufeff405-80\u200b", "405-80"),
        (" \u200b\u2060 ", ""),
        # A joiner belongs to the word.
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_what_a_paste_brings_along_unseen_is_no_part_of_the_search(pasted: str, meant: str) -> None:
    assert OrderQuery.parse({"q": pasted}).text == meant
