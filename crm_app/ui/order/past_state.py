"""The order's past: as it was at a moment, and the channel's raw words of each version."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import order_past, payload_view
from crm_app.services.order_past import Past
from crm_app.services.payload_view import PayloadVersion
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared import times
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class PastRow:
    """One field then; `now` is empty where it is the same today."""

    label: str
    then: str
    now: str


@dataclass(frozen=True)
class PastView:
    """The order at a moment, in words."""

    is_shown: bool = False
    title: str = ""
    sentence: str = ""
    rows: list[PastRow] = field(default_factory=list[PastRow])

    @classmethod
    def of(cls, past: Past, moment: datetime, zone: ZoneInfo) -> Self:
        title = f"As of {times.when(past.at, moment, zone)}"
        if not past.exists:
            came = times.when(past.came_in, moment, zone)
            return cls(True, title, f"The order was not here yet: it came in {came}.")
        changed = ", ".join(past.changed_since).lower()
        return cls(
            True,
            title,
            f"Changed since, and kept only as it is today: {changed}." if changed else "",
            [
                PastRow(one.label, one.then, one.now if one.is_other_now else "")
                for one in past.fields
            ],
        )


@dataclass(frozen=True)
class VersionRow:
    """One version of the channel's words."""

    key: str
    at: str
    exact: str
    is_present: bool

    @classmethod
    def of(cls, version: PayloadVersion, moment: datetime, zone: ZoneInfo) -> Self:
        return cls(
            version.key,
            times.when(version.channel_updated_at, moment, zone),
            f"received {times.exact(version.received_at, zone)}",
            version.is_present,
        )


class PastState(rx.State):
    """Both are read when somebody asks for them, and go with the order."""

    past: PastView = PastView()
    versions: list[VersionRow] = []
    is_open: bool = False
    shown: str = ""
    body: str = ""
    failure: str = ""
    order_id: int = 0

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def look_back(self, stamp: str) -> None:
        """Show the order as it was at `2026-11-20T10:30` of the business zone; empty: today."""
        await self._begin()
        self.past = PastView()
        if not stamp:
            return
        zone = get_settings().zone
        try:
            at = datetime.fromisoformat(stamp)
            at = at.replace(tzinfo=zone) if at.tzinfo is None else at
        except (ValueError, OverflowError):
            self.failure = "That is no moment such as 20 Nov 2026, 10:30."
            return
        actor = await current_actor(self)
        try:
            found = await call(order_past.as_of, actor, self.order_id, at)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        self.past = PastView.of(found, now(), zone)

    @rx.event
    @requires(Permission.SEE_PAYLOAD)
    async def open_versions(self, is_open: bool) -> None:
        """List what the channel sent of this order, or put it away."""
        await self._begin()
        self.versions, self.shown, self.body, self.is_open = [], "", "", bool(is_open)
        if not is_open:
            return
        actor, moment, zone = await current_actor(self), now(), get_settings().zone
        try:
            found = await call(payload_view.versions, actor, self.order_id)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        self.versions = [VersionRow.of(one, moment, zone) for one in found]

    @rx.event
    @requires(Permission.SEE_PAYLOAD)
    async def show_version(self, key: str) -> None:
        """Show one version in full. The audit trail remembers who asked."""
        actor = await current_actor(self)
        self.failure = ""
        try:
            self.body = await call(payload_view.show, actor, self.order_id, key)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return
        self.shown = key

    async def _begin(self) -> None:
        """Nothing of another order stays."""
        shown = await self.get_state(OrderState)
        self.failure = ""
        if self.order_id != shown.order.id:
            self.reset()
            self.order_id = shown.order.id
