"""What admins and people set: the webhook, and who is told how. And what the page shows."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app import queue, vault
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.alert import AlertKind, AlertMoment
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, NotSignedInError
from crm_app.models import Alert, AlertChoice, AlertHook, AlertMessage
from crm_app.services import audit, reach, sudo
from crm_app.services.alerts import telling
from crm_app.services.alerts.telling import Choice

PAST: Final = timedelta(days=14)
_MOST_PAST: Final = 50
_MOST_MESSAGES: Final = 20


@dataclass(frozen=True, slots=True)
class HookView:
    """The webhook without its secret."""

    url: str
    is_on: bool
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The page of alerts. `everybody`, `hook` and `messages` are empty without `accounts.manage`.

    Attributes:
        mine: How the actor is told of each kind.
        everybody: How each person is.
        can_mail: Whether this installation has a mail server.
    """

    open: Sequence[Alert]
    past: Sequence[Alert]
    mine: Sequence[Choice]
    everybody: Sequence[Choice]
    hook: HookView | None
    messages: Sequence[AlertMessage]
    can_mail: bool
    may_manage: bool


def overview(session: Session, actor: Actor) -> Overview:
    """Open alerts, the past ones of two weeks, and who is told how.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    may_manage = actor.may_everywhere(Permission.MANAGE_ACCOUNTS)
    is_open = col(Alert.closed_at).is_(None)
    hook = session.get(AlertHook, 1) if may_manage else None
    return Overview(
        # "bad" comes before "warn" in the alphabet, as it should.
        open=session.exec(
            select(Alert).where(is_open).order_by(col(Alert.level), col(Alert.opened_at))
        ).all(),
        past=session.exec(
            select(Alert)
            .where(~is_open, col(Alert.opened_at) > now() - PAST)
            .order_by(col(Alert.opened_at).desc(), col(Alert.id).desc())
            .limit(_MOST_PAST)
        ).all(),
        mine=telling.choices(session, user_id=actor.user_id) if actor.user_id else (),
        everybody=telling.choices(session) if may_manage else (),
        hook=HookView(hook.url, hook.is_on, hook.changed_at, hook.changed_by) if hook else None,
        messages=_messages(session) if may_manage else (),
        can_mail=bool(get_settings().smtp_host),
        may_manage=may_manage,
    )


def _messages(session: Session) -> Sequence[AlertMessage]:
    return session.exec(
        select(AlertMessage).order_by(col(AlertMessage.id).desc()).limit(_MOST_MESSAGES)
    ).all()


def choose(session: Session, actor: Actor, kind: AlertKind, *, in_app: bool, by_mail: bool) -> None:
    """How the actor wants to be told of a kind of alert.

    Raises:
        PermissionDeniedError: Without `orders.view`.
        NotSignedInError: If the actor is no person.
        ConflictError: By mail, where this installation has no mail server.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    if actor.user_id is None:
        raise NotSignedInError
    if by_mail and not get_settings().smtp_host:
        raise ConflictError("No mail server is set up here. An admin sets CRM_SMTP_HOST.")
    values = {"in_app": in_app, "by_mail": by_mail}
    known = session.get(AlertChoice, (actor.user_id, kind), populate_existing=True)
    before = {"in_app": known.in_app, "by_mail": known.by_mail} if known else {}
    if before == values:
        return
    session.execute(
        insert(AlertChoice)
        .values(user_id=actor.user_id, kind=kind, **values)
        .on_conflict_do_update(index_elements=["user_id", "kind"], set_=values)
    )
    audit.record(
        session,
        actor,
        "alerts:choice:changed",
        subject_type="user",
        subject_id=actor.user_id,
        before={kind.value: before} if before else {},
        after={kind.value: values},
    )


def set_hook(session: Session, actor: Actor, url: str) -> str:
    """Post alerts to an address from now on; returns the secret that signs them, to show once.

    The address was checked by the caller (`errands.alerts.set_hook`): that asks a name server.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        ConfirmationNeededError: The actor has not just proved that it is them.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    sudo.require(actor)
    secret = secrets.token_urlsafe(32)
    hook = session.get(AlertHook, 1, with_for_update=True)
    before = {"url": hook.url} if hook else {}
    sealed, moment = vault.seal({"secret": secret}), now()
    if hook is None:
        hook = AlertHook(
            url=url, secret=sealed, changed_at=moment, changed_by=actor.label, is_on=True
        )
    hook.url, hook.secret, hook.is_on = url, sealed, True
    hook.changed_at, hook.changed_by = moment, actor.label
    session.add(hook)
    _audit(session, actor, "alerts:webhook:set", before, {"url": url})
    return secret


def remove_hook(session: Session, actor: Actor) -> None:
    """Post no alerts any more; what waits to be posted is given up.

    Raises: PermissionDeniedError, NotFoundError if there is none.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    hook = session.get(AlertHook, 1, with_for_update=True)
    if hook is None:
        raise NotFoundError("webhook", "for alerts")
    for message in session.exec(
        select(AlertMessage).where(
            AlertMessage.way == telling.WEBHOOK,
            col(AlertMessage.sent_at).is_(None),
            col(AlertMessage.failed_at).is_(None),
        )
    ):
        message.failed_at, message.answer = now(), "The webhook was removed."
    session.delete(hook)
    _audit(session, actor, "alerts:webhook:removed", {"url": hook.url}, {})


def send_test(session: Session, actor: Actor, way: str) -> None:
    """Send a message that only says that messages arrive: by webhook, or to the actor by mail.

    Raises: PermissionDeniedError without `accounts.manage`; ConflictError if it cannot be sent.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    if way not in (telling.WEBHOOK, telling.MAIL):
        raise InvalidInputError("A test goes by mail or by webhook.")
    moment, brand = now(), get_settings().brand_name
    body: dict[str, str] = {"event": "alert.test", "at": moment.isoformat()}
    if way == telling.WEBHOOK:
        hook = session.get(AlertHook, 1)
        if hook is None:
            raise ConflictError("Set an address first.")
        target = hook.url
    else:
        mine = telling.choices(session, user_id=actor.user_id) if actor.user_id else []
        if not mine or not get_settings().smtp_host:
            raise ConflictError("No mail server is set up here. Set CRM_SMTP_HOST.")
        target = mine[0].user.email
        text = f"{actor.label} sent this test. Alerts of {brand} arrive at this address.\n"
        body = {"subject": f"[{brand}] Test of alerts", "text": text}
    session.add(
        AlertMessage(
            moment=AlertMoment.TEST,
            way=way,
            target=target,
            body=body,
            at=moment,
            next_try_at=moment,
        )
    )
    queue.hint_alerts(session)


def send_again(session: Session, actor: Actor, message_id: int) -> None:
    """Try a message once more that was given up.

    Raises: PermissionDeniedError without `accounts.manage`; NotFoundError if there is none such.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    message = session.get(AlertMessage, message_id, with_for_update=True)
    if message is None or message.failed_at is None:
        raise NotFoundError("failed message", message_id)
    message.failed_at, message.attempts, message.next_try_at = None, 0, now()
    queue.hint_alerts(session)


def _audit(
    session: Session, actor: Actor, action: str, before: dict[str, str], after: dict[str, str]
) -> None:
    audit.record(
        session,
        actor,
        action,
        subject_type="alerts",
        subject_id="webhook",
        before=before,
        after=after,
    )
