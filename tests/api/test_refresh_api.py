"""Access tokens that end soon, and what renews them: once, and never in two hands."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlmodel import Session, func, select

from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.models import AuditEntry, Notice, RefreshToken, User, UserSession
from crm_app.services import auth, endings
from tests.factories import PASSWORD

LOGIN, REFRESH, ME = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/me"


def login(client: TestClient) -> dict[str, Any]:
    answer = client.post(LOGIN, json={"email": "support@palmonas.test", "password": PASSWORD})
    assert answer.status_code == 200
    return answer.json()


def refresh(client: TestClient, pair: dict[str, Any]) -> Any:
    return client.post(REFRESH, json={"refresh_token": pair["refresh_token"]})


def opens(client: TestClient, pair: dict[str, Any]) -> bool:
    headers = {"authorization": f"Bearer {pair['access_token']}"}
    return client.get(ME, headers=headers).status_code == 200


def long_ago(session: Session) -> None:
    """As if what was used so far had been used an hour ago."""
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.used_at.is_not(None))  # type: ignore[union-attr]
        .values(used_at=now() - timedelta(hours=1))
    )
    session.commit()


@pytest.mark.usefixtures("people")
def test_a_refresh_token_gives_the_next_pair_and_is_kept_as_a_hash(
    client: TestClient, session: Session
) -> None:
    first = login(client)

    second = refresh(client, first).json()
    third = refresh(client, second).json()

    assert first["expires_in"] == 600
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    assert opens(client, third)
    kept = session.exec(select(RefreshToken).order_by(RefreshToken.id)).all()  # type: ignore[arg-type]
    assert [one.used_at is not None for one in kept] == [True, True, False]
    assert kept[2].token_hash == auth.digest(third["refresh_token"])
    assert kept[2].expires_at == session.exec(select(UserSession.expires_at)).one()


@pytest.mark.usefixtures("people")
def test_one_that_comes_back_ends_the_sign_in_and_is_remembered(
    client: TestClient, session: Session
) -> None:
    other = login(client)
    first = login(client)
    second = refresh(client, first).json()
    long_ago(session)

    answer = refresh(client, first)

    assert (answer.status_code, answer.json()["error"]) == (401, "not_signed_in")
    assert not opens(client, second)
    assert refresh(client, second).status_code == 401
    assert refresh(client, first).status_code == 401
    assert opens(client, other)
    entry = session.exec(
        select(AuditEntry).where(AuditEntry.action == "session:refresh:reused")
    ).one()
    assert entry.address == "testclient"
    assert "used twice" in session.exec(select(Notice.sentence)).one()


@pytest.mark.usefixtures("people")
def test_of_two_at_once_one_gets_the_pair_and_nothing_ends(
    client: TestClient, session: Session
) -> None:
    first = login(client)
    barrier, answers = Barrier(2), list[Any]()

    def ask() -> None:
        barrier.wait()
        answers.append(refresh(client, first))

    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.status_code for one in answers) == [200, 409]
    winner = next(one.json() for one in answers if one.status_code == 200)
    assert opens(client, winner)
    assert refresh(client, winner).status_code == 200
    assert session.exec(select(func.count()).select_from(RefreshToken)).one() == 3


@pytest.mark.parametrize(
    "how", ["signed out", "deactivated", "new password", "idle", "over", "made up"]
)
def test_it_renews_nothing_once_the_sign_in_is_over(
    client: TestClient, people: dict[Role, User], session: Session, how: str
) -> None:
    pair = login(client)
    headers = {"authorization": f"Bearer {pair['access_token']}"}
    match how:
        case "signed out":
            client.post("/api/v1/auth/logout", headers=headers)
        case "deactivated":
            people[Role.SUPPORT].is_active = False
        case "new password":
            other = login(client)
            client.put(
                "/api/v1/me/password",
                json={"current": PASSWORD, "new": "a river of seven stones"},
                headers={"authorization": f"Bearer {other['access_token']}"},
            )
        case "idle":
            session.execute(update(UserSession).values(last_used_at=now() - timedelta(hours=13)))
        case "over":
            session.execute(update(UserSession).values(expires_at=now()))
        case _:
            pair["refresh_token"] = "made-up"  # noqa: S105 - nobody's
    session.commit()
    before = session.exec(select(func.count()).select_from(RefreshToken)).one()

    answer = refresh(client, pair)

    assert (answer.status_code, answer.json()["error"]) == (401, "not_signed_in")
    assert session.exec(select(func.count()).select_from(RefreshToken)).one() == before
    assert session.exec(select(RefreshToken.used_at)).first() is None


@pytest.mark.usefixtures("people")
def test_a_refresh_token_is_no_access_token_and_goes_with_its_session(
    client: TestClient, session: Session
) -> None:
    pair = login(client)
    as_access = {"access_token": pair["refresh_token"]}

    assert not opens(client, as_access)
    session.execute(update(UserSession).values(expires_at=now() - timedelta(days=31)))
    endings.forget_old(session)
    session.commit()
    assert session.exec(select(RefreshToken)).all() == []
