"""Orders that people write themselves: there is nobody to tell, every status is our own word."""

from typing import Final

from crm_app.channels.rules import INDIAN_CARRIERS, LOCAL, Capabilities
from crm_app.domain.order_status import OrderStatus

CAPABILITIES: Final = Capabilities(
    statuses=dict.fromkeys(OrderStatus, LOCAL),
    carriers=INDIAN_CARRIERS,
    pulls=False,
    reads_back=False,
    no_way_back="Nobody was told anything: change the status here.",
)
