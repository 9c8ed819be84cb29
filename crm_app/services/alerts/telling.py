"""Who is told of an alert, and how: in the app, by mail, by webhook."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.config import get_settings
from crm_app.domain.alert import AlertKind, AlertMoment
from crm_app.domain.permissions import Permission
from crm_app.domain.reach import Reach
from crm_app.domain.time import now
from crm_app.models import Alert, AlertChoice, AlertHook, AlertMessage, User
from crm_app.services import access, notices

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"
_AHEAD: Final = {
    AlertMoment.OPENED: "",
    AlertMoment.ESCALATED: "Worse: ",
    AlertMoment.OVER: "Over: ",
    AlertMoment.TEST: "Test: ",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """How a person is told of a kind of alert. `is_own`: they chose it themselves.

    `sees` is where they may see orders: nobody is told of another account.
    """

    user: User
    kind: AlertKind
    in_app: bool
    by_mail: bool
    is_own: bool
    sees: Reach


def choices(session: Session, *, user_id: int | None = None) -> list[Choice]:
    """How each active person who may see orders is told of each kind; of one, if named."""
    people = col(User.is_active).is_(True), col(User.is_service).is_(False)
    statement = select(User).where(*people).order_by(col(User.id))
    if user_id is not None:
        statement = statement.where(User.id == user_id)
    people = session.exec(statement).all()
    held = access.of_all(session, [user.id for user in people])
    own = {(row.user_id, row.kind): row for row in session.exec(select(AlertChoice))}
    return [
        _choice(user, held[user.id], kind, own.get((user.id, kind)))
        for user in people
        if Permission.VIEW_ORDERS in held[user.id].permissions
        for kind in AlertKind
    ]


def _choice(user: User, held: access.Access, kind: AlertKind, row: AlertChoice | None) -> Choice:
    sees = held.reach(Permission.VIEW_ORDERS)
    if row is not None:
        return Choice(user, kind, row.in_app, row.by_mail, is_own=True, sees=sees)
    concerned = kind.concerns in held.permissions
    return Choice(user, kind, in_app=concerned, by_mail=False, is_own=False, sees=sees)


def tell(session: Session, alert: Alert, moment: AlertMoment, at: datetime) -> int:
    """Tell everybody who wants to know of this moment of an alert; how many people and places.

    Notices are there with the commit; mails and webhooks are written down for the worker.
    """
    wanted = [
        choice
        for choice in choices(session)
        if choice.kind is alert.kind and choice.sees.holds(alert.account_id)
    ]
    sentence = f"{_AHEAD[moment]}{alert.sentence}"
    key = f"alert:{alert.id}"
    if moment is AlertMoment.OVER:
        # Whoever has not read that it began need not read on: it is over.
        for stage in (AlertMoment.OPENED, AlertMoment.ESCALATED):
            notices.withdraw(session, key=f"{key}:{stage.value}")
    told = notices.tell(
        session,
        [choice.user.id for choice in wanted if choice.in_app],
        kind="alert",
        sentence=sentence,
        href=alert.href,
        key=f"{key}:{moment.value}",
    )
    messages = [
        _mail(alert, moment, at, choice.user.email, sentence)
        for choice in wanted
        if choice.by_mail and get_settings().smtp_host
    ]
    if (hook := session.get(AlertHook, 1)) is not None and hook.is_on:
        messages.append(_post(alert, moment, at, hook.url))
    session.add_all(messages)
    if messages:
        queue.hint_alerts(session)
    return told + len(messages)


def _mail(
    alert: Alert, moment: AlertMoment, at: datetime, address: str, sentence: str
) -> AlertMessage:
    origin = get_settings().origin
    text = (
        f"{sentence}.\n\n"
        f"Look at it: {origin}{alert.href}\n\n"
        f"{alert.kind.meaning}\n"
        f"You chose to be told of this by e-mail; {origin}/alerts changes it.\n"
    )
    subject = f"[{get_settings().brand_name}] {sentence}"
    return AlertMessage(
        alert_id=alert.id,
        moment=moment,
        way=MAIL,
        target=address,
        body={"subject": subject, "text": text},
        at=at,
        next_try_at=at,
    )


def _post(alert: Alert, moment: AlertMoment, at: datetime, url: str) -> AlertMessage:
    return AlertMessage(
        alert_id=alert.id,
        moment=moment,
        way=WEBHOOK,
        target=url,
        body=payload(alert, moment, at),
        at=at,
        next_try_at=at,
    )


def payload(alert: Alert, moment: AlertMoment, at: datetime) -> dict[str, Any]:
    """What a webhook says of an alert; times are ISO 8601 in UTC."""
    return {
        "event": f"alert.{moment.value}",
        "at": at.isoformat(),
        "alert": {
            "id": alert.id,
            "kind": alert.kind.value,
            "level": alert.level.value,
            "account_id": alert.account_id,
            "sentence": alert.sentence,
            "url": f"{get_settings().origin}{alert.href}",
            "opened_at": alert.opened_at.isoformat(),
            "closed_at": alert.closed_at.isoformat() if alert.closed_at else None,
        },
    }


def send_again(session: Session, message_id: int) -> None:
    """Try what was given up on a message's way anew; the newest says it all, so only that one."""
    message = session.get_one(AlertMessage, message_id, with_for_update=True)
    message.failed_at, message.attempts, message.next_try_at = None, 0, now()
    queue.hint_alerts(session)


def forget_alerts(session: Session, before: datetime) -> int:
    """Delete alerts that ended, and messages from before a moment; how many alerts it was."""
    session.execute(sa.delete(AlertMessage).where(col(AlertMessage.at) < before))
    old = sa.delete(Alert).where(col(Alert.closed_at) < before).returning(col(Alert.id))
    return len(session.execute(old).all())
