"""One order: what its page shows, and what people do with it."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any, Final, Literal

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.services import order_view, orders, personal_data
from crm_app.services.order_view import OrderDetail
from crm_app.services.orders import Keep
from crm_app.ui.order import view
from crm_app.ui.order.steps import Question, Steps, asks
from crm_app.ui.order.travel import Travel
from crm_app.ui.order.view import Event, Line, OrderView
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

# While a change travels the page looks often; otherwise others' work shows soon enough.
QUICK_MS: Final = 1_200
SLOW_MS: Final = 15_000

Phase = Literal["loading", "found", "missing", "failed"]


class OrderState(rx.State):
    """The order that the address names."""

    phase: Phase = "loading"
    failure: str = ""
    order: OrderView = OrderView()
    lines: list[Line] = []
    events: list[Event] = []
    travel: Travel = Travel()
    steps: Steps = Steps()
    question: Question = Question()
    # An error of the last step, beside the buttons until the next one.
    notice: str = ""
    is_revealed: bool = False
    every_ms: int = SLOW_MS

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def load(self) -> AsyncGenerator[None]:
        """Show the order that the address names; never another one while it is read."""
        try:
            if self._order_id() != self.order.id:
                self.reset()
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
    @requires(Permission.CHANGE_STATUS)
    async def take_step(self, status: str) -> None:
        """Change the status now, or ask first where details or a second thought are needed."""
        detail = await self._detail()
        choice = next((c for c in detail.choices if c.status.value == status), None)
        if choice is None or choice.why_not:
            self.notice = choice.why_not if choice else "This step is no longer possible."
            self._show(detail)
            return
        if asks(choice):
            self.question = Question.of(choice, detail.order)
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
            await self._change(status, carrier, tracking, str(form.get("cancel_reason") or ""))
        except NotSignedInError:
            raise
        except CrmError as error:
            mistakes = {str(name): str(text) for name, text in error.details.items()}
            # Under its field where it has one, else above the buttons.
            words = "" if mistakes.keys() & {"carrier", "tracking_number"} else str(error)
            self.question = replace(self.question, failure=words, mistakes=mistakes)
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
    async def keep(self, whose: str) -> None:
        """End a rejection or conflict: send ours again, or take the channel's word."""
        if whose not in list(Keep):
            return
        actor = await current_actor(self)
        await self._do(lambda: call(orders.settle, actor, self._order_id(), Keep(whose)))

    @rx.event
    @requires(Permission.VIEW_ORDERS, Permission.SEE_PERSONAL_DATA)
    async def reveal(self) -> None:
        """Show phone and e-mail in clear. The audit trail remembers who asked."""
        actor = await current_actor(self)
        contact = await call(personal_data.reveal_contact, actor, self._order_id())
        self.order = replace(self.order, phone=contact.phone, email=contact.email)
        self.is_revealed = True

    def _order_id(self) -> int:
        return order_id_of(self.router.url.path)

    async def _detail(self) -> OrderDetail:
        actor = await current_actor(self)
        return await call(order_view.get_order, actor, self._order_id())

    async def _read(self) -> None:
        self._show(await self._detail())

    async def _change(
        self, status: OrderStatus, carrier: str = "", tracking: str = "", reason: str = ""
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
            # What the person saw: a change by somebody else in between is not overwritten.
            expected_version=self.order.version,
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

    def _show(self, detail: OrderDetail) -> None:
        moment, zone = now(), get_settings().zone
        drawn = view.OrderView.of(detail, moment, zone)
        if self.is_revealed and drawn.id == self.order.id:
            drawn = replace(drawn, phone=self.order.phone, email=self.order.email)
        currency, channel = detail.order.currency, detail.order.channel.value
        self.order = drawn
        self.lines = [view.line(i, line, currency) for i, line in enumerate(detail.lines)]
        self.events = [view.event(event, channel, moment, zone) for event in detail.events]
        self.travel = Travel.of(detail, moment, zone)
        self.steps = Steps.of(detail)
        self.every_ms = QUICK_MS if self.travel.is_open else SLOW_MS
        self.phase = "found"


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
