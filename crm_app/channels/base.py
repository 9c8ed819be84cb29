"""What every connector speaks: canonical orders in, status updates out.

A connector talks HTTP; its `mapping.py` translates and does nothing else. Neither touches the
database. Its `statuses.py` declares, as data, its words for a status and what it lets us say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from crm_app.channels.words import Word
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.errors import ChannelError


@dataclass(frozen=True, slots=True)
class ChannelAddress:
    """Where the parcel goes; every part may be unknown (empty)."""

    name: str = ""
    phone: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    pincode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class ChannelBuyer:
    """Who bought. `identity` is the channel's own key for the person; empty if it has none."""

    identity: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ChannelOrderLine:
    """One line. Amounts are minor units of the order's currency; None if not told.

    `quantity_returned` is None where this version does not say: what was known stays.
    """

    external_id: str
    sku: str
    title: str
    quantity: int
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    quantity_returned: int | None = 0
    unit_price_minor: int | None = None
    tax_minor: int | None = None
    discount_minor: int | None = None
    total_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelPackage:
    """One package as its channel tells it. `status` is the channel's raw word.

    Attributes:
        external_id: The channel's name for it, unique in its order.
        lines: `(external line id, pieces)`; empty where the channel does not say.
    """

    external_id: str
    carrier: str = ""
    tracking_number: str = ""
    status: str = ""
    shipped_at: datetime | None = None
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelOrder:
    """One order as its channel tells it, in our words. Times are aware.

    Attributes:
        external_id: The channel's key, unique per account.
        order_number: What people read out on the phone; often the same.
        channel_status: The channel's own raw word(s), kept beside ours.
        status: Our word for it; None if the raw word is unknown to the mapping.
        payment_status: None if the channel does not say.
        cancel_requested: The buyer asks to cancel; the channel has not done it.
        return_requested: The parcel is on its way back or the buyer wants to return it.
        on_hold: The channel forbids to go on with the order until it lifts its hold.
        updated_at: The channel's clock; decides which version is newer.
        packages: All that left, oldest first; None where the channel does not tell of packages.
        raw: The channel's JSON, kept so that a better mapping can be replayed.
        unknown_words: Words of it that nobody has mapped yet; each is reported.
    """

    external_id: str
    order_number: str
    channel_status: str
    status: OrderStatus | None
    payment_status: PaymentStatus | None
    placed_at: datetime
    updated_at: datetime
    currency: str | None
    total_minor: int | None
    lines: tuple[ChannelOrderLine, ...]
    subtotal_minor: int | None = None
    shipping_minor: int | None = None
    tax_minor: int | None = None
    discount_minor: int | None = None
    is_cod: bool = False
    is_business: bool = False
    cancel_requested: bool = False
    return_requested: bool = False
    on_hold: bool = False
    fulfilled_by_channel: bool = False
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    shipped_at: datetime | None = None
    carrier: str = ""
    tracking_number: str = ""
    packages: tuple[ChannelPackage, ...] | None = None
    buyer: ChannelBuyer = field(default_factory=ChannelBuyer)
    address: ChannelAddress = field(default_factory=ChannelAddress)
    note: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])
    unknown_words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class BadOrder:
    """One element of a page that the mapping refused; the others of its page go on."""

    external_id: str
    reason: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders of one sweep.

    Attributes:
        orders: What could be read.
        bad: What could not, each with its reason.
        cursor: Set on the last page only: where the next sweep begins.
        complete_to: With `cursor`: the time up to which every change is known now.
        resume: Set on every other page: how to go on with this sweep after a stop, valid as
            long as the channel keeps its page token.
    """

    orders: tuple[ChannelOrder, ...]
    bad: tuple[BadOrder, ...] = ()
    cursor: str | None = None
    resume: str | None = None
    complete_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What a channel is to be told of one order.

    Attributes:
        reference: Stored before the first call and the same on every repeat (a positive whole
            number), so that a channel which knows it edits instead of doubling.
        lines: `(external line id, quantity)` of everything not shipped yet; of a shipment, of
            what is in this package.
        left: Of a shipment: what is still to leave once the channel knows of this package.
        known: The stored payload, where a channel cannot be read; else empty.
        takes_back: A person takes an earlier word back: the way leads backward on purpose.
        cancel_reason: Of a cancellation: one of the channel's codes; empty for the account's own.
    """

    external_id: str
    status: OrderStatus
    reference: int
    carrier: str
    tracking_number: str
    happened_at: datetime
    lines: tuple[tuple[str, int], ...]
    left: tuple[tuple[str, int], ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict[str, Any])
    takes_back: bool = False
    cancel_reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of one accepted call. `answer` is short, redacted text; no personal data."""

    operation: str
    http_status: int
    request_id: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class HookSeat:
    """One webhook that the channel has registered for us."""

    id: str
    topic: str
    is_active: bool


@runtime_checkable
class HookWatcher(Protocol):
    """A connector whose channel can be asked for its webhooks. Raises as `Connector` does.

    `hook_topics` are those that we want, in the channel's words, each a webhook of its own.
    """

    hook_topics: ClassVar[tuple[str, ...]]

    def hooks_to(self, address: str) -> tuple[HookSeat, ...]:
        """The webhooks that lead to an address of ours, the switched-off ones too."""
        ...

    def revive_hook(self, seat: HookSeat) -> None:
        """Switch one on again. Repeating it is harmless."""
        ...

    def place_hook(self, topic: str, address: str, secret: str) -> None:
        """Have one topic told to an address; `secret` is what proves it later.

        Repeated, it may make a second one: `hooks_to` tells what is there.
        """
        ...


class Connector(Protocol):
    """One channel account. A channel is a member of `Channel` and a folder of its name.

    Every method raises:
        RateLimitedError: Come back later; pages already yielded stay valid.
        OutcomeUnknownError: (pushes) the request went out and no answer came.
        RetryableError: Down, slow, or an answer that is no answer.
        AccountDisconnectedError: The credentials no longer work.
        RejectedError: The channel will never accept this request.
    """

    channel: ClassVar[Channel]

    def fetch_orders(self, cursor: str | None, resume: str | None = None) -> Iterator[OrderPage]:
        """Yield pages of orders changed since `cursor` (None: the first import's window).

        `resume` continues an interrupted sweep; a connector that can no longer use it starts
        again from `cursor`. A time in ISO 8601 is a cursor of every channel that lists its
        orders: what changed since then is read (again).
        """
        ...

    def fetch_order(self, external_id: str) -> ChannelOrder:
        """Read one order, by its id or by what its channel's webhook named in place of it.

        Raises RejectedError also when the channel does not know it, and ValueError when its body
        cannot be read."""
        ...

    def push_status(self, update: StatusUpdate) -> Receipt:
        """Tell the channel. Repeating a call that already succeeded must be harmless."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


@runtime_checkable
class BatchConnector(Connector, Protocol):
    """A connector whose channel takes several orders in one call and answers for each.

    How many: `Capabilities.batch_size` and `reads_at_once`. Neither method raises a ChannelError:
    what becomes of one order is its own, and a call that fails as a whole failed for each of them.
    """

    def push_statuses(
        self, updates: Sequence[StatusUpdate]
    ) -> Mapping[int, Receipt | ChannelError]:
        """Tell the channel of several orders; what became of each, by `reference`."""
        ...

    def fetch_by_ids(self, external_ids: Sequence[str]) -> Mapping[str, ChannelOrder | Exception]:
        """Read several orders: each, or what `fetch_order` would raise for it."""
        ...
