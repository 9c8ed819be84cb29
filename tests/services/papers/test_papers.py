"""Papers: what stands on them, who may have them, and numbers without a gap."""

import threading
from collections.abc import Sequence

import pytest
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.download import DownloadState, Paper
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, Download, Invoice, Order
from crm_app.services import packages, shipping
from crm_app.services.downloads import keeping, working
from crm_app.services.papers import business, facts, invoice, invoicing, packing_slip, printing
from tests.factories import AccountFactory, OrderFactory, OrderLineFactory
from tests.services import bulk_runs as tool

DETAILS = {
    "legal_name": "Palmonas Private Limited",
    "address": "Unit 4\nMumbai",
    "gstin": "27AAPFU0939F1ZV",
    "series": "PAL",
    "hsn": "7117",
}


def make(session: Session, **values: object) -> int:
    order = OrderFactory(**{"tax_minor": 8001, **values})
    order.ship_to = {**order.ship_to, "state": "Maharashtra"}
    OrderLineFactory(order=order)
    session.commit()
    return order.id


def issue(actor: Actor, ids: Sequence[int]) -> list[str]:
    with db.transaction() as session:
        return [one.number for one in invoicing.issue(session, actor, ids).issued]


def save(actor: Actor, account_id: int | None, version: int = 0, **told: str) -> business.Details:
    with db.transaction() as session:
        return business.save_details(
            session, actor, account_id, {**DETAILS, **told}, expected_version=version
        )


def test_numbers_follow_each_other_and_stay(session: Session, asha: Actor) -> None:
    first, second, third = (make(session) for _ in range(3))

    numbers = issue(asha, [second, first])
    again = issue(asha, [first, second, third])

    assert [number.rpartition("/")[2] for number in numbers] == ["00001", "00002"]
    assert again[:2] == numbers[::-1]
    assert again[2].endswith("/00003")
    assert all(number.startswith("INV/") and len(number) <= 16 for number in again)
    entries = session.exec(select(AuditEntry).where(AuditEntry.action == "invoice:issued")).all()
    assert len(entries) == 3


def test_a_roll_back_gives_its_number_back(session: Session, asha: Actor) -> None:
    order_id = make(session)

    with Session(db.get_engine()) as opened:
        invoicing.issue(opened, asha, [order_id])
        opened.rollback()

    assert issue(asha, [order_id])[0].endswith("/00001")


def test_printers_at_the_same_time_leave_no_gap_and_no_double(
    session: Session, asha: Actor
) -> None:
    ids = [make(session) for _ in range(12)]
    # Two of them print the same orders.
    shares = [ids[:4], ids[4:8], ids[8:], ids[:4]]
    threads = [threading.Thread(target=issue, args=(asha, share)) for share in shares]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    serials = session.exec(select(Invoice.serial).order_by(col(Invoice.serial))).all()
    assert list(serials) == list(range(1, 13))


def test_each_series_counts_for_itself(session: Session, asha: Actor, admin: Actor) -> None:
    own = AccountFactory()
    mine, other = make(session, account=own), make(session)
    save(admin, None)
    save(admin, own.id, series="OWN")

    numbers = issue(asha, [mine, other])

    assert [number[:3] for number in numbers] == ["OWN", "PAL"]
    assert all(number.endswith("/00001") for number in numbers)


def test_an_invoice_stays_as_it_was_issued(session: Session, asha: Actor, admin: Actor) -> None:
    order_id = make(session)
    issue(asha, [order_id])
    save(admin, None, legal_name="Another name")
    order = session.get_one(Order, order_id)
    order.status, order.total_minor = OrderStatus.RETURNED, 1
    session.commit()

    with db.transaction() as opened:
        (again,) = invoicing.issue(opened, asha, [order_id]).issued

    assert (again.facts.seller.legal_name, again.facts.total_minor) == ("Palmonas", 149_900)


def test_what_was_not_sold_gets_no_number(session: Session, asha: Actor) -> None:
    good = make(session)
    cancelled = make(session, status=OrderStatus.CANCELLED, order_number="C-1")
    unpriced = make(session, total_minor=None, currency=None, order_number="U-1")

    with db.transaction() as opened:
        made = printing.make(opened, asha, Paper.INVOICE, [cancelled, good, unpriced])

    assert made.count == 1
    assert made.left_out == "2 left out: C-1 is cancelled; U-1 has no total yet."
    with pytest.raises(ConflictError, match="C-1 is cancelled"), db.transaction() as opened:
        printing.make(opened, asha, Paper.INVOICE, [cancelled])
    assert len(session.exec(select(Invoice)).all()) == 1


def test_tax_is_split_and_never_worked_out(session: Session, asha: Actor, admin: Actor) -> None:
    save(admin, None)
    here = make(session)
    silent = make(session, tax_minor=None)

    with db.transaction() as opened:
        known, unknown = facts.read(opened, [here, silent])

    assert [(share.name, share.minor) for share in known.shares] == [("CGST", 4001), ("SGST", 4000)]
    assert invoice.is_tax_invoice(known)
    assert (unknown.tax_minor, unknown.shares) == (None, ())
    assert not invoice.is_tax_invoice(unknown)


def test_cancelled_units_are_not_packed(session: Session) -> None:
    order = OrderFactory()
    OrderLineFactory(order=order, sku="A", quantity=3, quantity_cancelled=1)
    OrderLineFactory(order=order, sku="B", quantity=1, quantity_cancelled=1, position=1)
    session.commit()

    (found,) = facts.read(session, [order.id])

    assert [(line.sku, line.quantity) for line in found.lines] == [("A", 2)]


@pytest.mark.parametrize("paper", list(Paper))
def test_every_paper_is_a_pdf_and_recorded(
    session: Session, asha: Actor, reader: Actor, paper: Paper
) -> None:
    order_id = make(session, customer_name="मीरा अय्यर 🙂", tracking_number="", carrier="")

    with db.transaction() as opened:
        made = printing.print_one(opened, asha, paper, order_id)

    assert made.body.startswith(b"%PDF-")
    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "order:printed"))
    assert (entry.subject_id, entry.after) == (str(order_id), {"paper": paper.value})
    with pytest.raises(PermissionDeniedError), db.transaction() as opened:
        printing.print_one(opened, reader, paper, order_id)
    with pytest.raises(NotFoundError), db.transaction() as opened:
        printing.print_one(opened, asha, paper, order_id + 1)


def test_an_order_of_many_lines_goes_on_over_pages(session: Session) -> None:
    order = OrderFactory()
    for place in range(60):
        OrderLineFactory(order=order, position=place, title="Pearl Drop Earrings " * 6)
    session.commit()

    (found,) = facts.read(session, [order.id])
    sheet = packing_slip.draw([found])
    sheet.finish()

    assert sheet.pages_count > 2


def test_many_orders_are_printed_by_the_worker(session: Session, asha: Actor) -> None:
    ids = [make(session) for _ in range(3)]
    run_id = tool.start(asha, ids, Paper.PICK_LIST.value)
    tool.work(run_id)

    (download,) = session.exec(select(Download)).all()
    assert (download.title, download.total, download.has_people) == ("Pick list", 3, False)
    assert working.work(download.id, budget_s=10) is False
    session.refresh(download)
    assert (download.state, download.done, download.reason) == (DownloadState.DONE, 3, "")
    with db.transaction() as opened:
        file = keeping.take(opened, asha, download.id)
    assert b"".join(file.pieces()).startswith(b"%PDF-")
    assert file.name.startswith("pick-list-")


def test_details_are_checked_field_by_field(session: Session, admin: Actor, asha: Actor) -> None:
    bad = {"legal_name": " ", "gstin": "27X", "state": "Texas", "hsn": "12", "series": "TOOLONG"}

    with pytest.raises(InvalidInputError) as caught, db.transaction() as opened:
        business.save_details(opened, admin, None, bad, expected_version=0)
    with pytest.raises(InvalidInputError, match="belongs to Maharashtra"):
        save(admin, None, state="Karnataka")
    with pytest.raises(PermissionDeniedError):
        save(asha, None)

    assert set(caught.value.details) == set(bad)
    assert business.sellers(session).default.legal_name == "Palmonas"


def test_details_are_versioned_and_a_series_has_one_seller(session: Session, admin: Actor) -> None:
    account = AccountFactory()
    session.commit()
    saved = save(admin, None, gstin="27 aapfu0939f1zv")

    with pytest.raises(ConflictError, match="meanwhile"):
        save(admin, None)
    with pytest.raises(ConflictError, match="counts its invoices as PAL"):
        save(admin, account.id)

    assert (saved.version, saved.seller.state, saved.seller.gstin) == (1, "27", DETAILS["gstin"])
    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "business:changed"))
    assert entry.after["series"] == "PAL"


def test_a_packing_slip_of_a_package_holds_its_pieces(session: Session, asha: Actor) -> None:
    account = AccountFactory(channel=Channel.MANUAL)
    order = OrderFactory(account=account, unit_count=3)
    OrderLineFactory(order=order, external_id="1", quantity=2, title="Ring")
    OrderLineFactory(order=order, position=1, external_id="2", title="Anklet")
    other = make(session)
    session.commit()
    shipping.ship(session, asha, order.id, {"1": 1}, carrier="DTDC", tracking_number="D-1")
    session.commit()
    (package,) = packages.of_order(session, order.id)

    inside = facts.of_package(session, order.id, package.id)
    (rest,) = facts.read(session, [order.id])

    assert [(one.title, one.quantity) for one in inside.lines] == [("Ring", 1)]
    assert (inside.carrier, inside.tracking) == ("DTDC", "D-1")
    # What is picked and packed next is what is still here.
    assert [(one.title, one.quantity) for one in rest.lines] == [("Ring", 1), ("Anklet", 1)]
    made = printing.print_one(session, asha, Paper.PACKING_SLIP, order.id, package_id=package.id)
    assert made.body.startswith(b"%PDF")
    with pytest.raises(NotFoundError):
        printing.print_one(session, asha, Paper.PACKING_SLIP, other, package_id=package.id)
    with pytest.raises(InvalidInputError):
        printing.print_one(session, asha, Paper.MANIFEST, order.id, package_id=package.id)
