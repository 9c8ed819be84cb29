"""How many orders a filter leaves: exactly where that is cheap, else at least so many."""

from typing import Any, Final

from sqlalchemy import func, literal
from sqlmodel import Session, col, select

from crm_app.models import Order
from crm_app.services import matching
from crm_app.services.facet_conditions import Condition
from crm_app.services.order_filter import COUNT_CAP, Filter

# Up to so many rows a dense text is tested on each of them, for an exact count.
_FEW_TO_TEST: Final = 5_000


def count(session: Session, chosen: Filter) -> tuple[int, bool]:
    """How many match, and whether that is exact; if it is not, there are at least so many."""
    if chosen.match is matching.NOTHING:
        return 0, True
    if chosen.archived is None:
        return _count(session, chosen)
    # The indexes do not hold whether an order was put away, and it is rare: counted by itself,
    # the rest is counted without a row being read.
    archived = col(Order.archived_at).is_not(None)
    put_away = _count_capped(session, [*chosen.counted, archived], chosen.cap)
    if chosen.wants_archived:
        return min(put_away, chosen.cap), put_away <= chosen.cap
    found, is_exact = _count(session, chosen)
    return max(found - put_away, 0), is_exact and put_away <= chosen.cap


def _count(session: Session, chosen: Filter) -> tuple[int, bool]:
    match = chosen.match
    if match is None and chosen.rows is not None and chosen.is_exact:
        return chosen.rows, True
    if chosen.query.word and match is None and len(chosen.plain) == 1:
        return min(chosen.carrying, COUNT_CAP), chosen.carrying <= COUNT_CAP
    if match is not None and match.is_dense:
        is_small = chosen.rows is None or chosen.rows <= _FEW_TO_TEST
        if match.customers and not is_small:
            return _count_at_least(session, chosen, match.customers), False
        if not chosen.plain:
            return match.at_least or COUNT_CAP, False
    found = chosen.beside
    if found is None:
        found = _count_capped(session, chosen.counted, chosen.cap)
    return min(found, chosen.cap), found <= chosen.cap


def _count_capped(session: Session, conditions: list[Condition], cap: int) -> int:
    rows = select(literal(1)).select_from(Order).where(*conditions).limit(cap + 1).subquery()
    return session.exec(select(func.count()).select_from(rows)).one()


def _count_at_least(session: Session, chosen: Filter, customers: Any) -> int:
    """Orders of the people who were looked up. There are more: of more people, of more numbers."""
    theirs = (
        select(literal(1)).select_from(Order).where(*chosen.plain, matching.is_by(customers))
    ).limit(COUNT_CAP)
    return session.exec(select(func.count()).select_from(theirs.subquery())).one()
