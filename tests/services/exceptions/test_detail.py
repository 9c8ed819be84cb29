"""One exception in full: what is shown, to whom, and what is written down."""

import json

import pytest
import zstandard
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.errors import NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry
from crm_app.services.exceptions import bodies, deeds, detail, listing
from crm_app.services.exceptions.query import ExceptionQuery
from tests.services.exceptions import trouble


def key_of(session: Session, actor: Actor) -> str:
    (row,) = listing.list_exceptions(session, actor, ExceptionQuery()).rows
    return row.key


def test_a_conflict_shows_both_words_side_by_side(session: Session, asha: Actor) -> None:
    made = trouble.conflict(session, trouble.account())

    found = detail.get_exception(session, asha, key_of(session, asha))

    assert found.ours is not None
    assert found.theirs is not None
    assert (found.ours.status, found.ours.who) == ("Shipped", "Asha")
    assert (found.theirs.status, found.theirs.raw, found.theirs.who) == (
        "Confirmed",
        "processing",
        "WooCommerce",
    )
    assert found.theirs.at == made.channel_updated_at
    assert found.advice == "Compare both words and decide whose stays."
    assert [one.outcome for one in found.attempts] == ["RejectedError"]
    assert found.may_act


def test_what_arrived_is_masked_until_somebody_who_may_looks(
    session: Session, asha: Actor, reader: Actor
) -> None:
    trouble.entry(session, trouble.account())
    key = key_of(session, asha)

    shown, read_only = (detail.get_exception(session, one, key) for one in (asha, reader))
    with pytest.raises(PermissionDeniedError):
        bodies.reveal(session, reader, key)
    before = session.exec(select(AuditEntry)).all()
    clear = bodies.reveal(session, asha, key)

    for one in (shown, read_only):
        assert json.loads(one.shape) == {
            "id": "•••",
            "buyer": {"name": "•••"},
            "total": "•••",
            "gift": True,
        }
    assert (shown.may_reveal, read_only.may_reveal) == (True, False)
    assert (shown.may_act, read_only.may_act) == (True, False)
    assert before == []
    assert json.loads(clear) == trouble.BUYER
    (written,) = session.exec(select(AuditEntry)).all()
    assert (written.action, written.subject_id) == ("exception:body:revealed", key)
    assert "Meera" not in str(written.after)
    deed = detail.get_exception(session, asha, key).deeds[0]
    assert (deed.who, deed.sentence) == (asha.label, "looked at what arrived")


def test_the_payload_behind_a_refused_change_is_masked_too(session: Session, asha: Actor) -> None:
    trouble.refused(session, trouble.account())
    key = key_of(session, asha)

    found = detail.get_exception(session, asha, key)

    assert "Meera" not in found.shape
    assert json.loads(bodies.reveal(session, asha, key)) == trouble.BUYER


@pytest.mark.parametrize(
    ("body", "shape", "clear"),
    [
        (b"\xff{no json", "9 bytes that are no JSON.", "\ufffd{no json"),
        (b'"Meera"', '"•••"', '"Meera"'),
        (b"[" * 3_000 + b"]" * 3_000, "6,000 bytes that are no JSON.", "[" * 3_000 + "]" * 3_000),
        (
            json.dumps({"a": ["x" * 30_000]}).encode(),
            '{\n  "a": [\n    "•••"\n  ]\n}',
            '{\n  "a": [\n    "' + "x" * 19_984 + "\n… cut off here",
        ),
    ],
)
def test_any_body_can_be_shown(
    session: Session, asha: Actor, body: bytes, shape: str, clear: str
) -> None:
    trouble.entry(session, trouble.account(), body=zstandard.compress(body))
    key = key_of(session, asha)

    assert detail.get_exception(session, asha, key).shape == shape
    assert bodies.reveal(session, asha, key) == clear


def test_a_body_that_would_unpack_without_end_is_not_unpacked(
    session: Session, asha: Actor
) -> None:
    packed = zstandard.ZstdCompressor(write_content_size=False).compress(b"0" * 5_000_000)
    trouble.entry(session, trouble.account(), body=packed)

    assert bodies.reveal(session, asha, key_of(session, asha)) == ""


def test_every_kind_of_trouble_has_its_page(session: Session, asha: Actor) -> None:
    shop = trouble.account()
    trouble.refused(session, shop)
    trouble.conflict(session, shop)
    for outcome in ("RateLimitedError", "RetryableError", "accepted"):
        trouble.waiting(session, shop, outcome)
    trouble.entry(session, shop)
    trouble.entry(session, shop, trouble.InboxState.WAITING)
    trouble.word(session, shop)
    trouble.refusals(session, shop)
    trouble.disconnected(session)
    trouble.failing(session)
    trouble.paused(session)

    rows = listing.list_exceptions(session, asha, ExceptionQuery()).rows
    found = [detail.get_exception(session, asha, row.key) for row in rows]

    assert len({(one.row.source, one.row.cause) for one in found}) == len(found) == 12
    assert all(one.advice.endswith(".") and one.facts and one.row.summary for one in found)
    facts = {fact.name: fact for one in found for fact in one.facts}
    assert facts["Changes waiting"].value in ("0", "1")
    assert facts["For example on"].value == "405-9"
    assert facts["Received"].at is not None


def test_one_that_was_closed_keeps_its_note_and_one_that_healed_is_gone(
    session: Session, asha: Actor
) -> None:
    trouble.entry(session, trouble.account())
    key = key_of(session, asha)
    deeds.resolve(session, asha, key, "Called the buyer.")
    session.flush()

    found = detail.get_exception(session, asha, key)
    clear = bodies.reveal(session, asha, key)

    assert json.loads(clear) == trouble.BUYER
    assert (found.row.note, found.may_act, found.advice) == ("Called the buyer.", False, "")
    assert found.deeds[0].sentence == "closed it: Called the buyer."
    for gone in ("inbox:987", "change:1:2", "word:1:x", "account:x", "inbox:" + "9" * 30, "", "é"):
        with pytest.raises(NotFoundError):
            detail.get_exception(session, asha, gone)
