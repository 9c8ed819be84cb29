"""How a person had their last export written: the next one is offered so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Permission
from crm_app.services import preferences, reach
from crm_app.services.downloads import asking, columns

PREFERENCE: Final = "orders.export"


@dataclass(frozen=True, slots=True)
class Habit:
    """Keys of the columns in their order, and the format."""

    columns: tuple[str, ...]
    format: FileFormat


def own_habit(session: Session, actor: Actor) -> Habit:
    """What this person chose last; the usual columns as CSV until they do.

    A column that is gone, or that they may no longer see, is left out.

    Raises:
        PermissionDeniedError: If the actor may not export orders.
    """
    reach.require(session, actor, Permission.EXPORT_ORDERS)
    kept = preferences.get(session, actor, PREFERENCE)
    values = cast(Mapping[str, Any], kept if isinstance(kept, Mapping) else {})
    words = values.get("columns")
    may = {column.key for column in columns.allowed(actor)}
    given = cast(list[object], words) if isinstance(words, list) else []
    keys = [key for key in given if isinstance(key, str) and key in may]
    formats = {kind.value: kind for kind in asking.FORMATS}
    return Habit(
        columns=tuple(dict.fromkeys(keys)) or tuple(columns.default_keys(actor)),
        format=formats.get(str(values.get("format")), FileFormat.CSV),
    )


def keep_habit(session: Session, actor: Actor, keys: Sequence[str], kind: FileFormat) -> None:
    """Remember the choice for this person, on every computer they sign in at.

    Raises:
        PermissionDeniedError: If the actor may not export orders, or is no person.
    """
    reach.require(session, actor, Permission.EXPORT_ORDERS)
    preferences.keep(session, actor, PREFERENCE, {"columns": list(keys), "format": kind.value})
