import io

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.models import Document, Order
from crm_app.ui.imports.state import FileState, ImportsState
from tests.services.documents import desk
from tests.services.documents.files import HEADER, ROW, csv_of
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn

SECOND = ("CS-2", "19/11/2026", "Blorp", "RING-7", "Ring", "2", "998.00", "Ravi")


async def opened(sign_in: SignIn, path: str) -> FileState:
    state = await open_state(FileState, path, sign_in(Role.SUPPORT))
    await state.load()
    return state


def pill_texts(state: FileState) -> list[tuple[str, str]]:
    return [(line.number, line.outcome.text) for line in state.lines]


async def test_the_list_shows_files_with_what_became_of_them(asha: Actor, sign_in: SignIn) -> None:
    desk.import_(asha, desk.ready(asha, HEADER, ROW))
    desk.upload(asha, io.BytesIO(b"%PDF"), "scan.pdf")
    state = await open_state(ImportsState, "/imports", sign_in(Role.SUPPORT))

    await state.load()

    assert [(row.name, row.source, row.state.text, row.created) for row in state.rows] == [
        ("scan.pdf", "", "Cannot be read", ""),
        ("counter.csv", desk.SOURCE, "Imported", "1"),
    ]
    assert (state.older_href, state.failure, state.is_loaded) == ("", "", True)


async def test_a_person_maps_checks_and_imports(
    session: Session, asha: Actor, sign_in: SignIn
) -> None:
    document_id = desk.upload(asha, csv_of(HEADER, ROW, SECOND))
    state = await opened(sign_in, f"/imports?file={document_id}")

    assert (state.file.state, state.file.is_open, state.file.missing) == ("ready", True, "")
    assert state.file.unknown_words.startswith("“Blorp” needs a meaning")
    assert [row.number for row in state.preview] == ["CS-1"]
    assert state.warnings == ["Line 3: The status “Blorp” has no meaning chosen for it."]
    columns = {row.key: row.column for row in state.fields if row.is_main}
    assert columns["line_total"] == "Amount"

    await state.choose_meaning("Blorp", "packed")
    await state.choose("currency", " usd ")
    await state.choose("payment", "paid")
    await state.choose_column("title", "")
    assert [(row.number, row.payment.text, row.total) for row in state.preview] == [
        ("CS-1", "Paid", "$1,499.00"),
        ("CS-2", "Paid", "$998.00"),
    ]
    # A field that was open stays where it is, also without a column.
    assert [(row.column, row.is_main) for row in state.fields if row.key == "title"] == [("", True)]

    await state.check()
    assert state.notice.startswith("Say first whose orders these are.")
    await state.choose_source("Till")
    await state.save_preset({"preset": "Till files"})
    await state.check()
    assert (state.file.is_working, state.file.progress) == (True, "Waiting for the worker")
    desk.work(document_id)
    await state.refresh()
    assert (state.file.to_import, state.choices["presets"]) == ("Import 2 orders", ["Till files"])
    assert session.exec(select(Order)).all() == []

    await state.start_import()
    desk.work(document_id)
    await state.refresh()
    assert [(row.count, row.words) for row in state.counts] == [
        ("2", "orders new"),
        ("0", "orders changed"),
        ("0", "orders skipped"),
        ("0", "orders refused"),
    ]
    assert all(line.href.startswith("/orders/") for line in state.lines)
    assert (state.file.is_open, state.file.headline) == (False, "What the import did")


async def test_lines_are_filtered_and_paged_by_the_address(asha: Actor, sign_in: SignIn) -> None:
    rows = [(f"X-{index:03}", *ROW[1:]) for index in range(60)]
    document_id = desk.ready(asha, HEADER, *rows, ("bad", "never", *ROW[2:]))
    desk.check(asha, document_id)
    path = f"/imports?file={document_id}"

    first = await opened(sign_in, path)
    second = await opened(sign_in, first.file.next_href)
    refused = await opened(sign_in, f"{path}&show=refused")
    nonsense = await opened(sign_in, f"{path}&show=all&after=x")

    assert first.file.next_href == f"{path}&after=51"
    assert pill_texts(second)[-1] == ("62", "Refused")
    assert (second.file.first_href, second.file.next_href) == (path, "")
    assert pill_texts(refused) == [("62", "Refused")]
    assert [row.is_on for row in refused.counts] == [False, False, False, True]
    assert len(nonsense.lines) == 50


@pytest.mark.parametrize("path", ["/imports?file=999", "/imports?file=x", f"/imports?file={2**70}"])
async def test_a_file_that_is_not_there_is_said(path: str, sign_in: SignIn) -> None:
    state = await opened(sign_in, path)

    assert (state.failure, state.file.id) == ("There is no such file.", 0)


async def test_the_same_file_again_is_pointed_out(asha: Actor, sign_in: SignIn) -> None:
    first = desk.import_(asha, desk.ready(asha, HEADER, ROW))
    again = desk.upload(asha, csv_of(HEADER, ROW))

    state = await opened(sign_in, f"/imports?file={again}")

    assert state.file.earlier.startswith("This very file was imported before, by Support person")
    assert state.file.earlier_href == f"/imports?file={first.id}"


async def test_a_stopped_check_lets_the_mapping_be_changed(asha: Actor, sign_in: SignIn) -> None:
    document_id = desk.ready(asha, HEADER, ROW)
    state = await opened(sign_in, f"/imports?file={document_id}")
    await state.check()

    await state.choose("repeats", "keep")
    assert state.notice == "The file is being checked; wait, or stop the check."
    await state.stop()
    await state.choose("repeats", "keep")

    assert (state.file.state, state.file.repeats, state.notice) == ("ready", "keep", "")


async def test_read_only_people_get_nothing(session: Session, asha: Actor, sign_in: SignIn) -> None:
    document_id = desk.ready(asha, HEADER, ROW)
    state = await open_state(FileState, f"/imports?file={document_id}", sign_in(Role.READ_ONLY))

    with pytest.raises(Exception, match="Your role does not allow this"):
        await state.load()

    assert (state.file.id, state.lines) == (0, [])
    assert session.exec(select(Document.state)).one() == "ready"
