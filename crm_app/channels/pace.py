"""How fast each channel takes status changes: the slowest of the calls that one of them costs."""

from crm_app.channels import kinds, registry
from crm_app.channels.kind import Account
from crm_app.channels.limits import FALLBACK
from crm_app.domain.order_status import OrderStatus


def per_second(account: Account, status: OrderStatus) -> float:
    """Status changes to `status` that the account's limits allow in a second, on the long run."""
    plans = registry.plans_for(account)
    calls = kinds.of(account.channel).calls(status)
    rates = [plans[call].calls_per_s for call in calls if call in plans]
    return min(rates, default=FALLBACK.rate_per_s)
