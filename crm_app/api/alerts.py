"""Alerts over REST: what should not be, and how one is told of it."""

from datetime import datetime

from fastapi import APIRouter

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Out, Text
from crm_app.domain.alert import AlertKind, AlertLevel
from crm_app.domain.permissions import Permission
from crm_app.errands import alerts as errands
from crm_app.services.alerts import leads, settings

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])


class AlertOut(Out):
    """`closed_at` is null while it is open; `href` is a path of this product."""

    id: int
    kind: AlertKind
    level: AlertLevel
    account_id: int | None
    sentence: str
    href: str
    opened_at: datetime
    escalated_at: datetime | None
    closed_at: datetime | None


class AlertChoiceOut(Out):
    kind: AlertKind
    in_app: bool
    by_mail: bool


class AlertsOut(Out):
    """`past` are those of the last two weeks, `mine` is how you are told."""

    open: list[AlertOut]
    past: list[AlertOut]
    mine: list[AlertChoiceOut]


class AlertChoiceIn(In):
    kind: AlertKind
    in_app: bool
    by_mail: bool


class AlertHookIn(In):
    url: Text


class AlertHookOut(Out):
    """The secret is shown this once; it signs what is posted."""

    secret: str


@router.get("", dependencies=[permitted(Permission.VIEW_ORDERS)])
def list_alerts(session: DbSession, actor: CurrentActor) -> AlertsOut:
    """Open alerts, the worst first, and those that are over."""
    return AlertsOut.model_validate(settings.overview(session, actor))


@router.put("/choice", dependencies=[permitted(Permission.VIEW_ORDERS)])
def choose(body: AlertChoiceIn, session: DbSession, actor: CurrentActor) -> AlertChoiceOut:
    """How you are told of a kind of alert."""
    settings.choose(session, actor, body.kind, in_app=body.in_app, by_mail=body.by_mail)
    return AlertChoiceOut.model_validate(body, from_attributes=True)


class LeadOut(Out):
    """How long before a ship-by time the account's alert fires."""

    account_id: int
    name: str
    minutes: int


class LeadsOut(Out):
    leads: list[LeadOut]


class LeadIn(In):
    minutes: int


@router.get("/leads", dependencies=[permitted(Permission.MANAGE_ACCOUNTS)])
def list_leads(session: DbSession, actor: CurrentActor) -> LeadsOut:
    """How early the deadline alert of each account fires."""
    return LeadsOut(leads=[LeadOut.model_validate(one) for one in leads.list_leads(session, actor)])


@router.put("/leads/{account_id}", dependencies=[permitted(Permission.MANAGE_ACCOUNTS)])
def set_lead(account_id: Id, body: LeadIn, session: DbSession, actor: CurrentActor) -> LeadsOut:
    """Let an account's deadline alert fire earlier or later, from the next minute on."""
    leads.set_lead(session, actor, account_id, body.minutes)
    session.flush()
    return list_leads(session, actor)


@router.put("/webhook", dependencies=[permitted(Permission.MANAGE_ACCOUNTS)])
def set_webhook(body: AlertHookIn, actor: CurrentActor) -> AlertHookOut:
    """Post alerts to an address from now on; a former one is replaced, with its secret."""
    return AlertHookOut(secret=errands.set_hook(actor, body.url))


@router.delete("/webhook", dependencies=[permitted(Permission.MANAGE_ACCOUNTS)], status_code=204)
def remove_webhook(session: DbSession, actor: CurrentActor) -> None:
    """Post no alerts any more."""
    settings.remove_hook(session, actor)
