"""How fast each channel takes status changes: the slowest of the calls that one of them costs."""

from collections.abc import Callable, Mapping
from typing import Final

from crm_app.channels import registry
from crm_app.channels.flipkart import steps as flipkart_steps
from crm_app.channels.limits import FALLBACK
from crm_app.channels.registry import Account
from crm_app.channels.shopify import changes as shopify_changes
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus

Calls = Callable[[OrderStatus], tuple[str, ...]]

# What `push_status` of each connector calls, by the names of its usage plans.
_CALLS: Final[Mapping[Channel, Calls]] = {
    Channel.AMAZON: lambda _: ("confirmShipment",),
    Channel.WOOCOMMERCE: lambda _: ("getOrder", "updateOrder"),
    Channel.FLIPKART: lambda status: ("getShipments", flipkart_steps.OPERATIONS.get(status, "")),
    Channel.SHOPIFY: lambda status: ("parcels", shopify_changes.OPERATIONS.get(status, "")),
    Channel.SWIGGY: lambda _: ("updateOrderStatus",),
    Channel.BLINKIT: lambda status: (
        "acknowledge" if status is OrderStatus.CONFIRMED else "shippingNote",
    ),
}


def per_second(account: Account, status: OrderStatus) -> float:
    """Status changes to `status` that the account's limits allow in a second, on the long run."""
    plans = registry.plans_for(account)
    calls_of = _CALLS.get(account.channel)
    calls = calls_of(status) if calls_of else ()
    rates = [plans[call].rate_per_s for call in calls if call in plans]
    return min(rates, default=FALLBACK.rate_per_s)
