"""Whose word of an account's fields stays, over REST; for admins."""

from datetime import datetime

from fastapi import APIRouter

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Out
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import CHOICES, Field, Rule
from crm_app.services import field_rules

router = APIRouter(
    prefix="/api/v1/accounts/{account_id}/rules",
    tags=["accounts"],
    dependencies=[permitted(Permission.MANAGE_ACCOUNTS)],
)


class RuleOut(Out):
    """`changed_at` is null where the default holds."""

    field: Field
    rule: Rule
    choices: list[Rule]
    changed_by: str
    changed_at: datetime | None


class RulesOut(Out):
    rules: list[RuleOut]


class RuleIn(In):
    rule: Rule


@router.get("")
def list_rules(account_id: Id, session: DbSession, actor: CurrentActor) -> RulesOut:
    """What holds where the channel and the desk both changed a field."""
    return RulesOut(
        rules=[
            RuleOut(
                field=field,
                rule=rule,
                choices=list(CHOICES[field]),
                changed_by=who,
                changed_at=at,
            )
            for field, rule, who, at in field_rules.list_rules(session, actor, account_id)
        ]
    )


@router.put("/{field}")
def set_rule(
    account_id: Id, field: Field, body: RuleIn, session: DbSession, actor: CurrentActor
) -> RulesOut:
    """Decide whose word stays, from the next import on."""
    field_rules.set_rule(session, actor, account_id, field, body.rule)
    session.flush()
    return list_rules(account_id, session, actor)
