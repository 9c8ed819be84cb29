"""One order: what its page shows, and what people do with it."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any, Final, Literal

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import Field
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.services import (
    disputes,
    order_page,
    order_view,
    orders,
    personal_data,
    presence,
    shipping,
    withdrawing,
)
from crm_app.services.order_page import OrderPage
from crm_app.services.order_view import OrderDetail
from crm_app.services.orders import Keep
from crm_app.ui.order import view
from crm_app.ui.order.changes import ChangeLine, changes_of
from crm_app.ui.order.differences import Dispute
from crm_app.ui.order.entries import Entry, entries
from crm_app.ui.order.parcel_view import Package, packages
from crm_app.ui.order.steps import Question, Steps, asks, pieces_of
from crm_app.ui.order.travel import Travel
from crm_app.ui.order.view import Line, OrderView
from crm_app.ui.order.work_view import WorkView
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call, glance
from crm_app.ui.shared.session import current_actor

# While a change travels the page looks often; otherwise others' work shows soon enough.
QUICK_MS: Final = 1_200
SLOW_MS: Final = 15_000
# With a colleague on the same order.
SHARED_MS: Final = 4_000

Phase = Literal["loading", "found", "missing", "failed"]


class OrderState(rx.State):
    """One order: that of the address, or the one opened beside a list (`open_order`)."""

    phase: Phase = "loading"
    failure: str = ""
    order: OrderView = OrderView()
    lines: list[Line] = []
    packages: list[Package] = []
    work: WorkView = WorkView()
    entries: list[Entry] = []
    has_older: bool = False
    # The newest comment of this person: once it is another, what was typed has arrived.
    said_last: int = 0
    # Names of colleagues who look at it as well.
    others_here: str = ""
    travel: Travel = Travel()
    changes: list[ChangeLine] = []
    disputes: list[Dispute] = []
    steps: Steps = Steps()
    question: Question = Question()
    # An error of the last step, beside the buttons until the next one.
    notice: str = ""
    is_revealed: bool = False
    every_ms: int = SLOW_MS
    # Of the order in a panel beside a list; 0 on its own page, where the address names it.
    panel_id: int = 0

    _most_events: int = order_view.MOST_EVENTS

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> AsyncGenerator[None]:
        """Show the order that the address names."""
        self.panel_id = 0
        async for _ in self._open():
            yield

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def open_order(self, order_id: int) -> AsyncGenerator[None]:
        """Show an order in the panel beside a list (`ui/order/panel.py`)."""
        self.panel_id = int(order_id)
        async for _ in self._open():
            yield

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def close_panel(self) -> None:
        """Nothing of the order stays behind when its panel is closed."""
        self.reset()

    async def _open(self) -> AsyncGenerator[None]:
        """Read the order; never show another one while it is read."""
        try:
            if self._order_id() != self.order.id:
                panel_id = self.panel_id
                self.reset()
                self.panel_id = panel_id
                yield
            self.is_revealed, self.notice, self.question = False, "", Question()
            await self._read()
        except NotFoundError as error:
            self.phase, self.failure = "missing", str(error)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.phase, self.failure = "failed", str(error)

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS)
    async def refresh(self) -> None:
        """Bring the page up to date without touching what a person is typing."""
        if self.phase != "found":
            return
        try:
            await self._read()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = f"Not refreshed: {error}"

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def show_older(self) -> None:
        """Go further back in the timeline."""
        if self.has_older and self._most_events < order_view.LONGEST_TIMELINE:
            self._most_events += order_view.MOST_EVENTS
            await self._read()

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def take_step(self, status: str) -> None:
        """Change the status now, or ask first where details or a second thought are needed."""
        actor = await current_actor(self)
        detail: OrderDetail = await call(order_view.get_order, actor, self._order_id())
        choice = next((c for c in detail.choices if c.status.value == status), None)
        if choice is None or choice.why_not:
            self.notice = choice.why_not if choice else "This step is no longer possible."
            await self._read()
            return
        if asks(choice):
            # What is on the screen, and not what was just read behind it.
            self.question = Question.of(choice, detail, self.order.version)
            return
        await self._do(lambda: self._change(choice.status))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def answer(self, form: dict[str, Any]) -> None:
        """Take the step that the open question is about, with the parcel's details."""
        try:
            status = OrderStatus(self.question.status)
        except ValueError:
            return
        carrier, tracking = str(form.get("carrier", "")), str(form.get("tracking_number", ""))
        try:
            reason = str(form.get("cancel_reason") or "")
            version, why = self.question.version, str(form.get("why") or "")
            if self.question.pieces:
                await self._ship(pieces_of(self.question, form), carrier, tracking, version, why)
            else:
                await self._change(status, carrier, tracking, reason, why=why, version=version)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.question = self.question.after(error, now(), get_settings().zone)
            return
        self.question = Question()
        await self._read()

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def close_question(self, is_open: bool) -> None:
        if not is_open:
            self.question = Question()

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def withdraw(self, intent_id: int) -> None:
        """Take back a change that the channel was not told yet."""
        actor = await current_actor(self)
        await self._do(lambda: call(withdrawing.withdraw, actor, int(intent_id)))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def keep(self, whose: str) -> None:
        """End a rejection or conflict: send ours again, or take the channel's word."""
        if whose not in list(Keep):
            return
        actor = await current_actor(self)
        await self._do(lambda: call(orders.settle, actor, self._order_id(), Keep(whose)))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def keep_field(self, name: str, whose: str) -> None:
        """End a disagreement about another field than the status."""
        if name not in list(Field) or whose not in list(Keep):
            return
        actor, order_id = await current_actor(self), self._order_id()
        await self._do(lambda: call(disputes.decide, actor, order_id, Field(name), Keep(whose)))

    @rx.event
    @requires(Permission.VIEW_ORDERS, Permission.SEE_PERSONAL_DATA)
    async def reveal(self) -> None:
        """Show phone and e-mail in clear. The audit trail remembers who asked."""
        actor = await current_actor(self)
        contact = await call(personal_data.reveal_contact, actor, self._order_id())
        self.order = replace(self.order, phone=contact.phone, email=contact.email)
        self.is_revealed = True

    def _order_id(self) -> int:
        return self.panel_id or order_id_of(self.router.url.path)

    async def _read(self) -> None:
        actor, order_id = await current_actor(self), self._order_id()
        before = self.order.id if self.order.id != order_id else 0
        self._show(await call(order_page.read, actor, order_id, most_events=self._most_events))
        here = await glance(presence.look, actor, order_id, left=before)
        self.others_here = _here(here)
        if here and not self.travel.is_open:
            self.every_ms = SHARED_MS

    async def _change(
        self,
        status: OrderStatus,
        carrier: str = "",
        tracking: str = "",
        reason: str = "",
        *,
        why: str = "",
        version: int | None = None,
    ) -> None:
        actor = await current_actor(self)
        await call(
            orders.change_status,
            actor,
            self._order_id(),
            status,
            carrier=carrier,
            tracking_number=tracking,
            cancel_reason=reason,
            why=why,
            # What the person saw: a change by somebody else in between is not overwritten.
            expected_version=version or self.order.version,
        )

    async def _ship(
        self, pieces: dict[str, int], carrier: str, tracking: str, version: int, why: str
    ) -> None:
        await call(
            shipping.ship,
            await current_actor(self),
            self._order_id(),
            pieces,
            carrier=carrier,
            tracking_number=tracking,
            why=why,
            expected_version=version,
        )

    async def _do(self, step: Callable[[], Any]) -> None:
        self.notice = ""
        try:
            await step()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.notice = str(error)
        await self._read()

    def _show(self, page: OrderPage) -> None:
        detail, moment, zone = page.detail, now(), get_settings().zone
        drawn = view.OrderView.of(detail, moment, zone)
        if self.is_revealed and drawn.id == self.order.id:
            drawn = replace(drawn, phone=self.order.phone, email=self.order.email)
        currency, channel = detail.order.currency, detail.order.channel
        lines = [view.line(i, line, currency) for i, line in enumerate(detail.lines)]
        said = entries(detail.events, page.work.comments, channel.value, moment, zone)
        work = WorkView.of(page.work, page.people, page.tags, channel.label, moment, zone)
        self.travel = Travel.of(detail, moment, zone)
        self.every_ms = QUICK_MS if self.travel.is_open else SLOW_MS
        label = channel.label
        fresh = {
            "changes": changes_of(detail, moment, zone),
            "said_last": max((one.id for one in page.work.comments if one.is_mine), default=0),
            "order": drawn,
            "lines": lines,
            "packages": packages(detail, moment, zone),
            "entries": said,
            "has_older": detail.has_older_events,
            "work": work,
            "disputes": [Dispute.of(one, label, moment, zone) for one in detail.disputes],
        }
        for name, value in {**fresh, "steps": Steps.of(detail), "phase": "found"}.items():
            # What is as before is not sent again.
            if getattr(self, name) != value:
                setattr(self, name, value)


def _here(names: list[str]) -> str:
    if not names:
        return ""
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} here too"


def order_id_of(path: str) -> int:
    """The number at the end of `/orders/123`.

    Raises:
        NotFoundError: If it is no number that an order could have.
    """
    word = path.rstrip("/").rpartition("/")[2]
    # A bigint has at most 19 digits; more would fail in the database, not in the answer.
    if not (word.isascii() and word.isdecimal() and len(word) < 19):
        raise NotFoundError("order", word[:40])
    return int(word)
