"""The views that are in the box: the questions that a desk asks every day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crm_app.domain.order_status import TO_SHIP
from crm_app.domain.view import Colour
from crm_app.services.order_query import Attention, Placed

ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Standing:
    """One of them; `params` is the address bar's form of what it asks for."""

    key: str
    name: str
    colour: Colour
    params: Mapping[str, str]
    sentence: str


STANDING: Final = (
    Standing(
        "new_today",
        "New today",
        Colour.BLUE,
        {"placed": Placed.TODAY.value},
        "placed today",
    ),
    Standing(
        "to_ship",
        "To ship",
        Colour.BLUE,
        {"status": ",".join(TO_SHIP), "hold": "no", "sort": "ship_by"},
        "confirmed, packed or ready, and not on hold; the nearest deadline first",
    ),
    Standing(
        "at_risk",
        "Ship-by at risk",
        Colour.AMBER,
        {"attention": Attention.AT_RISK.value, "sort": "ship_by"},
        "to ship within 4 hours",
    ),
    Standing(
        "late",
        "Late",
        Colour.RED,
        {"attention": Attention.LATE.value, "sort": "ship_by"},
        "past ship-by and still here",
    ),
    Standing(
        "cancel",
        "Buyer wants to cancel",
        Colour.AMBER,
        {"attention": Attention.CANCEL_REQUESTED.value},
        "the buyer asks to cancel, and it has not left",
    ),
    Standing("hold", "On hold", Colour.AMBER, {"hold": "yes"}, "somebody or the channel holds it"),
    Standing(
        "sync_failed",
        "Sync failed",
        Colour.RED,
        {"attention": Attention.SYNC.value},
        "rejected by the channel, or changed on both sides",
    ),
    Standing(
        "unmapped",
        "Unmapped",
        Colour.AMBER,
        {"unmapped": "yes"},
        "its channel uses a status word that nobody has mapped",
    ),
    Standing(
        "cod",
        "COD to confirm",
        Colour.BLUE,
        {"attention": Attention.COD.value},
        "cash on delivery, to confirm by phone",
    ),
    Standing(
        "returns",
        "Returns",
        Colour.VIOLET,
        {"return": "yes"},
        "the buyer wants to return it, or it is on its way back",
    ),
)
BY_KEY: Final = {one.key: one for one in STANDING}
