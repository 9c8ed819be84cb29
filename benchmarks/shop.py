"""One shop of some 900 orders a day, as it stands after so many orders: the last N of them.

A young shop and an old one have the same work open and differ in their history alone, which is
what "as fast at a million as at ten thousand" is about.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.buyers import Person, invent
from crm_app.domain.channel import Channel

PER_DAY: Final = 913  # a million in three years
ZONE: Final = ZoneInfo("Asia/Kolkata")

# Channel, name, share of the orders, whether it sets deadlines.
ACCOUNTS: Final = (
    (Channel.AMAZON, "Amazon.in", 34, True),
    (Channel.FLIPKART, "Flipkart", 22, True),
    (Channel.WOOCOMMERCE, "palmonas.com", 18, True),
    (Channel.SHOPIFY, "Gift shop", 9, True),
    (Channel.BLINKIT, "Blinkit", 8, False),
    (Channel.SWIGGY, "Instamart", 5, False),
    (Channel.AMAZON, "Amazon.in outlet", 3, True),
    (Channel.WOOCOMMERCE, "B2B shop", 1, True),
)
_PRODUCTS: Final = tuple(
    (f"PLM-{kind[:2].upper()}-{number:03d}", f"{stone} {kind}", 69_900 + 4_300 * number)
    for number, (stone, kind) in enumerate(
        (stone, kind)
        for stone in ("Pearl", "Zircon", "Evil Eye", "Rose Gold", "Solitaire", "Antique")
        for kind in ("Necklace", "Earrings", "Ring", "Bracelet", "Anklet", "Nose Pin")
    )
)
_DONE: Final = ("delivered",) * 88 + ("cancelled",) * 7 + ("returned",) * 4 + ("failed",)
_TO_SHIP: Final = ("confirmed", "packed", "ready_to_ship")
_NULL: Final = "\\N"
_CHANNEL_WORDS: Final = {"pending": "PENDING", "cancelled": "CANCELLED", "delivered": "DELIVERED"}

# Who works here, and what they stick on orders: name and share of the orders.
COLLEAGUES: Final = ("Anika", "Riya", "Kabir", "Meera", "Dev")
TAGS: Final = (("gift", 8.0), ("fragile", 2.0), ("vip", 0.3), ("call first", 0.02))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One order: everything is ready for COPY."""

    row: str
    lines: str
    events: str
    tags: str


class Shop:
    """Draws orders in the order of placing, always the same ones for a size and a moment."""

    def __init__(self, orders: int, moment: datetime) -> None:
        self._rng = random.Random(orders)
        self._orders = orders
        self._moment = moment
        self._line_id = 0
        self._event_id = 0
        count = max(1, orders // 5)
        self.people: list[Person] = [invent(self._rng, number) for number in range(count)]

    def customer_rows(self) -> Iterator[str]:
        """id, account_id, identity, name, email, phone, phone_digits, city, state, pincode."""
        for number, person in enumerate(self.people):
            yield "\t".join(
                (
                    str(number + 1),
                    str(number % len(ACCOUNTS) + 1),
                    f"email:{person.email}",
                    person.name,
                    person.email,
                    person.phone,
                    person.phone[1:],
                    person.city,
                    person.state,
                    person.pincode + "\n",
                )
            )

    def draw(self) -> Iterator[Drawn]:
        """Every order, the oldest first, as an import over the years would have stored them."""
        step = timedelta(days=1) / PER_DAY
        weights = [share for _, _, share, _ in ACCOUNTS]
        accounts = self._rng.choices(range(len(ACCOUNTS)), weights, k=self._orders)
        for index, account in enumerate(accounts):
            age = step * (self._orders - index - self._rng.random())
            yield self._draw(index + 1, account, self._moment - age, age)

    def _draw(self, order_id: int, account: int, placed: datetime, age: timedelta) -> Drawn:
        rng = self._rng
        channel, _, _, has_deadlines = ACCOUNTS[account]
        status = self._status(age.total_seconds() / 86_400)
        number = _number(rng, channel, order_id)
        # Some come back often, most hardly ever.
        customer = int(len(self.people) * rng.random() ** 1.3)
        lines, total, units = self._lines(order_id, status)
        ship_by = placed + timedelta(hours=rng.choice((24, 36, 48))) if has_deadlines else None
        is_shipped = status not in (*_TO_SHIP, "pending", "cancelled")
        row = _order_row(
            order_id=order_id,
            account=account + 1,
            channel=channel,
            number=number,
            status=status,
            sync=_sync(rng, age),
            is_cod=rng.random() < 0.3,
            wants_cancel=status in _TO_SHIP and rng.random() < 0.03,
            is_held=status in _TO_SHIP and rng.random() < 0.05,
            is_coming_back=status == "delivered" and rng.random() < 0.01,
            is_read=rng.random() > 0.0005,
            total=total if status != "pending" or channel is not Channel.AMAZON else None,
            customer=customer + 1,
            person=self.people[customer],
            first_title=lines[0],
            line_count=len(lines[1]),
            units=units,
            placed=placed,
            ship_by=ship_by,
            shipped=placed + timedelta(hours=20) if is_shipped else None,
            work=self._work(status, age),
        )
        events = self._events(order_id, channel, status, placed)
        return Drawn(row, "".join(lines[1]), events, self._tags(order_id, placed))

    def _work(self, status: str, age: timedelta) -> str:
        """assignee_id, priority, archived_at."""
        rng = self._rng
        is_open = status in (*_TO_SHIP, "pending")
        is_given = rng.random() < (0.4 if is_open else 0.05)
        assignee = str(rng.randrange(len(COLLEAGUES)) + 1) if is_given else _NULL
        priority = rng.choices(("normal", "high", "urgent"), (97, 2, 1))[0]
        is_away = age > timedelta(days=60) and rng.random() < 0.01
        return f"{assignee}\t{priority}\t{self._moment.isoformat() if is_away else _NULL}"

    def _tags(self, order_id: int, placed: datetime) -> str:
        return "".join(
            f"{order_id}\t{number}\t{placed.isoformat()}\n"
            for number, (_, share) in enumerate(TAGS, start=1)
            if self._rng.random() * 100 < share
        )

    def _status(self, days: float) -> str:
        """What an order of this age is: open for two days, under way for three more."""
        chance = self._rng.random()
        if days < 0.2 and chance < 0.5:
            return "pending"
        # A handful is forgotten: the late ones.
        if days < 1.0 or (days < 2.0 and chance < 0.5) or (days < 9.0 and chance < 0.01):
            return self._rng.choices(_TO_SHIP, (6, 3, 1))[0]
        if days < 4.5 and chance < 0.85:
            return "shipped"
        if days < 6.0 and chance < 0.6:
            return "out_for_delivery"
        return self._rng.choice(_DONE)

    def _lines(self, order_id: int, status: str) -> tuple[tuple[str, list[str]], int, int]:
        rng = self._rng
        count = rng.choices((1, 2, 3, 4), (58, 28, 10, 4))[0]
        rows: list[str] = []
        total = units = 0
        title = ""
        for position, product in enumerate(rng.sample(_PRODUCTS, count)):
            sku, name, price = product
            title = title or name
            quantity = 1 if rng.random() < 0.85 else 2
            self._line_id += 1
            units += quantity
            total += price * quantity
            shipped = quantity if status in ("shipped", "delivered") else 0
            rows.append(
                f"{self._line_id}\t{order_id}\t{position}\t{self._line_id}\t{sku}\t{name}\t"
                f"{quantity}\t{shipped}\t0\t0\t{price}\t{price * quantity}\n"
            )
        return (title, rows), total, units

    def _events(self, order_id: int, channel: Channel, status: str, placed: datetime) -> str:
        """One for the import, a second one for what has moved on since."""
        self._event_id += 1
        rows = (
            f"{self._event_id}\t{order_id}\torder:imported\t{placed.isoformat()}\tchannel\t"
            f'{channel.label}\t{{"status": [null, "confirmed"]}}\n'
        )
        if status not in ("pending", "confirmed"):
            self._event_id += 1
            rows += (
                f"{self._event_id}\t{order_id}\torder:updated\t{placed.isoformat()}\tchannel\t"
                f'{channel.label}\t{{"status": ["confirmed", "{status}"]}}\n'
            )
        return rows


def _number(rng: random.Random, channel: Channel, order_id: int) -> str:
    if channel is Channel.AMAZON:
        return f"40{rng.randrange(1, 9)}-{rng.randrange(10**7):07d}-{order_id:07d}"
    if channel is Channel.FLIPKART:
        return f"OD{rng.randrange(10**6):06d}{order_id:010d}"
    return str(100_000 + order_id)


def _sync(rng: random.Random, age: timedelta) -> str:
    """Some open disagreements of the last weeks."""
    if age < timedelta(days=10) and rng.random() < 0.004:
        return rng.choice(("rejected", "conflict"))
    return "in_sync"


ORDER_COLUMNS: Final = (
    "id, account_id, channel, external_id, order_number, status, payment_status, sync_status, "
    "channel_status, status_on_channel, on_hold, cancel_requested, return_requested, is_cod, "
    "is_business, fulfilled_by_channel, currency, total_minor, customer_id, customer_name, "
    "ship_to, city, pincode, note, first_title, line_count, unit_count, placed_at, placed_on, "
    "channel_updated_at, ship_by, shipped_at, carrier, tracking_number, version, payload_hash, "
    "assignee_id, priority, archived_at"
)


def _order_row(
    *,
    order_id: int,
    account: int,
    channel: Channel,
    number: str,
    status: str,
    sync: str,
    is_cod: bool,
    wants_cancel: bool,
    is_held: bool,
    is_coming_back: bool,
    is_read: bool,
    total: int | None,
    customer: int,
    person: Person,
    first_title: str,
    line_count: int,
    units: int,
    placed: datetime,
    ship_by: datetime | None,
    shipped: datetime | None,
    work: str,
) -> str:
    word = _CHANNEL_WORDS.get(status, "UNSHIPPED" if shipped is None else "SHIPPED")
    moment = placed.isoformat()
    money = f"INR\t{total}" if total is not None else "\\N\t\\N"
    parcel = f"{shipped.isoformat()}\tDelhivery\tDL{order_id:010d}" if shipped else "\\N\t\t"
    return (
        f"{order_id}\t{account}\t{channel}\t{number}\t{number}\t{status}\t"
        f"{'cod' if is_cod else 'paid'}\t{sync}\t{word}\t{status if is_read else _NULL}\t"
        f"{_bit(is_held)}\t{_bit(wants_cancel)}\t{_bit(is_coming_back)}\t{_bit(is_cod)}\tf\tf\t"
        f"{money}\t"
        f"{customer}\t{person.name}\t{person.ship_to}\t{person.city}\t{person.pincode}\t\t"
        f"{first_title}\t{line_count}\t{units}\t{moment}\t{_day(placed)}\t{moment}\t"
        f"{ship_by.isoformat() if ship_by else chr(92) + 'N'}\t{parcel}\t1\t"
        f"\\\\x{order_id:064x}\t{work}\n"
    )


def _bit(flag: bool) -> str:
    return "t" if flag else "f"


# Kolkata keeps one offset all year; asking the zone for each of a million rows takes seconds.
_OFFSET: Final = datetime.now(ZONE).utcoffset() or timedelta()


def _day(moment: datetime) -> date:
    return (moment.astimezone(UTC) + _OFFSET).date()
