"""A WooCommerce order as its reply body: its row, and the changes that can happen to it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from crm_app.sandbox import hooks, times
from crm_app.sandbox.json_edge import as_object
from crm_app.sandbox.store import dump, woo_orders

Body = dict[str, Any]

STATUSES: Final = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
    "auto-draft",
    "trash",
)
_PAID: Final = {"processing", "completed"}


@dataclass(slots=True)
class StoredWooOrder:
    """One locked row."""

    id: int
    created_at: datetime
    modified_at: datetime
    body: Body


def row_of(order: StoredWooOrder) -> dict[str, Any]:
    """The row of an order; the body's times are set from the row's."""
    body = order.body
    _set_moment(body, "date_created", order.created_at)
    _set_moment(body, "date_modified", order.modified_at)
    return {
        "id": order.id,
        "created_at": order.created_at,
        "modified_at": order.modified_at,
        "status": body["status"],
        "is_raw": False,
        "body": dump(body),
    }


def load(connection: Connection, order_id: int) -> StoredWooOrder | None:
    """Read and lock an order; None if there is none. ValueError: its body was broken on purpose."""
    statement = select(woo_orders).where(woo_orders.c.id == order_id).with_for_update()
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    body = as_object(json.loads(row.body))
    if body is None or not isinstance(body.get("status"), str):
        raise ValueError("the stored body is no order")
    return StoredWooOrder(row.id, row.created_at, row.modified_at, body)


def save(connection: Connection, order: StoredWooOrder, at: datetime) -> None:
    """Write a changed order. WooCommerce keeps whole seconds, so two changes may share one."""
    order.modified_at = max(at.replace(microsecond=0), order.modified_at)
    statement = update(woo_orders).where(woo_orders.c.id == order.id)
    connection.execute(statement.values(row_of(order)))
    topic = "order.deleted" if order.body["status"] == "trash" else "order.updated"
    _tell(connection, order, topic, at)


def _tell(connection: Connection, order: StoredWooOrder, topic: str, at: datetime) -> None:
    # A deleted order is told by its id alone.
    payload = {"id": order.id} if topic == "order.deleted" else order.body
    hooks.emit(connection, [hooks.Event("woocommerce", topic, str(order.id), payload)], at)


def insert_new(connection: Connection, bodies: Iterable[tuple[Body, datetime]], gap: int) -> int:
    """Insert new orders (body without ids, time placed) after the highest id; the last id."""
    # One at a time: an id is one more than the highest, as a WordPress post's is.
    connection.execute(select(func.pg_advisory_xact_lock(7_301)))
    last = connection.scalar(select(func.max(woo_orders.c.id))) or 10_400
    for body, placed_at in bodies:
        last += gap
        at = placed_at.replace(microsecond=0)
        order = StoredWooOrder(last, at, at, number(body, last))
        connection.execute(woo_orders.insert().values(row_of(order)))
        _tell(connection, order, "order.created", at)
    return last


def reissue(connection: Connection, order_id: int, at: datetime) -> int:
    """A shop that moves or merges its data binned the order and wrote it anew; the new id.

    Raises:
        ValueError: there is no such order, or somebody broke it on purpose.
    """
    order = load(connection, order_id)
    if order is None:
        raise ValueError(f"the shop has no order {order_id}")
    copied: Body = json.loads(dump(order.body))
    fresh = insert_new(connection, [(copied, at)], gap=1)
    set_status(order.body, "trash", at)
    save(connection, order, at)
    return fresh


def number(body: Body, order_id: int) -> Body:
    """Give a new body its id and everything that follows from it, in place."""
    body["id"] = order_id
    body["number"] = str(order_id)
    for index, line in enumerate(body["line_items"]):
        line["id"] = order_id * 20 + index
    for index, line in enumerate(body["shipping_lines"] + body["tax_lines"]):
        line["id"] = order_id * 20 + 10 + index
    shop = "https://shop.palmonas.test"
    body["payment_url"] = f"{shop}/checkout/order-pay/{order_id}/?key={body['order_key']}"
    base = f"{shop}/wp-json/wc/v3/orders"
    body["_links"] = {"self": [{"href": f"{base}/{order_id}"}], "collection": [{"href": base}]}
    return body


def set_status(body: Body, status: str, at: datetime) -> None:
    """Any status may follow any other; paying and completing leave their dates."""
    body["status"] = status
    if status in _PAID and body.get("date_paid") is None and body.get("payment_method") != "cod":
        _set_moment(body, "date_paid", at)
    if status == "completed":
        _set_moment(body, "date_completed", at)
        # Cash on delivery is paid when the parcel is handed over.
        if body.get("date_paid") is None:
            _set_moment(body, "date_paid", at)
    body["is_editable"] = status in ("pending", "on-hold", "auto-draft", "checkout-draft")
    body["needs_payment"] = status in ("pending", "failed")
    body["needs_processing"] = True


def put_meta(body: Body, entries: list[Body], next_id: int) -> None:
    """Write meta data: by id if given, else by key; a null value deletes."""
    kept: list[Body] = body.setdefault("meta_data", [])
    for entry in entries:
        known = [one for one in kept if _same_meta(one, entry)]
        if entry.get("value") is None:
            kept[:] = [one for one in kept if one not in known[:1]]
        elif known:
            known[0].update(key=entry["key"], value=entry["value"])
        else:
            next_id += 1
            kept.append({"id": next_id, "key": entry["key"], "value": entry["value"]})


def _same_meta(one: Body, entry: Body) -> bool:
    if entry.get("id"):
        return one.get("id") == entry["id"]
    return one.get("key") == entry["key"]


def _set_moment(body: Body, name: str, moment: datetime) -> None:
    body[name] = times.woo_local(moment)
    body[f"{name}_gmt"] = times.woo_gmt(moment)


def tracking_meta(carrier: str, number_: str, shipped_at: datetime) -> Body:
    """The entry that the widely used shipment tracking extension writes."""
    item = {
        "tracking_provider": carrier,
        "custom_tracking_provider": "",
        "custom_tracking_link": "",
        "tracking_number": number_,
        "date_shipped": str(int(shipped_at.timestamp())),
    }
    return {"key": "_wc_shipment_tracking_items", "value": [item]}
