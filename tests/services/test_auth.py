"""Who is who: sessions, tokens, and the patience with wrong passwords."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import bcrypt
import jwt
import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError, SignInThrottledError, WrongPasswordError
from crm_app.models import AuditEntry, SignInFailure, User, UserSession
from crm_app.services import auth, endings, passwords, refreshing, refusals, signed
from tests.factories import PASSWORD, UserFactory, give

OFFICE, HOME = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def user(session: Session) -> User:
    made = UserFactory(email="asha@palmonas.test", role=Role.SUPPORT)
    session.commit()
    return made


def sign_in(
    password: str = PASSWORD, email: str = "asha@palmonas.test", address: str = OFFICE, **more: Any
) -> auth.SignedIn:
    with db.transaction() as session:
        outcome = auth.sign_in(
            session, email=email, password=password, address=address, device="test", **more
        )
    if isinstance(outcome, auth.Refused):
        raise outcome.error
    assert isinstance(outcome, auth.SignedIn)
    return outcome


def refusal(password: str = "wrong", **more: Any) -> CrmError:
    with pytest.raises(CrmError) as caught:
        sign_in(password, **more)
    return caught.value


def whoami(token: str) -> str:
    with db.transaction() as session:
        return auth.actor_for(session, token).label


def shift(model: Any, **values: Any) -> None:
    with db.transaction() as session:
        session.execute(update(model).values(**values))


def test_the_right_password_opens_a_session_known_by_hash_only(
    session: Session, user: User
) -> None:
    signed = sign_in(email=" ASHA@palmonas.test ")

    opened = session.exec(select(UserSession)).one()
    entry = session.exec(select(AuditEntry)).one()
    with db.transaction() as other:
        actor = auth.actor_for(other, signed.token)
    assert signed.token.encode() not in opened.token_hash
    assert len(signed.token) >= 43
    assert (opened.user_id, opened.kind, opened.address) == (user.id, "browser", OFFICE)
    assert (entry.action, entry.actor_id) == ("session:opened", user.id)
    assert (actor.user_id, actor.label) == (user.id, user.name)
    assert actor.may(Permission.CHANGE_STATUS)
    assert not actor.may(Permission.MANAGE_USERS)


def test_unknown_wrong_and_deactivated_get_the_same_answer_for_the_same_work(
    session: Session, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory(email="gone@palmonas.test", is_active=False)
    session.commit()
    costs: list[bytes] = []
    check = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        costs.append(hashed[:7])
        return check(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    answers = [
        refusal(),
        refusal(email="nobody@palmonas.test"),
        refusal(PASSWORD, email="gone@palmonas.test"),
        refusal(email="a\x00b@palmonas.test"),
        refusal(email="half\ud83d@palmonas.test"),
        refusal("half \ud83d \x00"),
    ]

    assert {(type(error), str(error)) for error in answers} == {
        (WrongPasswordError, "E-mail or password is wrong.")
    }
    # One comparison of the same cost each, whoever it is.
    assert (len(costs), len(set(costs))) == (6, 1)
    assert session.exec(select(UserSession)).all() == []


def test_after_five_wrong_tries_each_further_one_waits_twice_as_long(user: User) -> None:
    for _ in range(5):
        assert isinstance(refusal(), WrongPasswordError)
    waits: list[int] = []
    for _ in range(8):
        error = refusal(PASSWORD)  # also the right password has to wait
        assert isinstance(error, SignInThrottledError)
        waits.append(error.retry_after_s)
        shift(SignInFailure, last_failed_at=now() - timedelta(seconds=error.retry_after_s))
        assert isinstance(refusal(), WrongPasswordError)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_another_address_is_not_made_to_wait_and_a_success_forgets(
    session: Session, user: User
) -> None:
    for _ in range(5):
        refusal()

    assert sign_in(address=HOME).user.id == user.id
    assert isinstance(refusal(PASSWORD), SignInThrottledError)
    shift(SignInFailure, last_failed_at=now() - timedelta(seconds=2))
    sign_in()

    for _ in range(5):
        assert isinstance(refusal(), WrongPasswordError)


def test_wrong_tries_are_forgotten_after_a_quarter_of_an_hour(session: Session, user: User) -> None:
    for _ in range(6):
        refusal()
    shift(SignInFailure, last_failed_at=now() - timedelta(minutes=15, seconds=1))

    assert isinstance(refusal(), WrongPasswordError)
    assert isinstance(refusal(), WrongPasswordError)  # counted from one again
    shift(SignInFailure, last_failed_at=now() - timedelta(minutes=16))
    with db.transaction() as other:
        endings.forget_old(other)
    assert session.exec(select(SignInFailure)).all() == []


def test_one_address_that_tries_many_people_has_to_wait(user: User) -> None:
    for number in range(50):
        refusal(email=f"person{number}@palmonas.test")

    assert isinstance(refusal(PASSWORD), SignInThrottledError)
    assert sign_in(address=HOME).user.id == user.id


def test_the_table_of_wrong_tries_names_nobody(session: Session, user: User) -> None:
    refusal(email="secret.person@palmonas.test")

    subjects = session.exec(select(SignInFailure.subject)).all()
    assert len(subjects) == 2
    assert not any("@" in subject or OFFICE in subject for subject in subjects)
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.address, entry.after) == (
        "session:refused",
        OFFICE,
        {"error": "wrong_password"},
    )
    assert entry.subject_id == refusals.alias("secret.person@palmonas.test")
    assert len(entry.subject_id) == 16


@pytest.fixture
def short_lives(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CRM_SESSION_IDLE_HOURS", "1")
    monkeypatch.setenv("CRM_SESSION_ABSOLUTE_HOURS", "10")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.mark.usefixtures("short_lives")
def test_a_session_ends_when_it_is_not_used(user: User) -> None:
    token = sign_in().token
    shift(UserSession, last_used_at=now() - timedelta(minutes=59))
    assert whoami(token) == user.name  # and is used now
    shift(UserSession, last_used_at=now() - timedelta(minutes=61))

    with pytest.raises(NotSignedInError, match="Your session has ended"):
        whoami(token)


@pytest.mark.usefixtures("short_lives")
def test_a_session_ends_in_any_case(session: Session, user: User) -> None:
    token = sign_in().token
    life = session.exec(select(UserSession.expires_at)).one() - now()
    shift(UserSession, expires_at=now())

    with pytest.raises(NotSignedInError):
        whoami(token)
    assert 9.9 < life.total_seconds() / 3600 <= 10


def test_use_is_written_once_a_minute_and_not_with_every_click(
    session: Session, user: User
) -> None:
    token = sign_in().token
    first = session.exec(select(UserSession.last_used_at)).one()
    whoami(token)
    session.rollback()
    second = session.exec(select(UserSession.last_used_at)).one()
    shift(UserSession, last_used_at=now() - timedelta(minutes=2))
    whoami(token)
    session.rollback()
    third = session.exec(select(UserSession.last_used_at)).one()

    assert second == first
    assert third > first


def test_signing_out_ends_this_session_alone(user: User) -> None:
    first, second = sign_in().token, sign_in().token

    with db.transaction() as session:
        endings.sign_out(session, first, OFFICE)
        endings.sign_out(session, "of nobody", OFFICE)

    with pytest.raises(NotSignedInError):
        whoami(first)
    assert whoami(second) == user.name


def test_deactivation_ends_a_session_at_once(session: Session, user: User) -> None:
    token = sign_in().token
    user.is_active = False
    session.commit()

    with pytest.raises(NotSignedInError):
        whoami(token)


def test_a_new_role_counts_from_the_next_click(session: Session, user: User) -> None:
    token = sign_in().token
    give(session, user, Role.READ_ONLY)
    session.commit()

    with db.transaction() as other:
        assert not auth.actor_for(other, token).may(Permission.CHANGE_STATUS)


@pytest.mark.parametrize("token", ["", "x", "half \ud83d", "\x00", "x" * 10_000])
def test_a_made_up_cookie_is_nobody_s(user: User, token: str) -> None:
    with pytest.raises(NotSignedInError):
        whoami(token)


def api_actor(token: str) -> str:
    with db.transaction() as session:
        return auth.actor_for_access_token(session, token).label


def forge(claims: dict[str, Any], key: Any = None, algorithm: str = "HS256") -> str:
    secret = get_settings().secret_keys[0].get_secret_value().encode()
    known = jwt.decode(
        refreshing.access_token(sign_in(kind="api"))[0], options={"verify_signature": False}
    )
    changed = {name: value for name, value in (known | claims).items() if value is not None}
    return jwt.encode(changed, secret if key is None else key, algorithm=algorithm)


def real_key() -> bytes:
    return signed.keys(auth.API_AUDIENCE)[0]


def test_an_access_token_is_its_session(user: User) -> None:
    token, life_s = refreshing.access_token(sign_in(kind="api"))

    assert api_actor(token) == user.name
    assert life_s == 600
    with db.transaction() as session:
        endings.sign_out_access_token(session, token, OFFICE)
    with pytest.raises(NotSignedInError):
        api_actor(token)


def test_forged_expired_and_foreign_tokens_are_refused(user: User) -> None:
    past = now() - timedelta(minutes=1)
    good = forge({}, real_key())
    tokens = {
        "the secret itself as key": forge({}),
        "another key": forge({}, b"k" * 32),
        "no signature": forge({}, "", "none"),
        "another algorithm": forge({}, real_key() * 2, "HS512"),
        "expired": forge({"exp": past}, real_key()),
        "without an end": forge({"exp": None}, real_key()),
        "another audience": forge({"aud": "somebody"}, real_key()),
        "without audience": forge({"aud": None}, real_key()),
        "no session": forge({"sid": None}, real_key()),
        "a session as text": forge({"sid": "1"}, real_key()),
        "an unknown session": forge({"sid": 10**12}, real_key()),
        "a huge session": forge({"sid": 2**80}, real_key()),
        "cut": good[:-3],
        "nothing": "",
        "words": "a.b.c",
        "letters": "é",
    }

    assert api_actor(good) == user.name
    accepted: list[str] = []
    for name, token in tokens.items():
        try:
            api_actor(token)
            accepted.append(name)
        except NotSignedInError:
            continue
    assert accepted == []


def test_a_token_outlives_the_rotation_of_keys_but_not_the_end_of_its_key(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = get_settings().secret_keys[0].get_secret_value()
    token, _ = refreshing.access_token(sign_in(kind="api"))
    outcomes: list[bool] = []
    for keys in (f"{'n' * 40},{old}", "n" * 40):
        monkeypatch.setenv("CRM_SECRET_KEYS", keys)
        get_settings.cache_clear()
        try:
            outcomes.append(api_actor(token) == user.name)
        except NotSignedInError:
            outcomes.append(False)
    monkeypatch.undo()
    get_settings.cache_clear()

    assert outcomes == [True, False]


def test_old_sessions_are_forgotten_a_month_after_their_end(session: Session, user: User) -> None:
    sign_in()
    sign_in()
    newest = session.exec(select(UserSession.id).order_by(col(UserSession.id).desc())).first()
    shift(UserSession, expires_at=now() - timedelta(days=29))
    with db.transaction() as other:
        other.execute(
            update(UserSession)
            .where(col(UserSession.id) != newest)
            .values(expires_at=now() - timedelta(days=31))
        )
        endings.forget_old(other)

    assert session.exec(select(UserSession.id)).all() == [newest]


def test_a_long_password_is_compared_to_its_last_character() -> None:
    base = "p" * 400
    stored = passwords.hash_password(base + "a")

    assert passwords.is_right(base + "a", stored)
    assert not passwords.is_right(base + "b", stored)
    assert not passwords.is_right(base, stored)
    longest = passwords.hash_password("q" * 500)
    assert passwords.is_right("q" * 500, longest)
    assert not passwords.is_right("q" * 501, longest)


def test_a_null_byte_does_not_end_a_password() -> None:
    stored = passwords.hash_password("secret\x00one")

    assert passwords.is_right("secret\x00one", stored)
    assert not passwords.is_right("secret\x00two", stored)


def test_made_up_passwords_differ_and_may_be_used() -> None:
    made = {passwords.generate() for _ in range(50)}

    assert len(made) == 50
    assert all(passwords.check_new(password) == password for password in made)
