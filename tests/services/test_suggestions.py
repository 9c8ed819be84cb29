"""What fields offer while somebody types."""

import pytest
from sqlmodel import Session

from crm_app.domain.actor import Actor, ActorKind
from crm_app.errors import PermissionDeniedError
from crm_app.services import suggestions
from crm_app.services.suggestions import Product
from tests.factories import OrderFactory, OrderLineFactory


def test_skus_that_were_sold_are_offered_with_what_they_are(session: Session, asha: Actor) -> None:
    for title, price in (("Old name", 100), ("Pearl ring", 149_900)):
        OrderLineFactory(sku="RING-1", title=title, unit_price_minor=price)
    OrderLineFactory(sku="RING-2", title="Plain ring")
    OrderLineFactory(sku="PDE-18K", title="Earrings")
    session.commit()

    assert suggestions.products(session, asha, " ring") == [
        Product("RING-1", "Pearl ring"),
        Product("RING-2", "Plain ring"),
    ]
    assert suggestions.products(session, asha, "r") == []
    assert suggestions.products(session, asha, "%%") == []
    assert suggestions.products(session, asha, "ring_") == []


def test_cities_are_offered_once_each(session: Session, asha: Actor) -> None:
    for city in ("Mumbai", "mumbai", "Munnar", "Pune", ""):
        OrderFactory(city=city)
    session.commit()

    found = suggestions.cities(session, asha, "MU")

    assert [name.lower() for name in found] == ["mumbai", "munnar"]


def test_only_so_many_are_offered(session: Session, asha: Actor) -> None:
    for n in range(12):
        OrderLineFactory(sku=f"AB-{n:02d}")
    session.commit()

    assert len(suggestions.products(session, asha, "AB")) == 8


def test_who_sees_no_orders_is_offered_nothing(session: Session) -> None:
    nobody = Actor(ActorKind.PERSON, "Nobody", 1)

    for ask in (suggestions.products, suggestions.cities):
        with pytest.raises(PermissionDeniedError):
            ask(session, nobody, "AB")
