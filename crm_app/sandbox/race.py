"""The buyer who cancels in the very moment in which the seller acts."""

from sqlalchemy import Connection, Engine, select
from starlette.requests import Request

from crm_app.sandbox import amazon_order, channel_store, times, trade, woo_order
from crm_app.sandbox.json_edge import as_list, as_object, read_json
from crm_app.sandbox.shopify_order import order_number_of
from crm_app.sandbox.store import amazon_orders


def cancel_named(engine: Engine, channel: str, request: Request, raw: bytes) -> None:
    """Cancel every order that a call names, before the call is heard."""
    named = {str(value) for value in request.path_params.values()} | _texts_of(raw)
    with engine.begin() as connection:
        for external_id in sorted(named):
            try:
                _cancel(connection, channel, external_id)
            except ValueError:
                # Broken on purpose, or past cancelling: then the seller was first.
                continue


def _texts_of(raw: bytes) -> set[str]:
    """Every text in a JSON body; ids of orders are among them."""
    try:
        left: list[object] = [read_json(raw)]
    except ValueError:
        return set()
    found: set[str] = set()
    while left:
        one = left.pop()
        if isinstance(one, str):
            found |= {one, order_number_of(one)} if one.startswith("gid:") else {one}
        left += [*(as_list(one) or []), *(as_object(one) or {}).values()]
    return found


def _cancel(connection: Connection, channel: str, external_id: str) -> None:
    at = times.now()
    if trade.is_extra(channel):
        order = channel_store.load(connection, channel, external_id)
        if order is not None:
            trade.advance(connection, order, trade.TRADES[order.channel].cancelled, at)
    elif channel == "amazon":
        wanted = select(amazon_orders.c.seller).where(amazon_orders.c.order_id == external_id)
        for seller in connection.scalars(wanted).all():
            sold = amazon_order.load(connection, seller, external_id)
            if sold is not None and amazon_order.status_of(sold.body) in ("PENDING", "UNSHIPPED"):
                amazon_order.cancel(sold.body, "BUYER", "Order created by mistake")
                amazon_order.save(connection, sold, at)
    elif external_id.isascii() and external_id.isdigit() and len(external_id) < 19:
        bought = woo_order.load(connection, int(external_id))
        if bought is not None:
            woo_order.set_status(bought.body, "cancelled", at)
            woo_order.save(connection, bought, at)
