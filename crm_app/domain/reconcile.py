"""What becomes of our status when the channel speaks: one pure decision."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_app.domain.order_status import REFINES, OrderStatus, SyncStatus

# The way of a parcel. Cancelled and failed are no places on it.
_WAY: Final = (
    OrderStatus.PENDING,
    OrderStatus.CONFIRMED,
    OrderStatus.PACKED,
    OrderStatus.READY_TO_SHIP,
    OrderStatus.SHIPPED,
    OrderStatus.OUT_FOR_DELIVERY,
    OrderStatus.DELIVERED,
    OrderStatus.RETURNED,
)


class Outcome(StrEnum):
    """What the decision means for an open intent."""

    NONE = "none"  # nothing to do, or still on its way
    CONFIRMED = "confirmed"  # the channel says what we wished
    CONFLICT = "conflict"  # the channel says something else; a person decides


@dataclass(frozen=True, slots=True)
class Travel:
    """An open intent: from which status to which."""

    origin: OrderStatus
    target: OrderStatus
    takes_back: bool = False
    # Tells of a package of several; our own status stays until the last one leaves.
    is_part: bool = False

    def is_said(self, heard: OrderStatus, local: frozenset[OrderStatus]) -> bool:
        """Whether the channel's word answers this wish."""
        if self.takes_back:
            # What lies beyond the target is what was to be taken back: no answer yet.
            return self.target == heard or _is_coarser(self.target, heard, local)
        return is_said(self.target, heard, local)


@dataclass(frozen=True, slots=True)
class Decision:
    status: OrderStatus
    sync_status: SyncStatus
    outcome: Outcome = Outcome.NONE


def reconcile(
    ours: OrderStatus,
    sync_status: SyncStatus,
    *,
    heard_before: OrderStatus | None,
    heard: OrderStatus | None,
    travel: Travel | None,
    local: frozenset[OrderStatus],
) -> Decision:
    """Decide between our status and the channel's.

    A status that is on its way out is never overwritten by an older word of the channel, a finer
    word of ours survives the coarser one, and a real disagreement is left to a person.

    Args:
        ours: The order's status.
        sync_status: How it stood to the channel.
        heard_before: The channel's last word, in our terms; None if unknown.
        heard: Its word now; None if the mapping does not know it.
        travel: The newest open intent, if any.
        local: Steps of our own desk on this channel: it has no word for them, so its coarser one
            says them as well as it can. A step that it is told, it can also deny.
    """
    if heard is None:
        return Decision(ours, sync_status)
    if travel is not None:
        return _while_travelling(ours, sync_status, heard_before, heard, travel, local)
    if sync_status in (SyncStatus.REJECTED, SyncStatus.CONFLICT):
        if is_said(ours, heard, local):
            return Decision(_finer(ours, heard, local), SyncStatus.IN_SYNC)
        return Decision(ours, sync_status)
    if heard == heard_before or _is_coarser(ours, heard, local):
        return Decision(ours, SyncStatus.IN_SYNC)
    return Decision(heard, SyncStatus.IN_SYNC)


def _while_travelling(
    ours: OrderStatus,
    sync_status: SyncStatus,
    heard_before: OrderStatus | None,
    heard: OrderStatus,
    travel: Travel,
    local: frozenset[OrderStatus],
) -> Decision:
    if travel.is_said(heard, local):
        # We may have gone on by a step of our own desk since: the channel only answers the wish.
        is_answer = travel.target == heard or _is_coarser(travel.target, heard, local)
        has_gone_on = ours != travel.target and not travel.is_part
        status = ours if is_answer and has_gone_on else _finer(ours, heard, local)
        return Decision(status, SyncStatus.IN_SYNC, Outcome.CONFIRMED)
    has_not_heard = (
        heard in (heard_before, travel.origin)
        or _is_coarser(travel.origin, heard, local)
        or is_before(heard, travel.target)
    )
    if has_not_heard:
        return Decision(ours, sync_status)
    return Decision(ours, SyncStatus.CONFLICT, Outcome.CONFLICT)


def is_said(wished: OrderStatus, heard: OrderStatus, local: frozenset[OrderStatus]) -> bool:
    """Whether the channel's word is the wished one, or lies beyond it on the same way."""
    if wished == heard or _is_coarser(wished, heard, local):
        return True
    return wished in _WAY and heard in _WAY and _WAY.index(heard) > _WAY.index(wished)


def is_before(heard: OrderStatus, target: OrderStatus) -> bool:
    """Whether a status lies before another on the way of a parcel."""
    return heard in _WAY and target in _WAY and _WAY.index(heard) < _WAY.index(target)


def _is_coarser(ours: OrderStatus, heard: OrderStatus, local: frozenset[OrderStatus]) -> bool:
    """Whether the channel says ours as well as it can."""
    return ours in local and REFINES.get(ours) == heard


def _finer(ours: OrderStatus, heard: OrderStatus, local: frozenset[OrderStatus]) -> OrderStatus:
    return ours if _is_coarser(ours, heard, local) else heard
