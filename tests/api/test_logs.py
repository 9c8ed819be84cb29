"""A journey through the product with every log open: no secret and no buyer is in any line."""

import logging
import traceback
from collections.abc import Iterator

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from crm_app import db, logs, vault
from crm_app.config import get_settings
from crm_app.domain.permissions import Role
from crm_app.models import Customer, User
from tests.api.conftest import Bearer
from tests.factories import PASSWORD, AccountFactory, CustomerFactory, OrderFactory

OURS = {"origin": "http://localhost:8000"}
NAME, EMAIL, PHONE = "Zubeida Raghunathan", "zubeida.r@mail.example", "+919820098765"


class Book(logging.Handler):
    """Keeps every line as a file would get it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def book() -> Iterator[Book]:
    """Everything that any part of the product says at the level DEBUG."""
    made, root, factory = Book(), logging.getLogger(), logging.getLogRecordFactory()
    levels = {name: logging.getLogger(name).level for name in ("", "sqlalchemy", "httpx")}
    logs.keep_secrets_out()
    for name in ("", "httpx"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(made)
    yield made
    root.removeHandler(made)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.setLogRecordFactory(factory)


def test_no_line_of_a_whole_journey_holds_a_secret_or_a_buyer(
    book: Book, client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> None:
    account = AccountFactory(credentials=vault.seal({"key": "wc-secret-of-the-shop"}))
    buyer = CustomerFactory(account=account, name=NAME, email=EMAIL, phone=PHONE)
    order = OrderFactory(account=account, customer=buyer, customer_name=NAME)
    session.commit()
    admin = bearer(Role.ADMIN)
    form = {"email": people[Role.ADMIN].email, "password": PASSWORD}
    client.post("/auth/login", data=form | {"password": "hunter2hunter2"}, headers=OURS)
    client.post("/auth/login", data=form, headers=OURS)
    cookies = dict(client.cookies)
    setup = client.post("/api/v1/me/two-factor", headers=admin).json()
    code = pyotp.TOTP(setup["secret"]).now()
    codes = client.post("/api/v1/me/two-factor/confirm", json={"code": code}, headers=admin).json()
    token = client.post(
        "/api/v1/me/tokens",
        json={"name": "stock", "scopes": ["orders.view"], "days": 3},
        headers=admin,
    ).json()["secret"]
    new = {"email": "new.person@palmonas.test", "name": "New Person", "role": "support"}
    made = client.post("/api/v1/users", json=new, headers=admin).json()
    link = client.post(f"/api/v1/users/{made['id']}/link", headers=admin).json()
    client.post("/api/v1/users", json=new, headers=admin)
    client.get("/api/v1/orders", params={"q": PHONE}, headers=admin)
    client.get("/api/v1/orders", params={"q": EMAIL}, headers={"authorization": f"Bearer {token}"})
    client.get(f"/api/v1/orders/{order.id}", headers=admin)
    client.post(f"/api/v1/orders/{order.id}/reveal-contact", headers=admin)
    break_the_database(session)

    secrets = {
        "password": PASSWORD,
        "wrong password": "hunter2hunter2",
        "session": cookies["crm_session"],
        "device": cookies["crm_device"],
        "jwt": admin["authorization"].partition(" ")[2],
        "totp": setup["secret"],
        "recovery": codes["recovery_codes"][0],
        "token": token,
        "link": str(link.get("url", "")).rpartition("=")[2] or "?",
        "hash": people[Role.ADMIN].password_hash,
        "key": get_settings().secret_keys[0].get_secret_value(),
        "credentials": "wc-secret-of-the-shop",
        "name": NAME,
        "email": EMAIL,
        "phone": PHONE,
        "digits": "9820098765",
        "person": "new.person@palmonas.test",
    }
    assert len(book.lines) > 20
    leaks = {name: line for name, value in secrets.items() for line in book.lines if value in line}
    assert leaks == {}


def break_the_database(session: Session) -> None:
    """Errors whose texts hold the row that was refused."""
    session.rollback()
    log = logging.getLogger("crm_app.test")
    for statement, values in (
        (
            "INSERT INTO customers (name, email) VALUES (:name, :email)",
            {"name": NAME, "email": EMAIL},
        ),
        ("SELECT CAST(:phone AS date)", {"phone": f"{NAME} {PHONE}"}),
        (
            "INSERT INTO users (email, name, password_hash, role, is_active, totp_last_step) "
            "SELECT email, :name, :hash, role, true, 0 FROM users LIMIT 1",
            {"name": NAME, "hash": "$2b$12$" + "x" * 53},
        ),
    ):
        try:
            with db.transaction() as other:
                other.execute(text(statement), values)
        except DBAPIError:
            log.exception("It failed")


def test_an_error_of_the_database_says_what_and_not_of_whom(database: str) -> None:
    del database
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        session.add(Customer(account_id=1, identity="x", name=NAME, email=EMAIL, phone=PHONE))

    said = "".join(traceback.format_exception(caught.value))
    assert "violates foreign key constraint" in said
    assert not any(one in said for one in (NAME, EMAIL, PHONE))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET /orders?q=meera%20iyer&page=2 200", "GET /orders?q=[hidden]&page=2 200"),
        ("GET /welcome?link=abcDEF-123 200", "GET /welcome?link=[hidden] 200"),
        ("postgresql://crm:s3cret@db/crm", "postgresql://crm:[hidden]@db/crm"),
        ("Authorization: Bearer abcdef.ghi", "Authorization: Bearer [hidden]"),
        ("told meera@mail.example", "told [hidden]"),
        ("called +919820012345 and 98200 12345", "called [hidden] and [hidden]"),
        # What operators need stays.
        ("Order 405-1234567-8901234 of account 12 failed", None),
        ("entry 1234567890 at 2026-11-30T10:00:00", None),
        ("Deleted 9 old files in 12.345678901 s", None),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_the_rest_stays(said: str, kept: str | None) -> None:
    assert logs.clean(said) == (kept or said)


def test_a_line_that_is_a_mistake_itself_stops_nothing(book: Book) -> None:
    logging.getLogger("crm_app.test").error("two %s %s", EMAIL)  # noqa: PLE1206 - on purpose

    assert book.lines[-1].endswith("crm_app.test two %s %s")
