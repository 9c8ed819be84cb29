"""Walks over the whole audit trail: asked for on the page or by the clock, done by a worker."""

import logging
import time
from pathlib import Path
from typing import Final

from sqlmodel import Session, col, select

from crm_app import db, queue
from crm_app.config import get_settings
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.chain import Break, Head, Walk
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import NotFoundError
from crm_app.models import AuditCheck, CheckState
from crm_app.services import audit

logger = logging.getLogger(__name__)

_HEADS: Final = "audit-heads.txt"


def begin(session: Session, actor: Actor) -> AuditCheck:
    """Have the whole trail walked; the walk that is under way, if there is one. Needs `audit.view`.

    Raises:
        PermissionDeniedError: If the actor may not read the trail.
    """
    actor.require(Permission.SEE_AUDIT)
    return _begin(session, actor)


def begin_by_clock(session: Session) -> AuditCheck:
    """The same once a night, whoever looks."""
    return _begin(session, SYSTEM)


def _begin(session: Session, actor: Actor) -> AuditCheck:
    running = session.exec(
        select(AuditCheck)
        .where(AuditCheck.state == CheckState.RUNNING)
        .order_by(col(AuditCheck.id).desc())
        .limit(1)
    ).one_or_none()
    if running is not None:
        return running
    start = Head()
    check = AuditCheck(asked_by=actor.label, reached_hash=start.hash, total=audit.head(session).id)
    session.add(check)
    session.flush()
    audit.record(session, actor, "audit:check:begun", subject_type="audit", subject_id=check.id)
    queue.hint_trail(session, check.id)
    return check


def latest(session: Session, actor: Actor) -> AuditCheck | None:
    """The newest walk. Needs `audit.view`."""
    actor.require(Permission.SEE_AUDIT)
    return session.exec(select(AuditCheck).order_by(col(AuditCheck.id).desc()).limit(1)).first()


def get(session: Session, actor: Actor, check_id: int) -> AuditCheck:
    """One walk. Needs `audit.view`.

    Raises:
        PermissionDeniedError: If the actor may not read the trail.
        NotFoundError: If there is no such walk.
    """
    actor.require(Permission.SEE_AUDIT)
    check = session.get(AuditCheck, check_id)
    if check is None:
        raise NotFoundError("check", check_id)
    return check


def in_work(session: Session) -> list[int]:
    """Walks that have not ended, the oldest first."""
    return list(
        session.exec(
            select(AuditCheck.id)
            .where(AuditCheck.state == CheckState.RUNNING)
            .order_by(col(AuditCheck.id))
        )
    )


def go_on(check_id: int, *, budget_s: float) -> bool:
    """Go on with a walk for about so long; whether more is left. Callers hold its lock."""
    noted = {one.id: one.hash for one in noted_heads()}
    give_up = time.monotonic() + budget_s
    while time.monotonic() < give_up:
        with db.transaction() as session:
            if not _step(session, check_id, noted):
                return False
    return True


def _step(session: Session, check_id: int, noted: dict[int, bytes]) -> bool:
    check = session.exec(
        select(AuditCheck).where(AuditCheck.id == check_id).with_for_update()
    ).one_or_none()
    if check is None or check.state is not CheckState.RUNNING:
        return False
    walk = Walk(Head(check.reached, check.reached_hash), noted)
    links = audit.piece(session, check.reached)
    broken = walk.take(links) if links else walk.end()
    check.reached, check.reached_hash = walk.last.id, walk.last.hash
    if links and broken is None:
        return True
    check.state = CheckState.BROKEN if broken else CheckState.WHOLE
    check.finished_at = now()
    if broken:
        check.broken_id, check.reason = broken.id, str(broken)[:300]
    _tell(broken, walk.last)
    return False


def _tell(broken: Break | None, last: Head) -> None:
    if broken:
        logger.error("The audit trail cannot be believed. %s", broken)
    else:
        logger.info("The audit trail is whole up to entry %d", last.id)


def note_head() -> Head | None:
    """Write the chain's end to a file and the log, outside the database; None while it is empty.

    Whoever can cut entries off the end of the table cannot reach where the log is shipped to.
    """
    with db.transaction() as session:
        head = audit.head(session)
    if not head.id:
        return None
    logger.info("Audit head %s", head)
    known = noted_heads()
    if not known or known[-1] != head:
        path = heads_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(f"{head}\n")
    return head


def noted_heads(path: Path | None = None) -> list[Head]:
    """The heads that were noted so far; lines that are none (a torn one) are passed by."""
    path = path or heads_file()
    if not path.exists():
        return []
    found: list[Head] = []
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        try:
            found.append(Head.read(line))
        except ValueError:
            continue
    return found


def heads_file() -> Path:
    """Where this machine keeps the heads: one line `ID:HASH` an hour."""
    return get_settings().data_dir / _HEADS
