"""CRM and channels side by side: every order, every field, every change that was told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.base import ChannelOrder
from crm_app.config import get_settings
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.order_status import REFINES, OrderStatus
from crm_app.domain.time import now
from crm_app.errands.connecting import connected
from crm_app.models import (
    ChannelAccount,
    InboxEntry,
    InboxState,
    IntentAttempt,
    Order,
    OrderEvent,
    OrderLine,
    StatusIntent,
)
from crm_app.services import order_rows, rollups
from drills import facts
from drills.facts import Facts
from drills.knobs import CHANNELS
from drills.stage import Stage

# What goes when an order's time is over; the places stay, for the sums of taxes.
_OF_THE_BUYER: Final = ("customer_name", "ship_to", "note")


@dataclass
class Verdict:
    """Differences, each a sentence, and what was looked at or let pass with its reason."""

    differences: list[str] = field(default_factory=list[str])
    compared: Counter[str] = field(default_factory=Counter[str])
    by_design: Counter[str] = field(default_factory=Counter[str])
    missing: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    outcomes: Counter[str] = field(default_factory=Counter[str])

    def differ(self, where: str, what: str, ours: object, theirs: object) -> None:
        self.differences.append(f"{where}: {what} is {ours!r} here and {theirs!r} there")


@dataclass
class Ours:
    """The CRM's side, read in one transaction."""

    orders: dict[tuple[str, str], Order]
    lines: Mapping[int, list[OrderLine]]
    own_steps: frozenset[tuple[int, str]]
    intents: list[StatusIntent]
    attempts: Mapping[int, list[IntentAttempt]]


def read_ours() -> Ours:
    """All that the CRM holds of orders and changes."""
    lines: defaultdict[int, list[OrderLine]] = defaultdict(list)
    attempts: defaultdict[int, list[IntentAttempt]] = defaultdict(list)
    with db.transaction() as session:
        orders = session.exec(select(Order)).all()
        for line in session.exec(select(OrderLine).order_by(col(OrderLine.position))):
            lines[line.order_id].append(line)
        for attempt in session.exec(select(IntentAttempt).order_by(col(IntentAttempt.id))):
            attempts[attempt.intent_id].append(attempt)
        intents = list(session.exec(select(StatusIntent).order_by(col(StatusIntent.id))))
        changed = session.exec(select(OrderEvent).where(OrderEvent.kind == "order:status:changed"))
        steps = frozenset((one.order_id, str(one.data["status"][1])) for one in changed)
        session.expunge_all()
    return Ours(
        {(order.channel.value, order.external_id): order for order in orders},
        lines,
        steps,
        intents,
        attempts,
    )


def theirs(stage: Stage, channel: str) -> Iterator[dict[str, Any]]:
    """Every order of a channel as the sandbox itself keeps it."""
    after: str | None = ""
    while after is not None:
        page = stage.lever(f"orders/{channel}", after=after)
        # The seller of a loaded report is no account of ours.
        yield from (one for one in page["orders"] if one["more"] != "report")
        after = page["next"]


def compare(stage: Stage) -> Verdict:
    """Everything; see `Verdict`."""
    verdict, ours = Verdict(), read_ours()
    _same_orders(stage, ours, verdict)
    if not verdict.missing:
        _same_columns(ours, verdict)
    _outcomes(stage, ours, verdict)
    _bookkeeping(ours, verdict)
    return verdict


def _same_orders(stage: Stage, ours: Ours, verdict: Verdict) -> None:
    """The sandbox's record against our rows, by readers that know nothing of our mappings."""
    left = set(ours.orders)
    for channel in CHANNELS:
        for record in theirs(stage, channel):
            key = (channel, record["external_id"])
            left.discard(key)
            order = ours.orders.get(key)
            if order is None and _is_out_of_reach(channel, record):
                verdict.by_design["older than the 60 days that Shopify shows this app"] += 1
                continue
            if order is None:
                verdict.missing.append(key)
                continue
            verdict.compared[channel] += 1
            same_facts(order, ours, facts.read(channel, record), verdict)
    for channel, external_id in sorted(left):
        verdict.differences.append(f"{channel} {external_id}: is here and not there")


def _is_out_of_reach(channel: str, record: Mapping[str, Any]) -> bool:
    """Shopify lists and shows no older order to an app without `read_all_orders`."""
    if channel != "shopify":
        return False
    placed_at = datetime.fromisoformat(record["body"]["createdAt"])
    return placed_at < now() - timedelta(days=60)


def same_facts(order: Order, ours: Ours, told: Facts, verdict: Verdict) -> None:
    """Add to the verdict every fact that our order tells otherwise."""
    where = f"{order.channel.value} {order.external_id}"
    on_channel = order.status_on_channel.value if order.status_on_channel else None
    if on_channel not in told.statuses:
        verdict.differ(where, "the channel's status", on_channel, sorted(told.statuses))
    if order.status.value not in told.statuses and not _is_own_step(order, ours, verdict):
        verdict.differ(where, "our status", order.status.value, sorted(told.statuses))
    lines = tuple(sorted((line.sku, line.quantity) for line in ours.lines[order.id]))
    pairs: list[tuple[str, object, object]] = [
        ("total", order.total_minor, told.total_minor),
        ("lines", lines, told.lines),
    ]
    for what, here, there in (
        ("time of the order", order.placed_at, told.placed_at),
        ("cash on delivery", order.is_cod, told.is_cod),
        ("buyer", order.customer_name, told.name),
        ("PIN code", order.pincode, told.pincode),
    ):
        # None: this channel does not tell it (now).
        if there is not None and not (what == "buyer" and _is_forgotten(order, verdict)):
            pairs.append((what, here, there))
    if told.tracking and order.tracking_number not in told.tracking:
        pairs.append(("tracking", order.tracking_number, sorted(told.tracking)))
    for what, here, there in pairs:
        if here != there:
            verdict.differ(where, what, here, there)


def _is_forgotten(order: Order, verdict: Verdict) -> bool:
    """Whether the rule of its channel has taken the buyer out: Amazon's thirty days are over."""
    if order.anonymised_at is None:
        return False
    verdict.by_design["a buyer whose data were kept long enough"] += 1
    return True


def _is_own_step(order: Order, ours: Ours, verdict: Verdict) -> bool:
    """Whether a person of ours put the order on a step that its channel has no word for."""
    is_local = order.status in capabilities.of(order.channel).local
    is_theirs = (order.id, order.status.value) in ours.own_steps
    if not (is_local and is_theirs):
        return False
    finer = REFINES.get(order.status) == order.status_on_channel
    verdict.by_design["our own step, finer than the channel's" if finer else "our own step"] += 1
    return True


def _same_columns(ours: Ours, verdict: Verdict) -> None:
    """Each order read afresh through the product's own connectors: every column of the row."""
    for account_id in _pulled_accounts():
        with connected(account_id) as connector:
            if connector is None:
                verdict.differences.append(f"account {account_id} is not connected")
                continue
            seen: dict[str, ChannelOrder] = {}
            for page in connector.fetch_orders(None):
                seen |= {order.external_id: order for order in page.orders}
                verdict.differences += [f"unreadable: {one.reason}" for one in page.bad]
        for told in seen.values():
            order = ours.orders.get((connector.channel.value, told.external_id))
            if order is None:
                verdict.differences.append(f"{told.external_id} is in the list and not here")
            else:
                _same_row(order, ours.lines[order.id], told, verdict)


def _pulled_accounts() -> list[int]:
    with db.transaction() as session:
        found = session.exec(select(ChannelAccount)).all()
        return [one.id for one in found if capabilities.of(one.channel).pulls]


def _same_row(
    order: Order, lines: Iterable[OrderLine], told: ChannelOrder, verdict: Verdict
) -> None:
    where = f"{order.channel.value} {order.external_id}"
    values = order_rows.order_values(told, None, get_settings().zone)
    del values["customer_id"]
    if told.payment_status is None:
        del values["payment_status"]
    values["status_on_channel"] = told.status or order.status_on_channel
    is_forgotten = order.anonymised_at is not None
    for name in _OF_THE_BUYER if is_forgotten else ():
        values.pop(name, None)
    for name, value in values.items():
        ours = getattr(order, name)
        verdict.compared["fields"] += 1
        if ours == value:
            continue
        if name in order_rows.KEPT_WHEN_EMPTY and not value:
            verdict.by_design["kept, though the channel withholds it now"] += 1
            continue
        # Personal data stay out of what is printed.
        is_private = name in ("customer_name", "ship_to", "note", "city", "pincode")
        shown: tuple[object, object] = ("...", "...") if is_private else (ours, value)
        verdict.differ(where, name, *shown)
    rows = order_rows.line_rows(order.id, told.lines)
    here = [
        {key: getattr(line, key) for key in row} for line, row in zip(lines, rows, strict=False)
    ]
    verdict.compared["fields"] += sum(len(row) for row in rows)
    if here != rows:
        verdict.differ(where, "lines", here, rows)
    if not is_forgotten and order.payload_hash != order_rows.payload(told.raw)[0]:
        verdict.differences.append(f"{where}: the stored payload is another version")


# Calls that tell a channel a status, by the sandbox's names; what else is called only reads.
WRITES: Final = {
    "amazon": {"confirmShipment"},
    "woocommerce": {"updateOrder"},
    "flipkart": {"pack", "dispatch", "cancel"},
    "shopify": {"fulfillmentCreate", "orderCancel", "fulfillmentEventCreate"},
    "swiggy": {"updateStatus"},
    "blinkit": {"acknowledge", "asn"},
}


# A connector that reads before it tells, and finds nothing left to tell.
_HAD_IT: Final = "has it so already."


def _outcomes(stage: Stage, ours: Ours, verdict: Verdict) -> None:
    """Each change against the channel's own record of who called it about the order."""
    by_id = {order.id: order for order in ours.orders.values()}
    for intent in ours.intents:
        order = by_id[intent.order_id]
        where = f"{order.channel.value} {order.external_id} change {intent.id}"
        verdict.outcomes[intent.state.value] += 1
        if intent.state in OPEN:
            verdict.differences.append(f"{where}: still {intent.state.value}: {intent.reason}")
        if intent.state in (IntentState.REJECTED, IntentState.NEEDS_PERSON) and not intent.reason:
            verdict.differences.append(f"{where}: {intent.state.value} without a reason")
        accepted = [one for one in ours.attempts[intent.id] if one.outcome == "accepted"]
        if accepted and all(one.answer.endswith(_HAD_IT) for one in accepted):
            verdict.by_design["nothing told: the channel had it so already"] += 1
        elif accepted:
            _was_told(stage, order, intent, where, verdict)
    for order_id in {intent.order_id for intent in ours.intents}:
        _not_twice(stage, by_id[order_id], verdict)


def _was_told(
    stage: Stage, order: Order, intent: StatusIntent, where: str, verdict: Verdict
) -> None:
    """What we hold a receipt for, the channel remembers."""
    truth = stage.lever(f"orders/{order.channel.value}/{order.external_id}")
    heard = [
        call
        for call in truth["calls"]
        if call["operation"] in WRITES[order.channel.value] and 200 <= call["status_code"] < 300
    ]
    if not heard:
        verdict.differences.append(f"{where}: we hold a receipt, the channel heard nothing")
    if order.channel.value == "amazon" and intent.to_status is OrderStatus.SHIPPED:
        parcels = [
            one
            for one in truth["packages"]
            if one["packageReferenceId"] == str(intent.reference or intent.id)
        ]
        numbers = [one["trackingNumber"] for one in parcels]
        if numbers != [intent.tracking_number]:
            verdict.differ(where, "the parcel", [intent.tracking_number], numbers)


def _not_twice(stage: Stage, order: Order, verdict: Verdict) -> None:
    """Nothing was shipped twice, however often the call was repeated."""
    channel = order.channel.value
    where = f"{channel} {order.external_id}"
    truth = stage.lever(f"orders/{channel}/{order.external_id}")
    shipped: Counter[str] = Counter()
    ordered: dict[str, int] = {}
    body = truth["body"]
    if channel == "amazon":
        ordered = {one["orderItemId"]: one["quantityOrdered"] for one in body["orderItems"]}
        for parcel in truth["packages"]:
            for item in parcel.get("packageItems", []):
                shipped[item["orderItemId"]] += int(item["quantity"])
    elif channel == "shopify":
        ordered = {one["id"]: one["quantity"] for one in body["lineItems"]}
        for parcel in body["fulfillments"]:
            for item in parcel["fulfillmentLineItems"]:
                shipped[item["lineItem"]] += int(item["quantity"])
    elif channel == "blinkit":
        items = body["details"]["item_data"]
        ordered = {str(one["item_id"]): int(one["units_ordered"]) for one in items}
        for note in truth["notes"].get("asns", []):
            shipped.update({key: int(count) for key, count in note["quantities"].items()})
    for key, count in shipped.items():
        if count > ordered.get(key, 0):
            verdict.differ(where, f"units shipped of {key}", ordered.get(key, 0), count)


def _bookkeeping(ours: Ours, verdict: Verdict) -> None:
    """The product's own sums: rollups recounted, nothing left in the inbox."""
    with db.transaction() as session:
        if rollups.differences(session) != ([], []):
            verdict.differences.append("the rollups are not what a recount finds")
        entries = session.exec(
            select(InboxEntry).where(col(InboxEntry.state) != InboxState.PROCESSED)
        ).all()
        for entry in entries:
            text = f"inbox entry {entry.id} ({entry.topic} {entry.external_id})"
            verdict.differences.append(f"{text} is {entry.state.value}: {entry.reason}")
    verdict.compared["changes"] = len(ours.intents)
