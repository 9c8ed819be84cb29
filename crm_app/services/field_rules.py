"""Rules of an account's fields: whose word stays. Set by admins, applied by imports."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import CHOICES, DEFAULTS, Field, Rule
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError
from crm_app.models import FieldRule
from crm_app.services import accounts, audit, reach


def rules_of(session: Session, account_id: int) -> dict[Field, Rule]:
    """What holds for each field of an account. For callers that check permissions themselves."""
    rows = session.exec(select(FieldRule).where(FieldRule.account_id == account_id))
    return DEFAULTS | {row.field: row.rule for row in rows}


def rule_of(session: Session, account_id: int, field: Field) -> Rule:
    """What holds for one field of an account."""
    return rules_of(session, account_id)[field]


def list_rules(
    session: Session, actor: Actor, account_id: int
) -> list[tuple[Field, Rule, str, datetime | None]]:
    """Each field with its rule, and who set it when; empty and None for a default.

    Raises: PermissionDeniedError without `accounts.manage`, NotFoundError.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    accounts.get_account(session, account_id)
    rows = {
        row.field: row
        for row in session.exec(select(FieldRule).where(FieldRule.account_id == account_id))
    }
    return [
        (field, row.rule, row.changed_by, row.changed_at)
        if (row := rows.get(field))
        else (field, DEFAULTS[field], "", None)
        for field in Field
    ]


def set_rule(session: Session, actor: Actor, account_id: int, field: Field, rule: Rule) -> None:
    """Decide whose word of a field stays, from the next import on.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        NotFoundError: If there is no such account.
        InvalidInputError: If the field knows no such rule.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    if rule not in CHOICES[field]:
        said = f"{field.label} is not decided this way."
        raise InvalidInputError(said, details={"rule": said})
    accounts.locked_account(session, account_id)
    before = rule_of(session, account_id, field)
    if before is rule:
        return
    values = {"rule": rule, "changed_at": now(), "changed_by": actor.label}
    session.execute(
        insert(FieldRule)
        .values(account_id=account_id, field=field, **values)
        .on_conflict_do_update(index_elements=["account_id", "field"], set_=values)
    )
    audit.record(
        session,
        actor,
        "account:rule:set",
        subject_type="account",
        subject_id=account_id,
        before={field.value: before.value},
        after={field.value: rule.value},
    )
