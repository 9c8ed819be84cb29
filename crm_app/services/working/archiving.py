"""Put orders away, and take them out again: a deleted one would only come back from its channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.working import TO_SHIP
from crm_app.models import Order
from crm_app.services.working.changes import Fate, Made, make, set_columns


@dataclass(frozen=True, slots=True)
class Archive:
    """Put orders away, or with `is_archived` False take them out."""

    is_archived: bool
    permission: Permission = Permission.ARCHIVE_ORDERS

    @property
    def kind(self) -> str:
        return "order:archived" if self.is_archived else "order:unarchived"

    def looks_at(self) -> tuple[Any, ...]:
        """See `Change`."""
        return col(Order.status), col(Order.archived_at).is_not(None)

    def fate(self, *seen: Any) -> Fate:
        """See `Change`."""
        status, is_away = seen
        if is_away == self.is_archived:
            said = "It is in the archive already." if is_away else "It is not in the archive."
            return Fate(said, False)
        if not self.is_archived:
            return Fate("Taken out of the archive")
        if status in TO_SHIP:
            said = f"It is {status.label.lower()}: ship or cancel it before you archive it."
            return Fate(said, False)
        return Fate("Archived")

    def told(self, *seen: Any) -> dict[str, Any]:
        """See `Change`."""
        return {"archived": [seen[1], self.is_archived]}

    def write(
        self, session: Session, actor: Actor, order_ids: Sequence[int], run_id: int | None
    ) -> None:
        """See `Change`."""
        del actor, run_id
        set_columns(session, order_ids, archived_at=now() if self.is_archived else None)


def archive(session: Session, actor: Actor, order_ids: Sequence[int], is_archived: bool) -> Made:
    """Put orders away or take them out. Raises as `changes.make`."""
    return make(session, actor, Archive(is_archived), order_ids)
