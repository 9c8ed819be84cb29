import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.api import dependencies, limits
from crm_app.config import get_settings
from crm_app.domain.permissions import Role
from crm_app.models import Document, Order
from crm_app.services import auth
from tests.api.conftest import Bearer, TestClient
from tests.factories import PASSWORD
from tests.services.documents import desk
from tests.services.documents.files import HEADER, ROW, csv_of

URL = "/api/v1/documents"
FILE = csv_of(HEADER, ROW, ("CS-2", "31/31/2026", *ROW[2:]))

Send = Callable[..., Any]


@pytest.fixture
def headers(bearer: Bearer) -> dict[str, str]:
    return bearer(Role.SUPPORT)


def send(client: TestClient, headers: dict[str, str], content: bytes, name: str = "a.csv") -> Any:
    return client.post(URL, headers=headers, files={"file": (name, io.BytesIO(content))})


def test_a_program_imports_a_file_from_upload_to_result(
    client: TestClient, headers: dict[str, str], session: Session
) -> None:
    uploaded = send(client, headers, FILE.getvalue())
    one = f"{URL}/{uploaded.json()['id']}"
    desk.work(uploaded.json()["id"])

    read = client.get(one, headers=headers).json()
    decided = client.put(
        f"{one}/mapping",
        headers=headers,
        json={"mapping": {"currency": "USD"}, "source": "Till", "save_as": "Till files"},
    ).json()
    checking = client.post(f"{one}/dry-run", headers=headers)
    desk.work(read["id"])
    nothing_yet = session.exec(select(Order)).all()
    importing = client.post(f"{one}/import", headers=headers)
    desk.work(read["id"])
    done = client.get(one, headers=headers).json()
    refused = client.get(f"{one}/lines", headers=headers, params={"outcome": "refused"}).json()
    result = client.get(f"{one}/result.csv", headers=headers)

    assert (uploaded.status_code, uploaded.json()["state"]) == (201, "received")
    assert (read["state"], read["lines"], read["columns"]) == ("ready", 2, list(HEADER))
    assert (decided["mapping"]["currency"], decided["preset"]) == ("USD", "Till files")
    assert (checking.status_code, importing.status_code, nothing_yet) == (202, 202, [])
    assert (done["state"], done["counts"]["orders"]) == ("done", {"created": 1, "refused": 1})
    assert [(line["number"], line["external_id"]) for line in refused["lines"]] == [(3, "CS-2")]
    assert result.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20result.csv"
    assert result.text.splitlines()[1].startswith("2,created,,CS-1,")
    assert [one["id"] for one in client.get(URL, headers=headers).json()["documents"]] == [
        read["id"]
    ]
    (order,) = session.exec(select(Order)).all()
    assert (order.external_id, order.currency) == ("CS-1", "USD")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    client: TestClient, headers: dict[str, str], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = get_settings().model_copy(update={"document_max_mb": 1})
    monkeypatch.setattr(limits, "get_settings", lambda: small)

    announced = send(client, headers, b"x" * 1_100_000)
    streamed = client.post(
        URL,
        headers=headers | {"content-type": "multipart/form-data; boundary=b"},
        content=(b"--b\r\n" + b"x" * 100_000 for _ in range(20)),
    )
    elsewhere = client.put(f"{URL}/1/mapping", headers=headers, content=b"x" * 1_100_000)

    assert [answer.status_code for answer in (announced, streamed, elsewhere)] == [413] * 3
    assert "1,058,576 bytes at most" in announced.json()["message"]
    assert session.exec(select(Document)).all() == []


def test_a_larger_file_than_any_other_request_may_carry_is_taken(
    client: TestClient, headers: dict[str, str]
) -> None:
    content = csv_of(HEADER, *[ROW] * 20_000).getvalue()
    assert len(content) > limits.MAX_BODY_BYTES

    answer = send(client, headers, content)

    assert (answer.status_code, answer.json()["size"]) == (201, len(content))


@pytest.mark.parametrize(
    "request_",
    [
        {"files": {"other": ("a.csv", b"x")}},
        {"data": {"file": "no file"}},
        {
            "content": b"--b\r\nnonsense",
            "headers": {"content-type": "multipart/form-data; boundary=b"},
        },
        {"json": {"file": "x"}},
        {"files": [("file", ("a.csv", b"x")), ("file", ("b.csv", b"y"))]},
    ],
    ids=["another field", "text", "broken form", "json", "two files"],
)
def test_a_request_without_one_file_is_refused_in_words(
    client: TestClient, headers: dict[str, str], session: Session, request_: dict[str, Any]
) -> None:
    request_["headers"] = headers | request_.get("headers", {})

    answer = client.post(URL, **request_)

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_input")
    assert session.exec(select(Document)).all() == []


def test_nobody_without_the_permission_sends_a_byte_that_is_read(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    reader = bearer(Role.READ_ONLY)

    assert send(client, reader, b"x").status_code == 403
    assert send(client, {}, b"x").status_code == 401
    assert client.get(URL, headers=reader).status_code == 403
    assert session.exec(select(Document)).all() == []


def test_an_upload_with_a_cookie_must_come_from_our_own_page(
    client: TestClient, session: Session, people: dict[Role, Any]
) -> None:
    with db.transaction() as opened:
        found = auth.sign_in(
            opened, email=people[Role.SUPPORT].email, password=PASSWORD, address="", device=""
        )
    assert isinstance(found, auth.SignedIn)
    cookie = {"cookie": f"{auth.SESSION_COOKIE}={found.token}"}
    ours = min(dependencies.allowed_origins())

    foreign = send(client, cookie | {"origin": "https://evil.example"}, FILE.getvalue())
    own = send(client, cookie | {"origin": ours}, FILE.getvalue())

    assert (foreign.status_code, own.status_code) == (403, 201)
    assert len(session.exec(select(Document)).all()) == 1


def test_mistakes_of_a_program_are_said(client: TestClient, headers: dict[str, str]) -> None:
    document_id = send(client, headers, FILE.getvalue()).json()["id"]
    one = f"{URL}/{document_id}"
    early = client.post(f"{one}/dry-run", headers=headers)
    desk.work(document_id)

    def decide(**body: Any) -> Any:
        return client.put(f"{one}/mapping", headers=headers, json=body)

    assert (early.status_code, early.json()["message"]) == (
        409,
        "The file is being read; wait a moment.",
    )
    assert client.post(f"{one}/import", headers=headers).status_code == 422
    assert client.post(f"{one}/stop", headers=headers).status_code == 409
    assert client.get(f"{one}/result.csv", headers=headers).status_code == 409
    assert decide(mapping={"columns": {"order_id": "Sum"}}).status_code == 422
    assert decide(mapping={"colour": 1}).status_code == 422
    assert decide(preset="nothing").status_code == 404
    assert decide(sheet="nothing").status_code == 422
    assert client.get(f"{URL}/999", headers=headers).status_code == 404
