"""Messages of alerts, to a real mail server and a real receiver of webhooks."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.alert import AlertKind
from crm_app.domain.time import now
from crm_app.errands import alerts as errands
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import AccountStatus, AlertMessage
from crm_app.services.alerts import settings as alert_settings
from crm_app.services.alerts import watching
from tests.factories import AccountFactory
from tests.postbox import Postbox
from tests.running import free_port


class Receiver:
    """Somebody's server: keeps what is posted to it, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the library's name
                body = self.rfile.read(int(self.headers["content-length"]))
                kept.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(kept.answers.pop(0) if kept.answers else 204)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_said: Any, **_more: Any) -> None:
                """Say nothing into the tests' output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/alerts"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    running = threading.Thread(target=made.server.serve_forever)
    running.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    running.join()


def lose_an_account(session: Session) -> None:
    AccountFactory(name="Shop\r\nBcc: x", status=AccountStatus.DISCONNECTED, last_error="revoked")
    session.commit()
    with db.transaction() as own:
        watching.check(own)


def messages(session: Session) -> list[AlertMessage]:
    session.expire_all()
    return list(session.exec(select(AlertMessage).order_by("id")))


def make_due(session: Session) -> None:
    for message in messages(session):
        message.next_try_at = now() - timedelta(seconds=1)
        session.add(message)
    session.commit()


def test_a_webhook_is_signed_and_proved_by_its_secret(
    session: Session, admin: Actor, receiver: Receiver
) -> None:
    secret = errands.set_hook(admin, receiver.url)
    lose_an_account(session)

    arrived = errands.deliver_due()

    ((headers, body),) = receiver.got
    (message,) = messages(session)
    expected = errands.signature(secret, headers[errands.TIMESTAMP], body)
    assert arrived == 1
    assert headers[errands.SIGNATURE] == expected
    assert expected != errands.signature(secret, headers[errands.TIMESTAMP], body + b" ")
    assert headers[errands.DELIVERY] == str(message.id)
    assert json.loads(body)["alert"]["kind"] == "reconnect"
    assert (message.answer, message.sent_at is not None) == ("Answered 204", True)
    assert errands.deliver_due() == 0


def test_a_receiver_that_fails_is_asked_again_later_and_then_given_up(
    session: Session, admin: Actor, receiver: Receiver
) -> None:
    errands.set_hook(admin, receiver.url)
    lose_an_account(session)
    receiver.answers = [503] * errands.MOST_TRIES

    errands.deliver_due()
    (first,) = messages(session)
    too_soon = errands.deliver_due()
    waits_until = first.next_try_at
    for _ in range(errands.MOST_TRIES - 1):
        make_due(session)
        errands.deliver_due()
    (last,) = messages(session)
    given_up = last.failed_at is not None
    with db.transaction() as own:
        alert_settings.send_again(own, admin, last.id)
    errands.deliver_due()

    assert too_soon == 0
    assert waits_until > now()
    assert (given_up, len(receiver.got)) == (True, errands.MOST_TRIES + 1)
    (again,) = messages(session)
    assert (again.failed_at, again.answer) == (None, "Answered 204")


@pytest.mark.parametrize("status", [301, 307, 404])
def test_only_a_good_answer_counts_and_no_redirect_is_followed(
    session: Session, admin: Actor, receiver: Receiver, status: int
) -> None:
    errands.set_hook(admin, receiver.url)
    lose_an_account(session)
    receiver.answers = [status]

    assert errands.deliver_due() == 0

    (message,) = messages(session)
    assert (message.sent_at, message.answer, len(receiver.got)) == (None, f"Answered {status}", 1)


def test_a_receiver_that_is_away_costs_nothing_but_a_try(session: Session, admin: Actor) -> None:
    errands.set_hook(admin, f"http://127.0.0.1:{free_port()}/x")
    lose_an_account(session)

    assert errands.deliver_due() == 0

    (message,) = messages(session)
    assert (message.attempts, message.answer) == (1, "No answer: ConnectError")


def test_an_address_that_is_none_is_refused(session: Session, admin: Actor, asha: Actor) -> None:
    with pytest.raises(InvalidInputError):
        errands.set_hook(admin, "file:///etc/passwd")
    with pytest.raises(PermissionDeniedError):
        errands.set_hook(asha, "https://hooks.example")


def test_in_production_a_name_that_leads_inside_is_not_called(
    session: Session, admin: Actor, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    errands.set_hook(admin, receiver.url)
    lose_an_account(session)
    monkeypatch.setenv("CRM_ENVIRONMENT", "production")
    get_settings.cache_clear()

    arrived = errands.deliver_due()
    for address, said in (
        (receiver.url, "An address begins with https:// and names a host."),
        (receiver.url.replace("http:", "https:"), "The address leads into a private network."),
    ):
        with pytest.raises(InvalidInputError) as refused:
            errands.set_hook(admin, address)
        assert str(refused.value) == said

    monkeypatch.undo()
    get_settings.cache_clear()
    assert (arrived, receiver.got) == (0, [])
    assert messages(session)[0].answer == "The address leads into a private network."


def test_whoever_chose_it_gets_a_mail(
    session: Session, admin: Actor, asha: Actor, postbox: Postbox
) -> None:
    alert_settings.choose(session, asha, AlertKind.RECONNECT, in_app=False, by_mail=True)
    session.commit()
    lose_an_account(session)

    arrived = errands.deliver_due()

    (letter,) = postbox.letters
    assert arrived == 1
    assert letter["subject"] == "[Palmonas] Shop Bcc: x has to be connected again: revoked"
    assert letter["bcc"] is None
    assert letter["from"] == "desk@palmonas.test"
    assert f"{get_settings().origin}/accounts/" in str(letter.get_payload())


def test_a_letter_that_is_not_taken_now_is_sent_later(
    session: Session, asha: Actor, postbox: Postbox
) -> None:
    alert_settings.choose(session, asha, AlertKind.RECONNECT, in_app=False, by_mail=True)
    session.commit()
    lose_an_account(session)
    postbox.refuse = "451 try later"
    errands.deliver_due()
    (waiting,) = messages(session)
    said = waiting.answer
    postbox.refuse = ""
    make_due(session)

    assert errands.deliver_due() == 1
    assert said == "SMTPDataError 451"
    assert len(postbox.letters) == 1


def test_a_test_of_mail_goes_to_whoever_asks(
    session: Session, admin: Actor, postbox: Postbox
) -> None:
    alert_settings.send_test(session, admin, "mail")
    session.commit()

    assert errands.deliver_due() == 1
    assert postbox.letters[0]["subject"] == "[Palmonas] Test of alerts"


def test_two_workers_send_a_message_once(
    session: Session, admin: Actor, receiver: Receiver
) -> None:
    errands.set_hook(admin, receiver.url)
    for _ in range(10):
        alert_settings.send_test(session, admin, "webhook")
    session.commit()

    running = [threading.Thread(target=errands.deliver_due) for _ in range(3)]
    for one in running:
        one.start()
    for one in running:
        one.join()

    numbers = [headers[errands.DELIVERY] for headers, _ in receiver.got]
    assert len(numbers) == len(set(numbers)) == 10
