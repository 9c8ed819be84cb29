"""The form of an order that a person writes or edits."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services.by_hand import orders, people
from crm_app.services.by_hand.draft import MAX_LINES, Draft, DraftLine
from crm_app.services.by_hand.people import Person
from crm_app.ui.order.state import order_id_of
from crm_app.ui.shared.links import order_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor

_TEXTS: Final = tuple(name for name in Draft.__dataclass_fields__ if name != "lines")
_PERSON: Final = ("name", "phone", "email", "line1", "line2", "city", "state", "pincode")
_EDIT: Final = "/edit"


@dataclass(frozen=True)
class LineBox:
    """One line of the form; `key` keeps its fields apart from those of the others."""

    key: str = ""
    title: str = ""
    sku: str = ""
    quantity: str = "1"
    price: str = ""
    mistake: str = ""

    @classmethod
    def of(cls, line: DraftLine) -> Self:
        return cls(secrets.token_hex(4), line.title, line.sku, line.quantity, line.price)


@dataclass(frozen=True)
class PersonRow:
    """One known buyer, masked."""

    id: int = 0
    name: str = ""
    about: str = ""

    @classmethod
    def of(cls, one: Person) -> Self:
        about = " · ".join(part for part in (one.phone, one.email, one.city) if part)
        return cls(one.id, one.name or "No name", about)


class ByHandState(rx.State):
    """What the form shows. What is typed stays in the browser until it is sent."""

    phase: str = "loading"
    failure: str = ""
    is_edit: bool = False
    back: str = "/orders"
    values: dict[str, str] = {}
    lines: list[LineBox] = []
    sources: list[str] = []
    mistakes: dict[str, str] = {}
    notice: str = ""
    found: list[PersonRow] = []
    # Names one press of the button, so that sent twice it is one order. The browser keeps it with
    # what is typed: it outlives this process.
    press: str = ""
    # Grows when the buyer's fields are to be drawn anew.
    drawn: int = 0

    _before: Draft = Draft()

    @rx.event
    @requires(Permission.CREATE_ORDERS, quiet=True)
    async def load(self) -> None:
        """An empty form, or the order that the address names."""
        self.reset()
        actor = await current_actor(self)
        path = self.router.url.path.rstrip("/")
        self.is_edit = path.endswith(_EDIT)
        draft = Draft(source=orders.SOURCES[0], lines=(DraftLine(),))
        try:
            self.sources = await call(orders.list_sources, actor)
            if self.is_edit:
                order_id = order_id_of(path.removesuffix(_EDIT))
                draft = await call(orders.draft_of, actor, order_id)
                self.back = order_path(order_id)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.phase, self.failure = "failed", str(error)
            return
        self._before, self.press = draft, secrets.token_hex(12)
        self.values = {name: getattr(draft, name) for name in _TEXTS}
        self.lines = [LineBox.of(line) for line in draft.lines]
        self.drawn += 1
        self.phase = "ready"

    @rx.event(supersedes=True)
    @requires(Permission.CREATE_ORDERS, Permission.SEE_PERSONAL_DATA)
    async def find(self, text: str) -> None:
        """Known buyers whom the text means."""
        actor = await current_actor(self)
        rows = await call(people.find, actor, str(text))
        self.found = [PersonRow.of(row) for row in rows]

    @rx.event
    @requires(Permission.CREATE_ORDERS, Permission.SEE_PERSONAL_DATA)
    async def take(self, customer_id: int) -> None:
        """Fill in what is known of a buyer."""
        actor = await current_actor(self)
        known = await call(people.take, actor, int(customer_id))
        address = {name: str(known.address.get(name, "")) for name in _PERSON}
        person = {"name": known.name, "phone": known.phone, "email": known.email}
        self.values = {**self.values, **address, **{k: v for k, v in person.items() if v}}
        self.found, self.mistakes = [], {}
        self.drawn += 1

    @rx.event
    @requires(Permission.CREATE_ORDERS)
    async def add_line(self) -> None:
        if len(self.lines) < MAX_LINES:
            self.lines = [*self.lines, LineBox.of(DraftLine())]

    @rx.event
    @requires(Permission.CREATE_ORDERS)
    async def drop_line(self, key: str) -> None:
        self.lines = [line for line in self.lines if line.key != key]

    @rx.event
    @requires(Permission.CREATE_ORDERS)
    async def save(self, form: dict[str, Any]) -> rx.event.EventSpec | None:
        """Write the order, or what was changed of it."""
        actor = await current_actor(self)
        draft = _draft(form, self.lines)
        try:
            if self.is_edit:
                order_id = order_id_of(self.back)
                # Where it came from is not asked again.
                draft = _with_source(draft, self._before.source)
                order = await call(orders.edit, actor, order_id, self._before, draft)
            else:
                order = await call(
                    orders.create, actor, draft, str(form.get("press") or self.press)
                )
        except NotSignedInError:
            raise
        except CrmError as error:
            self._show_mistakes(error)
            return None
        return rx.redirect(order_path(order.id))

    def _show_mistakes(self, error: CrmError) -> None:
        said = {str(name): str(text) for name, text in error.details.items()}
        is_input = isinstance(error, InvalidInputError)
        self.notice = "Nothing is saved yet: look at the fields in red." if is_input else str(error)
        self.mistakes = said if is_input else {}
        self.lines = [
            LineBox(
                line.key, line.title, line.sku, line.quantity, line.price, _of_line(said, place)
            )
            for place, line in enumerate(self.lines)
        ]


def _of_line(said: dict[str, str], place: int) -> str:
    mine = f"line.{place}."
    return " ".join(text for name, text in said.items() if name.startswith(mine))


def _draft(form: dict[str, Any], lines: Sequence[LineBox]) -> Draft:
    def text(name: str) -> str:
        # Browsers end lines of a text with two characters.
        return str(form.get(name) or "").replace("\r\n", "\n")

    return Draft(
        **{name: text(name) for name in _TEXTS},
        lines=tuple(
            DraftLine(
                title=text(f"title-{line.key}"),
                sku=text(f"sku-{line.key}"),
                quantity=text(f"quantity-{line.key}"),
                price=text(f"price-{line.key}"),
            )
            for line in lines
        ),
    )


def _with_source(draft: Draft, source: str) -> Draft:
    texts: dict[str, str] = {name: getattr(draft, name) for name in _TEXTS} | {"source": source}
    return Draft(**texts, lines=draft.lines)
