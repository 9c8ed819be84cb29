"""Shopify as a channel: its connector, limits, webhooks, and stored payloads read again.

Options: `handling_hours`, `read_all_orders`, `notify_customer`, `cancel_reason`,
`refund_on_cancel`, `restock_on_cancel`.
Credentials: `access_token`.
"""

from typing import Final

import httpx

from crm_app.channels import options
from crm_app.channels.base import Connector
from crm_app.channels.inbound import Hook
from crm_app.channels.kind import Account, Credentials, Kind, Options, Reread, Shared
from crm_app.channels.options import handling_hours
from crm_app.channels.shopify import changes, connector, events, graphql, mapping, webhook
from crm_app.channels.words import Lexicon


def _build(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    manner = changes.Manner(
        notify_customer=account.options.get("notify_customer") is True,
        cancel_reason=options.one_of(account, "cancel_reason", "OTHER", changes.CANCEL_REASONS),
        refund_on_cancel=account.options.get("refund_on_cancel") is True,
        restock_on_cancel=account.options.get("restock_on_cancel", True) is not False,
    )
    settings = connector.Options(
        manner=manner,
        handling_hours=options.number(account, "handling_hours", 48.0),
        read_all_orders=account.options.get("read_all_orders") is True,
        overlap_s=options.number(account, "overlap_s", 120.0),
        first_import_days=options.number(account, "first_import_days", connector.WINDOW_DAYS),
    )
    keys = connector.Credentials(access_token=options.secret(credentials, "access_token"))
    return connector.ShopifyConnector(client, keys, settings, shared.limiter, shared.words)


def _reread(options: Options, words: Lexicon) -> Reread:
    return lambda raw, _at: mapping.to_order(raw, handling_hours(options), words)


CHANNEL: Final = Kind(
    build=_build,
    plans=graphql.PLANS,
    calls=lambda status: ("parcels", changes.OPERATIONS.get(status, "")),
    reread=_reread,
    hook=Hook(
        webhook.verify,
        events.read,
        id_header=events.ID_HEADER,
        topic_header=events.TOPIC_HEADER,
        privacy=events.privacy,
    ),
)
