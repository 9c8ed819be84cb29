"""Webhooks for tests: sent as a channel sends them, worked off as a job does."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col, select

from crm_app import db, vault
from crm_app.channels import hooks
from crm_app.channels.base import Connector
from crm_app.channels.inbound import Delivery
from crm_app.domain.channel import Channel
from crm_app.domain.time import now
from crm_app.models import InboxEntry, Order
from crm_app.services import inbox, receiving
from crm_app.services.receiving import Accepted, Arrival
from tests.factories import AccountFactory, bind

SECRET: Final = "hook-s3cr3t"


def account(channel: Channel, **options: Any) -> int:
    """A connected account whose webhooks are proved by `SECRET`; its id."""
    with db.transaction() as session:
        bind(session)
        sealed = vault.seal({"webhook_secret": SECRET})
        return AccountFactory(channel=channel, credentials=sealed, options=options).id


def headers_for(channel: Channel, body: bytes, topic: str = "", **more: str) -> dict[str, str]:
    """What proves a body, as the channel writes it; names in lower case."""
    signed = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    match channel:
        case Channel.BLINKIT:
            found = {"api-key": SECRET}
        case Channel.SWIGGY:
            found = {"authorization": SECRET}
        case Channel.WOOCOMMERCE:
            found = {"x-wc-webhook-signature": signed, "x-wc-webhook-topic": topic}
        case Channel.SHOPIFY:
            found = {"x-shopify-hmac-sha256": signed, "x-shopify-topic": topic}
        case _:
            found = {"x-api-key": SECRET}
    return found | more


def delivery(channel: Channel, body: Any, topic: str = "", **more: str) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(headers_for(channel, raw, topic, **more), raw, "https://desk.test/hook")


def send(channel: Channel, account_id: int, given: Delivery) -> Accepted | None:
    with db.transaction() as session:
        arrival = Arrival(channel, account_id, hooks.HOOKS[channel], given)
        (accepted,) = receiving.receive(session, [arrival])
        return accepted


def work(channel: Channel, account_id: int, connector: Connector | None = None) -> int:
    """One run of the worker, at the time that the entries wait for."""
    return inbox.process(account_id, hooks.HOOKS[channel], lambda: connector, budget_s=20)


def time_passes() -> None:
    """Everything that waits is due."""
    with db.transaction() as session:
        session.execute(
            update(InboxEntry)
            .where(col(InboxEntry.next_try_at).is_not(None))
            .values(next_try_at=now() - timedelta(seconds=1))
        )


def entries() -> list[InboxEntry]:
    with db.transaction() as session:
        return list(session.exec(select(InboxEntry).order_by("id")))


def states() -> list[str]:
    return [entry.state.value for entry in entries()]


def orders() -> dict[str, Order]:
    with db.transaction() as session:
        return {order.external_id: order for order in session.exec(select(Order))}
