"""What somebody looks for in the ledger: orders by their number, or people by their name."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from crm_app.models import Order
from crm_app.services.matching import begins

_MOST_ORDERS: Final = 200
_MOST_PEOPLE: Final = 20
# Each name once, by steps through the index: nobody walks a million changes for ten names.
_PEOPLE: Final = sa.text("""
    WITH RECURSIVE person AS (
        (SELECT actor_label FROM status_intents ORDER BY actor_label LIMIT 1)
        UNION ALL
        SELECT (SELECT actor_label FROM status_intents
                WHERE actor_label > person.actor_label ORDER BY actor_label LIMIT 1)
        FROM person WHERE person.actor_label IS NOT NULL
    )
    SELECT actor_label FROM person
    WHERE strpos(lower(actor_label), lower(:text)) > 0
    ORDER BY actor_label LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Found:
    """Both may be empty: then nothing matches."""

    order_ids: tuple[int, ...]
    people: tuple[str, ...]


def found_by(session: Session, text: str) -> Found:
    """Orders whose number begins with the text, and names of the ledger that hold it."""
    people = session.execute(_PEOPLE, {"text": text, "most": _MOST_PEOPLE}).scalars()
    return Found(_orders(session, text), tuple(people))


def _orders(session: Session, text: str) -> tuple[int, ...]:
    found: dict[int, Any] = {}
    for column in (col(Order.order_number), col(Order.external_id)):
        ids = session.exec(
            select(Order.id).where(begins(column, text.lstrip("#"))).limit(_MOST_ORDERS)
        )
        found |= dict.fromkeys(ids)
    return tuple(found)
