"""Letters to people, to a real mail server."""

from datetime import timedelta
from email.message import Message

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errands import letters as errands
from crm_app.models import Letter, User
from crm_app.services import auth, granting, letters, links
from tests.factories import PASSWORD, UserFactory
from tests.postbox import Postbox

UNTIL = timedelta(hours=1)


def text_of(letter: Message) -> str:
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


def link_in(letter: Message) -> str:
    return text_of(letter).partition("#link=")[2].split()[0]


def kept(session: Session) -> list[Letter]:
    session.expire_all()
    return list(session.exec(select(Letter).order_by("id")))


@pytest.fixture
def riya(session: Session) -> User:
    user = UserFactory(email="riya@palmonas.test", name="Riya Sen")
    session.commit()
    return user


def test_an_invitation_is_mailed_and_shown_to_nobody(
    session: Session, admin: Actor, postbox: Postbox
) -> None:
    roles = [granting.everywhere(session, Role.SUPPORT)]
    made = links.invite(session, admin, email="new@palmonas.test", name="New One", roles=roles)
    session.commit()
    sealed = kept(session)[0].content

    sent = errands.deliver_due()

    assert (sent, made.url, made.is_mailed) == (1, "", True)
    (letter,) = postbox.letters
    assert letter["To"] == "new@palmonas.test"
    assert letter["Subject"] == "Your password for the order desk of Palmonas"
    assert "Admin person has added you" in text_of(letter)
    assert sealed is not None
    assert b"link=" not in sealed
    (row,) = kept(session)
    assert (row.content, row.sent_at is not None, row.kind) == (None, True, "invitation")
    user = links.use(session, link_in(letter), "a river of seven stones")
    assert user.email == "new@palmonas.test"


def test_without_a_mail_server_the_link_is_shown_and_nothing_is_written(
    session: Session, admin: Actor, riya: User
) -> None:
    made = links.make_link(session, admin, riya.id)
    session.commit()

    assert made.url.startswith("http://localhost:8000/welcome#link=")
    assert kept(session) == []


def test_an_admin_may_ask_to_be_shown_the_link(
    session: Session, admin: Actor, riya: User, postbox: Postbox
) -> None:
    shown = links.make_link(session, admin, riya.id, is_shown=True)
    session.commit()

    assert (shown.is_mailed, "#link=" in shown.url) == (False, True)
    assert errands.deliver_due() == 0
    assert postbox.letters == []


def test_a_letter_that_is_not_taken_waits_and_is_tried_again(
    session: Session, admin: Actor, riya: User, postbox: Postbox
) -> None:
    postbox.refuse = "451 try later, riya@palmonas.test"
    links.make_link(session, admin, riya.id)
    session.commit()

    first = errands.deliver_due()
    again = errands.deliver_due()  # not due yet
    (waiting,) = kept(session)
    postbox.refuse = ""
    waiting.next_try_at = now()
    session.add(waiting)
    session.commit()
    third = errands.deliver_due()

    assert (first, again, third) == (0, 0, 1)
    assert len(postbox.letters) == 1
    assert kept(session)[0].attempts == 2


def test_a_letter_that_would_come_too_late_is_given_up_and_emptied(
    session: Session, riya: User, postbox: Postbox
) -> None:
    postbox.refuse = "550 no, riya@palmonas.test"
    letters.write(
        session, riya, "link", subject="x", text="secret", until=now() + timedelta(seconds=1)
    )
    session.commit()

    errands.deliver_due()

    (row,) = kept(session)
    assert (row.content, row.failed_at is not None, row.sent_at) == (None, True, None)
    assert "riya" not in row.answer
    assert errands.deliver_due() == 0


def test_a_letter_that_no_key_reads_harms_no_other(
    session: Session, riya: User, postbox: Postbox
) -> None:
    letters.write(session, riya, "link", subject="x", text="one", until=now() + UNTIL)
    letters.write(session, riya, "link", subject="y", text="two", until=now() + UNTIL)
    session.flush()
    broken = session.exec(select(Letter).order_by("id")).first()
    assert broken is not None
    broken.content = b"of a key that is gone"
    session.commit()

    assert errands.deliver_due() == 1
    assert [one["Subject"] for one in postbox.letters] == ["y"]


def test_letters_of_last_month_are_forgotten(session: Session, riya: User) -> None:
    for age in (29, 31):
        session.add(
            Letter(
                user_id=riya.id,
                address=riya.email,
                kind="link",
                next_try_at=now(),
                expires_at=now(),
                created_at=now() - timedelta(days=age),
            )
        )
    session.commit()

    assert letters.forget_old(session) == 1
    assert len(kept(session)) == 1


def test_a_sign_in_on_a_new_device_is_told_by_mail(
    session: Session, riya: User, postbox: Postbox
) -> None:
    def sign_in(device_token: str = "") -> auth.SignedIn:
        found = auth.sign_in(
            session,
            email=riya.email,
            password=PASSWORD,
            address="10.0.0.4",
            device="curl/8",
            device_token=device_token,
        )
        assert isinstance(found, auth.SignedIn)
        session.commit()
        return found

    first = sign_in()  # the very first one is no news
    sign_in(first.device_token)
    nothing = errands.deliver_due()
    sign_in()
    told = errands.deliver_due()

    assert (nothing, told) == (0, 1)
    (letter,) = postbox.letters
    assert letter["To"] == riya.email
    assert "curl, 10.0.0.4" in text_of(letter)
