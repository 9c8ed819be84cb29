"""What a channel sends on its own clock: how its webhooks are proved, read and answered.

Each channel's `channel.py` declares one `Hook`; the pure functions behind it stand beside it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, cast

from crm_app.channels.base import ChannelOrder
from crm_app.channels.reading import BadFieldError, Json
from crm_app.channels.words import Lexicon

Headers = Mapping[str, str]

MAX_TOPIC: Final = 60
# One document about more orders than this is not one that we know.
_MOST_EVENTS: Final = 200


class Deed(StrEnum):
    """What is to be done with an event."""

    STORE = "store"  # its body is proved: it holds the order, or a change of one
    READ = "read"  # a hint: the order is read from the channel
    PERSON = "person"  # no program may decide this
    NOTHING = "nothing"  # known, and of no matter to orders


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What one webhook says of one order.

    Attributes:
        topic: The channel's own word.
        external_id: The order; empty if it speaks of none.
        why: For `PERSON` and `NOTHING`: a sentence for the list.
    """

    topic: str
    deed: Deed
    external_id: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request as it arrived. Names of `headers` are in lower case."""

    headers: Headers
    body: bytes
    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what it changes.

    Attributes:
        at: When it arrived, or later: never before the version that is stored.
        known: The stored payload of the order; None if the order is not here.
        options: Of the account.
        words: Of the account; None: what the product knows.
    """

    topic: str
    external_id: str
    body: Json
    at: datetime
    known: Json | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    words: Lexicon | None = None


class Verify(Protocol):
    """Whether a request was made by somebody who knows the secret; in constant time."""

    def __call__(
        self, headers: Headers, body: bytes, secret: str, *, url: str, method: str, now: datetime
    ) -> bool: ...


def _is_no_ping(headers: Headers, body: bytes) -> bool:
    del headers, body
    return False


def _no_order(told: Told) -> ChannelOrder | None:
    del told
    return None


def _received(account_id: int, events: tuple[HookEvent, ...], at: datetime) -> dict[str, Any]:
    del account_id, events, at
    return {"received": True}


@dataclass(frozen=True, slots=True)
class PersonWish:
    """What a channel asks for a person who bought there.

    Attributes:
        erases: To be erased; else what is kept is asked for.
        names: What the person is known by: the channel's key, e-mail, phone.
        order_ids: The channel's ids of the orders that are meant.
        is_everybody: All persons of the account are meant.
    """

    erases: bool
    names: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    is_everybody: bool = False


def _asks_nothing(topic: str, body: Json) -> PersonWish | None:
    del topic, body
    return None


@dataclass(frozen=True, slots=True)
class Hook:
    """One channel's webhooks.

    Attributes:
        verify: See `Verify`.
        read: Headers and parsed body to events; raises BadFieldError.
        to_order: For `Deed.STORE`: the order as it is now; None while the event speaks of an
            order that is not here. Raises BadFieldError.
        reply: The body of our 200: from our account's id, the events and the time.
        id_header: Where the channel names the delivery; "" if nowhere.
        topic_header: Where the channel names the event; "" if only in the body.
        privacy: What a webhook asks for a person, by topic and body; None if it asks nothing.
        is_ping: Whether it only tries the address, without a proof.
    """

    verify: Verify
    read: Callable[[Headers, Json], tuple[HookEvent, ...]]
    to_order: Callable[[Told], ChannelOrder | None] = _no_order
    reply: Callable[[int, tuple[HookEvent, ...], datetime], dict[str, Any]] = _received
    id_header: str = ""
    topic_header: str = ""
    privacy: Callable[[str, Json], PersonWish | None] = _asks_nothing
    is_ping: Callable[[Headers, bytes], bool] = _is_no_ping


def events_of(hook: Hook, delivery: Delivery) -> tuple[HookEvent, ...]:
    """Read a proved delivery; what cannot be read is left to a person, never refused.

    The channel would repeat a refused one unchanged, or give up on us.
    """
    body = parse(delivery.body)
    if body is None:
        return (HookEvent("unreadable", Deed.PERSON, why="The body is no JSON object."),)
    try:
        events = hook.read(delivery.headers, body)
    except BadFieldError as error:
        return (HookEvent("unreadable", Deed.PERSON, why=f"{error}."),)
    if len(events) > _MOST_EVENTS:
        why = f"It speaks of {len(events)} orders; {_MOST_EVENTS} are the most."
        return (HookEvent(events[0].topic, Deed.PERSON, why=why),)
    return events


def parse(body: bytes) -> Json | None:
    """The JSON object in a body; None if it holds none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast(Json, found) if isinstance(found, dict) else None


def dedupe_keys(hook: Hook, delivery: Delivery, events: tuple[HookEvent, ...]) -> list[str]:
    """One key per event, the same for each repetition of the delivery.

    The id that a channel gives stands in an unsigned header, so the body's digest is always part
    of the key: nobody can occupy the id of a delivery that is still to come.
    """
    named = delivery.headers.get(hook.id_header, "") if hook.id_header else ""
    digest = hashlib.sha256(f"{named}\n".encode() + delivery.body).hexdigest()
    return [f"hook:{digest}:{number}" for number in range(len(events))]
