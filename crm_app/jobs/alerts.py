"""Alerts: measured, raised and sent. Each may run twice."""

from crm_app import db
from crm_app.errands import alerts as errands
from crm_app.errands import letters
from crm_app.services import pulse
from crm_app.services.alerts import watching

_ALL: int = 0


def watch_alerts() -> int:
    """Started by the clock: measure every account and raise what should not be; how many were
    told."""
    with db.exclusive(db.LOCK_ALERTS, _ALL) as is_ours:
        if not is_ours:
            return 0
        with db.transaction() as session:
            pulse.measure(session)
        with db.transaction() as session:
            return watching.check(session)


def deliver_alerts() -> int:
    """Send the letters, mails and webhooks that are due; how many arrived."""
    # Somebody waits for the link in a letter.
    return letters.deliver_due() + errands.deliver_due()
