"""The card of an account's rules: whose word stays, field by field."""

from dataclasses import dataclass, field

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import CHOICES, MEANINGS, Field, Rule
from crm_app.domain.time import now
from crm_app.errors import NotFoundError
from crm_app.services import field_rules
from crm_app.ui.order.state import order_id_of
from crm_app.ui.shared import times
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class RuleChoice:
    value: str
    label: str


@dataclass(frozen=True)
class RuleRow:
    """One field with the rule that holds; `by` says who set it, empty for a default."""

    name: str
    label: str
    meaning: str
    rule: str
    by: str
    choices: list[RuleChoice] = field(default_factory=list[RuleChoice])


class RulesState(rx.State):
    """The rules of the account that the address names."""

    rows: list[RuleRow] = []

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS, quiet=True)
    async def load(self) -> None:
        """Read the rules; an account that is not there says so elsewhere on its page."""
        try:
            await self._read()
        except NotFoundError:
            self.rows = []

    @rx.event
    @requires(Permission.MANAGE_ACCOUNTS)
    async def set_rule(self, name: str, rule: str) -> None:
        if name not in list(Field) or rule not in list(Rule):
            return
        actor, account_id = await current_actor(self), order_id_of(self.router.url.path)
        await call(field_rules.set_rule, actor, account_id, Field(name), Rule(rule))
        await self._read()

    async def _read(self) -> None:
        actor, account_id = await current_actor(self), order_id_of(self.router.url.path)
        found = await call(field_rules.list_rules, actor, account_id)
        moment, zone = now(), get_settings().zone
        self.rows = [
            RuleRow(
                name=one.value,
                label=one.label,
                meaning=MEANINGS[one],
                rule=rule.value,
                by=f"Set {times.when(at, moment, zone)} by {who}" if at else "",
                choices=[RuleChoice(choice.value, choice.label) for choice in CHOICES[one]],
            )
            for one, rule, who, at in found
        ]


def rules_card() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Whose word stays"),
        rx.el.p(
            "Both sides may change an order. These rules decide from the next import on; what is"
            " decided is not taken back when the channel says the same again.",
            class_name="quiet",
        ),
        rx.el.div(rx.foreach(RulesState.rows, _rule), class_name="rule-rows"),
        class_name="card",
        aria_label="Whose word stays",
    )


def _rule(row: RuleRow) -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span(row.label, class_name="strong"),
            rx.el.span(row.meaning, class_name="quiet"),
            html_for="rule-" + row.name,
        ),
        rx.el.div(
            rx.el.select(
                rx.foreach(row.choices, _choice),
                id="rule-" + row.name,
                value=row.rule,
                on_change=lambda rule: RulesState.set_rule(row.name, rule),
                class_name="field select",
            ),
            rx.el.span(row.by, class_name="quiet"),
            class_name="rule-set",
        ),
        key=row.name,
        class_name="rule-row",
    )


def _choice(choice: RuleChoice) -> rx.Component:
    return rx.el.option(choice.label, value=choice.value)
