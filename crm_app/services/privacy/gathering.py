"""Everything that is kept of a person, as one JSON document."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select as sql_select
from sqlalchemy import tuple_
from sqlmodel import Session, SQLModel, col, select

from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.models import (
    ChannelAccount,
    Customer,
    Document,
    DocumentLine,
    DocumentResult,
    InboxEntry,
    Invoice,
    Order,
    OrderComment,
    OrderEvent,
    OrderLine,
    OrderPayload,
    StatusIntent,
)
from crm_app.services import order_rows
from crm_app.services.exceptions import bodies
from crm_app.services.privacy.persons import Person


def gather(session: Session, person: Person) -> bytes:
    """The document, readable by people and programs."""
    people = session.exec(select(Customer).where(col(Customer.id).in_(person.customer_ids))).all()
    found = {
        "made_at": now(),
        "accounts": _accounts(session),
        "customer": [_row(one, leave=("search",)) for one in people],
        "orders": [_order(session, order_id) for order_id in person.order_ids],
    }
    return json.dumps(found, ensure_ascii=False, indent=1, default=_plain).encode()


def _accounts(session: Session) -> dict[str, str]:
    rows = session.exec(select(ChannelAccount.id, ChannelAccount.channel, ChannelAccount.name))
    return {str(key): f"{Channel(channel).label}: {name}" for key, channel, name in rows}


def _order(session: Session, order_id: int) -> dict[str, Any]:
    order = session.get_one(Order, order_id)
    here = {
        name: [_row(one) for one in session.exec(select(table).where(column == order_id))]
        for name, table, column in (
            ("lines", OrderLine, col(OrderLine.order_id)),
            ("history", OrderEvent, col(OrderEvent.order_id)),
            ("comments", OrderComment, col(OrderComment.order_id)),
            ("told_to_the_channel", StatusIntent, col(StatusIntent.order_id)),
            ("invoices", Invoice, col(Invoice.order_id)),
        )
    }
    payloads = session.exec(select(OrderPayload).where(OrderPayload.order_id == order_id))
    arrived = session.exec(
        select(InboxEntry).where(
            InboxEntry.account_id == order.account_id,
            InboxEntry.external_id == order.external_id,
        )
    )
    return {
        **_row(order, leave=("payload_hash",)),
        **here,
        "as_the_channel_told": [order_rows.unpack(one.body) for one in payloads],
        "arrived": [
            {
                "at": one.received_at,
                "topic": one.topic,
                "body": bodies.unpacked(one.body).decode(errors="replace"),
            }
            for one in arrived
        ],
        "lines_of_files": _files(session, order),
    }


def _files(session: Session, order: Order) -> list[dict[str, Any]]:
    """Lines of uploaded files that made this order."""
    rows = session.execute(
        sql_select(col(Document.name), col(DocumentLine.number), col(DocumentLine.cells))
        .join(DocumentResult, col(DocumentResult.document_id) == Document.id)
        .join(
            DocumentLine,
            tuple_(col(DocumentLine.document_id), col(DocumentLine.number))
            == tuple_(col(DocumentResult.document_id), col(DocumentResult.number)),
        )
        .where(
            col(Document.account_id) == order.account_id,
            col(DocumentResult.external_id) == order.external_id,
        )
    )
    return [{"file": name, "line": number, "cells": cells} for name, number, cells in rows]


def _row(one: SQLModel, leave: Iterable[str] = ()) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).model_fields if name not in leave}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON")
