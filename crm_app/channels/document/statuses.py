"""Files of orders: behind them there is nobody to tell, so every status is our own word."""

from typing import Final

from crm_app.channels.rules import INDIAN_CARRIERS, LOCAL, Capabilities
from crm_app.domain.order_status import OrderStatus

# The words of a file are mapped with its columns, not here.
CAPABILITIES: Final = Capabilities(
    statuses=dict.fromkeys(OrderStatus, LOCAL),
    carriers=INDIAN_CARRIERS,
    pulls=False,
    reads_back=False,
    no_way_back="A file was never told anything: change the status here.",
)
