"""The bulk action that moves orders to a status: the single click's rules, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.channels import capabilities
from crm_app.channels.capabilities import Telling
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError
from crm_app.models import BulkRow, BulkRun, Order
from crm_app.services import orders, status_moves
from crm_app.services.bulk_action import Item, Preview, Result, alike
from crm_app.services.status_moves import Move

CHANGED_MEANWHILE: Final = "It was changed since it was chosen."
# The rules ask whether an order is held, not since when.
_SOMETIME: Final = datetime.min.replace(tzinfo=UTC)
NEEDS_PARCEL: Final = "The channel needs the carrier and the tracking number of each parcel."


class StatusAction:
    """Settings: `status`, and of a cancellation `reason_CHANNEL`: that channel's own code for why.

    Carrier and tracking number stand with each order of the run.
    """

    name = "status"
    permission = Permission.CHANGE_STATUS
    can_be_undone = True

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `Action`."""
        try:
            status = OrderStatus(str(settings.get("status", "")))
        except ValueError as error:
            said = "Choose the status that these orders get."
            raise InvalidInputError(said, details={"status": said}) from error
        return {"status": status.value} | _check_reasons(settings, status)

    def title(self, settings: dict[str, Any]) -> str:
        """See `Action`."""
        return f"Status to {OrderStatus(settings['status']).label.lower()}"

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """See `Action`. Orders that are alike to the rules are decided once."""
        del actor
        preview, new = Preview(), OrderStatus(run.settings["status"])
        for count, examples, account_id, facts in alike(session, _facts(run.id)):
            fate = _decide_facts(_Facts(*facts), new, run.settings)
            preview.add(fate.sentence, count, examples, changes=fate.changes)
            preview.lacks_parcel += count * fate.lacks_parcel
            if fate.tells:
                preview.tell(account_id, fate.tells, count)
        return preview.sorted()

    def apply(
        self, session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]
    ) -> list[Result]:
        """See `Action`."""
        new = OrderStatus(run.settings["status"])
        decided = [_decide(item.order, new, item.row, run.settings) for item in items]
        moves = [
            replace(one, seen_version=item.row.seen_version)
            for item, one in zip(items, decided, strict=True)
            if isinstance(one, Move)
        ]
        befores = {move.order.id: move.order.status for move in moves}
        intents = status_moves.write(session, actor, moves, run_id=run.id)
        return [
            _refused(item, one)
            if isinstance(one, str)
            else Result(
                item.row.position,
                Outcome.CHANGED,
                found_version=item.order.version,
                from_status=befores[item.order.id],
                to_status=new,
                intent_id=intents.get(item.order.id),
            )
            for item, one in zip(items, decided, strict=True)
        ]


def reason_key(channel: Channel) -> str:
    """Under which name of the settings a channel's reason stands."""
    return f"reason_{channel.value}"


def _check_reasons(settings: dict[str, Any], status: OrderStatus) -> dict[str, str]:
    found: dict[str, str] = {}
    for channel in Channel:
        code = str(settings.get(reason_key(channel)) or "")
        if not code:
            continue
        if status is not OrderStatus.CANCELLED or code not in (
            capabilities.of(channel).cancel_reasons
        ):
            said = f"{channel.label} knows no such reason for this."
            raise InvalidInputError(said, details={reason_key(channel): said})
        found[reason_key(channel)] = code
    return found


class _Facts(NamedTuple):
    """All that the rules look at."""

    channel: Channel
    status: OrderStatus
    sync: SyncStatus
    is_theirs: bool
    is_held: bool
    is_as_seen: bool
    has_parcel: bool


@dataclass(frozen=True, slots=True)
class _Fate:
    sentence: str
    changes: bool
    lacks_parcel: bool = False
    tells: OrderStatus | None = None


def _facts(run_id: int) -> Any:
    """Id, number and account of each order of the run, then its `_Facts`."""
    return (
        columns(
            col(Order.id),
            col(Order.order_number),
            col(Order.account_id),
            col(Order.channel),
            col(Order.status),
            col(Order.sync_status),
            col(Order.fulfilled_by_channel),
            col(Order.held_at).is_not(None).label("is_held"),
            (col(Order.version) == col(BulkRow.seen_version)).label("is_as_seen"),
            ((col(BulkRow.carrier) != "") & (col(BulkRow.tracking_number) != "")).label("parcel"),
        )
        .join(BulkRow, col(BulkRow.order_id) == Order.id)
        .where(col(BulkRow.run_id) == run_id)
    )


def _decide_facts(facts: _Facts, new: OrderStatus, settings: dict[str, Any]) -> _Fate:
    alike: dict[str, Any] = {
        "channel": facts.channel,
        "status": facts.status,
        "sync_status": facts.sync,
        "fulfilled_by_channel": facts.is_theirs,
        "held_at": _SOMETIME if facts.is_held else None,
        "version": 1,
    }
    parcel = "given" if facts.has_parcel else ""
    seen: dict[str, Any] = {
        "seen_version": 1 if facts.is_as_seen else 0,
        "carrier": parcel,
        "tracking_number": parcel,
    }
    order, row = Order(**alike), BulkRow(**seen)
    fate = _decide(order, new, row, settings)
    if isinstance(fate, str):
        return _Fate(fate, changes=False, lacks_parcel=fate == NEEDS_PARCEL)
    told = "is told" if fate.tells else "is not told: it has no word for this"
    return _Fate(
        f"{facts.status.label} to {new.label.lower()}; {facts.channel.label} {told}",
        changes=True,
        tells=fate.tells,
    )


def _decide(order: Order, new: OrderStatus, row: BulkRow, settings: dict[str, Any]) -> Move | str:
    """The move, or the sentence of why not."""
    channel = order.channel
    if order.status is new:
        return f"It is {new.label.lower()} already."
    if order.version != row.seen_version:
        return CHANGED_MEANWHILE
    try:
        parcel, reason = (row.carrier, row.tracking_number), settings.get(reason_key(channel), "")
        return orders.decide(order, new, parcel, cancel_reason=reason)
    except ConflictError as error:
        return str(error)
    except InvalidInputError:
        # Which of the two is missing matters little: both are pasted together.
        return NEEDS_PARCEL


def _refused(item: Item, reason: str) -> Result:
    return Result(
        item.row.position,
        Outcome.REFUSED,
        reason=reason,
        found_version=item.order.version,
        from_status=item.order.status,
    )


def targets(channels: Sequence[Channel]) -> list[OrderStatus]:
    """The statuses that at least one of these channels lets us give, in lifecycle order."""
    return [
        status
        for status in OrderStatus
        if status is not OrderStatus.PENDING
        and any(
            capabilities.of(channel).rule(status).telling is not Telling.REFUSED
            for channel in channels
        )
    ]
