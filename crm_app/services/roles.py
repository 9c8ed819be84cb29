"""Roles: what people can be given. The built-in ones are the release's; others are made here."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission, Role
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import RoleGrant, StaffRole
from crm_app.services import access, audit, granting, sudo

_MAX_NAME = 60
_MAX_DESCRIPTION = 300


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A role as somebody wants it; `verbs` are words of permissions."""

    name: str
    description: str
    verbs: Collection[str]
    needs_two_factor: bool = False


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role as it is.

    Attributes:
        key: Which of the built-in ones it is; None for one that was made here.
        version: Another one after each change, to notice that somebody else made one.
        people: How many have it, also of those who are deactivated.
        may_give: Whether who asks holds all of it everywhere, and so may give and change it.
    """

    id: int
    key: Role | None
    name: str
    description: str
    verbs: frozenset[Permission]
    needs_two_factor: bool
    version: str
    people: int
    may_give: bool

    @property
    def sentence(self) -> str:
        return sentence(self.verbs)


def sentence(verbs: Collection[Permission]) -> str:
    """What verbs mean, in words."""
    phrases = [one.phrase for one in Permission if one in verbs]
    if not phrases:
        return "May do nothing."
    if len(phrases) == len(Permission):
        return "May do everything."
    *most, last = phrases
    return f"May {', '.join(most)} and {last}." if most else f"May {last}."


def list_roles(session: Session, actor: Actor) -> list[RoleView]:
    """Every role, the built-in ones first. Needs `users.manage`, `roles.manage` or
    `tokens.manage`: who gives one must see them."""
    if not any(actor.may(one) for one in (Permission.MANAGE_ROLES, Permission.MANAGE_TOKENS)):
        actor.require(Permission.MANAGE_USERS)
    rows = session.exec(
        select(StaffRole).order_by(col(StaffRole.key).is_(None), col(StaffRole.id))
    ).all()
    held = Counter(session.exec(select(RoleGrant.role_id)).all())
    return [_view(actor, row, held[row.id]) for row in rows]


def get_role(session: Session, actor: Actor, role_id: int) -> RoleView:
    """One role. Needs `users.manage` or `roles.manage`.

    Raises:
        NotFoundError: If there is no such role.
    """
    found = next((one for one in list_roles(session, actor) if one.id == role_id), None)
    if found is None:
        raise NotFoundError("role", role_id)
    return found


def make(session: Session, actor: Actor, draft: RoleDraft) -> RoleView:
    """Make a role; a copy of another is a draft with its verbs.

    Raises:
        PermissionDeniedError: If the actor may not manage roles, or not do everywhere what the
            role would allow.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        InvalidInputError: If name, description or verbs cannot be used.
        ConflictError: If a role has this name.
    """
    actor.require(Permission.MANAGE_ROLES)
    sudo.require(actor)
    granting.hold_still(session)
    row = StaffRole(name="", verbs=[])
    _write(session, actor, row, draft)
    session.add(row)
    session.flush()
    _record(session, actor, row, "role:made", {}, _said(row))
    return get_role(session, actor, row.id)


def change(
    session: Session, actor: Actor, role_id: int, draft: RoleDraft, seen: str | None = None
) -> RoleView:
    """Change a role, and with it what everybody who has it may do from their next click on.

    Of a built-in role only whether it asks for a second factor can change.

    Args:
        session: The caller commits.
        actor: Must hold `roles.manage`, and all that the role allows, before and after.
        role_id: Which.
        draft: What it is to be.
        seen: The version that the draft was made of; None to change whatever is there.

    Raises:
        PermissionDeniedError: As `make`; also if the role allows so far what the actor may not.
        ConfirmationNeededError: As `make`.
        NotFoundError: If there is no such role.
        InvalidInputError: As `make`.
        ConflictError: If a role has this name, it is built in, somebody changed it since it was
            seen, or nobody would be left to manage people and roles.
    """
    actor.require(Permission.MANAGE_ROLES)
    sudo.require(actor)
    granting.hold_still(session)
    row = _get(session, role_id)
    if seen is not None and seen != _version(row):
        raise ConflictError("Somebody changed this role meanwhile. Look at it as it is now.")
    _require_all(actor, access.verbs_of(row.key, row.verbs))
    before = _said(row)
    if row.key is None:
        _write(session, actor, row, draft)
    elif _is_other(row, draft):
        raise ConflictError(f"{row.name} is built in. Copy it, and change the copy.")
    row.needs_two_factor = draft.needs_two_factor
    session.flush()
    granting.keep_an_admin(session)
    after = _said(row)
    changed = {name for name in after if after[name] != before[name]}
    if changed:
        old = {name: before[name] for name in changed}
        _record(session, actor, row, "role:changed", old, {name: after[name] for name in changed})
    return get_role(session, actor, role_id)


def remove(session: Session, actor: Actor, role_id: int) -> None:
    """Delete a role that nobody has.

    Raises:
        PermissionDeniedError: If the actor may not manage roles.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        NotFoundError: If there is no such role.
        ConflictError: If it is built in, or somebody has it.
    """
    actor.require(Permission.MANAGE_ROLES)
    sudo.require(actor)
    granting.hold_still(session)
    row = _get(session, role_id)
    if row.key is not None:
        raise ConflictError(f"{row.name} is built in and stays.")
    count = select(func.count()).select_from(RoleGrant).where(RoleGrant.role_id == role_id)
    if people := session.exec(count).one():
        who = "1 person has" if people == 1 else f"{people} people have"
        raise ConflictError(f"{who} the role {row.name}. Give them another one first.")
    _record(session, actor, row, "role:removed", _said(row), {})
    session.delete(row)
    session.flush()


def _view(actor: Actor, row: StaffRole, people: int) -> RoleView:
    verbs = access.verbs_of(row.key, row.verbs)
    return RoleView(
        id=row.id,
        key=row.key,
        name=row.name,
        description=row.description,
        verbs=verbs,
        needs_two_factor=row.needs_two_factor,
        version=_version(row),
        people=people,
        may_give=all(actor.may_everywhere(one) for one in verbs),
    )


def _write(session: Session, actor: Actor, row: StaffRole, draft: RoleDraft) -> None:
    name = _clean("name", draft.name, 1, _MAX_NAME)
    same: Sequence[int] = session.exec(
        select(StaffRole.id).where(func.lower(StaffRole.name) == name.lower())
    ).all()
    if set(same) - {row.id}:
        raise ConflictError(f"There is a role {name} already.", details={"name": "Taken."})
    row.name, row.description = name, _clean("description", draft.description, 0, _MAX_DESCRIPTION)
    row.verbs = _verbs(actor, draft.verbs)
    row.needs_two_factor = draft.needs_two_factor


def _clean(field: str, text: str, least: int, most: int) -> str:
    text = " ".join(text.split())
    if not least <= len(text) <= most or not text.isprintable():
        said = f"{least} to {most} printable characters."
        raise InvalidInputError(f"A role's {field} has {said}", details={field: said})
    return text


def _verbs(actor: Actor, words: Collection[str]) -> list[str]:
    known = {one.value: one for one in Permission}
    wanted = set(words)
    if not wanted or not wanted <= set(known):
        raise InvalidInputError(
            "A role lets do at least one thing, and only things there are.",
            details={"verbs": "Choose one or more."},
        )
    _require_all(actor, {known[word] for word in wanted})
    return [one.value for one in Permission if one.value in wanted]


def _require_all(actor: Actor, verbs: Collection[Permission]) -> None:
    if not all(actor.may_everywhere(one) for one in verbs):
        raise PermissionDeniedError("A role can only be made or changed by who holds all of it.")


def _is_other(row: StaffRole, draft: RoleDraft) -> bool:
    verbs = {one.value for one in access.verbs_of(row.key, row.verbs)}
    said = (draft.name.strip(), draft.description.strip(), set(draft.verbs))
    return said != (row.name, row.description, verbs)


def _get(session: Session, role_id: int) -> StaffRole:
    row = session.exec(
        select(StaffRole).where(StaffRole.id == role_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFoundError("role", role_id)
    return row


def _said(row: StaffRole) -> dict[str, object]:
    return {
        "name": row.name,
        "description": row.description,
        "verbs": sorted(one.value for one in access.verbs_of(row.key, row.verbs)),
        "needs_two_factor": row.needs_two_factor,
    }


def _version(row: StaffRole) -> str:
    said = json.dumps(_said(row), sort_keys=True).encode()
    return hashlib.sha256(said).hexdigest()[:16]


def _record(
    session: Session,
    actor: Actor,
    row: StaffRole,
    action: str,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    audit.record(
        session, actor, action, subject_type="role", subject_id=row.id, before=before, after=after
    )
