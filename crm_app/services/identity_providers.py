"""Which providers may say who somebody is, for whom, and what a newcomer is given."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, func, select

from crm_app import vault
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import IdentityProvider, StaffRole, UserIdentity
from crm_app.services import access, audit, granting, sudo

MOST: Final = 10
_MAX_NAME: Final = 60
_MAX_CLIENT: Final = 300
_MOST_DOMAINS: Final = 50
_DOMAIN: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class ProviderDraft:
    """A provider as somebody wants it.

    Attributes:
        client_secret: None leaves the one that is kept; empty for a public client.
        domains: Of e-mail addresses whose owners it may vouch for.
        role_ids: What a newcomer is given on all accounts; none: nobody is added.
        has_factor: Whether it asks for a second factor itself, so ours is not asked for.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str | None = None
    domains: Collection[str] = ()
    role_ids: Collection[int] = ()
    has_factor: bool = False
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A provider as it is kept; `people` counts who is linked with it."""

    provider: IdentityProvider
    people: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider that the sign-in page offers."""

    id: int
    name: str


def offers(session: Session) -> list[Offer]:
    """What the sign-in page offers: anybody may know."""
    rows = session.exec(
        select(IdentityProvider)
        .where(col(IdentityProvider.is_on).is_(True))
        .order_by(col(IdentityProvider.name))
    )
    return [Offer(row.id, row.name) for row in rows]


def list_providers(session: Session, actor: Actor) -> list[ProviderView]:
    """Every provider. Needs `users.manage` and `roles.manage`."""
    require(actor)
    rows = session.exec(
        select(IdentityProvider, func.count(col(UserIdentity.id)))
        .outerjoin(UserIdentity, col(UserIdentity.provider_id) == col(IdentityProvider.id))
        .group_by(col(IdentityProvider.id))
        .order_by(func.lower(IdentityProvider.name))
    )
    return [ProviderView(provider, people) for provider, people in rows]


def require(actor: Actor) -> None:
    """Whoever sets up a provider decides whom it vouches for: that is everybody but the admins,
    so it takes what lets do everything.

    Raises:
        PermissionDeniedError: Unless the actor manages people and roles.
    """
    for one in sorted(granting.LAST_ONES):
        if not actor.may_everywhere(one):
            raise PermissionDeniedError("Single sign-on is set up by who manages people and roles.")


def require_change(actor: Actor) -> None:
    """The same for a change, which asks once more who it is.

    Raises:
        PermissionDeniedError: As `require`.
        ConfirmationNeededError: If the actor has not just proved that it is them.
    """
    require(actor)
    sudo.require(actor)


def connect(session: Session, actor: Actor, draft: ProviderDraft) -> IdentityProvider:
    """Keep a new provider, whose issuer the caller has asked already.

    Raises:
        PermissionDeniedError: If the actor may not, or a role lets do more than they may.
        InvalidInputError: If something cannot be used; `details` names the field.
        ConflictError: If there is one of this name or issuer, or there are enough.
    """
    require_change(actor)
    granting.hold_still(session)
    if len(session.exec(select(IdentityProvider.id)).all()) >= MOST:
        raise ConflictError(f"There are {MOST} providers already.")
    row = IdentityProvider(name="", issuer="", client_id="")
    _write(session, actor, row, draft)
    session.add(row)
    session.flush()
    _record(session, actor, row, "identity-provider:connected", {}, said(row))
    return row


def change(
    session: Session, actor: Actor, provider_id: int, draft: ProviderDraft
) -> IdentityProvider:
    """Change a provider; who is signed in through it stays so.

    Raises:
        NotFoundError: If there is no such provider.
        Others: As `connect`.
    """
    require_change(actor)
    granting.hold_still(session)
    row = get(session, actor, provider_id, is_locked=True)
    before, secret = said(row), row.client_secret
    _write(session, actor, row, draft)
    session.flush()
    after = said(row)
    names = [name for name in after if after[name] != before[name]]
    changed = {name: after[name] for name in names}
    if row.client_secret != secret:
        changed["has_new_secret"] = True
    if changed:
        old = {name: before[name] for name in names}
        _record(session, actor, row, "identity-provider:changed", old, changed)
    return row


def remove(session: Session, actor: Actor, provider_id: int) -> None:
    """Forget a provider and who is linked with it. The people stay; so do open sessions.

    Raises:
        PermissionDeniedError: If the actor may not.
        NotFoundError: If there is no such provider.
    """
    require_change(actor)
    row = get(session, actor, provider_id, is_locked=True)
    _record(session, actor, row, "identity-provider:removed", said(row), {})
    session.delete(row)
    session.flush()


def get(
    session: Session, actor: Actor, provider_id: int, *, is_locked: bool = False
) -> IdentityProvider:
    """One provider.

    Raises:
        PermissionDeniedError: If the actor may not see it.
        NotFoundError: If there is none.
    """
    require(actor)
    asked = select(IdentityProvider).where(IdentityProvider.id == provider_id)
    row = session.exec(asked.with_for_update() if is_locked else asked).one_or_none()
    if row is None:
        raise NotFoundError("provider", provider_id)
    return row


def check(draft: ProviderDraft) -> None:
    """Refuse what cannot be used before anybody is asked about it.

    Raises:
        InvalidInputError: `details` names the field.
    """
    _printable("name", draft.name, _MAX_NAME)
    _printable("client_id", draft.client_id, _MAX_CLIENT)
    if draft.client_secret is not None and not _is_sendable(draft.client_secret):
        raise _wrong("client_secret", f"Up to {_MAX_CLIENT} characters without spaces.")
    clean_domains(draft.domains)


def clean_domains(domains: Collection[str]) -> list[str]:
    """Domains as they are compared.

    Raises:
        InvalidInputError: If one is none.
    """
    found = sorted({one.strip().lower().removeprefix("@") for one in domains if one.strip()})
    if len(found) > _MOST_DOMAINS or not all(
        len(one) <= 253 and _DOMAIN.fullmatch(one) for one in found
    ):
        raise _wrong("domains", "Domains look like palmonas.com, up to 50 of them.")
    return found


def is_for_newcomers(verbs: Collection[Permission]) -> bool:
    """Whether a role may be given to whom nobody here has looked at: not power over others."""
    return not granting.LAST_ONES & set(verbs)


def said(row: IdentityProvider) -> dict[str, object]:
    """What the audit trail keeps of a provider: everything but its secret."""
    return {
        "name": row.name,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "domains": list(row.domains),
        "role_ids": list(row.role_ids),
        "has_factor": row.has_factor,
        "is_on": row.is_on,
    }


def _write(session: Session, actor: Actor, row: IdentityProvider, draft: ProviderDraft) -> None:
    check(draft)
    name = " ".join(draft.name.split())
    _unique(session, row, name, draft.issuer)
    row.name, row.issuer, row.client_id = name, draft.issuer, draft.client_id.strip()
    row.domains, row.role_ids = clean_domains(draft.domains), _roles(session, actor, row, draft)
    row.has_factor, row.is_on = draft.has_factor, draft.is_on
    if draft.client_secret is not None:
        secret = draft.client_secret
        row.client_secret = vault.seal({"client_secret": secret}) if secret else None


def _unique(session: Session, row: IdentityProvider, name: str, issuer: str) -> None:
    for field, label, same in (
        ("name", name, func.lower(IdentityProvider.name) == name.lower()),
        ("issuer", issuer, IdentityProvider.issuer == issuer),
    ):
        found: Sequence[int] = session.exec(select(IdentityProvider.id).where(same)).all()
        if set(found) - {row.id}:
            raise ConflictError(f"There is a provider {label} already.", details={field: "Taken."})


def _roles(
    session: Session, actor: Actor, row: IdentityProvider, draft: ProviderDraft
) -> list[int]:
    """What a newcomer is given: what the actor may give, and never power over people and roles."""
    wanted = sorted(set(draft.role_ids))
    if wanted and not clean_domains(draft.domains):
        raise _wrong("domains", "Whose newcomers? Name the domains of their addresses.")
    for role_id in wanted:
        role = session.get(StaffRole, role_id)
        if role is None:
            raise NotFoundError("role", role_id)
        verbs = access.verbs_of(role.key, role.verbs)
        if not is_for_newcomers(verbs):
            raise _wrong("role_ids", f"{role.name} manages people or roles: a person gives that.")
        if role_id not in row.role_ids and not all(actor.may_everywhere(one) for one in verbs):
            raise PermissionDeniedError(f"{role.name} lets do more than you may.")
    return wanted


def _printable(field: str, text: str, most: int) -> None:
    text = text.strip()
    if not text or len(text) > most or not text.isprintable():
        raise _wrong(field, f"1 to {most} printable characters.")


def _is_sendable(secret: str) -> bool:
    return len(secret) <= _MAX_CLIENT and secret.isascii() and (not secret or secret.isprintable())


def _wrong(field: str, why: str) -> InvalidInputError:
    return InvalidInputError(why, details={field: why})


def _record(
    session: Session,
    actor: Actor,
    row: IdentityProvider,
    action: str,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    audit.record(
        session,
        actor,
        action,
        subject_type="identity-provider",
        subject_id=row.id,
        before=before,
        after=after,
    )
