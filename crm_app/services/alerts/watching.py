"""From findings to alerts: one opens once, gets worse once, and ends once."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.alert import AlertLevel, AlertMoment
from crm_app.domain.time import now
from crm_app.models import Alert
from crm_app.services.alerts import finding, telling
from crm_app.services.alerts.finding import Finding

# What is gone for so long is over; a queue that comes and goes opens no alert each time.
CLEAR_FOR: Final = timedelta(minutes=3)


def check(session: Session, moment: datetime | None = None) -> int:
    """Compare what is wrong now with the open alerts; how many people and places are told.

    Whoever calls holds the lock of alerts: two checks at once would tell everything twice.
    """
    moment = moment or now()
    found = {one.subject: one for one in finding.find(session, moment)}
    told = 0
    for alert in session.exec(
        select(Alert)
        .where(col(Alert.closed_at).is_(None))
        .order_by(col(Alert.id))
        .with_for_update()
    ).all():
        known = found.pop(alert.subject, None)
        told += _go_on(session, alert, known, moment) if known else _end(session, alert, moment)
    for fresh in found.values():
        told += _open(session, fresh, moment)
    return told


def count_open(session: Session) -> int:
    """How many alerts are open."""
    return session.exec(
        select(func.count()).select_from(Alert).where(col(Alert.closed_at).is_(None))
    ).one()


def _open(session: Session, found: Finding, moment: datetime) -> int:
    alert = Alert(
        kind=found.kind,
        subject=found.subject,
        account_id=found.account_id,
        level=found.level,
        sentence=found.sentence[:300],
        href=found.href,
        opened_at=moment,
        changed_at=moment,
    )
    session.add(alert)
    session.flush()
    return telling.tell(session, alert, AlertMoment.OPENED, moment)


def _go_on(session: Session, alert: Alert, found: Finding, moment: datetime) -> int:
    """Keep its sentence up to date, and tell people again only where it got worse."""
    alert.clear_since = None
    alert.sentence, alert.href = found.sentence[:300], found.href
    alert.changed_at = moment
    got_worse = found.level is AlertLevel.BAD and alert.level is AlertLevel.WARN
    if not got_worse:
        return 0
    # It stays bad until it is over: a level that goes up and down is told once.
    alert.level = AlertLevel.BAD
    alert.escalated_at = moment
    return telling.tell(session, alert, AlertMoment.ESCALATED, moment)


def _end(session: Session, alert: Alert, moment: datetime) -> int:
    if alert.clear_since is None:
        alert.clear_since = moment
        return 0
    if moment - alert.clear_since < CLEAR_FOR:
        return 0
    alert.closed_at = alert.clear_since
    return telling.tell(session, alert, AlertMoment.OVER, moment)
