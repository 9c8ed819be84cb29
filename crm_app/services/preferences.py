"""What a person set for themselves: small values by name, the same on every computer."""

import json
from typing import Any, Final

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import UserPreference
from crm_app.services import audit

_LONGEST: Final = 16_000


def get(session: Session, actor: Actor, name: str) -> Any:
    """The value that this person keeps under a name; None if they never set it.

    A person reads nobody's but their own, so no permission is asked for beyond being one.
    """
    if actor.user_id is None:
        return None
    kept = session.get(UserPreference, (actor.user_id, name))
    return kept.value if kept else None


def keep(session: Session, actor: Actor, name: str, value: Any) -> None:
    """Set a value of this person. Two tabs at once leave the later one's.

    Args:
        session: An open transaction of `db.transaction()`.
        actor: A person.
        name: At most 40 characters.
        value: JSON types only, at most 16 kB of them.

    Raises:
        PermissionDeniedError: If the actor is no person.
        InvalidInputError: If the value is too large.
    """
    if actor.user_id is None:
        raise PermissionDeniedError
    if len(json.dumps(value)) > _LONGEST:
        raise InvalidInputError("This is more than can be remembered.")
    before = get(session, actor, name)
    if before == value:
        return
    row = {"user_id": actor.user_id, "name": name, "value": value}
    statement = insert(UserPreference).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "name"],
            set_={"value": statement.excluded.value, "updated_at": func.clock_timestamp()},
        )
    )
    audit.record(
        session,
        actor,
        "user:preference:changed",
        subject_type="user",
        subject_id=actor.user_id,
        before={} if before is None else {name: before},
        after={name: value},
    )
