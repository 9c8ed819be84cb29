"""Where an actor may do a thing, held against every row that a transaction touches.

A service asks for its permission here and not of the actor alone: from then on its transaction
sees no order, count, customer, account or event of an account on which the actor does not hold
it. What lies beyond is not there: a list leaves it out, a sum does not count it, by its id it is
not found.
"""

from typing import Final

from sqlmodel import Session

from crm_app import db, narrowing
from crm_app.domain.actor import ONLY_LOOKING, Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.reach import EVERYWHERE, Reach
from crm_app.errors import NotFoundError

_REACH: Final = "reach"
# They stand for themselves: one may have them where one sees no orders.
_WITHOUT_ORDERS: Final = frozenset({Permission.VIEW_DASHBOARD, Permission.MANAGE_ACCOUNTS})


def require(session: Session, actor: Actor, *permissions: Permission) -> None:
    """Ask for permissions, and narrow the transaction to where the actor holds all of them.

    Raises:
        PermissionDeniedError: If the actor holds one of them nowhere.
    """
    for permission in permissions:
        actor.require(permission)
    if not actor.narrowed:
        return
    found = common(actor, *permissions)
    if not _WITHOUT_ORDERS.intersection(permissions):
        # Whoever asks for one thing after the other holds both only where both are held.
        found &= session.info.get(_REACH, EVERYWHERE)
    _narrow(session, actor, found)


def require_on(actor: Actor, permission: Permission, account_id: int) -> None:
    """Ask for a permission on one account, where no transaction is open.

    Raises:
        PermissionDeniedError: If the actor holds it nowhere.
        NotFoundError: If not there: an account beyond the reach is none.
    """
    actor.require(permission)
    if not actor.may(permission, account_id):
        raise NotFoundError("account", account_id)


def begin(session: Session, actor: Actor) -> None:
    """Narrow a transaction that is opened for somebody to the orders that they may see.

    Whoever looks at the desk as a role changes nothing in it, whatever service it is for.
    """
    if actor.viewing_as:
        db.only_read(session, ONLY_LOOKING)
    if actor.narrowed:
        _narrow(session, actor, actor.reach(Permission.VIEW_ORDERS))


def common(actor: Actor, *permissions: Permission) -> Reach:
    """Where the actor holds all of these; to work on orders is to see them."""
    found = EVERYWHERE
    for permission in permissions:
        found &= actor.reach(permission)
        if permission not in _WITHOUT_ORDERS and not permission.is_desk_wide:
            found &= actor.reach(Permission.VIEW_ORDERS)
    return found


def holds_wherever(actor: Actor, permission: Permission, other: Permission) -> bool:
    """Whether a permission is held wherever another one is: what is asked of all these rows at
    once, such as a search or a sum, may then use it."""
    return actor.may(permission) and actor.reach(permission).covers(actor.reach(other))


def _narrow(session: Session, actor: Actor, reach: Reach) -> None:
    session.info[_REACH] = reach
    narrowing.limit(session, None if reach.is_all else reach.accounts, actor.user_id)
