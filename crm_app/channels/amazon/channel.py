"""Amazon as a channel: its connector, limits, webhooks, and stored payloads read again.

Options: `auth_url`, `marketplace_id`, `personal_data`.
Credentials: `client_id`, `client_secret`, `refresh_token`.
"""

from typing import Final

import httpx

from crm_app.channels import options
from crm_app.channels.amazon import auth, connector, mapping, webhook
from crm_app.channels.base import Connector
from crm_app.channels.inbound import Hook
from crm_app.channels.kind import Account, Credentials, Kind, Options, Reread, Shared
from crm_app.channels.words import Lexicon


def _build(
    client: httpx.Client, account: Account, credentials: Credentials, shared: Shared
) -> Connector:
    settings = connector.Options(
        marketplace_id=options.text(account, "marketplace_id", connector.INDIA),
        auth_url=options.text(account, "auth_url", auth.PRODUCTION_URL),
        personal_data=account.options.get("personal_data", True) is not False,
        overlap_s=options.number(account, "overlap_s", 120.0),
        first_import_days=options.number(account, "first_import_days", 90.0),
    )
    options.check_safe(settings.auth_url, account)
    keys = auth.Credentials(
        client_id=options.secret(credentials, "client_id"),
        client_secret=options.secret(credentials, "client_secret"),
        refresh_token=options.secret(credentials, "refresh_token"),
    )
    return connector.AmazonConnector(
        client, keys, settings, shared.limiter, shared.tokens, shared.words
    )


def _reread(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, _at: mapping.to_order(raw, words)


CHANNEL: Final = Kind(
    build=_build,
    plans=connector.PLANS,
    calls=lambda _: ("confirmShipment",),
    reread=_reread,
    hook=Hook(webhook.verify, webhook.read),
)
