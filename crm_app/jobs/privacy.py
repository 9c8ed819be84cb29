"""Jobs about data of persons: requests carried out, channels' wishes taken down, retention kept."""

import logging
import time
from datetime import timedelta
from typing import Final

from crm_app import db, queue
from crm_app.channels import hooks
from crm_app.channels.inbound import parse
from crm_app.domain.actor import SYSTEM
from crm_app.domain.time import now
from crm_app.models import InboxEntry, RequestKind
from crm_app.services.exceptions import bodies
from crm_app.services.privacy import arriving, erasing, requests, retention, working
from crm_app.services.privacy.requests import Wish

logger = logging.getLogger(__name__)

_BUDGET_S: Final = 30.0
_LATE: Final = timedelta(days=3)
_BODIES: Final = 500


def privacy_due() -> int:
    """Started by the clock: takes down what channels ask, and finds requests that a lost hint left
    behind; how many it was."""
    taken = take_wishes()
    with db.transaction() as session:
        due = working.in_work(session)
    for request_id in due:
        queue.enqueue(queue.DOCUMENTS, queue.WORK_ON_REQUEST, request_id)
    return taken + len(due)


def take_wishes() -> int:
    """Webhooks that ask for a person's data become requests; how many."""
    with db.transaction() as session:
        found = arriving.set_aside(session)
    taken = 0
    for entry_id, channel in found:
        with db.transaction() as session:
            entry = session.get_one(InboxEntry, entry_id, with_for_update=True)
            body = parse(bodies.unpacked(entry.body)) or {}
            hook = hooks.HOOKS.get(channel)
            wish = hook.privacy(entry.topic, body) if hook else None
            if wish is None:
                continue
            kind = RequestKind.ERASE if wish.erases else RequestKind.EXPORT
            names = wish.names or (entry.topic,)
            asked = Wish(kind, names[0], names[1:], wish.order_ids, wish.is_everybody)
            requests.take_wish(session, SYSTEM, entry, asked)
            taken += 1
    return taken


def work_on(request_id: int) -> None:
    """Carry out one request."""
    with db.exclusive(db.LOCK_PRIVACY, request_id) as is_ours:
        if is_ours:
            working.work(request_id)


def keep_to_retention() -> int:
    """The daily cleaning by channel; how many orders lost their person. What a budget leaves is for
    the next piece, which is asked for."""
    deadline = time.monotonic() + _BUDGET_S
    with db.transaction() as session:
        rules = retention.rules(session)
        waiting = working.in_work(session, waiting=True)
        retention.forget_files(session)
    for request_id in waiting:
        queue.enqueue(queue.DOCUMENTS, queue.WORK_ON_REQUEST, request_id)
    with db.transaction() as session:
        late = erasing.empty_late_bodies(session, now() - _LATE, _BODIES)
    total = 0
    for rule in rules:
        contacts, payloads, is_left = _clean(rule, deadline)
        total += contacts
        if contacts or payloads:
            done = {"contacts": contacts, "payloads": payloads, "bodies": late}
            with db.transaction() as session:
                retention.note_run(session, rule.channel, done)
            late = 0
        if is_left:
            queue.enqueue(queue.PULL, queue.KEEP_TO_RETENTION)
            break
    return total


def _clean(rule: retention.Rule, deadline: float) -> tuple[int, int, bool]:
    """Orders and payloads of one channel, and whether time ran out."""
    contacts = payloads = 0
    after = None
    while True:
        with db.transaction() as session:
            done, after = retention.forget_contacts(session, rule, after)
        contacts += done
        if after is None:
            break
        if time.monotonic() > deadline:
            return contacts, payloads, True
    while True:
        with db.transaction() as session:
            gone = retention.forget_payloads(session, rule)
        payloads += gone
        if gone < retention.PAYLOADS:
            return contacts, payloads, False
        if time.monotonic() > deadline:
            return contacts, payloads, True
