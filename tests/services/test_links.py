"""Links to set a password: once, for a while, for one person."""

import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    LinkOverError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, User, UserLink, UserSession
from crm_app.services import auth, links, passwords
from crm_app.services.granting import everywhere
from tests.factories import PASSWORD, UserFactory

NEW = "a river of seven stones"


@pytest.fixture
def user(session: Session) -> User:
    made = UserFactory(email="asha@palmonas.test", name="Asha Rao", role=Role.SUPPORT)
    session.commit()
    return made


def token_of(made: links.MadeLink) -> str:
    return parse_qs(urlsplit(made.url).fragment)["link"][0]


def make(admin: Actor, user_id: int) -> str:
    with db.transaction() as session:
        return token_of(links.make_link(session, admin, user_id))


def use(token: str, password: str = NEW) -> int:
    with db.transaction() as session:
        return links.use(session, token, password).id


def sign_in(email: str, password: str) -> auth.SignedIn | auth.HalfIn | auth.Refused:
    with db.transaction() as session:
        return auth.sign_in(
            session, email=email, password=password, address="203.0.113.1", device=""
        )


def test_an_invited_person_chooses_their_own_password(session: Session, admin: Actor) -> None:
    with db.transaction() as writing:
        made = links.invite(
            writing,
            admin,
            email="new@palmonas.test",
            name="Riya",
            roles=[everywhere(writing, Role.READ_ONLY)],
        )
        token = token_of(made)
    found = links.look(session, token)

    use(token)

    assert (found.name, found.email, found.is_new) == ("Riya", "new@palmonas.test", True)
    assert made.url.startswith("http://localhost:8000/welcome#link=")
    assert isinstance(sign_in("new@palmonas.test", NEW), auth.SignedIn)
    entries = session.exec(select(AuditEntry.action, AuditEntry.actor_id).order_by("id")).all()
    assert entries[:3] == [
        ("user:created", admin.user_id),
        ("user:link:made", admin.user_id),
        ("user:link:used", made.user.id),
    ]
    stored = session.exec(select(UserLink.token_hash)).one()
    assert token.encode() not in stored


def test_a_reset_ends_every_sign_in_and_the_old_password(
    session: Session, user: User, admin: Actor
) -> None:
    signed = sign_in(user.email, PASSWORD)
    assert isinstance(signed, auth.SignedIn)
    token = make(admin, user.id)
    assert isinstance(sign_in(user.email, PASSWORD), auth.SignedIn)  # nothing changed so far

    use(token)

    with pytest.raises(NotSignedInError), db.transaction() as reading:
        auth.actor_for(reading, signed.token)
    assert isinstance(sign_in(user.email, PASSWORD), auth.Refused)
    assert isinstance(sign_in(user.email, NEW), auth.SignedIn)


@pytest.mark.parametrize("why", ["used", "replaced", "too old", "deactivated", "unknown", "empty"])
def test_a_link_that_is_over_changes_nothing(
    session: Session, user: User, admin: Actor, why: str
) -> None:
    token = make(admin, user.id)
    if why == "used":
        use(token, "words that were set before")
    elif why == "replaced":
        make(admin, user.id)
    elif why == "too old":
        session.execute(update(UserLink).values(expires_at=now() - timedelta(seconds=1)))
    elif why == "deactivated":
        user.is_active = False
    session.commit()
    session.refresh(user)
    before = user.password_hash
    tried = {"unknown": token + "x", "empty": ""}.get(why, token)

    with pytest.raises(LinkOverError):
        use(tried)
    with pytest.raises(LinkOverError):
        links.look(session, tried)

    session.refresh(user)
    assert user.password_hash == before


def test_two_at_once_use_a_link_one_time(session: Session, user: User, admin: Actor) -> None:
    token = make(admin, user.id)
    outcomes: list[str] = []

    def run(password: str) -> None:
        try:
            use(token, password)
            outcomes.append(password)
        except LinkOverError:
            outcomes.append("over")

    threads = [threading.Thread(target=run, args=(f"{NEW} {name}",)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes)[1] == "over"
    session.refresh(user)
    assert passwords.is_right(sorted(outcomes)[0], user.password_hash)


@pytest.mark.parametrize("password", ["short", "Password12345", "asha.rao.2026"])
def test_a_password_that_cannot_be_used_leaves_the_link_good(
    session: Session, user: User, admin: Actor, password: str
) -> None:
    token = make(admin, user.id)

    with pytest.raises(InvalidInputError):
        use(token, password)

    assert use(token) == user.id


def test_only_who_manages_people_makes_links(
    session: Session, user: User, asha: Actor, admin: Actor
) -> None:
    gone = UserFactory(is_active=False)
    session.commit()

    with pytest.raises(PermissionDeniedError):
        links.make_link(session, asha, user.id)
    with pytest.raises(PermissionDeniedError):
        links.invite(
            session,
            asha,
            email="x@palmonas.test",
            name="X",
            roles=[everywhere(session, Role.ADMIN)],
        )
    with pytest.raises(ConflictError):
        links.make_link(session, admin, gone.id)
    with pytest.raises(NotFoundError):
        links.make_link(session, admin, 10**12)

    assert session.exec(select(UserLink)).all() == []
    assert session.exec(select(UserSession)).all() == []
