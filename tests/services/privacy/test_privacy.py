"""A person's data: handed out whole, erased everywhere, and not brought back by an import."""

import json
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from crm_app import db
from crm_app.channels.base import ChannelAddress, ChannelBuyer
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError, PermissionDeniedError
from crm_app.jobs import privacy as jobs
from crm_app.models import (
    AuditEntry,
    Basis,
    ChannelAccount,
    Customer,
    DataRequest,
    InboxEntry,
    InboxState,
    Order,
    OrderComment,
    OrderEvent,
    OrderPayload,
    OrderRollup,
    RequestKind,
    RequestState,
    RetentionRun,
)
from crm_app.services import importing
from crm_app.services.privacy import requests, retention, scrubbing, working
from crm_app.services.privacy.erasing import OPEN_KEPT
from crm_app.services.privacy.retention import Rule
from tests.factories import AccountFactory
from tests.services.fakes import told

EMAIL = "Meera.Iyer@Example.com"
PHONE = "+91 98200 55512"
SECRETS = ("Meera", "Iyer", "meera.iyer", "55512", "Linking Road", "Palm Court")


def bought(external_id: str = "405-1", **fields: Any) -> Any:
    raw = {
        "id": external_id,
        "buyer": {"name": "Meera Iyer", "mail": EMAIL.lower()},
        "to": ["7 Linking Road", "Palm Court", PHONE],
        "total": 100,
    }
    given: dict[str, Any] = {
        "status": OrderStatus.DELIVERED,
        "buyer": ChannelBuyer("", "Meera Iyer", EMAIL, PHONE),
        "address": ChannelAddress(
            name="Meera Iyer",
            phone=PHONE,
            line1="7 Linking Road",
            line2="Palm Court",
            city="Mumbai",
            state="MH",
            pincode="400050",
        ),
        "note": "Ring for Meera",
        "raw": raw,
    }
    given |= fields
    # Another version of an order is told in other words.
    given["raw"] = given["raw"] | {"status": given["status"], "at": str(given.get("updated_at"))}
    return told(external_id, **given)


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    made: ChannelAccount = AccountFactory(channel=Channel.WOOCOMMERCE)
    session.commit()
    return made


def imported(session: Session, account: ChannelAccount, *orders: Any) -> list[Order]:
    importing.save_orders(session, account, orders)
    session.commit()
    return list(session.exec(select(Order).order_by(Order.external_id)))  # type: ignore[arg-type]


def dress(session: Session, order: Order, author: int) -> None:
    """A comment, a webhook and a hold that name the person."""
    session.add(
        OrderComment(order_id=order.id, author_id=author, text="Called MEERA on 98200 55512, ok")
    )
    session.add(
        InboxEntry(
            account_id=order.account_id,
            kind="hook:store",
            topic="order.updated",
            dedupe_key=order.external_id,
            external_id=order.external_id,
            state=InboxState.PROCESSED,
            body=zstandard.compress(b'{"name": "Meera Iyer"}'),
        )
    )
    session.add(
        OrderEvent(
            order_id=order.id,
            kind="order:held",
            actor_kind=SYSTEM.kind,
            actor_label="x",
            data={"note": "Meera asked to wait"},
        )
    )
    session.commit()


def everything(session: Session) -> str:
    """Every row of every table as text, bodies unpacked; but for the trail of who did what."""
    session.expire_all()
    parts: list[str] = []
    for table in SQLModel.metadata.sorted_tables:
        for row in session.execute(table.select()).all():
            for value in row:
                if isinstance(value, bytes):
                    try:
                        value = zstandard.decompress(value).decode(errors="replace")
                    except zstandard.ZstdError:
                        value = ""
                parts.append(str(value))
    return "\n".join(parts)


def sums(session: Session) -> list[tuple[Any, ...]]:
    rows = session.exec(select(OrderRollup)).all()
    return sorted(
        (one.day, one.account_id, one.status.value, one.orders, one.total_minor) for one in rows
    )


def ask(session: Session, actor: Actor, kind: RequestKind, subject: str = EMAIL) -> int:
    request = requests.take_down(session, actor, kind=kind, subject=subject, source="mail")
    requests.carry_out(session, actor, request.id)
    session.commit()
    return request.id


def test_an_erased_person_is_nowhere_and_the_figures_stay(
    session: Session, admin: Actor, account: ChannelAccount
) -> None:
    first, second = imported(session, account, bought(), bought("405-2"))
    assert admin.user_id is not None
    dress(session, first, admin.user_id)
    before, total = sums(session), first.total_minor
    found = {word for word in SECRETS if word in everything(session)}

    key = ask(session, admin, RequestKind.ERASE)
    working.work(key)

    left = everything(session)
    assert found == set(SECRETS)
    assert [word for word in SECRETS if word.lower() in left.lower()] == []
    session.refresh(first)
    assert (first.total_minor, first.city, first.pincode, first.customer_id) == (
        total,
        "Mumbai",
        "400050",
        None,
    )
    assert first.anonymised_at is not None
    assert sums(session) == before
    assert session.exec(select(Customer)).all() == []
    assert session.exec(select(OrderPayload)).all() == []
    request = session.get_one(DataRequest, key)
    session.refresh(request)
    assert (request.state, request.subject) == (RequestState.DONE, "")
    assert request.outcome["done"]["orders"] == 2
    kinds = [one.kind for one in session.exec(select(OrderEvent)) if one.order_id == second.id]
    assert kinds[-1] == "order:person:erased"
    actions = [one.action for one in session.exec(select(AuditEntry))]
    assert actions[-3:] == [
        "privacy:request:taken",
        "privacy:request:begun",
        "privacy:erase:done",
    ]


def test_an_import_brings_nothing_back_and_a_new_order_is_a_new_customer(
    session: Session, admin: Actor, account: ChannelAccount
) -> None:
    imported(session, account, bought())
    working.work(ask(session, admin, RequestKind.ERASE))
    session.expire_all()

    newer = bought(updated_at=now())
    # Never seen here, and from before the erasure: the person is known by the hash of the e-mail.
    late = bought("405-9", placed_at=now() - timedelta(days=2), updated_at=now())
    imported(session, account, newer, late)
    again = everything(session)
    later = bought("405-10", placed_at=now() + timedelta(minutes=1), updated_at=now())
    imported(session, account, later)

    assert [word for word in SECRETS if word.lower() in again.lower()] == []
    names = {one.external_id: one.customer_name for one in session.exec(select(Order))}
    assert names == {"405-1": "", "405-9": "", "405-10": "Meera Iyer"}


def test_an_order_on_its_way_keeps_its_address_until_it_has_ended(
    session: Session, admin: Actor, account: ChannelAccount
) -> None:
    done, open_one = imported(
        session, account, bought(), bought("405-2", status=OrderStatus.SHIPPED)
    )
    key = ask(session, admin, RequestKind.ERASE)
    working.work(key)
    session.expire_all()
    request = session.get_one(DataRequest, key)
    between = (done.customer_name, open_one.customer_name, request.state)
    assert request.outcome["kept"] == {OPEN_KEPT: 1}

    ended = bought("405-2", status=OrderStatus.DELIVERED, updated_at=now())
    imported(session, account, ended)
    working.work(key)
    session.expire_all()

    assert between == ("", "Meera Iyer", RequestState.WAITING)
    assert open_one.customer_name == ""
    assert request.state is RequestState.DONE
    assert session.exec(select(Customer)).all() == []


def test_the_file_holds_everything_that_is_kept(
    session: Session, admin: Actor, account: ChannelAccount
) -> None:
    (order,) = imported(session, account, bought())
    assert admin.user_id is not None
    dress(session, order, admin.user_id)
    key = ask(session, admin, RequestKind.EXPORT, PHONE)

    with pytest.raises(ConflictError):
        requests.take_file(session, admin, key)
    working.work(key)
    session.expire_all()
    name, body = requests.take_file(session, admin, key)

    told_ = json.loads(body)
    assert name == f"personal-data-{key}.json"
    assert told_["customer"][0]["email"] == EMAIL.lower()
    (one,) = told_["orders"]
    assert one["ship_to"]["line1"] == "7 Linking Road"
    assert one["as_the_channel_told"][0]["buyer"]["name"] == "Meera Iyer"
    assert "MEERA" in one["comments"][0]["text"]
    assert "Meera" in one["arrived"][0]["body"]
    assert order.customer_name == "Meera Iyer"


def test_only_the_data_officer_and_only_what_makes_sense(
    session: Session, admin: Actor, asha: Actor, account: ChannelAccount
) -> None:
    imported(session, account, bought())
    for act in (
        lambda: requests.list_requests(session, asha),
        lambda: requests.look(session, asha, EMAIL),
        lambda: requests.take_down(
            session, asha, kind=RequestKind.ERASE, subject=EMAIL, source="mail"
        ),
        lambda: requests.carry_out(session, asha, 1),
        lambda: requests.take_file(session, asha, 1),
        lambda: retention.set_rule(session, asha, Rule(Channel.SWIGGY, 1, 1)),
        lambda: retention.set_basis(session, asha, account.id, Basis.CONTRACT, ""),
    ):
        with pytest.raises(PermissionDeniedError):
            act()
    for subject in ("", "nobody@example.com", "a\x00bcd"):
        with pytest.raises(InvalidInputError):
            requests.take_down(
                session, admin, kind=RequestKind.ERASE, subject=subject, source="mail"
            )

    assert session.exec(select(DataRequest)).all() == []
    assert session.exec(select(AuditEntry)).all() == []


def test_a_refused_request_changes_nothing_and_keeps_its_reason(
    session: Session, admin: Actor, account: ChannelAccount
) -> None:
    (order,) = imported(session, account, bought())
    request = requests.take_down(
        session, admin, kind=RequestKind.ERASE, subject="405-1", source="phone"
    )
    requests.refuse(session, admin, request.id, "Could not prove who they are.")
    session.commit()

    working.work(request.id)
    with pytest.raises(ConflictError):
        requests.carry_out(session, admin, request.id)

    session.refresh(order)
    assert order.customer_name == "Meera Iyer"
    assert (request.state, request.note) == (
        RequestState.REFUSED,
        "Could not prove who they are.",
    )


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("customers/data_request", RequestKind.EXPORT),
        ("customers/redact", RequestKind.ERASE),
        ("shop/redact", RequestKind.ERASE),
    ],
)
def test_the_privacy_topics_of_shopify_become_requests(
    session: Session, topic: str, kind: RequestKind
) -> None:
    shop = AccountFactory(channel=Channel.SHOPIFY)
    session.commit()
    (order,) = imported(session, shop, bought("7001", buyer=ChannelBuyer("99", "Meera Iyer")))
    body = {"customer": {"id": 99, "email": "x@example.com"}, "orders_to_redact": [7001]}
    entry = InboxEntry(
        account_id=shop.id,
        kind="hook:person",
        topic=topic,
        dedupe_key="1",
        state=InboxState.SET_ASIDE,
        reason="30 days",
        body=zstandard.compress(json.dumps({} if topic == "shop/redact" else body).encode()),
    )
    session.add(entry)
    session.commit()

    assert (jobs.take_wishes(), jobs.take_wishes()) == (1, 0)

    session.expire_all()
    (request,) = session.exec(select(DataRequest)).all()
    assert (request.kind, request.source, request.state) == (kind, topic, RequestState.OPEN)
    assert request.due_at - request.received_at == requests.ANSWER_WITHIN
    assert entry.state is InboxState.PROCESSED
    if topic == "shop/redact":
        with db.transaction() as inside:
            inside.get_one(DataRequest, request.id).state = RequestState.WORKING
        working.work(request.id)
        session.refresh(order)
        assert order.customer_name == ""
    else:
        assert request.order_ids == [order.id]


def test_amazon_forgets_thirty_days_after_delivery_and_says_so(session: Session) -> None:
    amazon, shop = AccountFactory(channel=Channel.AMAZON), AccountFactory(channel=Channel.SWIGGY)
    session.commit()
    old = now() - timedelta(days=31)
    days = {"placed_at": old - timedelta(days=5), "updated_at": old}
    imported(
        session,
        amazon,
        bought("old", **days),
        bought("young", **(days | {"updated_at": now() - timedelta(days=29)})),
        bought("open", **(days | {"status": OrderStatus.SHIPPED})),
    )
    imported(session, shop, bought("kept", **days))
    session.execute(text("UPDATE order_payloads SET received_at = :old"), {"old": old})
    session.commit()

    assert jobs.keep_to_retention() == 1
    assert jobs.keep_to_retention() == 0

    session.expire_all()
    names = {one.external_id: one.customer_name for one in session.exec(select(Order))}
    assert names == {
        "old": "",
        "young": "Meera Iyer",
        "open": "Meera Iyer",
        "kept": "Meera Iyer",
    }
    (run,) = session.exec(select(RetentionRun)).all()
    assert (run.channel, run.contacts, run.payloads) == (Channel.AMAZON, 1, 0)
    assert len(session.exec(select(OrderPayload)).all()) == 3


def test_a_chosen_time_holds_and_is_written_down(session: Session, admin: Actor) -> None:
    shop = AccountFactory(channel=Channel.SWIGGY)
    session.commit()
    old = now() - timedelta(days=8)
    imported(session, shop, bought("a", placed_at=old, updated_at=old))
    session.execute(text("UPDATE order_payloads SET received_at = :old"), {"old": old})
    retention.set_rule(session, admin, Rule(Channel.SWIGGY, None, 7))
    session.commit()
    assert jobs.keep_to_retention() == 0
    assert session.exec(select(OrderPayload)).all() == []
    assert session.exec(select(Order)).one().customer_name == "Meera Iyer"

    retention.set_rule(session, admin, Rule(Channel.SWIGGY, 7, None))
    with pytest.raises(InvalidInputError):
        retention.set_rule(session, admin, Rule(Channel.SWIGGY, 0, None))
    retention.set_basis(session, admin, shop.id, Basis.CONSENT, "Asked at the counter")
    session.commit()

    assert jobs.keep_to_retention() == 1

    changes = select(AuditEntry).order_by(AuditEntry.id)  # type: ignore[arg-type]
    entries = {one.action: one for one in session.exec(changes)}
    assert entries["privacy:retention:changed"].after == {"contact_days": 7, "payload_days": None}
    assert entries["privacy:basis:changed"].after["basis"] == "consent"
    assert retention.bases(session)[shop.id].note == "Asked at the counter"


def test_scrubbing_takes_names_and_leaves_other_words() -> None:
    found = scrubbing.finder(scrubbing.words_of(["Ann Lee", "98200 55512", "x@y.in", "a"]))

    assert scrubbing.scrub({"t": ["Ann's annual plan", 9820055512, True]}, found) == {
        "t": ["[erased]'s annual plan", "[erased]", True]
    }
    assert scrubbing.scrub("LEE, 98200  55512 or x@y.in", found) == (
        "[erased], [erased] or [erased]"
    )
    assert scrubbing.finder(frozenset()) is None
