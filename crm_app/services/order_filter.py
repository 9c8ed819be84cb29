"""What a query of orders comes to: its conditions, how to reach them, and how many there are.

Which filters leave few orders is looked up, each on its own index and never beyond a limit; the
rest follows from it. `docs/decisions/0011` and `0024` say why.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, any_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from crm_app.channels.words import Word
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.working import Priority
from crm_app.errors import PermissionDeniedError
from crm_app.models import Order, OrderCount, OrderLine, OrderRollup, OrderTag, Tag
from crm_app.services import matching, paging, reach, unknown_words
from crm_app.services.facet_conditions import (
    Asker,
    Condition,
    any_of,
    archived_condition,
    chosen_condition,
    left_out_condition,
    plain_conditions,
    sku_spellings,
    tag_ids,
)
from crm_app.services.facets import FLAGS, NONE, Archived, Due, Facet, Flag, Pick
from crm_app.services.matching import Match
from crm_app.services.order_query import CarriedWord, OrderQuery, Sort

# Counting further would walk the table; the page says "10,000+".
COUNT_CAP: Final = 10_000
# Where each row that is counted must be read, or asked about its lines.
_COSTLY_CAP: Final = 1_000
# Up to so many rows it is quicker to gather and sort than to hope that a walk meets them early.
# Those of some days lie together. Deadlines follow the dates, so the rows of a status may all
# lie at the far end of a walk; amounts follow nothing.
_FEW_OF_DAYS: Final = 40_000
_FEW: Final[dict[Sort, int]] = {
    Sort.NEWEST: 3_000,
    Sort.OLDEST: 3_000,
    Sort.SHIP_BY: 8_000,
    Sort.SHIP_BY_LAST: 8_000,
    Sort.TOTAL: 2_000,
    Sort.TOTAL_HIGHEST: 2_000,
}
_VERY_FEW: Final = 500
# Up to so many orders of one facet are taken by their ids, whatever else is asked.
_FEW_PICKED: Final = 5_000
# Facets that have an index of their own, those first that leave the fewest.
_LOOKED_UP: Final = (
    Facet.CUSTOMER,
    Facet.ASSIGNEE,
    Facet.TAG,
    Facet.UNMAPPED,
    Facet.HOLD,
    Facet.RETURN,
    Facet.CANCEL,
    Facet.PINCODE,
    Facet.CITY,
    Facet.SYNC,
    Facet.SKU,
    Facet.DUE,
    Facet.PRIORITY,
    Facet.PAYMENT,
    Facet.AMOUNT,
    Facet.COD,
)
# The rollups' own keys: what they leave is counted exactly.
_OF_ROLLUPS: Final = (Facet.CHANNEL, Facet.ACCOUNT, Facet.STATUS)


@dataclass(frozen=True, slots=True)
class Filter:
    """The conditions of a query.

    Attributes:
        plain: All but the text, and but whether an order was put away.
        archived: Whether it was; None where that is all the same.
        match: What the text means; None without one.
        rows: At most so many fulfil `plain`; None if nobody knows.
        is_exact: `rows` is their number.
        is_few: So few fulfil one of them that gathering these is cheap.
        has_dense_word: Whether very many orders carry the unknown word that is asked for.
        carrying: How many do, counted to just above the cap.
        cap: How far counting stays cheap.
        beside: How many a table beside the orders tells, where nothing else is asked.
        is_narrowed: Whether who asks sees some accounts only.
    """

    query: OrderQuery
    plain: list[Condition]
    archived: Condition | None
    match: Match | None
    rows: int | None
    is_exact: bool = False
    is_few: bool = False
    has_dense_word: bool = False
    carrying: int = 0
    cap: int = COUNT_CAP
    beside: int | None = None
    is_narrowed: bool = False

    @property
    def conditions(self) -> list[Condition]:
        return self.counted if self.archived is None else [*self.counted, self.archived]

    @property
    def counted(self) -> list[Condition]:
        """All but whether they were put away."""
        return self.plain if self.match is None else [*self.plain, self.match.condition]

    @property
    def wants_archived(self) -> bool:
        return self.query.pick(Facet.ARCHIVED).values == (Archived.YES.value,)

    def should_gather(self, sort: Sort) -> bool:
        """See `paging`. Attention asks for open work, which is little at any size."""
        if self.is_few or (self.match is not None and not self.match.is_dense):
            return True
        if self.rows is None:
            return not self.has_dense_word
        query = self.query
        if (self.is_narrowed or query.pick(Facet.ACCOUNT)) and self.rows <= _FEW_PICKED:
            return True
        if sort in (Sort.NEWEST, Sort.OLDEST):
            # One status has an index in this order; several may all lie at the far end of a walk.
            return self.rows <= (_FEW[sort] if len(query.statuses) > 1 else _VERY_FEW)
        has_days = query.placed or query.placed_from or query.placed_to
        return self.rows <= (_FEW_OF_DAYS if has_days else _FEW[sort])


def build(session: Session, actor: Actor, query: OrderQuery) -> Filter:
    """Look up what a query comes to.

    Args:
        session: An open session; it is set up for lists.
        actor: Must hold `orders.view`; without `customers.see_personal_data` the search looks at
            numbers only.
        query: What to show.

    Raises:
        PermissionDeniedError: If the actor may not view orders, or not what a filter tells.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    sees_people = reach.holds_wherever(actor, Permission.SEE_PERSONAL_DATA, Permission.VIEW_ORDERS)
    if _asks_for_money(query) and not reach.holds_wherever(
        actor, Permission.SEE_MONEY, Permission.VIEW_ORDERS
    ):
        raise PermissionDeniedError(
            "Your role does not show amounts. Take that filter or that order of the list away."
        )
    for facet, what in ((Facet.PINCODE, "Pincodes"), (Facet.CUSTOMER, "Customers")):
        if query.pick(facet) and not sees_people:
            raise PermissionDeniedError(
                f"{what} are personal data, which your role does not show. Take that filter away."
            )
    paging.plan_for_pages(session)
    asker = Asker.at_this_moment(actor.user_id, _tags(session, query))
    match = matching.match(session, query.text, sees_people=sees_people) if query.text else None
    rows = None if query.attention or query.word else _count_by_rollup(session, query, asker)
    carrying = _carrying(session, query.word) if query.word else 0
    picked = _picked(session, query, asker, rows)
    archived = archived_condition(query)
    is_few = picked.few is not None
    if not is_few and archived is not None and query.pick(Facet.ARCHIVED):
        is_few = _count_up_to(session, archived, _FEW_OF_DAYS) <= _FEW_OF_DAYS
    return Filter(
        query=query,
        plain=[*plain_conditions(query, asker), *picked.conditions],
        archived=archived,
        match=match,
        rows=rows if picked.few is None or rows is None else min(rows, picked.few),
        is_exact=all(pick.facet in _OF_ROLLUPS for pick in query.picks),
        is_few=is_few,
        has_dense_word=carrying > _FEW[Sort.NEWEST],
        carrying=carrying,
        cap=_COSTLY_CAP if picked.is_costly else COUNT_CAP,
        beside=None if picked.few is not None else _count_beside(session, query, asker),
        is_narrowed=not actor.reach(Permission.VIEW_ORDERS).is_all,
    )


def _asks_for_money(query: OrderQuery) -> bool:
    pick = query.pick(Facet.AMOUNT)
    return bool(pick) or query.sort in (Sort.TOTAL, Sort.TOTAL_HIGHEST)


def _count_beside(session: Session, query: OrderQuery, asker: Asker) -> int | None:
    """Orders of a SKU or a tag that very many have, with nothing else asked."""
    if len(query.picks) != 1 or set(query.first_page().params()) - {query.picks[0].facet, "sort"}:
        return None
    (pick,) = query.picks
    statement = _beside(pick, asker, COUNT_CAP + 1) if pick.values and not pick.without else None
    if statement is None:
        return None
    return session.exec(select(func.count()).select_from(statement.subquery())).one()


def _tags(session: Session, query: OrderQuery) -> dict[str, int]:
    pick = query.pick(Facet.TAG)
    names = [name.lower() for name in (*pick.values, *pick.without)]
    if not names:
        return {}
    lower: Any = func.lower(Tag.name)
    return dict(session.exec(select(lower, Tag.id).where(lower.in_(names))).all())


@dataclass(frozen=True, slots=True)
class _Picked:
    """Conditions of the facets; `few` is how many orders the rarest of them has, if few."""

    conditions: list[Condition]
    few: int | None
    is_costly: bool


def _picked(session: Session, query: OrderQuery, asker: Asker, rows: int | None) -> _Picked:
    conditions: list[Condition] = []
    few: int | None = None
    dense = 0
    for pick in sorted(query.picks, key=_rarity):
        if pick.facet is Facet.ARCHIVED:
            continue
        chosen, left_out = chosen_condition(pick, asker), left_out_condition(pick, asker)
        if left_out is not None:
            conditions.append(left_out)
        if chosen is None:
            continue
        # Attention and words leave little already, and so may the rollups' keys.
        is_open = few is None and rows is not None and rows > _VERY_FEW
        if is_open and pick.facet in _LOOKED_UP and not _is_usual(pick):
            ids = _ids(session, pick, chosen, asker)
            if len(ids) <= _FEW_PICKED:
                few, chosen = len(ids), is_one_of(ids)
            elif pick.facet is Facet.DUE and Due.NONE not in pick.values:
                # Deadlines lie together: a walk by another order may pass all other years first.
                found = _count_up_to(session, chosen, _FEW_OF_DAYS)
                few = found if found <= _FEW_OF_DAYS else None
        dense += pick.facet in _LOOKED_UP
        conditions.append(chosen)
    without = {pick.facet for pick in query.picks if pick.without}
    chosen_ones = {pick.facet for pick in query.picks if pick.values}
    is_costly = few is None and bool(
        dense > 1
        or Facet.AMOUNT in chosen_ones
        or {Facet.SKU, Facet.TAG} & without
        or (dense == 1 and _has_more(query))
    )
    return _Picked(conditions, few, is_costly)


# What most orders are: no index holds it, and a walk meets it at once.
_USUAL: Final[dict[Facet, str]] = {
    Facet.SYNC: SyncStatus.IN_SYNC.value,
    Facet.PRIORITY: Priority.NORMAL.value,
    Facet.ASSIGNEE: NONE,
    **dict.fromkeys(FLAGS, Flag.NO.value),
}


def _is_usual(pick: Pick) -> bool:
    return _USUAL.get(pick.facet) in pick.values


def _rarity(pick: Pick) -> int:
    return _LOOKED_UP.index(pick.facet) if pick.facet in _LOOKED_UP else -1


def _has_more(query: OrderQuery) -> bool:
    return bool(len(query.picks) > 1 or query.channels or query.statuses or query.text)


def _ids(session: Session, pick: Pick, chosen: Condition, asker: Asker) -> list[int]:
    """Orders that have one of the values: all of them, or one more than few."""
    statement = _beside(pick, asker, _FEW_PICKED + 1)
    if statement is None:
        statement = select(Order.id).where(chosen).limit(_FEW_PICKED + 1)
    return list(session.exec(statement))


def _beside(pick: Pick, asker: Asker, most: int) -> SelectOfScalar[int] | None:
    """The orders of a facet that a table beside them tells; None for one of their own columns."""
    # Two lines of an order may have the same SKU.
    if pick.facet is Facet.SKU:
        has_one = any_of(OrderLine.sku, sku_spellings(pick.values))
        return select(OrderLine.order_id).where(has_one).distinct().limit(most)
    if pick.facet is Facet.TAG:
        has_tag = any_of(OrderTag.tag_id, tag_ids(pick.values, asker))
        return select(OrderTag.order_id).where(has_tag).distinct().limit(most)
    return None


def is_one_of(ids: list[int]) -> Condition:
    """The order's id is one of these; as one array, for thousands of parameters take their time."""
    keys: Any = literal(ids, ARRAY(BigInteger))
    return col(Order.id) == any_(keys)


def _count_up_to(session: Session, condition: Condition, most: int) -> int:
    capped = select(literal(1)).select_from(Order).where(condition).limit(most + 1)
    return session.exec(select(func.count()).select_from(capped.subquery())).one()


def _carrying(session: Session, word: CarriedWord) -> int:
    text = Word(word.vocabulary, word.word)
    return unknown_words.count_orders(session, [word.account_id], text)


def _count_by_rollup(session: Session, query: OrderQuery, asker: Asker) -> int:
    """Exact and cheap: days, channel, account and status are the rollup's own keys."""
    first, last = query.days(asker.today)
    # Years of days are tens of thousands of rows; without dates a handful says the same.
    sums: Any = OrderRollup if first or last else OrderCount
    statement = select(func.coalesce(func.sum(sums.orders), 0))
    if query.channels:
        statement = statement.where(col(sums.channel).in_(query.channels))
    if query.statuses:
        statement = statement.where(col(sums.status).in_(query.statuses))
    columns: dict[Facet, Any] = {
        Facet.CHANNEL: sums.channel,
        Facet.ACCOUNT: sums.account_id,
        Facet.STATUS: sums.status,
    }
    for facet, column in columns.items():
        pick = query.pick(facet)
        kind = int if facet is Facet.ACCOUNT else str
        if pick.values:
            statement = statement.where(col(column).in_([kind(value) for value in pick.values]))
        if pick.without:
            statement = statement.where(col(column).not_in([kind(value) for value in pick.without]))
    if first:
        statement = statement.where(col(OrderRollup.day) >= first)
    if last:
        statement = statement.where(col(OrderRollup.day) <= last)
    return int(session.exec(statement).one())
