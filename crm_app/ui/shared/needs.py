"""What waits for a person: the words, tones and addresses of each kind. Pure."""

from dataclasses import dataclass
from typing import Final, Self

from crm_app.services.needs import Need
from crm_app.services.order_search import Attention, OrderQuery
from crm_app.ui.shared.links import orders_path
from crm_app.ui.shared.tones import Tone

NAMES: Final[dict[Attention, str]] = {
    Attention.LATE: "Late",
    Attention.AT_RISK: "Ship-by at risk",
    Attention.CANCEL_REQUESTED: "Cancel requested",
    Attention.SYNC: "Not in sync",
    Attention.COD: "COD to confirm",
}
SENTENCES: Final[dict[Attention, str]] = {
    Attention.LATE: "past ship-by and still here",
    Attention.AT_RISK: "to ship within 4 hours",
    Attention.CANCEL_REQUESTED: "the buyer asks to cancel",
    Attention.SYNC: "rejected by the channel, or changed on both sides",
    Attention.COD: "cash on delivery, to confirm by phone",
}
TONES: Final[dict[Attention, Tone]] = {
    Attention.LATE: "bad",
    Attention.AT_RISK: "warn",
    Attention.CANCEL_REQUESTED: "warn",
    Attention.SYNC: "bad",
    Attention.COD: "info",
}


@dataclass(frozen=True)
class NeedRow:
    """One kind of waiting order: `count` is empty while nothing waits."""

    key: str
    name: str
    sentence: str
    tone: Tone
    count: str
    href: str
    is_on: bool = False

    @classmethod
    def of(cls, need: Need, *, shown: str = "") -> Self:
        """Draw a need; `shown` is the attention that the page on screen is filtered by."""
        kind = need.attention
        return cls(
            key=kind.value,
            name=NAMES[kind],
            sentence=SENTENCES[kind],
            tone=TONES[kind] if need.count else "mute",
            count=count_text(need.count, is_exact=need.is_exact),
            href=orders_path(OrderQuery(attention=kind)),
            is_on=kind.value == shown,
        )


def count_text(count: int, *, is_exact: bool) -> str:
    """`48,210`, or `10,000+` where counting stopped."""
    return f"{count:,}" if is_exact else f"{count:,}+"
