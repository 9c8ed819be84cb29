"""Files that grow when they are opened, and names that climb out of their folder."""

import io
import zipfile

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.errors import InvalidInputError
from crm_app.models import Document
from crm_app.services.documents import reading
from tests.api.conftest import Bearer
from tests.services.documents.files import HEADER, ROW, csv_of, xlsx_of


def _laughing(number: int) -> bytes:
    return f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">'.encode()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "ha">'
    + b"".join(map(_laughing, range(1, 10)))
    + b"]>"
)


def with_entities(part: str, entity: str) -> io.BytesIO:
    """A workbook of ours whose part begins with a billion laughs and uses them."""
    made = io.BytesIO()
    with zipfile.ZipFile(xlsx_of(HEADER, ROW)) as whole, zipfile.ZipFile(made, "w") as out:
        for name in whole.namelist():
            body = whole.read(name)
            if name == part:
                start = body.index(b"?>") + 2 if body.startswith(b"<?xml") else 0
                body = LAUGHS + body[start:].replace(b"</", f"{entity}</".encode(), 1)
            out.writestr(name, body)
    return made


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_billion_laughs_are_refused_unread(part: str) -> None:
    file = with_entities(part, "&a9;")

    def read_all() -> None:
        for _ in reading.lines(file, reading.look(file)):
            pass

    with pytest.raises(InvalidInputError):
        read_all()


def test_a_file_of_the_machine_is_not_read_through_a_workbook() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(xlsx_of(HEADER, ROW)) as whole, zipfile.ZipFile(made, "w") as out:
        for name in whole.namelist():
            body = whole.read(name)
            if name == "xl/workbook.xml":
                body = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + body.split(
                    b"?>", 1
                )[-1].replace(b"</", b"&f;</", 1)
            out.writestr(name, body)

    with pytest.raises(InvalidInputError):
        reading.look(made)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/exports/..%2f..%2fetc%2fpasswd/file",
        "/api/v1/exports/1%2f..%2f2/file",
        "/api/v1/documents/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/../../etc/passwd",
        "/..%2f..%2f.data/run.json",
    ],
)
def test_no_path_climbs_out(client: TestClient, bearer: Bearer, path: str) -> None:
    answer = client.get(path, headers=bearer(Role.ADMIN))

    assert answer.status_code in (404, 405, 422)
    assert "root:" not in answer.text


def test_the_name_of_a_file_is_a_word_and_no_path(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    content = csv_of(HEADER, ROW).getvalue()

    answer = client.post(
        "/api/v1/documents",
        headers=bearer(Role.ADMIN),
        files={"file": ("../../../etc/cron.d/x.csv", io.BytesIO(content))},
    )

    assert answer.status_code in (201, 202)
    assert session.exec(select(Document.name)).one() == "x.csv"
