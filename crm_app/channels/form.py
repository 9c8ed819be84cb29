"""What a form is made of: what an admin fills in to connect an account, as data."""

import re
from dataclasses import dataclass
from typing import Final, Literal

# Where the secret that proves a channel's webhooks comes from: we make it up and the channel is
# told, or it is the channel's own and an admin types it in.
Maker = Literal["ours", "theirs"]
OptionKind = Literal["text", "number", "switch", "choice"]
Value = str | float | bool

WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 - a field's name


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form that is a key: kept encrypted, and never sent to a browser again.

    Attributes:
        name: A key of the credentials.
        also: Another key of the credentials that holds the same value.
    """

    name: str
    label: str
    help: str = ""
    is_needed: bool = True
    also: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """Something about an account that is no secret and has a usual value.

    Attributes:
        name: A key of the account's options; `a.b` is the key `b` of the object `a`.
        default: What holds while nothing else is chosen.
        unit: Of a number.
        choices: Word and label, of a choice.
        low: Of a number, the least one that makes sense.
        high: Of a number, the greatest one.
        is_asked: Asked when an account is connected, too.
        is_address: The keys travel there: changed together with the keys, never alone.
    """

    name: str
    label: str
    kind: OptionKind = "text"
    default: Value = ""
    help: str = ""
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 1e9
    is_asked: bool = False
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One channel's form.

    Attributes:
        address: The API's address where it is the same for everybody; else empty.
        address_help: What to type, or an example.
        hook_maker: See `Maker`.
        hook_help: Where the webhook's address is entered at the channel.
        options: Of this channel; `every_option` has those of each channel besides.
        is_pulled: Whether the channel is asked for its orders.
        id_help: What one order's id looks like, for people.
        id_shape: The same, for a program; "" where one order cannot be read.
    """

    address: str
    address_help: str
    fields: tuple[Field, ...]
    hook_maker: Maker
    hook_help: str
    options: tuple[Option, ...] = ()
    is_pulled: bool = True
    id_help: str = ""
    id_shape: str = ""

    def looks_like_id(self, text: str) -> bool:
        """Whether a text may be the id of one of the channel's orders."""
        return bool(self.id_shape) and re.fullmatch(self.id_shape, text) is not None

    @property
    def every_option(self) -> tuple[Option, ...]:
        """The channel's own options, then those that each channel has and it says nothing of."""
        own = {option.name for option in self.options}
        common = (*(PULLING if self.is_pulled else ()), *CALLING)
        return (*self.options, *(option for option in common if option.name not in own))

    @property
    def asked(self) -> tuple[Option, ...]:
        """The options that are asked when an account is connected."""
        return tuple(option for option in self.options if option.is_asked or option.is_address)


HANDLING: Final = Option(
    "handling_hours",
    "Time to hand over",
    "number",
    48.0,
    "From the order to the parcel leaving; the channel tells no time of its own.",
    unit="hours",
    high=2_160.0,
)
PULLING: Final = (
    Option(
        "pull_interval_s",
        "Ask every",
        "number",
        "",
        "Empty: as often as the whole product does.",
        unit="seconds",
        low=1.0,
        high=86_400.0,
    ),
    Option(
        "overlap_s",
        "Read again before the last time",
        "number",
        120.0,
        "An order can appear in the channel's list a while after its own time.",
        unit="seconds",
        high=86_400.0,
    ),
    Option(
        "first_import_days",
        "First import goes back",
        "number",
        90.0,
        "Of an account that was never read, or from the next time all is read again.",
        unit="days",
        low=0.01,
        high=3_650.0,
    ),
)
CALLING: Final = (
    Option(
        "rate_multiplier",
        "Share of the published limits",
        "number",
        1.0,
        "1 uses all of them. Less where another program calls with the same keys; more only where "
        "the channel has granted it.",
        unit="times",
        low=0.01,
        high=10_000.0,
    ),
    Option(
        "allow_http",
        "Allow an address without encryption",
        "switch",
        False,
        "Only for a sandbox on another machine: the keys travel in the clear.",
    ),
)
