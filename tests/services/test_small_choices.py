"""What people choose for themselves stands in the trail too: the change, once, with both values."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.alert import AlertKind
from crm_app.errors import ConflictError, InvalidInputError
from crm_app.models import AuditEntry
from crm_app.services import preferences
from crm_app.services.alerts import settings as alert_settings
from crm_app.services.working import comments, watching
from tests.factories import OrderFactory, UserFactory
from tests.services.documents import desk
from tests.services.documents.files import HEADER, ROW

Told = tuple[str, str, str, dict[str, Any], dict[str, Any]]


def told(session: Session, action: str) -> list[Told]:
    session.expire_all()
    found = session.exec(
        select(AuditEntry).where(AuditEntry.action.startswith(action)).order_by("id")
    )
    return [(one.action, one.subject_type, one.subject_id, one.before, one.after) for one in found]


def test_a_preference_is_told_when_it_changes_and_only_then(session: Session, asha: Actor) -> None:
    for value in ({"pinned": 1}, {"pinned": 1}, {"pinned": 2}):
        with db.transaction() as other:
            preferences.keep(other, asha, "orders.layout", value)
    with pytest.raises(InvalidInputError), db.transaction() as other:
        preferences.keep(other, asha, "orders.layout", "x" * 20_000)

    me = str(asha.user_id)
    first, second = {"orders.layout": {"pinned": 1}}, {"orders.layout": {"pinned": 2}}
    assert told(session, "user:preference") == [
        ("user:preference:changed", "user", me, {}, first),
        ("user:preference:changed", "user", me, first, second),
    ]


def test_how_somebody_is_told_of_alerts_is_told(session: Session, asha: Actor) -> None:
    for is_on in (False, False, True):
        with db.transaction() as other:
            alert_settings.choose(other, asha, AlertKind.QUEUE, in_app=is_on, by_mail=False)
    with pytest.raises(ConflictError), db.transaction() as other:
        alert_settings.choose(other, asha, AlertKind.QUEUE, in_app=True, by_mail=True)

    off, on = ({"queue": {"in_app": one, "by_mail": False}} for one in (False, True))
    me = str(asha.user_id)
    assert told(session, "alerts:choice") == [
        ("alerts:choice:changed", "user", me, {}, off),
        ("alerts:choice:changed", "user", me, off, on),
    ]


def test_who_watches_an_order_is_told(session: Session, asha: Actor) -> None:
    order, ravi = OrderFactory(), UserFactory(name="Ravi Menon")
    session.commit()
    for is_on in (True, True, False, False):
        with db.transaction() as other:
            watching.watch(other, asha, [order.id], is_on=is_on)
    with db.transaction() as other:
        comments.add_comment(other, asha, order.id, "Ask @Ravi Menon")

    number, me = str(order.id), {"watcher": asha.user_id}
    assert told(session, "order:") == [
        ("order:watched", "order", number, {}, me),
        ("order:unwatched", "order", number, me, {}),
        ("order:watched", "order", number, {}, me),
        ("order:watched", "order", number, {}, {"watcher": ravi.id}),
    ]


def test_what_the_columns_of_a_file_mean_is_told(session: Session, asha: Actor) -> None:
    document_id = desk.ready(asha, HEADER, ROW)
    before = desk.stored(document_id).mapping
    columns = {name: column for name, column in before["columns"].items() if name != "sku"}

    for _ in range(2):
        desk.decide(asha, document_id, columns=columns)

    (entry,) = told(session, "document:mapping")
    assert entry == (
        "document:mapping:changed",
        "document",
        str(document_id),
        {"columns": before["columns"]},
        {"columns": columns},
    )
