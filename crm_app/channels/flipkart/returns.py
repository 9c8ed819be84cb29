"""Flipkart's returns: a list of their own, each read together with its shipment; pure.

A shipment says that something comes back, a return how many pieces, and whether they have arrived.
What is stored of a shipment with returns is the shipment as Flipkart tells it, and its returns
beside it under `KEY`.

A shipment that is read by itself tells no returns, so it says nothing of how many pieces are back:
what was known stays.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, cast

from crm_app.channels import reading
from crm_app.channels.flipkart import statuses
from crm_app.channels.reading import BadFieldError, Json, as_object, sections, text
from crm_app.domain.order_status import OrderStatus

PATH: Final = "/sellers/v2/returns"
KEY: Final = "returns"
# How a notification's hint names a return in place of a shipment.
_HINT: Final = "return:"
_ID: Final = re.compile(r"[\w.-]{1,100}", re.ASCII)


def hint(return_id: str) -> str:
    """What stands in place of a shipment's id where only a return is named."""
    return f"{_HINT}{return_id}"


def named(external_id: str) -> str | None:
    """The return that a hint names; None for a shipment's id.

    Raises:
        ValueError: It is no id of a return; it came unsigned, and several could stand in it.
    """
    if not external_id.startswith(_HINT):
        return None
    found = external_id.removeprefix(_HINT)
    if not _ID.fullmatch(found):
        raise ValueError("this is no id of a return")
    return found


def by_shipment(items: Iterable[Any]) -> dict[str, list[Json]]:
    """The elements of `returnItems`, by the shipment that they came out of."""
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for item in map(as_object, items):
        if shipment_id := str(item.get("shipmentId") or ""):
            found[shipment_id].append(item)
    return dict(found)


def joined(shipment: Json, returns: Sequence[Json]) -> dict[str, Any]:
    """What is stored of a shipment and its returns."""
    return {**shipment, KEY: list(returns)}


def of(shipment: Json) -> list[Json]:
    """The returns beside a stored shipment; none where it was read alone."""
    return sections(shipment, KEY) if KEY in shipment else []


def of_item(shipment: Json, item_id: str) -> list[Json]:
    """Those of one of its items."""
    return [one for one in of(shipment) if str(one.get("orderItemId")) == item_id]


def word(entry: Json) -> str:
    """The return's own word for its state."""
    return text(entry, "status", reading.WORD).upper()


def is_coming(returns: Sequence[Json]) -> bool:
    """Whether one of them is neither over nor called off."""
    return any(word(entry) not in statuses.RETURN_OVER for entry in returns)


def pieces_back(returns: Sequence[Json], read: Callable[[str], OrderStatus | None]) -> int:
    """How many pieces have arrived, `read` being the meaning of a return's word."""
    back = (entry for entry in returns if read(word(entry)) is OrderStatus.RETURNED)
    return sum(reading.quantity(entry, "quantity") or 0 for entry in back)


def newest(shipment: Json, at: datetime) -> datetime:
    """When the shipment or one of its returns changed last. An odd time of a return counts not."""
    told: list[datetime] = [at]
    for entry in of(shipment):
        try:
            moment = reading.moment(entry, "updatedDate")
        except BadFieldError:
            continue
        told += [moment] if moment else []
    return max(told)


def items_of(body: Json) -> list[Any] | None:
    """The list of returns in an answer; None if it has none."""
    found: Any = body.get("returnItems")
    return cast(list[Any], found) if isinstance(found, list) else None
