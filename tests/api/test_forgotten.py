"""Somebody forgot their password: a link by mail, and nothing told to whoever asks."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from crm_app.domain.permissions import Role
from crm_app.errands import letters as errands
from crm_app.errors import LinkOverError
from crm_app.models import AuditEntry, Letter, User, UserLink, UserSession
from crm_app.services import links, passwords
from tests.errands.test_letters import link_in, text_of
from tests.factories import PASSWORD
from tests.postbox import Postbox

FORGOT = "/auth/forgot"
OURS = {"origin": "http://localhost:8000"}
NEW = "a river of seven stones"


def ask(client: TestClient, email: str) -> str:
    answer = client.post(FORGOT, data={"email": email}, headers=OURS)
    assert answer.status_code == 303
    return answer.headers["location"]


def actions(session: Session) -> list[str]:
    session.expire_all()
    return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))


def test_a_link_is_mailed_and_the_old_password_holds_until_it_is_used(
    client: TestClient, people: dict[Role, User], postbox: Postbox, session: Session
) -> None:
    user = people[Role.SUPPORT]

    answer = ask(client, " Support@Palmonas.test ")
    sent = errands.deliver_due()

    assert (answer, sent) == ("/login?done=forgot", 1)
    (letter,) = postbox.letters
    assert letter["To"] == user.email
    assert "http://localhost:8000/welcome#link=" in text_of(letter)
    session.expire_all()
    assert passwords.is_right(PASSWORD, user.password_hash)
    links.use(session, link_in(letter), NEW)
    assert passwords.is_right(NEW, user.password_hash)
    assert actions(session)[:1] == ["user:link:asked"]


@pytest.mark.parametrize(
    "email", ["nobody@palmonas.test", "gone@palmonas.test", "", "a\x00b", "x" * 2_000]
)
def test_who_is_nobody_gets_the_same_answer_and_no_letter(
    client: TestClient,
    people: dict[Role, User],
    postbox: Postbox,
    session: Session,
    email: str,
) -> None:
    gone = people[Role.READ_ONLY]
    gone.email, gone.is_active = "gone@palmonas.test", False
    session.add(gone)
    session.commit()

    theirs, ours = ask(client, email), ask(client, people[Role.SUPPORT].email)

    assert theirs == ours
    assert len(session.exec(select(Letter)).all()) == 1
    assert len(session.exec(select(UserLink)).all()) == 1
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "user:link:refused")).one()
    assert email not in entry.subject_id or not email


def test_one_person_gets_three_letters_an_hour_and_an_invitation_of_theirs_stays_good(
    client: TestClient, people: dict[Role, User], postbox: Postbox, session: Session
) -> None:
    user = people[Role.SUPPORT]
    for number in range(5):
        client.headers["x-forwarded-for"] = f"10.0.0.{number}"
        assert ask(client, user.email) == "/login?done=forgot"

    errands.deliver_due()

    assert len(postbox.letters) == 3
    assert len(session.exec(select(UserLink)).all()) == 3
    oldest = link_in(postbox.letters[0])
    links.use(session, oldest, NEW)
    for letter in postbox.letters:
        with pytest.raises(LinkOverError):
            links.look(session, link_in(letter))


def test_one_address_that_asks_again_and_again_has_to_wait(
    client: TestClient, people: dict[Role, User], postbox: Postbox, session: Session
) -> None:
    for number in range(5):
        ask(client, f"nobody{number}@palmonas.test")

    answer = ask(client, people[Role.SUPPORT].email)

    assert answer.startswith("/login?error=throttled&step=forgot")
    assert session.exec(select(Letter)).all() == []
    assert session.exec(select(UserLink)).all() == []


def test_without_a_mail_server_it_says_so(
    client: TestClient, people: dict[Role, User], session: Session
) -> None:
    answer = ask(client, people[Role.SUPPORT].email)

    assert answer.startswith("/login?error=unavailable&step=forgot")
    assert session.exec(select(UserLink)).all() == []


def test_another_site_s_form_asks_for_nothing(
    client: TestClient, people: dict[Role, User], postbox: Postbox, session: Session
) -> None:
    form = {"email": people[Role.SUPPORT].email}

    answer = client.post(FORGOT, data=form, headers={"origin": "http://evil.test"})

    assert answer.status_code == 403
    assert session.exec(select(Letter)).all() == []


def test_asking_ends_no_sign_in(
    client: TestClient, people: dict[Role, User], postbox: Postbox, session: Session
) -> None:
    login = {"email": people[Role.SUPPORT].email, "password": PASSWORD}
    client.post("/auth/login", data=login, headers=OURS)

    ask(client, people[Role.SUPPORT].email)

    assert session.exec(select(UserSession.revoked_at)).all() == [None]
    assert client.get("/api/v1/auth/me").status_code == 200
