"""Letters to people on their way to the mail server, with no transaction open."""

import logging
import time
from dataclasses import dataclass
from typing import Final

from crm_app import db, vault
from crm_app.errands import mail
from crm_app.errands.mail import MailNotTakenError
from crm_app.errors import SecretsUnreadableError
from crm_app.services import letters

logger = logging.getLogger(__name__)

# A mail server that hangs must not hold the worker for long; the clock goes on with the rest.
_BUDGET_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Sealed:
    id: int
    address: str
    content: bytes


def deliver_due() -> int:
    """Send what is due for half a minute, each in its own try; how many were taken.

    May run twice at once.
    """
    sent, give_up = 0, time.monotonic() + _BUDGET_S
    while time.monotonic() < give_up and (due := _claim()):
        sent += sum(_deliver(one) for one in due)
    return sent


def _claim() -> list[_Sealed]:
    with db.transaction() as session:
        return [
            _Sealed(one.id, one.address, one.content)
            for one in letters.claim(session)
            if one.content is not None
        ]


def _deliver(one: _Sealed) -> bool:
    try:
        content = vault.unseal(one.content)
        mail.send(one.address, content["subject"], content["text"], f"letter-{one.id}")
    except (MailNotTakenError, SecretsUnreadableError) as error:
        why = str(error) if isinstance(error, MailNotTakenError) else "It cannot be read."
        with db.transaction() as session:
            is_over = letters.note_failure(session, one.id, why)
        if is_over:
            logger.warning("Letter %d is given up: %s", one.id, why)
        return False
    with db.transaction() as session:
        letters.note_sent(session, one.id)
    return True
