"""One page of a channel's orders into the database, in one transaction and few statements."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, any_, delete, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from crm_app.channels.base import BadOrder, ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.order_status import SyncStatus
from crm_app.domain.time import now
from crm_app.models import (
    ChannelAccount,
    InboxEntry,
    InboxState,
    Order,
    OrderEvent,
    OrderLine,
    OrderPayload,
    StatusIntent,
)
from crm_app.services import (
    arrivals,
    audit,
    bulk,
    buyers,
    disputes,
    merging,
    order_rows,
    package_merging,
    pulse,
    settling,
    unknown_words,
)
from crm_app.services.authors import Author
from crm_app.services.events import channel_actor, event_row
from crm_app.services.privacy import forgetting
from crm_app.services.rollups import RollupChange, RollupKey
from crm_app.services.working import telling

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportCount:
    """What a page did. The sum is the number of distinct orders on it."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0  # the same version, or an older one than ours
    set_aside: int = 0

    def __add__(self, other: "ImportCount") -> "ImportCount":
        return ImportCount(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.set_aside + other.set_aside,
        )

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + self.set_aside


@dataclass(frozen=True, slots=True)
class _Incoming:
    """An order with its raw JSON and the digest of that."""

    order: ChannelOrder
    digest: bytes
    body: bytes


def save_orders(
    session: Session,
    account: ChannelAccount,
    orders: Sequence[ChannelOrder],
    bad: Sequence[BadOrder] = (),
    author: Author | None = None,
) -> ImportCount:
    """Store what a channel told. Safe to repeat, in any order.

    The key is `(account, external_id)`; a version older than ours changes nothing, the same
    version again changes nothing, and an order that cannot be stored is set aside with its
    reason while the others go on. Rollups, events and intents change with the orders.

    Args:
        session: An open transaction; the caller commits.
        account: Whose orders these are.
        orders: At most some hundred, in any order, repeats allowed.
        bad: What the mapping refused.
        author: Whom the events name; None: the channel itself.
    """
    author = author or Author(channel_actor(account))
    good, refused = _sort_out(forgetting.cleaned(session, account.id, orders))
    aside = forgetting.cleaned_bad(session, account.id, [*bad, *refused])
    _set_aside(session, account, aside)
    incoming = _newest(good)
    known = _known_versions(session, account, incoming)
    fresh = [item for key, item in incoming.items() if key not in known]
    stale = [item for key, item in incoming.items() if key in known]
    changed = [
        item
        for item in stale
        if item.order.updated_at >= known[item.order.external_id][0]
        and item.digest != known[item.order.external_id][1]
    ]
    rollups = RollupChange()
    customers = buyers.save(session, account, [item.order for item in [*fresh, *changed]])
    created = _insert(session, account, fresh, customers, rollups, author)
    # Somebody else inserted it since we looked (a read-back beside a pull): treat it as known.
    raced = [item for item in fresh if item.order.external_id not in created]
    deeds: list[audit.Deed] = []
    updated = _update(session, account, [*changed, *raced], customers, rollups, author, deeds)
    written = {order_id: incoming[key].order for key, order_id in {**created, **updated}.items()}
    unknown_words.note(session, account, written, known_before=updated.values())
    stored = {item.order.external_id for item in [*fresh, *changed]}
    arrivals.stored(session, account, stored - {entry.external_id for entry in aside})
    rollups.write(session)
    pulse.note_orders(session, account.id, (incoming[key].order.placed_at for key in created))
    # Last: it holds the lock of the trail until the commit.
    audit.record_many(session, settling.RULE, deeds)
    return ImportCount(
        created=len(created),
        updated=len(updated),
        unchanged=len(incoming) - len(created) - len(updated),
        set_aside=len(aside),
    )


def _sort_out(orders: Iterable[ChannelOrder]) -> tuple[list[ChannelOrder], list[BadOrder]]:
    moment = now()
    good: list[ChannelOrder] = []
    refused: list[BadOrder] = []
    for order in orders:
        reason = order_rows.check_storable(order, moment)
        if reason:
            refused.append(BadOrder(order.external_id, reason, order.raw))
        else:
            good.append(order)
    return good, refused


def _newest(orders: Iterable[ChannelOrder]) -> dict[str, _Incoming]:
    """One version per order: the newest of the page (the later one, when they tie)."""
    newest: dict[str, ChannelOrder] = {}
    for order in orders:
        other = newest.get(order.external_id)
        if other is None or order.updated_at >= other.updated_at:
            newest[order.external_id] = order
    return {key: _Incoming(order, *order_rows.payload(order.raw)) for key, order in newest.items()}


def _known_versions(
    session: Session, account: ChannelAccount, incoming: dict[str, _Incoming]
) -> dict[str, tuple[Any, bytes]]:
    rows = session.exec(
        select(Order.external_id, Order.channel_updated_at, Order.payload_hash).where(
            Order.account_id == account.id, _is_one_of(incoming)
        )
    )
    return {external_id: (updated_at, digest) for external_id, updated_at, digest in rows}


def _is_one_of(external_ids: Iterable[str]) -> Any:
    # One array: a hundred parameters take their time.
    return col(Order.external_id) == any_(literal(list(external_ids), ARRAY(Text)))


def _insert(
    session: Session,
    account: ChannelAccount,
    items: Sequence[_Incoming],
    customers: dict[str, int],
    rollups: RollupChange,
    author: Author,
) -> dict[str, int]:
    """Insert new orders with their lines, payloads and first events; ids by external id."""
    if not items:
        return {}
    zone = get_settings().zone
    rows: dict[str, dict[str, Any]] = {}
    for item in items:
        order = item.order
        rows[order.external_id] = {
            "account_id": account.id,
            "channel": account.channel,
            "external_id": order.external_id,
            "status": order.status or order_rows.UNKNOWN_STATUS,
            "status_on_channel": order.status,
            "sync_status": SyncStatus.IN_SYNC,
            "payload_hash": item.digest,
            "version": 1,
            "units_shipped": order_rows.units_shipped(order),
            **order_rows.order_values(order, customers.get(order_rows.identity_of(order)), zone),
        }
    values = list(rows.values())
    inserted = session.execute(
        bulk.insert_rows(Order, list(values[0]))
        .on_conflict_do_nothing(index_elements=["account_id", "external_id"])
        .returning(col(Order.external_id), col(Order.id)),
        bulk.parameter(values),
    )
    ids: dict[str, int] = dict(inserted.all())
    lines: list[dict[str, Any]] = []
    payloads: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for item in items:
        order_id = ids.get(item.order.external_id)
        if order_id is None:
            continue
        row = rows[item.order.external_id]
        lines += order_rows.line_rows(order_id, item.order.lines)
        payloads.append(_payload_row(order_id, item))
        data = {"status": [None, row["status"]], **author.told}
        events.append(event_row(order_id, "order:imported", author.actor, data, version=1))
        rollups.add(_rollup_key(account, row), row["total_minor"])
    _insert_all(session, OrderLine, lines)
    _insert_all(session, OrderPayload, payloads)
    _insert_all(session, OrderEvent, events)
    package_merging.insert(session, _told(items, ids), account.channel.label)
    return ids


def _told(items: Sequence[_Incoming], ids: Mapping[str, int]) -> dict[int, ChannelOrder]:
    return {ids[key]: one.order for one in items if (key := one.order.external_id) in ids}


def _rollup_key(account: ChannelAccount, row: dict[str, Any]) -> RollupKey:
    return RollupKey(
        row["placed_on"], account.id, row["status"], row["currency"] or "", account.channel
    )


def _update(
    session: Session,
    account: ChannelAccount,
    items: Sequence[_Incoming],
    customers: dict[str, int],
    rollups: RollupChange,
    author: Author,
    deeds: list[audit.Deed],
) -> dict[str, int]:
    """Merge newer versions into orders that we have; ids of those that changed, by external id.

    What a rule of the account decides by the way is added to `deeds`.
    """
    if not items:
        return {}
    by_key = {item.order.external_id: item for item in items}
    newer = _older_than(session, account, by_key)
    intents = merging.open_intents(session, [order.id for order in newer])
    told = {key: item.order for key, item in by_key.items()}
    kept = disputes.kept_columns(session, account, newer, told, intents)
    versions = {order.id: told[order.external_id] for order in newer}
    parcels = package_merging.merge(session, versions, intents, account.channel.label)
    events: list[dict[str, Any]] = []
    news: dict[int, str] = {}
    conflicts: list[tuple[Order, Sequence[StatusIntent]]] = []
    came_back: list[int] = []
    for order in newer:
        item, theirs = by_key[order.external_id], intents.get(order.id, [])
        changes = merging.merge(
            order,
            item.order,
            customers.get(order_rows.identity_of(item.order)),
            theirs,
            rollups,
            kept=kept.get(order.id, frozenset()),
            shown=parcels.shown,
            lacks_part=order.id in parcels.lacking,
        )
        if changes.get("sync_status", [""])[-1] == SyncStatus.CONFLICT:
            conflicts.append((order, theirs))
        if changes.get("shipped_at", [""])[-1] is None:
            came_back.append(order.id)
        lines = replace_lines(session, order.id, item.order)
        if lines and not changes:
            merging.count_change(order)
        changes |= lines
        order.payload_hash = item.digest
        if told := _news(order, changes):
            news[order.id] = told
        events += _events(order, changes, theirs, author)
    session.flush()
    _insert_all(session, OrderPayload, [_payload_row(o.id, by_key[o.external_id]) for o in newer])
    _insert_all(session, OrderEvent, events)
    if news:
        telling.watchers(session, author.actor, list(news), news.__getitem__, subject="status")
    package_merging.finish(session, list(versions), came_back)
    deeds += disputes.end(session, account, conflicts, versions, rollups)
    return {order.external_id: order.id for order in newer}


def _news(order: Order, changes: dict[str, Any]) -> str:
    """What a watcher wants to hear of a newer version; empty for small things."""
    if changes.get("cancel_requested") == [False, True]:
        return "says that the buyer wants to cancel"
    return f"set the status to {order.status.label.lower()}" if "status" in changes else ""


def _events(
    order: Order, changes: dict[str, Any], intents: Sequence[StatusIntent], author: Author
) -> list[dict[str, Any]]:
    """What its timeline tells of a newer version, and of the changes of ours that it settled."""
    told = [("order:updated", changes | author.told)] if changes else []
    return [
        event_row(order.id, kind, author.actor, data, version=order.version)
        for kind, data in (*told, *merging.settled(intents))
    ]


def _older_than(
    session: Session, account: ChannelAccount, by_key: Mapping[str, _Incoming]
) -> list[Order]:
    """Our rows of what is told that are behind it, locked."""
    locked = session.exec(
        select(Order)
        .where(Order.account_id == account.id, _is_one_of(by_key))
        .order_by(col(Order.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return [
        order
        for order in locked
        if by_key[order.external_id].order.updated_at >= order.channel_updated_at
        and by_key[order.external_id].digest != order.payload_hash
    ]


def replace_lines(session: Session, order_id: int, order: ChannelOrder) -> dict[str, Any]:
    """Bring the lines to the channel's version; what an event says of it if they differ.

    `lines` are their numbers, before and after; `lines_were` what stood there, for a look back.
    """
    stored = session.exec(select(OrderLine).where(OrderLine.order_id == order_id)).all()
    before = sorted((line_row(line) for line in stored), key=lambda row: row["position"])
    rows = order_rows.lines_after(order, order_id, before)
    if before == rows:
        return {}
    session.execute(delete(OrderLine).where(col(OrderLine.order_id) == order_id))
    for line in stored:
        session.expunge(line)
    _insert_all(session, OrderLine, rows)
    return {"lines": [len(stored), len(rows)], "lines_were": order_rows.lines_said(before)}


def line_row(line: OrderLine) -> dict[str, Any]:
    """A stored line as `order_rows.line_rows` writes one."""
    return {name: getattr(line, name) for name in OrderLine.model_fields if name != "id"}


def _payload_row(order_id: int, item: _Incoming) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "payload_hash": item.digest,
        "channel_updated_at": item.order.updated_at,
        "body": order_rows.pack(item.body),
    }


def _set_aside(session: Session, account: ChannelAccount, bad: Sequence[BadOrder]) -> None:
    for entry in bad:
        row = order_rows.set_aside_row(account, entry)
        statement = upsert(InboxEntry).values(**row, state=InboxState.SET_ASIDE, times_seen=1)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "dedupe_key"],
                set_={
                    "times_seen": InboxEntry.times_seen + 1,
                    "last_seen_at": func.clock_timestamp(),
                    "reason": statement.excluded.reason,
                },
            )
        )
        logger.warning("Set aside an order of account %s: %s", account.id, row["reason"])


def _insert_all(session: Session, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        statement = bulk.insert_rows(model, list(rows[0])).on_conflict_do_nothing()
        session.execute(statement, bulk.parameter(rows))
