"""The small menu at a row, for that order or for those that are chosen."""

from dataclasses import replace
from typing import Any

import reflex as rx
from reflex_components_sonner.toast import ToastAction

from crm_app.config import get_settings
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import order_view, withdrawing
from crm_app.services.working.changes import MOST_AT_ONCE
from crm_app.ui.order.differences import Dispute
from crm_app.ui.order.state import OrderState
from crm_app.ui.order.steps import Question
from crm_app.ui.orders import row_deeds
from crm_app.ui.orders.choosing import ChoosingState, few
from crm_app.ui.orders.opened import OpenedState, opened_id
from crm_app.ui.orders.row_deeds import MenuItem
from crm_app.ui.orders.state import OrdersState
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

_REFRESH = (OrdersState.refresh, OrderState.refresh)
_TITLES = {
    "status": "Status",
    "assign": "Assign",
    "tag": "Tags",
    "hold": "Hold",
    "priority": "Priority",
    "comment": "Comment",
}


class RowMenuState(rx.State):
    """Opened with what the browser names: an order and a kind, or the choice and a kind."""

    kind: str = ""
    title: str = ""
    # Whose it is: an order's number, or `3 orders`.
    whose: str = ""
    items: list[MenuItem] = []
    refused: list[str] = []
    # What the channel says otherwise of this one order.
    disputes: list[Dispute] = []
    question: Question = Question()
    carriers: list[str] = []
    failure: str = ""
    mistakes: dict[str, str] = {}
    # Grows with each thing that is done: the browser closes the menu.
    done: int = 0
    said: str = ""

    _ids: list[int] = []
    _version: int = 0

    @rx.event(supersedes=True)
    @requires(Permission.VIEW_ORDERS)
    async def open(self, form: dict[str, Any]) -> Any:
        """Show the menu of a kind for the chosen orders, or for one."""
        kind = row_deeds.kind_of(form.get("kind"))
        one = opened_id(str(form.get("order", "")))
        self._empty()
        choosing = await self.get_state(ChoosingState)
        chosen = few(choosing, MOST_AT_ONCE) if form.get("many") else []
        if kind is None or not (one or form.get("many")):
            return None
        if chosen is None or (chosen and kind == "status"):
            # More than a click may do at once, or what each channel takes by its own rules.
            self.done += 1
            return ChoosingState.begin(kind)
        self._ids = chosen or [one]
        self.kind, self.title = kind, _TITLES[kind]
        self.whose = await self._name()
        await self._try(self._look)
        return None

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def choose(self, key: str) -> Any:
        """Do what a line of the menu says."""
        kind = row_deeds.kind_of(self.kind)
        if kind is None:
            return None
        if kind == "status":
            return await self._try(lambda: self._take_step(str(key)))
        is_on = any(item.key == key and item.is_on for item in self.items)
        return await self._try(lambda: self._do(row_deeds.do, str(key), is_on))

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def submit(self, form: dict[str, Any]) -> Any:
        """Do what the menu's form says."""
        if row_deeds.kind_of(self.kind) is None:
            return None
        if self.kind == "status":
            return await self._try(lambda: self._answer(form))
        return await self._try(lambda: self._do(row_deeds.write, form))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def decide(self, name: str, whose: str) -> Any:
        """End a disagreement with the channel: ours is sent again, or its word is taken."""
        if not self._ids:
            return None
        return await self._try(lambda: self._decide(str(name), str(whose)))

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def take_theirs(self) -> Any:
        """Leave the order as a colleague made it meanwhile."""
        return self._over("Left as it is")

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def withdraw(self, intent_id: int) -> Any:
        """Take back the change that was just made, if its channel was not told yet."""
        await call(withdrawing.withdraw, await current_actor(self), int(intent_id))
        self.said = "Withdrawn"
        return [rx.toast.success("Withdrawn: no channel was told."), *_REFRESH]

    async def _look(self) -> None:
        actor = await current_actor(self)
        kind = row_deeds.kind_of(self.kind)
        if kind is not None and kind != "comment":
            menu = await call(row_deeds.look, actor, kind, self._ids)
            self.items, self.refused = menu.items, menu.refused
            self.disputes, self._version = menu.disputes, menu.version

    async def _do(self, deed: Any, *args: Any) -> Any:
        actor = await current_actor(self)
        return self._over(await call(deed, actor, self.kind, self._ids, *args))

    async def _decide(self, name: str, whose: str) -> Any:
        actor = await current_actor(self)
        return self._over(await call(row_deeds.decide, actor, self._ids[0], name, whose))

    async def _take_step(self, status: str) -> Any:
        actor = await current_actor(self)
        detail = await call(order_view.get_order, actor, self._ids[0])
        self.carriers = list(detail.carriers)
        question, is_asked = row_deeds.question_of(detail, status)
        # What the menu showed when it was opened, and not what was just read behind it.
        question = replace(question, version=self._version)
        if is_asked:
            self._ask(question)
            return None
        return await self._save(question, {})

    async def _answer(self, form: dict[str, Any]) -> Any:
        return await self._save(self.question, form) if self.question.is_open else None

    async def _save(self, question: Question, form: dict[str, Any]) -> Any:
        try:
            return await self._change(question, form)
        except NotSignedInError:
            raise
        except CrmError as error:
            told = question.after(error, now(), get_settings().zone)
            if not (question.is_open and self.question.is_open) and not told.changes:
                raise
            self._ask(told)
            self.failure, self.mistakes = told.failure, told.mistakes
            return None

    def _ask(self, question: Question) -> None:
        self.question, self.items, self.refused, self.disputes = question, [], [], []

    async def _change(self, question: Question, form: dict[str, Any]) -> Any:
        actor, status = await current_actor(self), OrderStatus(question.status)
        made = await call(
            row_deeds.change,
            actor,
            self._ids[0],
            status,
            carrier=str(form.get("carrier", "")),
            tracking_number=str(form.get("tracking_number", "")),
            cancel_reason=str(form.get("cancel_reason") or ""),
            expected_version=question.version,
        )
        said = f"{status.label}: {self.whose}"
        toast = rx.toast.success(said, action=_undo(made), id="undo") if made else rx.noop()
        return [*self._over(said), toast]

    async def _try(self, deed: Any) -> Any:
        self.failure, self.mistakes = "", {}
        try:
            return await deed()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            self.failure = str(error)
            return None

    def _over(self, said: str) -> Any:
        self.done += 1
        self.said = said
        self._empty()
        # The list, and the order beside it where one is open.
        return list(_REFRESH)

    def _empty(self) -> None:
        self.kind, self.items, self.refused, self._ids = "", [], [], []
        self.failure, self.mistakes, self.disputes = "", {}, []
        self.question = Question()

    async def _name(self) -> str:
        if len(self._ids) > 1:
            return f"{len(self._ids):,} orders"
        shown = await self.get_state(OrdersState)
        number = next((row.number for row in shown.rows if row.id == self._ids[0]), "")
        if number:
            return number
        opened = await self.get_state(OpenedState)
        order = await self.get_state(OrderState)
        return order.order.number if opened.order_id == self._ids[0] else "This order"


def _undo(intent_id: int) -> ToastAction:
    return ToastAction(label="Undo", on_click=RowMenuState.withdraw(intent_id))
