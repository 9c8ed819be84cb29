"""Papers for one order or for many: checked, read, drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.download import Paper
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError
from crm_app.services import audit, reach
from crm_app.services.papers import facts, invoice, invoicing, manifest, packing_slip, pick_list
from crm_app.services.papers.sheet import Sheet

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF.

    Attributes:
        body: The file.
        count: Orders that are on it.
        left_out: Why some are not, as a sentence; empty if all are.
    """

    body: bytes
    count: int
    left_out: str = ""


def allow(session: Session, actor: Actor, paper: Paper) -> None:
    """Raise PermissionDeniedError unless the actor may have this paper; what follows reaches as
    far as they may."""
    shown = [Permission.SEE_PERSONAL_DATA] if paper.shows_people else []
    if paper is Paper.INVOICE:
        shown.append(Permission.SEE_MONEY)
    reach.require(session, actor, Permission.PRINT_ORDERS, *shown)


def print_one(
    session: Session, actor: Actor, paper: Paper, order_id: int, *, package_id: int | None = None
) -> Printed:
    """The paper of one order, at once; that it was printed is recorded.

    Args:
        session: The caller commits.
        actor: Must be allowed this paper.
        paper: A packing slip may be that of one package.
        order_id: Ours.
        package_id: One of its packages; None for what is in the house.

    Raises:
        PermissionDeniedError: If the actor may not have this paper.
        NotFoundError: If there is no such order, or no such package of it.
        InvalidInputError: If the paper is none of a package.
        ConflictError: If this order can have none, an invoice while it is pending for one.
    """
    allow(session, actor, paper)
    if not facts.read(session, [order_id]):
        raise NotFoundError("order", order_id)
    if package_id is None:
        made = make(session, actor, paper, [order_id])
    elif paper is Paper.PACKING_SLIP:
        inside = facts.of_package(session, order_id, package_id)
        made = Printed(_draw(actor, paper, [inside]).finish(), 1)
    else:
        raise InvalidInputError("Only a packing slip is printed for one package.")
    audit.record(
        session,
        actor,
        "order:printed",
        subject_type="order",
        subject_id=order_id,
        after={"paper": paper.value} | ({"package": package_id} if package_id else {}),
    )
    return made


def make(session: Session, actor: Actor, paper: Paper, order_ids: Sequence[int]) -> Printed:
    """The papers of these orders in one file. Invoices that have no number yet get one.

    Raises:
        PermissionDeniedError: If the actor may not have this paper.
        ConflictError: If none of the orders can have it.
    """
    allow(session, actor, paper)
    if paper is Paper.INVOICE:
        found = invoicing.issue(session, actor, order_ids)
        left_out = _said(found.refused)
        if not found.issued:
            raise ConflictError(left_out or "None of these orders can have an invoice.")
        return Printed(invoice.draw(found.issued).finish(), len(found.issued), left_out)
    read = facts.read(session, order_ids)
    with_lines = [order for order in read if order.lines]
    left_out = _said([f"{order.number} has no lines" for order in read if not order.lines])
    if not with_lines:
        raise ConflictError(left_out or "None of these orders can be printed.")
    return Printed(_draw(actor, paper, with_lines).finish(), len(with_lines), left_out)


def _draw(actor: Actor, paper: Paper, found: list[facts.Facts]) -> Sheet:
    moment = now().astimezone(get_settings().zone)
    printed = f"printed {moment.day} {moment:%b %Y, %H:%M} by {actor.label}"
    if paper is Paper.PICK_LIST:
        return pick_list.draw(found, printed=printed)
    if paper is Paper.MANIFEST:
        return manifest.draw(found, printed=printed)
    return packing_slip.draw(found)


def _said(reasons: Sequence[str]) -> str:
    """`2 left out: A-1 is cancelled; A-2 has no total yet.`"""
    if not reasons:
        return ""
    more = len(reasons) - _SHOWN
    tail = f"; and {more} more" if more > 0 else ""
    return f"{len(reasons)} left out: {'; '.join(reasons[:_SHOWN])}{tail}."
