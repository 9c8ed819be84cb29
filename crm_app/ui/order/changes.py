"""All changes of an order, each with its line of travel and the calls that were made about it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

import reflex as rx

from crm_app.services.intent_view import IntentView
from crm_app.services.order_view import OrderDetail
from crm_app.ui.ledger.view import state_pill
from crm_app.ui.order.travel import Step, is_decided, steps
from crm_app.ui.shared import times
from crm_app.ui.shared.conditions import has_any
from crm_app.ui.shared.marks import icon, pill
from crm_app.ui.shared.receipts import Receipt, facts_of, receipts_list
from crm_app.ui.shared.tones import Pill

_DECIDED: Final = Pill("Decided", "mute", "stop", "Both sides had changed it; they agree now")


@dataclass(frozen=True)
class ChangeLine:
    """One change as the order's page shows it."""

    id: int
    before: str
    after: str
    who: str
    at: str
    exact: str
    state: Pill
    reason: str
    facts: str
    steps: list[Step] = field(default_factory=list[Step])
    receipts: list[Receipt] = field(default_factory=list[Receipt])

    @classmethod
    def of(
        cls, intent: IntentView, now: datetime, zone: ZoneInfo, *, is_decided: bool = False
    ) -> Self:
        return cls(
            id=intent.id,
            before=intent.from_status.label,
            after=intent.to_status.label,
            who=intent.actor_label,
            at=times.when(intent.created_at, now, zone),
            exact=times.exact(intent.created_at, zone),
            state=_DECIDED if is_decided else state_pill(intent.state),
            reason=intent.reason,
            facts=facts_of(intent),
            steps=steps(intent, now, zone, is_decided=is_decided),
            receipts=[Receipt.of(one, now, zone) for one in intent.receipts],
        )


def changes_of(detail: OrderDetail, now: datetime, zone: ZoneInfo) -> list[ChangeLine]:
    """The newest first."""
    return [
        ChangeLine.of(intent, now, zone, is_decided=is_decided(detail, intent))
        for intent in detail.intents
    ]


def changes_list(changes: list[ChangeLine]) -> rx.Component:
    """Folded: a line each; opened, its travel and its calls."""
    return rx.cond(
        has_any(changes),
        rx.el.ol(
            rx.foreach(changes, _change),
            class_name="changes",
            aria_label="What the channel was told, newest first",
        ),
        rx.fragment(),
    )


def _change(change: ChangeLine) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(
                    change.before, icon("arrow-right", 12), change.after, class_name="change-what"
                ),
                pill(change.state),
                rx.el.span(change.who, class_name="quiet change-who"),
                rx.el.span(change.at, title=change.exact, class_name="quiet"),
            ),
            rx.el.ol(rx.foreach(change.steps, step), class_name="travel"),
            rx.cond(change.reason != "", rx.el.p(change.reason), rx.fragment()),
            rx.cond(change.facts != "", rx.el.p(change.facts, class_name="quiet"), rx.fragment()),
            receipts_list(change.receipts),
        ),
        key=change.id,
        custom_attrs={"data-change": change.id},
    )


def step(one: Step) -> rx.Component:
    """One stop of a line of travel."""
    return rx.el.li(
        rx.el.i(aria_hidden="true"),
        rx.el.span(one.name, class_name="step-name"),
        rx.el.span(one.at, title=one.exact, class_name="step-at"),
        key=one.name,
        class_name="step step-" + one.look,
    )
