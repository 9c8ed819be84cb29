"""What a person may do and where, put together from the roles that they have at this moment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from crm_app.domain.reach import EVERYWHERE, NOWHERE, Reach, ReachKind
from crm_app.models import User

# The grants of the `users` row of a query, as one value: who acts is then found by one statement.
# In words and not as a query of the models: what an actor may see must not narrow it.
GRANTS: Final[Any] = literal_column(
    "(SELECT jsonb_agg(jsonb_build_object('key', r.key, 'name', r.name, 'verbs', r.verbs,"
    " 'two_factor', r.needs_two_factor, 'reach', g.reach, 'channels', g.channels,"
    " 'accounts', CASE g.reach WHEN 'channels' THEN"
    " ARRAY(SELECT a.id FROM channel_accounts a WHERE a.channel = ANY (g.channels))"
    " ELSE g.account_ids END) ORDER BY r.id)"
    " FROM role_grants g JOIN roles r ON r.id = g.role_id WHERE g.user_id = users.id)",
    JSONB(),
)


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody holds.

    Attributes:
        permissions: What they may do at all.
        narrowed: How far those reach that do not reach everywhere.
        roles: The names of their roles.
        needs_two_factor: Whether one of these asks for a second factor.
    """

    permissions: frozenset[Permission] = frozenset()
    narrowed: Mapping[Permission, Reach] = field(default_factory=dict[Permission, Reach])
    roles: tuple[str, ...] = ()
    needs_two_factor: bool = False

    def reach(self, permission: Permission) -> Reach:
        if permission not in self.permissions:
            return NOWHERE
        return self.narrowed.get(permission, EVERYWHERE)

    def within(self, other: "Access") -> "Access":
        """What both hold, each verb where both hold it."""
        return _access(
            {one: self.reach(one) & other.reach(one) for one in self.permissions},
            self.roles,
            needs_two_factor=self.needs_two_factor,
        )


def of(session: Session, user_id: int) -> Access:
    """What a person holds at this moment; nothing without a role."""
    return of_all(session, [user_id]).get(user_id, Access())


def of_all(session: Session, user_ids: Collection[int]) -> dict[int, Access]:
    """The same of several people, by their ids."""
    found = session.exec(select(User.id, GRANTS).where(col(User.id).in_(user_ids)))
    return {user_id: read(rows) for user_id, rows in found}


def read(rows: Iterable[Mapping[str, Any]] | None) -> Access:
    """What `GRANTS` says."""
    held: dict[Permission, Reach] = {}
    names: list[str] = []
    needs_two_factor = False
    for row in rows or ():
        names.append(row["name"])
        needs_two_factor |= row["two_factor"] or row["key"] in get_settings().two_factor_roles
        reach = _reach(row)
        for verb in verbs_of(row["key"], row["verbs"]):
            held[verb] = held.get(verb, NOWHERE) | reach
    return _access(held, tuple(names), needs_two_factor=needs_two_factor)


def verbs_of(key: str | None, verbs: Iterable[str]) -> frozenset[Permission]:
    """What a role lets do: by the release if it is built in, else by its row."""
    if key is not None:
        return ROLE_PERMISSIONS[Role(key)]
    return frozenset(one for one in Permission if one.value in verbs)


def as_role(key: str | None, verbs: Iterable[str], reach: Reach) -> Access:
    """What one role would let a person do with this reach."""
    return _access(dict.fromkeys(verbs_of(key, verbs), reach), (), needs_two_factor=False)


def _access(
    held: Mapping[Permission, Reach], roles: tuple[str, ...], *, needs_two_factor: bool
) -> Access:
    kept = {one: reach for one, reach in held.items() if reach.is_all or _is_held(one, reach)}
    narrowed = {one: reach for one, reach in kept.items() if not reach.is_all}
    return Access(frozenset(kept), narrowed, roles, needs_two_factor)


def _is_held(permission: Permission, reach: Reach) -> bool:
    return bool(reach) and not permission.is_desk_wide


def _reach(row: Mapping[str, Any]) -> Reach:
    if row["reach"] == ReachKind.ALL:
        return EVERYWHERE
    known = {one.value for one in Channel}
    channels = frozenset(Channel(one) for one in row["channels"] if one in known)
    return Reach(False, channels, frozenset(row["accounts"]))
