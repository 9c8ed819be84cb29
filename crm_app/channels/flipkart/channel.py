"""Flipkart as a channel: its connector, limits, webhooks, and stored payloads read again.

Options: `page_size`, `cancel_reason` (one of three), and for packing `parcel_length_cm`,
`parcel_breadth_cm`, `parcel_height_cm`, `parcel_weight_kg`, `tax_percent`, `invoice_prefix`,
`serial_prefix`, `ignore_warning`.
Credentials: `app_id`, `app_secret`.
"""

from typing import Final

import httpx

from crm_app.channels import options
from crm_app.channels.base import Connector
from crm_app.channels.flipkart import auth, connector, events, mapping, packing, steps, webhook
from crm_app.channels.inbound import Hook
from crm_app.channels.kind import Account, Credentials, Kind, Options, Reread, Shared
from crm_app.channels.words import Lexicon


def _build(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    parcel = packing.Packing(
        length_cm=options.number(account, "parcel_length_cm", 0.0),
        breadth_cm=options.number(account, "parcel_breadth_cm", 0.0),
        height_cm=options.number(account, "parcel_height_cm", 0.0),
        weight_kg=options.number(account, "parcel_weight_kg", 0.0),
        tax_percent=options.number(account, "tax_percent", 0.0),
        invoice_prefix=options.text(account, "invoice_prefix", ""),
        serial_prefix=options.text(account, "serial_prefix", ""),
        ignore_warning=bool(account.options.get("ignore_warning")),
    )
    settings = connector.Options(
        packing=parcel,
        cancel_reason=options.one_of(
            account, "cancel_reason", "not_enough_inventory", steps.CANCEL_REASONS
        ),
        page_size=max(1, int(options.number(account, "page_size", 20.0))),
        overlap_s=options.number(account, "overlap_s", 120.0),
        first_import_days=options.number(account, "first_import_days", 90.0),
    )
    keys = auth.Credentials(
        app_id=options.secret(credentials, "app_id"),
        app_secret=options.secret(credentials, "app_secret"),
    )
    return connector.FlipkartConnector(
        client, keys, settings, shared.limiter, shared.tokens, shared.words
    )


def _reread(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, _at: mapping.to_order(raw, words)


CHANNEL: Final = Kind(
    build=_build,
    plans=connector.PLANS,
    calls=lambda status: ("getShipments", steps.OPERATIONS.get(status, "")),
    reread=_reread,
    hook=Hook(webhook.verify, events.read),
)
