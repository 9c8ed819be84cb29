"""Who somebody is here, after a provider of single sign-on has said who they are there.

Nothing here asks a provider anything: `errands.oidc` does, and hands over what it has proved.
"""

from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.permissions import Permission
from crm_app.domain.reach import ReachKind
from crm_app.domain.time import now
from crm_app.errors import NotFoundError, NotSignedInError, SignOnRefusedError
from crm_app.models import IdentityProvider, StaffRole, UsedSignOn, User, UserIdentity
from crm_app.services import (
    access,
    audit,
    auth,
    granting,
    identity_providers,
    leaving,
    passwords,
    refusals,
    second_factor,
    sudo,
)
from crm_app.services import users as people
from crm_app.services.leaving import LINK_LIFE, WAY_LIFE, Errand
from crm_app.services.own import own_id


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider has said of somebody, proved by its signature.

    Attributes:
        subject: Their name at the provider, which never changes and is never given anew.
        email: In lower case; empty unless the provider says that it is theirs.
        name: As the provider calls them.
    """

    subject: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Browser:
    """Where the person sits: address, user agent, and what it kept of the last sign-in."""

    address: str
    device: str
    device_token: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """A provider with which a person is linked, or could be."""

    provider_id: int
    name: str
    email: str
    is_linked: bool


@dataclass(frozen=True, slots=True)
class WayToConfirm:
    """A provider that may be asked whether it is still the same person, with leave to go there."""

    provider_id: int
    name: str
    leave: str


def provider(session: Session, provider_id: int) -> IdentityProvider:
    """A provider that is on.

    Raises:
        SignOnRefusedError: If there is none.
    """
    found = session.get(IdentityProvider, provider_id)
    if found is None or not found.is_on:
        raise SignOnRefusedError("sso_off")
    return found


def admit(
    session: Session, provider_id: int, state: str, said: Vouched, browser: Browser
) -> auth.SignedIn | auth.HalfIn | auth.Refused:
    """Open a session for whom the provider vouches for.

    They are known by (provider, subject). Somebody who comes for the first time is known by their
    address, if the provider may vouch for its domain and the person here manages neither people
    nor roles: those link themselves first, from their own account. Whoever is unknown is added,
    if the provider has roles for newcomers.

    Our second factor is asked for where the person has one, unless the provider asks for its own.

    Returns:
        The session; half of one, where our code is still asked for; or a refusal, which the
        caller commits.
    """
    source = provider(session, provider_id)
    _use_up(session, state)
    try:
        user = _known(session, source, said) or _by_email(session, source, said)
    except SignOnRefusedError as error:
        _note_refusal(session, source, said, browser, error)
        return auth.Refused(error)
    actor = auth.person(session, user).at(browser.address)
    after = {"provider": source.name}
    audit.record(
        session, actor, "identity:vouched", subject_type="user", subject_id=user.id, after=after
    )
    if second_factor.is_on(user) and not source.has_factor:
        return auth.HalfIn(second_factor.half_token(user))
    return auth.open_for(
        session,
        user,
        address=browser.address,
        device=browser.device,
        kind="browser",
        is_known=auth.is_known_device(session, user.email, browser.device_token),
        has_factor=source.has_factor,
    )


def link(session: Session, actor: Actor, provider_id: int, state: str, said: Vouched) -> None:
    """Let a person sign in through a provider from now on; another link with it is replaced.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        SignOnRefusedError: If the provider is off, or knows somebody else here by this name.
    """
    user_id = own_id(actor)
    source = provider(session, provider_id)
    _use_up(session, state)
    taken = _identity(session, source.id, said.subject)
    if taken is not None and taken.user_id != user_id:
        raise SignOnRefusedError("sso_taken")
    user = session.get_one(User, user_id)
    if taken is None:
        _drop(session, user_id, source.id)
        _add(session, actor, source, user, said)


def ask_to_link(
    session: Session, actor: Actor, provider_id: int, password: str
) -> str | auth.Refused:
    """Let a person who has typed their password begin a way that links.

    Returns:
        Leave to go, good in this sign-in for two minutes; or a refusal, whose count the caller
        commits.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        SignOnRefusedError: If the provider is off.
    """
    user = session.get_one(User, own_id(actor))
    provider(session, provider_id)
    refused = auth.check_again(session, actor, user, password)
    if refused is not None:
        return refused
    return leaving.leave(actor, provider_id, Errand.LINK, LINK_LIFE)


def ways_to_confirm(session: Session, actor: Actor) -> list[WayToConfirm]:
    """The providers that may be asked whether it is still this person, each with a proof.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    rows = session.execute(
        select(IdentityProvider.id, IdentityProvider.name)
        .join(UserIdentity, col(UserIdentity.provider_id) == col(IdentityProvider.id))
        .where(UserIdentity.user_id == own_id(actor), col(IdentityProvider.is_on).is_(True))
        .order_by(col(IdentityProvider.name))
    )
    return [
        WayToConfirm(key, name, leaving.leave(actor, key, Errand.CONFIRM, WAY_LIFE))
        for key, name in rows
    ]


def confirm(session: Session, actor: Actor, provider_id: int, state: str, said: Vouched) -> None:
    """Take a provider's fresh word that who is signed in is still there.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        SignOnRefusedError: If the provider is off, or says that it is somebody else.
    """
    user_id = own_id(actor)
    source = provider(session, provider_id)
    _use_up(session, state)
    identity = _identity(session, source.id, said.subject)
    if identity is None or identity.user_id != user_id:
        raise SignOnRefusedError("sso_other", source.name)
    identity.last_used_at = now()
    sudo.stamp(session, actor, source.name)


def unlink(session: Session, actor: Actor, provider_id: int) -> None:
    """Sign in through this provider no more.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
        NotFoundError: If they are not linked with it.
    """
    user_id = own_id(actor)
    name = session.exec(
        select(IdentityProvider.name).where(IdentityProvider.id == provider_id)
    ).first()
    if not _drop(session, user_id, provider_id):
        raise NotFoundError("link with provider", provider_id)
    audit.record(
        session,
        actor,
        "identity:unlinked",
        subject_type="user",
        subject_id=user_id,
        before={"provider": name or ""},
    )


def list_own(session: Session, actor: Actor) -> list[Linked]:
    """The providers that are on, or with which the actor is linked.

    Raises:
        PermissionDeniedError: If the actor is no person who is signed in.
    """
    user_id = own_id(actor)
    is_own = (col(UserIdentity.provider_id) == col(IdentityProvider.id)) & (
        col(UserIdentity.user_id) == user_id
    )
    rows = session.exec(
        select(IdentityProvider, UserIdentity)
        .outerjoin(UserIdentity, is_own)
        .where(col(IdentityProvider.is_on).is_(True) | col(UserIdentity.id).is_not(None))
        .order_by(col(IdentityProvider.name))
    )
    found: list[tuple[IdentityProvider, UserIdentity | None]] = [(one, own) for one, own in rows]
    return [Linked(one.id, one.name, own.email if own else "", bool(own)) for one, own in found]


def _use_up(session: Session, state: str) -> None:
    """A way back is gone once, whatever a provider says of its code the second time."""
    used = session.execute(
        insert(UsedSignOn)
        .values(state_hash=auth.digest(state), expires_at=now() + WAY_LIFE)
        .on_conflict_do_nothing()
        .returning(col(UsedSignOn.state_hash))
    )
    if used.first() is None:
        raise NotSignedInError("This way in was used already. Begin again.")


def _known(session: Session, source: IdentityProvider, said: Vouched) -> User | None:
    identity = _identity(session, source.id, said.subject)
    if identity is None:
        return None
    user = session.get_one(User, identity.user_id)
    if not user.is_active:
        raise SignOnRefusedError("sso_unknown", source.name)
    identity.last_used_at = now()
    return user


def _by_email(session: Session, source: IdentityProvider, said: Vouched) -> User:
    """The person of an address that the provider may vouch for: found, or added."""
    if not said.email or said.email.rpartition("@")[2] not in source.domains:
        raise SignOnRefusedError("sso_unknown", source.name)
    user = session.exec(
        select(User).where(User.email == said.email).with_for_update()
    ).one_or_none()
    if user is None:
        return _welcome(session, source, said)
    if not user.is_active:
        raise SignOnRefusedError("sso_unknown", source.name)
    is_powerful = granting.LAST_ONES & access.of(session, user.id).permissions
    linked = session.exec(
        select(UserIdentity.subject).where(
            UserIdentity.user_id == user.id, UserIdentity.provider_id == source.id
        )
    ).first()
    if linked is not None and linked == said.subject:
        return user  # in another tab, a moment ago
    # Another name at the same provider: an address was given to somebody else there.
    if is_powerful or linked is not None:
        raise SignOnRefusedError("sso_link_first", source.name)
    _add(session, auth.person(session, user), source, user, said)
    return user


def _welcome(session: Session, source: IdentityProvider, said: Vouched) -> User:
    """Add somebody whom nobody invited, with the roles that the provider's newcomers are given."""
    roles = session.exec(
        select(StaffRole).where(col(StaffRole.id).in_(source.role_ids)).order_by(col(StaffRole.id))
    ).all()
    # A role may have been made mightier since it was chosen for newcomers.
    given = [
        role.id
        for role in roles
        if identity_providers.is_for_newcomers(access.verbs_of(role.key, role.verbs))
    ]
    if not given:
        raise SignOnRefusedError("sso_unknown", source.name)
    actor = Actor(
        ActorKind.SYSTEM, f"Single sign-on: {source.name}", permissions=frozenset(Permission)
    )
    wanted = [granting.Granting(role_id, ReachKind.ALL) for role_id in given]
    name = said.name if said.name.strip() else said.email.partition("@")[0]
    user, _ = people.create_user(
        session,
        actor,
        email=said.email,
        name="".join(letter for letter in name if letter.isprintable())[:120] or said.email,
        roles=wanted,
        password=passwords.generate() + passwords.generate(),
    )
    _add(session, auth.person(session, user), source, user, said)
    return user


def _add(
    session: Session, actor: Actor, source: IdentityProvider, user: User, said: Vouched
) -> None:
    session.add(
        UserIdentity(
            user_id=user.id,
            provider_id=source.id,
            subject=said.subject,
            email=said.email,
            last_used_at=now(),
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        "identity:linked",
        subject_type="user",
        subject_id=user.id,
        after={"provider": source.name},
    )


def _drop(session: Session, user_id: int, provider_id: int) -> bool:
    found = session.exec(
        select(UserIdentity).where(
            UserIdentity.user_id == user_id, UserIdentity.provider_id == provider_id
        )
    ).one_or_none()
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def _identity(session: Session, provider_id: int, subject: str) -> UserIdentity | None:
    return session.exec(
        select(UserIdentity).where(
            UserIdentity.provider_id == provider_id, UserIdentity.subject == subject
        )
    ).one_or_none()


def note_refused(session: Session, name: str, address: str) -> None:
    """Remember that what came back from a provider did not hold."""
    actor = Actor(ActorKind.SYSTEM, f"Single sign-on: {name}").at(address)
    refusals.note_in(session, actor, "session:refused", "identity-provider", name, "sso_refused")


def _note_refusal(
    session: Session,
    source: IdentityProvider,
    said: Vouched,
    browser: Browser,
    error: SignOnRefusedError,
) -> None:
    """Remembered, with an alias of who it was: an address that is nobody's stays out."""
    actor = Actor(ActorKind.SYSTEM, f"Single sign-on: {source.name}").at(browser.address)
    who = refusals.alias(said.email or said.subject)
    refusals.note_in(session, actor, "session:refused", "user", who, error.word)
