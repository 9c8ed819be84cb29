"""Blinkit as a channel: its connector, limits, webhooks, and stored payloads read again.

Options: `supplier_gstin`, `supplier_name`, `supplier_address` (see `asn.Supplier`),
`invoice_prefix`, `vendor_id`.
Credentials: `api_key`.
"""

from typing import Any, Final, cast

import httpx

from crm_app.channels import options
from crm_app.channels.base import Connector
from crm_app.channels.blinkit import asn, connector, mapping, webhook
from crm_app.channels.inbound import Hook
from crm_app.channels.kind import Account, Credentials, Kind, Options, Reread, Shared
from crm_app.channels.words import Lexicon
from crm_app.domain.order_status import OrderStatus
from crm_app.errors import ChannelError


def _build(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    told: Any = account.options.get("supplier_address") or {}
    if not isinstance(told, dict):
        raise ChannelError("The option supplier_address of this account is not an object.")
    address = cast(dict[str, Any], told)
    supplier = asn.Supplier(
        name=options.text(account, "supplier_name", ""),
        gstin=options.text(account, "supplier_gstin", ""),
        address={str(key): str(value) for key, value in address.items()},
        invoice_prefix=options.text(account, "invoice_prefix", asn.Supplier().invoice_prefix),
    )
    return connector.BlinkitConnector(
        client,
        options.secret(credentials, "api_key"),
        supplier,
        shared.limiter,
        vendor_id=options.text(account, "vendor_id", ""),
    )


def _reread(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, at: mapping.read(raw, at, words)


def _calls(status: OrderStatus) -> tuple[str, ...]:
    return ("acknowledge" if status is OrderStatus.CONFIRMED else "shippingNote",)


CHANNEL: Final = Kind(
    build=_build,
    plans=connector.PLANS,
    calls=_calls,
    reread=_reread,
    hook=Hook(webhook.verify, webhook.read, mapping.to_order, reply=webhook.reply),
)
