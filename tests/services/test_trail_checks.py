"""The trail is walked by a worker, and proved from a file, offline."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from crm_app import audit as command
from crm_app import db
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.chain import Head
from crm_app.jobs import trail as jobs
from crm_app.models import AuditCheck, CheckState
from crm_app.services import audit, trail_checks
from tests.conftest import ROOT, as_owner


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = get_settings().model_copy(update={"data_dir": tmp_path})
    monkeypatch.setattr(trail_checks, "get_settings", lambda: settings)


@pytest.fixture
def chain(session: Session, admin: Actor) -> None:
    for number in range(1, 8):
        with db.transaction() as other:
            audit.record(
                other,
                admin.at("203.0.113.7"),
                "order:status:changed",
                subject_type="order",
                subject_id=number,
                before={"status": "पहले ✨"},
                after={"n": number},
            )


def meddle(statement: str) -> None:
    with db.get_engine().begin() as connection:
        as_owner(connection)
        connection.execute(text(statement))


def check(admin: Actor) -> AuditCheck:
    with db.transaction() as session:
        check_id = trail_checks.begin(session, admin).id
    while jobs.check(check_id):
        pass
    with db.transaction() as session:
        return trail_checks.get(session, admin, check_id)


@pytest.mark.usefixtures("chain")
def test_a_worker_walks_in_pieces_and_finds_the_entry(
    admin: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit, "PIECE", 2)
    whole = check(admin)
    meddle("UPDATE audit_entries SET after = '{}' WHERE id = 6")

    broken = check(admin)

    assert (whole.state, whole.reached, whole.total) == (CheckState.WHOLE, 8, 7)
    assert (broken.state, broken.broken_id, broken.reached) == (CheckState.BROKEN, 6, 5)
    assert "what its hash was made from" in broken.reason
    assert "The audit trail cannot be believed" in caplog.text


@pytest.mark.usefixtures("chain")
def test_a_head_noted_outside_shows_what_was_cut_off(admin: Actor) -> None:
    assert jobs.note_head() == 7
    assert jobs.note_head() == 7
    noted = trail_checks.noted_heads()

    meddle("DELETE FROM audit_entries WHERE id > 4")

    broken = check(admin)
    assert [one.id for one in noted] == [7]
    # Its own beginning was recorded after the cut, as entry 5.
    assert (broken.state, broken.broken_id) == (CheckState.BROKEN, 6)


def test_an_empty_trail_has_no_head_to_note(database: str) -> None:
    del database

    assert jobs.note_head() == 0
    assert trail_checks.noted_heads() == []


@pytest.mark.usefixtures("chain")
def test_the_command_proves_the_database(capsys: pytest.CaptureFixture[str]) -> None:
    whole = command.main(["verify"])
    command.main(["head"])
    head = Head.read(capsys.readouterr().out.splitlines()[-1])
    meddle("DELETE FROM audit_entries WHERE id = 7")

    cut = command.main(["verify"])
    cut_with_head = command.main(["verify", "--head", str(head)])

    assert (whole, cut, cut_with_head) == (0, 0, 1)
    assert "BROKEN  Entry 7: entries up to 7 were noted outside" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["trail.jsonl", "trail.jsonl.gz"])
@pytest.mark.usefixtures("chain")
def test_an_export_is_proved_without_database_or_settings(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert command.main(["export", str(path)]) == 0

    def verify(file: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "crm_app.audit", "verify", "--file", str(file)],
            cwd=ROOT,
            env={"PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    whole = verify(path)
    if name.endswith(".gz"):
        assert whole.stdout.startswith("WHOLE  7 entries")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "changed").write_text("".join(lines).replace('"n":5', '"n":6'), encoding="utf-8")
    (tmp_path / "less").write_text("".join(lines[:2] + lines[3:]), encoding="utf-8")
    (tmp_path / "torn").write_text("".join(lines)[:-20], encoding="utf-8")

    assert whole.stdout.startswith("WHOLE  7 entries")
    said = {one: verify(tmp_path / one) for one in ("changed", "less", "torn")}
    assert [one.returncode for one in said.values()] == [1, 1, 1]
    assert "Entry 5:" in said["changed"].stdout
    assert "entry 3 should stand here" in said["less"].stdout
    assert "cannot be read" in said["torn"].stdout
