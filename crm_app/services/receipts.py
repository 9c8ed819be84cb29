"""The receipts of a status change: every call about it, whether it told, read, or was refused."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel import Session

from crm_app.channels.base import ChannelOrder, Receipt, StatusUpdate
from crm_app.channels.calls import Heard
from crm_app.models import IntentAttempt

# What an attempt of reading found; a failed one has the name of its error.
READ: Final = "read"
ACCEPTED: Final = "accepted"
_MOST_CALLS: Final = 12


@dataclass(slots=True)
class Watch:
    """One attempt while it is made: how long it took, and which calls it cost."""

    heard: Sequence[Heard]
    ms: int = 0
    _began: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        """It was made: what is written from here on is not its time."""
        self.ms = int((time.monotonic() - self._began) * 1_000)

    @property
    def last(self) -> Heard | None:
        return self.heard[-1] if self.heard else None


def accepted(
    session: Session, intent_id: int, update: StatusUpdate, receipt: Receipt, watch: Watch
) -> None:
    """The channel took it."""
    session.add(
        IntentAttempt(
            intent_id=intent_id,
            operation=receipt.operation,
            outcome=ACCEPTED,
            http_status=receipt.http_status,
            request_id=receipt.request_id,
            asked=_asked(update) | _calls(watch),
            answer=receipt.answer[:500],
            duration_ms=watch.ms,
        )
    )


def refused(
    session: Session, intent_id: int, update: StatusUpdate, error: Exception, watch: Watch
) -> None:
    """It said no, said nothing, or was not asked at all: then there is no call in the receipt."""
    operation = watch.last.operation if watch.last else f"push {update.status}"
    _failed(session, intent_id, operation, error, watch, _asked(update))


def read(session: Session, intent_id: int, told: ChannelOrder, watch: Watch) -> None:
    """It was read back; the answer keeps the channel's words of the status and of the parcel."""
    parcel = f", parcel {told.carrier} {told.tracking_number}" if told.tracking_number else ""
    session.add(
        IntentAttempt(
            intent_id=intent_id,
            operation=watch.last.operation if watch.last else "read back",
            is_read=True,
            outcome=READ,
            http_status=watch.last.http_status if watch.last else None,
            request_id=watch.last.request_id if watch.last else "",
            asked={"order": told.external_id} | _calls(watch),
            answer=f"It says {told.channel_status!r}{parcel}."[:500],
            duration_ms=watch.ms,
        )
    )


def unread(
    session: Session, intent_id: int, external_id: str, error: Exception, watch: Watch
) -> None:
    """Reading it back failed."""
    operation = watch.last.operation if watch.last else "read back"
    _failed(session, intent_id, operation, error, watch, {"order": external_id}, is_read=True)


def _failed(
    session: Session,
    intent_id: int,
    operation: str,
    error: Exception,
    watch: Watch,
    asked: dict[str, Any],
    *,
    is_read: bool = False,
) -> None:
    details: dict[str, Any] = getattr(error, "details", {})
    last = watch.last
    session.add(
        IntentAttempt(
            intent_id=intent_id,
            operation=operation[:60],
            is_read=is_read,
            outcome=type(error).__name__,
            http_status=details.get("http_status") or (last.http_status if last else None),
            request_id=details.get("request_id") or (last.request_id if last else ""),
            asked=asked | _calls(watch),
            answer=str(error)[:500],
            duration_ms=watch.ms,
        )
    )


def _calls(watch: Watch) -> dict[str, Any]:
    return {"calls": [str(one) for one in watch.heard[-_MOST_CALLS:]]} if watch.heard else {}


def _asked(update: StatusUpdate) -> dict[str, Any]:
    """No buyer and no key is in it: what they would be, the connector adds."""
    asked: dict[str, Any] = {
        "status": update.status.value,
        "reference": update.reference,
        "carrier": update.carrier,
        "tracking_number": update.tracking_number,
        "lines": len(update.lines),
    }
    if update.cancel_reason:
        asked["cancel_reason"] = update.cancel_reason
    if update.takes_back:
        asked["takes_back"] = True
    return asked
