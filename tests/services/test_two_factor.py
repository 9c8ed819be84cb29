"""The second factor: set up, asked for, never taken twice, and not guessed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errors import (
    CodeRefusedError,
    ConfirmationNeededError,
    ConflictError,
    NotSignedInError,
    PermissionDeniedError,
    SignInThrottledError,
)
from crm_app.models import AuditEntry, RecoveryCode, User
from crm_app.services import auth, second_factor, two_factor, users
from tests.factories import PASSWORD, UserFactory

OFFICE, HOME = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def user(session: Session) -> User:
    made = UserFactory(email="asha@palmonas.test", role=Role.SUPPORT)
    session.commit()
    return made


def sign_in(address: str = OFFICE, **more: Any) -> auth.SignedIn | auth.HalfIn | auth.Refused:
    with db.transaction() as session:
        return auth.sign_in(
            session,
            email="asha@palmonas.test",
            password=PASSWORD,
            address=address,
            device="test",
            **more,
        )


def signed(**more: Any) -> auth.SignedIn:
    outcome = sign_in(**more)
    assert isinstance(outcome, auth.SignedIn)
    return outcome


def actor_of(found: auth.SignedIn) -> Actor:
    with db.transaction() as session:
        return auth.actor_for(session, found.token)


def finish(half: auth.HalfIn, code: str, address: str = OFFICE) -> auth.SignedIn | auth.Refused:
    with db.transaction() as session:
        return auth.finish(session, half.token, code, address=address, device="test")


def half(**more: Any) -> auth.HalfIn:
    outcome = sign_in(**more)
    assert isinstance(outcome, auth.HalfIn)
    return outcome


def set_up(user: User) -> tuple[pyotp.TOTP, tuple[str, ...], auth.SignedIn]:
    """The app, the recovery codes, and the sign-in through which it was turned on."""
    opened = signed()
    actor = actor_of(opened)
    with db.transaction() as session:
        setup = two_factor.begin(session, actor)
    app = pyotp.TOTP(setup.secret)
    with db.transaction() as session:
        codes = two_factor.confirm(session, actor, app.now())
    assert isinstance(codes, tuple)
    return app, codes, opened


def forget_steps(session: Session, user: User) -> None:
    """As if the next half minute had come."""
    session.refresh(user)
    user.totp_last_step = 0
    session.commit()


def test_a_password_alone_no_longer_opens_and_the_code_does(session: Session, user: User) -> None:
    app, codes, _ = set_up(user)
    forget_steps(session, user)

    asked = half()
    wrong = finish(asked, "000000" if app.now() != "000000" else "000001")
    right = finish(asked, f"{app.now()[:3]} {app.now()[3:]}")

    session.refresh(user)
    assert isinstance(wrong, auth.Refused)
    assert isinstance(wrong.error, CodeRefusedError)
    assert isinstance(right, auth.SignedIn)
    assert user.totp_secret is not None
    assert app.secret.encode() not in user.totp_secret
    assert len(set(codes)) == two_factor.RECOVERY_CODES
    kept = session.exec(select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "").encode() in one for code in codes for one in kept)
    actions = session.exec(select(AuditEntry.action)).all()
    assert {"user:two-factor:on", "user:code:refused"} <= set(actions)


def test_a_code_is_never_taken_twice(session: Session, user: User) -> None:
    app, _, _ = set_up(user)  # the first code was used to confirm
    replayed = finish(half(), app.now())
    forget_steps(session, user)
    code = app.now()

    first, second = finish(half(), code), finish(half(), code)

    assert isinstance(replayed, auth.Refused)
    assert isinstance(first, auth.SignedIn)
    assert isinstance(second, auth.Refused)


def test_an_old_code_and_one_of_another_secret_do_not_fit(session: Session, user: User) -> None:
    app, _, _ = set_up(user)
    forget_steps(session, user)
    moment = int(auth.now().timestamp())
    codes = [app.at(moment - 90), app.at(moment + 90), pyotp.TOTP(pyotp.random_base32()).now()]

    outcomes = [finish(half(), code) for code in codes if code != app.now()]

    assert all(isinstance(one, auth.Refused) for one in outcomes)


def test_a_recovery_code_stands_in_once(session: Session, user: User) -> None:
    _, codes, _ = set_up(user)

    first = finish(half(), codes[0].upper())
    second = finish(half(), codes[0])

    assert isinstance(first, auth.SignedIn)
    assert isinstance(second, auth.Refused)
    assert two_factor.standing(session, actor_of(first)).codes_left == 9
    assert "user:recovery-code:used" in session.exec(select(AuditEntry.action)).all()


def test_guessing_codes_is_slowed_down_and_locks_nobody_else_out(
    session: Session, user: User
) -> None:
    app, _, opened = set_up(user)
    forget_steps(session, user)
    wrong = next(code for code in ("111111", "222222") if code != app.now())
    asked = half(address=HOME)

    answers = [finish(asked, wrong, HOME) for _ in range(6)]

    kinds = [type(one.error) for one in answers if isinstance(one, auth.Refused)]
    assert kinds == [CodeRefusedError] * 5 + [SignInThrottledError]
    assert isinstance(finish(asked, app.now(), HOME), auth.Refused)
    # From the desk, and in the browser that is known, the person comes in.
    found = signed(code=app.now(), device_token=opened.device_token)
    assert found.user.id == user.id


def test_many_machines_together_do_not_guess_either(session: Session, user: User) -> None:
    app, _, _ = set_up(user)
    forget_steps(session, user)
    wrong = next(code for code in ("111111", "222222") if code != app.now())
    asked = half()

    for number in range(30):
        finish(asked, wrong, f"192.0.2.{number}")

    refused = finish(asked, app.now(), "192.0.2.99")
    assert isinstance(refused, auth.Refused)
    assert isinstance(refused.error, SignInThrottledError)


def test_turning_it_on_ends_the_other_sign_ins(user: User) -> None:
    other = signed()

    _, _, opened = set_up(user)

    assert actor_of(opened).user_id == user.id
    with pytest.raises(NotSignedInError):
        actor_of(other)


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_a_made_up_half_is_refused(user: User, token: str) -> None:
    set_up(user)

    with pytest.raises(NotSignedInError):
        finish(auth.HalfIn(token), "123456")


def test_a_half_ends_with_the_password_it_was_made_for(
    session: Session, user: User, admin: Actor
) -> None:
    app, _, _ = set_up(user)
    asked = half()
    with db.transaction() as writing:
        users.reset_password(writing, admin, user.id)
    forget_steps(session, user)

    with pytest.raises(NotSignedInError):
        finish(asked, app.now())
    with pytest.raises(NotSignedInError), db.transaction() as reading:
        auth.actor_for_access_token(reading, asked.token)  # nor is it a token of the API


def test_it_is_turned_off_by_who_proved_it_only(session: Session, user: User) -> None:
    _, _, opened = set_up(user)
    actor = actor_of(opened)

    with pytest.raises(ConfirmationNeededError), db.transaction() as writing:
        two_factor.turn_off(writing, replace(actor, confirmed_at=None))
    with db.transaction() as reading:
        still = two_factor.standing(reading, actor).is_on
    with db.transaction() as writing:
        two_factor.turn_off(writing, actor)

    assert still
    assert isinstance(sign_in(), auth.SignedIn)
    assert session.exec(select(RecoveryCode)).all() == []


def test_an_admin_takes_a_lost_phone_out(
    session: Session, user: User, admin: Actor, asha: Actor
) -> None:
    _, _, opened = set_up(user)

    with pytest.raises(PermissionDeniedError):
        two_factor.turn_off_of(session, asha, user.id)
    with db.transaction() as writing:
        two_factor.turn_off_of(writing, admin, user.id)

    with pytest.raises(NotSignedInError):
        actor_of(opened)
    assert isinstance(sign_in(), auth.SignedIn)
    with pytest.raises(ConflictError):
        two_factor.turn_off_of(session, admin, user.id)
    with pytest.raises(ConflictError):
        two_factor.turn_off_of(session, admin, admin.user_id or 0)


@pytest.fixture
def required(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CRM_TWO_FACTOR_ROLES", "support")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.mark.usefixtures("required")
def test_where_the_role_asks_for_it_nothing_opens_until_it_is_on(user: User) -> None:
    before = actor_of(signed()).permissions

    _, _, opened = set_up(user)
    actor = actor_of(opened)

    assert before == frozenset()
    assert actor.permissions
    with pytest.raises(ConflictError), db.transaction() as session:
        two_factor.turn_off(session, actor)


def test_the_secret_is_asked_for_nothing_before_it_is_confirmed(user: User) -> None:
    actor = actor_of(signed())
    with db.transaction() as session:
        two_factor.begin(session, actor)
    with db.transaction() as session:
        refused = two_factor.confirm(session, actor, "nonsense")

    assert isinstance(refused, auth.Refused)
    assert isinstance(sign_in(), auth.SignedIn)
    assert second_factor.STEP_S == 30


def test_a_stolen_session_alone_sets_up_no_phone_of_its_own(session: Session, user: User) -> None:
    actor = replace(actor_of(signed()), confirmed_at=now() - timedelta(minutes=11))

    with pytest.raises(ConfirmationNeededError), db.transaction() as other:
        two_factor.begin(other, actor)

    session.refresh(user)
    assert (user.totp_secret, user.totp_since) == (None, None)
