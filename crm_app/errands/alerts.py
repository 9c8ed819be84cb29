"""Messages of alerts to the outside: mails and signed webhooks, with no transaction open."""

import hashlib
import hmac
import json
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
from sqlmodel import Session, col, select

from crm_app import db, vault
from crm_app.channels.outward import OutwardTransport
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errands import mail
from crm_app.errands.addresses import check_address, check_reachable, outward_reach
from crm_app.errands.mail import MailNotTakenError
from crm_app.errors import CrmError
from crm_app.models import AlertHook, AlertMessage
from crm_app.services import sudo
from crm_app.services.accounts import pause_after
from crm_app.services.alerts import settings as alert_settings
from crm_app.services.alerts import telling

logger = logging.getLogger(__name__)

SIGNATURE: Final = "x-palmonas-signature"
TIMESTAMP: Final = "x-palmonas-timestamp"
DELIVERY: Final = "x-palmonas-delivery"
MOST_TRIES: Final = 8
_BATCH: Final = 5
# A receiver that hangs must not hold the worker for long; the clock goes on with the rest.
_BUDGET_S: Final = 30.0
# Longer than any try takes: a worker that died gives its messages back.
_LEASE: Final = timedelta(minutes=2)
_TIMEOUT_S: Final = 10.0
_FIRST_PAUSE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Job:
    id: int
    way: str
    target: str
    body: dict[str, Any]
    secret: str


class _NotTakenError(Exception):
    """Not delivered; the message is a short reason without anything that was answered."""


def set_hook(actor: Actor, url: str) -> str:
    """Check an address and post alerts there from now on; the secret, to show once.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        ConfirmationNeededError: The actor has not just proved that it is them.
        InvalidInputError: Nothing that may be called; `details` names the field `base_url`.
    """
    actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    sudo.require(actor)
    address = check_address(url, only_https=True)
    with db.transaction() as session:
        return alert_settings.set_hook(session, actor, address)


def deliver_due() -> int:
    """Send what is due for half a minute, each in its own try; how many arrived.

    May run twice at once.
    """
    sent, give_up = 0, time.monotonic() + _BUDGET_S
    while time.monotonic() < give_up and (jobs := _claim()):
        for job in jobs:
            sent += _deliver(job)
    return sent


def _claim() -> list[_Job]:
    moment = now()
    with db.transaction() as session:
        due = session.exec(
            select(AlertMessage)
            .where(
                col(AlertMessage.sent_at).is_(None),
                col(AlertMessage.failed_at).is_(None),
                col(AlertMessage.next_try_at) <= moment,
            )
            .order_by(col(AlertMessage.next_try_at), col(AlertMessage.id))
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        secret = _secret(session) if any(one.way == telling.WEBHOOK for one in due) else ""
        for message in due:
            message.attempts += 1
            message.next_try_at = moment + _LEASE
        return [_Job(one.id, one.way, one.target, one.body, secret) for one in due]


def _secret(session: Session) -> str:
    hook = session.get(AlertHook, 1)
    return vault.unseal(hook.secret)["secret"] if hook else ""


def _deliver(job: _Job) -> int:
    try:
        answer = _post(job) if job.way == telling.WEBHOOK else _mail(job)
    except (_NotTakenError, CrmError) as error:
        _note_failure(job, str(error))
        return 0
    with db.transaction() as session:
        message = session.get_one(AlertMessage, job.id, with_for_update=True)
        message.sent_at, message.answer = now(), answer
    return 1


def _note_failure(job: _Job, why: str) -> None:
    with db.transaction() as session:
        message = session.get_one(AlertMessage, job.id, with_for_update=True)
        message.answer = why[:300]
        if message.attempts >= MOST_TRIES:
            message.failed_at = now()
            logger.warning("Message %d of an alert is given up: %s", job.id, why)
        else:
            message.next_try_at = now() + pause_after(message.attempts, _FIRST_PAUSE_S)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=` and the hex HMAC of `TIMESTAMP.BODY`: what a receiver computes to compare."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def _post(job: _Job) -> str:
    check_reachable(job.target)
    body = json.dumps(job.body, ensure_ascii=False).encode()
    timestamp = str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "user-agent": f"{get_settings().brand_name}-CRM",
        DELIVERY: str(job.id),
        TIMESTAMP: timestamp,
        SIGNATURE: signature(job.secret, timestamp, body),
    }
    try:
        # Its answer's body is of no use, and is not read. No redirect: it may lead anywhere.
        with (
            httpx.Client(
                timeout=_TIMEOUT_S,
                follow_redirects=False,
                transport=OutwardTransport(outward_reach()),
            ) as client,
            client.stream("POST", job.target, content=body, headers=headers) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _NotTakenError(f"No answer: {type(error).__name__}") from error
    if not 200 <= status < 300:
        raise _NotTakenError(f"Answered {status}")
    return f"Answered {status}"


def _mail(job: _Job) -> str:
    try:
        mail.send(job.target, str(job.body["subject"]), str(job.body["text"]), f"alert-{job.id}")
    except MailNotTakenError as error:
        raise _NotTakenError(str(error)) from error
    return "Taken by the mail server"
