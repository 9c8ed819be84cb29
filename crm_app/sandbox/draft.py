"""An order before a channel has dressed it: what was bought, by whom, when, and how far it is."""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from crm_app.sandbox.catalogue import GST_PERCENT, PRODUCTS, WEIGHTS, Product
from crm_app.sandbox.people import Buyer, invent_buyer

Stage = Literal[
    "pending", "open", "shipped", "out_for_delivery", "delivered", "returned", "cancelled", "failed"
]
FREE_SHIPPING_FROM_MINOR: Final = 99_900
SHIPPING_MINOR: Final = 6_000
COD_SHARE: Final = 0.35
_GIFT_MESSAGES: Final = (
    "Happy birthday! With love from all of us.",
    "Happy anniversary, my dear.",
    "For my favourite sister. Happy Rakhi!",
    "Congratulations on the new job! 🎉",
    "जन्मदिन की शुभकामनाएँ",
)


@dataclass(frozen=True, slots=True)
class Line:
    """`gross_minor` and `discount_minor` are paise of the whole line, tax included."""

    product: Product
    quantity: int
    gross_minor: int
    discount_minor: int

    @property
    def paid_minor(self) -> int:
        return self.gross_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Draft:
    """One invented order."""

    buyer: Buyer
    lines: tuple[Line, ...]
    shipping_minor: int
    is_cod: bool
    gift_message: str | None
    placed_at: datetime
    stage: Stage = "open"
    # When the stage was reached.
    changed_at: datetime | None = None
    is_cancel_requested: bool = False
    # New enough that the shop may still want to ring the buyer up about cash on delivery.
    is_recent: bool = False

    @property
    def total_minor(self) -> int:
        return sum(line.paid_minor for line in self.lines) + self.shipping_minor


def net_of(gross_minor: int) -> int:
    """The part of an amount that is not GST, rounded half up, in paise."""
    share = 100 + GST_PERCENT
    return (gross_minor * 200 + share) // (2 * share)


def rupees(minor: int) -> str:
    """Paise as a decimal string: -1050 -> "-10.50"."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def invent_order(
    rng: random.Random,
    placed_at: datetime,
    *,
    line_count: int | None = None,
    is_cod: bool | None = None,
) -> Draft:
    """A plausible basket of one to five lines; the rest is drawn from `rng` unless given."""
    count = line_count or rng.choices((1, 2, 3, 4, 5), (68, 20, 8, 3, 1))[0]
    has_offer = rng.random() < 0.25
    lines: list[Line] = []
    for product in _pick(rng, min(count, len(PRODUCTS))):
        quantity = rng.choices((1, 2, 3), (90, 8, 2))[0]
        gross = product.price_minor * quantity
        discount = gross // 10 // 100 * 100 if has_offer else 0
        lines.append(Line(product, quantity, gross, discount))
    paid = sum(line.paid_minor for line in lines)
    is_gift = rng.random() < 0.08
    return Draft(
        buyer=invent_buyer(rng),
        lines=tuple(lines),
        shipping_minor=0 if paid >= FREE_SHIPPING_FROM_MINOR else SHIPPING_MINOR,
        is_cod=rng.random() < COD_SHARE if is_cod is None else is_cod,
        gift_message=rng.choice(_GIFT_MESSAGES) if is_gift else None,
        placed_at=placed_at,
    )


def _pick(rng: random.Random, count: int) -> list[Product]:
    chosen: dict[str, Product] = {}
    while len(chosen) < count:
        product = rng.choices(PRODUCTS, WEIGHTS)[0]
        chosen[product.sku] = product
    return list(chosen.values())
