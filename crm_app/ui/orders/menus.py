"""The filters of the list as links: what each choice would show. Pure."""

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.services.order_search import Attention, OrderQuery
from crm_app.ui.shared.choices import Chip, Option, presets, range_hint, range_text, toggled
from crm_app.ui.shared.links import orders_path
from crm_app.ui.shared.needs import NAMES, SENTENCES
from crm_app.ui.shared.tones import status_pill

# Channels that this product can connect today come first; the list grows with the connectors.
CHANNELS: Final = tuple(Channel)


@dataclass(frozen=True)
class Menus:
    """Everything the filter bar offers for one query."""

    channels: list[Option] = field(default_factory=list)
    statuses: list[Option] = field(default_factory=list)
    attention: list[Option] = field(default_factory=list)
    dates: list[Option] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    placed_from: str = ""
    placed_to: str = ""
    clear_href: str = "/orders"

    @classmethod
    def of(cls, query: OrderQuery, today: date) -> Self:
        base = dataclasses.replace(query, cursor=None)
        return cls(
            channels=[_channel(base, channel) for channel in CHANNELS],
            statuses=[_status(base, status) for status in OrderStatus],
            attention=[_attention(base, kind) for kind in Attention],
            dates=[_preset(base, *preset) for preset in presets(today)],
            chips=chips(base, today),
            placed_from=base.placed_from.isoformat() if base.placed_from else "",
            placed_to=base.placed_to.isoformat() if base.placed_to else "",
            clear_href=orders_path(OrderQuery(sort=base.sort)),
        )


def chips(query: OrderQuery, today: date) -> list[Chip]:
    """One chip for each filter that is on, in the order of the bar."""

    def chip(key: str, name: str, value: str, **without: object) -> Chip:
        rest = dataclasses.replace(query, **without)  # pyright: ignore[reportArgumentType]
        return Chip(key, name, value, orders_path(rest))

    found: list[Chip] = []
    if query.attention:
        found.append(chip("attention", "Needs", NAMES[query.attention], attention=None))
    if query.channels:
        value = ", ".join(channel.label for channel in query.channels)
        found.append(chip("channel", "Channel", value, channels=()))
    if query.statuses:
        value = ", ".join(status.label.lower() for status in query.statuses)
        found.append(chip("status", "Status", value, statuses=()))
    if query.placed_from or query.placed_to:
        value = range_text(query.placed_from, query.placed_to, today)
        found.append(chip("placed", "Placed", value, placed_from=None, placed_to=None))
    if query.word:
        found.append(chip("word", "Unknown word", query.word.word, word=None))
    if query.text:
        found.append(chip("text", "Search", query.text, text=""))
    return found


def _channel(query: OrderQuery, channel: Channel) -> Option:
    is_on = channel in query.channels
    chosen = toggled(query.channels, channel)
    href = orders_path(dataclasses.replace(query, channels=chosen))
    return Option(channel.value, channel.label, href, is_on, mark=channel.mark)


def _status(query: OrderQuery, status: OrderStatus) -> Option:
    is_on = status in query.statuses
    chosen = toggled(query.statuses, status)
    href = orders_path(dataclasses.replace(query, statuses=chosen))
    return Option(status.value, status.label, href, is_on, pill=status_pill(status))


def _attention(query: OrderQuery, kind: Attention) -> Option:
    is_on = query.attention is kind
    href = orders_path(dataclasses.replace(query, attention=None if is_on else kind))
    return Option(kind.value, NAMES[kind], href, is_on, hint=SENTENCES[kind])


def _preset(query: OrderQuery, key: str, label: str, first: date, last: date) -> Option:
    is_on = (query.placed_from, query.placed_to) == (first, last)
    days = (None, None) if is_on else (first, last)
    href = orders_path(dataclasses.replace(query, placed_from=days[0], placed_to=days[1]))
    return Option(key, label, href, is_on, hint=range_hint(first, last))
