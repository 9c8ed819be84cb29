"""A first import of each channel that lists its orders."""

import json
import os
from typing import Final

from sqlmodel import select

from benchmarks.figures import Recorder
from benchmarks.importing import sandbox, work
from benchmarks.servers import Servers
from crm_app import db, demo
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount

# Of each kind, as near as the shop's shares allow.
ORDERS: Final = int(os.environ.get("BENCH_CHANNEL_ORDERS", "100000"))
_PULLED: Final = (Channel.AMAZON, Channel.WOOCOMMERCE, Channel.FLIPKART, Channel.SHOPIFY)
# A shop of 100 sells 65 on Amazon; a Flipkart order is 1.3 shipments.
_AMAZON_SHARE: Final = 0.65
_SHIPMENTS: Final = 1.2


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record import rate and memory by channel."""
    accounts = {"shopify": ORDERS, "flipkart": int(ORDERS / _SHIPMENTS), "swiggy": 0}
    settings = {
        "CRM_SANDBOX_ORDERS": str(int(ORDERS / _AMAZON_SHARE)),
        "CRM_SANDBOX_ACCOUNTS": json.dumps(accounts),
    }
    with sandbox(servers, "bench_channels_sandbox", settings):
        servers.use_empty("bench_channels")
        with db.transaction() as session:
            demo.seed(session, get_settings())
            for account in session.exec(select(ChannelAccount)):
                # Shopify shows more than 60 days to an app that was allowed to.
                account.options = {**account.options, "read_all_orders": True}
        for channel in _PULLED:
            _record_import(recorder, channel)


def _record_import(recorder: Recorder, channel: Channel) -> None:
    done = work("pull", channel.value)
    recorder.record(
        f"import {channel.value}",
        done["orders"] / done["seconds"],
        "orders/s",
        done["orders"],
        seconds=done["seconds"],
        worker_cpu_s=done["cpu_s"],
        worker_mb_at_a_quarter=done["early_mb"],
        worker_mb=done["peak_mb"],
        load=os.getloadavg()[0],
    )
