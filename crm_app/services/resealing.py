"""After a key was put before the old ones: everything sealed is sealed anew with it.

Until that is done the old key must stay listed; afterwards nothing needs it any more.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app import db, vault
from crm_app.errors import SecretsUnreadableError
from crm_app.models import AlertHook, ChannelAccount, IdentityProvider, Letter, User

BATCH: Final = 200
# Where the vault's work is kept. Access tokens of channels lie in Redis for an hour and are
# simply asked for again.
SEALED: Final[tuple[tuple[Any, str], ...]] = (
    (ChannelAccount, "credentials"),
    (User, "totp_secret"),
    (AlertHook, "secret"),
    (IdentityProvider, "client_secret"),
    (Letter, "content"),
)


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many were sealed anew, were sealed with the newest key already, and cannot be read."""

    done: int = 0
    already: int = 0
    unreadable: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(
            self.done + other.done,
            self.already + other.already,
            self.unreadable + other.unreadable,
        )


def reseal_all() -> Resealed:
    """Seal everything with the newest key, some rows a transaction. May run twice, or be killed."""
    found = Resealed()
    for model, column in SEALED:
        after = 0
        while True:
            with db.transaction() as session:
                count, after = _batch(session, model, column, after)
            if count is None:
                break
            found += count
    return found


def _batch(session: Session, model: Any, column: str, after: int) -> tuple[Resealed | None, int]:
    rows = session.exec(
        select(model)
        .where(model.id > after, col(getattr(model, column)).is_not(None))
        .order_by(model.id)
        .limit(BATCH)
        # Whoever renews a key at this moment is waited for, and never overwritten.
        .with_for_update()
    ).all()
    if not rows:
        return None, after
    found = Resealed()
    for row in rows:
        found += _one(row, column)
    return found, rows[-1].id


def _one(row: Any, column: str) -> Resealed:
    token: bytes = getattr(row, column)
    if not token:
        return Resealed()
    if vault.is_newest(token):
        return Resealed(already=1)
    try:
        setattr(row, column, vault.reseal(token))
    except SecretsUnreadableError:
        return Resealed(unreadable=1)
    return Resealed(done=1)
