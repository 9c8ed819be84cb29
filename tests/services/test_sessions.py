"""Where somebody is signed in, and that an ended sign-in opens nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errors import (
    ConfirmationRefusedError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
    SignInThrottledError,
    WrongPasswordError,
)
from crm_app.models import AuditEntry, Notice, User, UserSession
from crm_app.services import auth, sessions, users
from tests.factories import PASSWORD, UserFactory

OFFICE = "203.0.113.7"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
NEW = "a river of seven stones"


@pytest.fixture
def user(session: Session) -> User:
    made = UserFactory(email="asha@palmonas.test", role=Role.SUPPORT)
    session.commit()
    return made


def attempt(password: str = PASSWORD, **more: Any) -> auth.SignedIn | auth.HalfIn | auth.Refused:
    values: dict[str, Any] = {
        "email": "asha@palmonas.test",
        "address": OFFICE,
        "device": CHROME,
    } | more
    with db.transaction() as session:
        return auth.sign_in(session, password=password, **values)


def sign_in(**more: Any) -> auth.SignedIn:
    outcome = attempt(**more)
    assert isinstance(outcome, auth.SignedIn)
    return outcome


def refusal(password: str = "wrong", **more: Any) -> Exception:
    outcome = attempt(password, **more)
    assert isinstance(outcome, auth.Refused)
    return outcome.error


def actor_of(signed: auth.SignedIn) -> Actor:
    with db.transaction() as session:
        return auth.actor_for(session, signed.token)


def actions(session: Session) -> list[str]:
    session.rollback()
    return list(session.exec(select(AuditEntry.action).order_by("id")).all())


def change(actor: Actor, current: str = PASSWORD, new: str = NEW) -> auth.Refused | None:
    with db.transaction() as session:
        return users.change_own_password(session, actor, current=current, new=new)


def test_own_sign_ins_are_told_in_words_this_one_first(session: Session, user: User) -> None:
    first = sign_in()
    other = sign_in(device="curl/8.5.0", kind="api", address="198.51.100.9")
    UserFactory()

    found = sessions.list_own(session, actor_of(first))

    assert [(one.id, one.device, one.address, one.kind, one.is_this) for one in found] == [
        (first.session_id, "Chrome on Windows", OFFICE, "browser", True),
        (other.session_id, "curl", "198.51.100.9", "api", False),
    ]


@pytest.mark.parametrize(
    "over",
    [
        {"revoked_at": now()},
        {"expires_at": now()},
        {"last_used_at": now() - timedelta(hours=12)},
    ],
    ids=["revoked", "too old", "not used"],
)
def test_a_sign_in_that_is_over_is_not_listed(
    session: Session, user: User, over: dict[str, Any]
) -> None:
    this, gone = sign_in(), sign_in()
    session.execute(
        update(UserSession).where(UserSession.id == gone.session_id).values(**over)  # pyright: ignore[reportArgumentType]
    )
    session.commit()

    found = sessions.list_own(session, actor_of(this))

    assert [one.id for one in found] == [this.session_id]


def test_one_other_sign_in_is_ended_and_this_one_goes_on(session: Session, user: User) -> None:
    this, other = sign_in(), sign_in()
    actor = actor_of(this)

    with db.transaction() as writing:
        sessions.end_own(writing, actor, other.session_id)

    with pytest.raises(NotSignedInError):
        actor_of(other)
    assert actor_of(this).user_id == user.id
    assert actions(session)[-1] == "session:revoked"
    with pytest.raises(NotFoundError):
        sessions.end_own(session, actor, other.session_id)


def test_nobody_ends_another_person_s_sign_in(session: Session, user: User) -> None:
    UserFactory(email="kabir@palmonas.test", role=Role.ADMIN)
    session.commit()
    mine, theirs = sign_in(), sign_in(email="kabir@palmonas.test")
    actor = actor_of(mine)

    with pytest.raises(NotFoundError):
        sessions.end_own(session, actor, theirs.session_id)
    with pytest.raises(PermissionDeniedError):
        sessions.end_of(session, actor, theirs.user.id)
    with pytest.raises(PermissionDeniedError):
        sessions.list_of(session, actor, theirs.user.id)

    assert actor_of(theirs).user_id == theirs.user.id
    assert "session:revoked" not in actions(session)


def test_all_others_end_at_once(session: Session, user: User) -> None:
    this, *others = (sign_in() for _ in range(3))

    with db.transaction() as writing:
        ended = sessions.end_others(writing, actor_of(this))

    assert ended == 2
    for other in others:
        with pytest.raises(NotSignedInError):
            actor_of(other)
    assert actor_of(this).session_id == this.session_id


def test_an_admin_sees_and_ends_a_person_s_sign_ins(
    session: Session, user: User, admin: Actor
) -> None:
    first, second = sign_in(), sign_in()

    listed = [one.id for one in sessions.list_of(session, admin, user.id)]
    with db.transaction() as writing:
        one = sessions.end_of(writing, admin, user.id, first.session_id)
        rest = sessions.end_of(writing, admin, user.id)

    assert sorted(listed) == sorted([first.session_id, second.session_id])
    assert (one, rest) == (1, 1)
    assert sessions.list_of(session, admin, user.id) == []
    with pytest.raises(NotFoundError):
        sessions.list_of(session, admin, 10**12)


def test_whoever_is_not_signed_in_has_no_account_of_their_own(
    session: Session, admin: Actor
) -> None:
    for act in (
        lambda: sessions.list_own(session, admin),  # an actor without a session
        lambda: sessions.end_others(session, admin),
        lambda: users.change_own_password(session, admin, current=PASSWORD, new=NEW),
    ):
        with pytest.raises(PermissionDeniedError):
            act()


def test_a_new_device_is_told_and_a_known_one_is_not(session: Session, user: User) -> None:
    first = sign_in()
    assert session.exec(select(Notice)).all() == []  # the first of all is no news
    again = sign_in(device_token=first.device_token)
    session.rollback()
    assert session.exec(select(Notice)).all() == []

    stranger = sign_in(device_token="made up", address="198.51.100.9")

    session.rollback()
    notice = session.exec(select(Notice)).one()
    assert (notice.user_id, notice.href) == (user.id, "/me")
    assert "Chrome on Windows, 198.51.100.9" in notice.sentence
    listed = {one.id: one.is_new_device for one in sessions.list_own(session, actor_of(stranger))}
    assert listed == {
        first.session_id: False,
        again.session_id: False,
        stranger.session_id: True,
    }


def test_another_person_s_device_is_new_to_this_one(session: Session, user: User) -> None:
    UserFactory(email="kabir@palmonas.test", last_seen_at=now())
    session.commit()
    mine = sign_in()

    sign_in(email="kabir@palmonas.test", device_token=mine.device_token)

    assert session.exec(select(Notice.sentence)).one().startswith("Signed in on a new device")


def test_a_planted_device_token_is_never_known_later(session: Session, user: User) -> None:
    sign_in()
    planted = "planted by somebody else"

    victim = sign_in(device_token=planted)
    sign_in(device_token=planted)

    assert victim.device_token != planted
    assert len(session.exec(select(Notice)).all()) == 2


def test_wrong_tries_beside_a_colleague_do_not_lock_their_own_browser_out(user: User) -> None:
    known = sign_in().device_token
    for number in range(60):  # the whole office is over its limit now, and so is Asha there
        refusal(email=f"person{number}@palmonas.test")
        if number < 6:
            refusal()

    assert isinstance(refusal(PASSWORD), SignInThrottledError)
    assert sign_in(device_token=known).user.id == user.id


def test_a_known_browser_is_slowed_down_too(user: User) -> None:
    known = sign_in().device_token
    for _ in range(5):
        assert isinstance(refusal(device_token=known), WrongPasswordError)

    assert isinstance(refusal(PASSWORD, device_token=known), SignInThrottledError)
    assert sign_in().user.id == user.id  # and nobody waits for it elsewhere


def test_one_s_own_password_is_changed_and_ends_the_other_sign_ins(
    session: Session, user: User
) -> None:
    this, other = sign_in(), sign_in()

    assert change(actor_of(this)) is None

    assert actor_of(this).user_id == user.id
    with pytest.raises(NotSignedInError):
        actor_of(other)
    assert isinstance(refusal(PASSWORD), WrongPasswordError)
    assert isinstance(attempt(NEW), auth.SignedIn)
    assert "user:password:changed" in actions(session)
    assert NEW not in str(session.exec(select(AuditEntry.after)).all())


def test_a_wrong_old_password_is_counted_and_changes_nothing(session: Session, user: User) -> None:
    actor = actor_of(sign_in())
    before = user.password_hash

    answers = [change(actor, current="wrong") for _ in range(6)]

    kinds = [type(answer.error) for answer in answers if answer is not None]
    assert kinds == [ConfirmationRefusedError] * 5 + [SignInThrottledError]
    assert isinstance(change(actor), auth.Refused)  # the right one has to wait, too
    session.refresh(user)
    assert user.password_hash == before
    # Five wrong ones, and once that more were tried while they had to wait.
    assert actions(session).count("user:password:refused") == 6


@pytest.mark.parametrize("new", ["short", "x" * 501, PASSWORD, "Password12345!", "asha palmonas 1"])
def test_a_password_that_cannot_be_used_changes_nothing(
    session: Session, user: User, new: str
) -> None:
    before = user.password_hash
    actor = actor_of(sign_in())

    with pytest.raises(InvalidInputError):
        change(actor, new=new)

    session.refresh(user)
    assert user.password_hash == before
