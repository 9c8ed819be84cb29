"""An order as it was: its lines too."""

from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.models import Order, OrderEvent
from crm_app.services import order_past
from crm_app.services.importing import save_orders
from tests.factories import AccountFactory
from tests.services.fakes import at, line, told


def lines_then(session: Session, actor: Actor, order: Order, moment: object) -> tuple[str, str]:
    past = order_past.as_of(session, actor, order.id, moment)  # pyright: ignore[reportArgumentType]
    (found,) = [one for one in past.fields if one.name == "lines"]
    return found.then, found.now


def test_lines_are_told_back(session: Session, asha: Actor) -> None:
    account = AccountFactory()
    ring = line("2", sku="RING-7", quantity=2)
    save_orders(session, account, [told(lines=(line(), ring))])
    session.commit()
    order = session.exec(select(Order)).one()
    first = session.exec(select(OrderEvent)).one().at
    save_orders(
        session,
        account,
        [told(updated_at=at(1), lines=(line("1", quantity_shipped=1), line("2", sku="RING-7")))],
    )
    session.commit()

    assert lines_then(session, asha, order, first) == (
        "1 × PDE-18K; 2 × RING-7",
        "1 × PDE-18K, 1 shipped; 1 × RING-7",
    )


def test_what_an_older_release_did_not_keep_is_not_made_up() -> None:
    fields = {"lines": "1 × A", "status": "packed"}

    order_past.take_back(fields, "order:updated", {"lines": [1, 1], "status": ["new", "packed"]})

    assert fields == {"lines": "not kept", "status": "new"}
