"""Swiggy as a channel: its connector, limits, webhooks, and stored payloads read again.

Credentials: `user`, `api_key`.
"""

from typing import Final

import httpx

from crm_app.channels import options
from crm_app.channels.base import Connector
from crm_app.channels.inbound import Hook
from crm_app.channels.kind import Account, Credentials, Kind, Options, Reread, Shared
from crm_app.channels.swiggy import connector, mapping, webhook
from crm_app.channels.words import Lexicon


def _build(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    del account
    keys = connector.Credentials(
        options.secret(credentials, "user"), options.secret(credentials, "api_key")
    )
    return connector.SwiggyConnector(client, keys, shared.limiter)


def _reread(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, at: mapping.read(raw, at, words)


CHANNEL: Final = Kind(
    build=_build,
    plans=connector.PLANS,
    calls=lambda _: ("updateOrderStatus",),
    reread=_reread,
    hook=Hook(webhook.verify, webhook.read, mapping.to_order, reply=webhook.reply),
)
