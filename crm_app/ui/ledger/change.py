"""One status change of the ledger, with every call that was made about it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.services import intent_view
from crm_app.services.intent_view import ChangeDetail
from crm_app.ui.ledger.view import state_pill
from crm_app.ui.shared import times
from crm_app.ui.shared.links import link, order_path
from crm_app.ui.shared.marks import button, pill
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.receipts import Receipt, facts_of, receipts_list
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.tones import Pill


@dataclass(frozen=True)
class ChangeCard:
    """What the dialog shows of a change."""

    title: str = ""
    about: str = ""
    number: str = ""
    href: str = ""
    state: Pill = field(default_factory=Pill)
    reason: str = ""
    facts: str = ""
    receipts: list[Receipt] = field(default_factory=list[Receipt])

    @classmethod
    def of(cls, found: ChangeDetail, moment: datetime, zone: ZoneInfo) -> Self:
        intent = found.intent
        return cls(
            title=f"Change {intent.id}: {intent.from_status.label} to {intent.to_status.label}",
            about=f"{found.account_name} · {intent.actor_label}, "
            f"{times.exact(intent.created_at, zone)}",
            number=found.order_number,
            href=order_path(found.order_id),
            state=state_pill(intent.state),
            reason=intent.reason,
            facts=facts_of(intent),
            receipts=[Receipt.of(one, moment, zone) for one in intent.receipts],
        )


class ChangeState(rx.State):
    """The change that somebody looks at."""

    is_open: bool = False
    card: ChangeCard = ChangeCard()

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def open(self, intent_id: int) -> None:
        """Show a change with its calls."""
        found = await call(intent_view.get_change, await current_actor(self), int(intent_id))
        self.card = ChangeCard.of(found, now(), get_settings().zone)
        self.is_open = True

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def close(self, is_open: bool) -> None:
        """Close the dialog, however it was closed."""
        if not is_open:
            self.reset()


def change_dialog() -> rx.Component:
    card = ChangeState.card
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(card.title, class_name="dialog-title"),
            rx.dialog.description(card.about, class_name="quiet"),
            rx.el.p(
                pill(card.state),
                link(card.number, href=card.href, class_name="number"),
                class_name="pair",
            ),
            rx.cond(card.reason != "", rx.el.p(card.reason), rx.fragment()),
            rx.cond(card.facts != "", rx.el.p(card.facts, class_name="quiet"), rx.fragment()),
            receipts_list(card.receipts),
            rx.el.div(rx.dialog.close(button("Close")), class_name="dialog-end"),
            class_name="dialog",
        ),
        open=ChangeState.is_open,
        on_open_change=ChangeState.close,
    )
