"""WooCommerce as a channel: its connector, limits, webhooks, and stored payloads read again.

Options: `handling_hours`.
Credentials: `consumer_key`, `consumer_secret`.
"""

from typing import Final

import httpx

from crm_app.channels import options
from crm_app.channels.base import Connector
from crm_app.channels.inbound import Hook
from crm_app.channels.kind import Account, Credentials, Kind, Options, Reread, Shared
from crm_app.channels.options import handling_hours
from crm_app.channels.woocommerce import connector, events, mapping, webhook
from crm_app.channels.words import Lexicon


def _build(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    settings = connector.Options(
        handling_hours=options.number(account, "handling_hours", 48.0),
        overlap_s=options.number(account, "overlap_s", 120.0),
        first_import_days=options.number(account, "first_import_days", 90.0),
    )
    keys = connector.Credentials(
        consumer_key=options.secret(credentials, "consumer_key"),
        consumer_secret=options.secret(credentials, "consumer_secret"),
    )
    return connector.WooCommerceConnector(client, keys, settings, shared.limiter, shared.words)


def _reread(options: Options, words: Lexicon) -> Reread:
    return lambda raw, _at: mapping.to_order(raw, handling_hours(options), words)


CHANNEL: Final = Kind(
    build=_build,
    plans=connector.PLANS,
    calls=lambda _: ("getOrder", "updateOrder"),
    reread=_reread,
    hook=Hook(
        webhook.verify,
        events.read,
        events.to_order,
        id_header=events.ID_HEADER,
        topic_header=events.TOPIC_HEADER,
        is_ping=events.is_ping,
    ),
)
