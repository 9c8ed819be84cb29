"""The filters of the list as links: what each choice would show. Pure."""

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.services.facet_choices import FacetChoices
from crm_app.services.facets import Facet, Pick
from crm_app.services.order_query import Attention, OrderQuery, Placed
from crm_app.ui.orders.facet_menus import NAMES as FACET_NAMES
from crm_app.ui.orders.facet_menus import (
    FacetMenu,
    due_days,
    due_options,
    facet_menus,
    out_option,
    pick_text,
)
from crm_app.ui.shared.choices import Chip, Option, range_hint, range_text, toggled
from crm_app.ui.shared.links import ALL_ORDERS, orders_path
from crm_app.ui.shared.needs import NAMES, SENTENCES
from crm_app.ui.shared.tones import status_pill

# Channels that this product can connect today come first; the list grows with the connectors.
CHANNELS: Final = tuple(Channel)
_WITH_TWO: Final = (Facet.CHANNEL, Facet.STATUS)


@dataclass(frozen=True)
class Menus:
    """Everything the filter bar offers for one query."""

    channels: list[Option] = field(default_factory=list)
    statuses: list[Option] = field(default_factory=list)
    attention: list[Option] = field(default_factory=list)
    dates: list[Option] = field(default_factory=list)
    due: list[Option] = field(default_factory=list)
    facets: list[FacetMenu] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    placed_from: str = ""
    placed_to: str = ""
    due_from: str = ""
    due_to: str = ""
    # How many filters of the menu are on; empty for none.
    more: str = ""
    clear_href: str = ALL_ORDERS

    @classmethod
    def of(cls, query: OrderQuery, today: date, choices: FacetChoices) -> Self:
        base = dataclasses.replace(query, cursor=None)
        facets = facet_menus(base, choices, today)
        return cls(
            channels=[_channel(base, channel) for channel in CHANNELS],
            statuses=[_status(base, status) for status in OrderStatus],
            attention=[_attention(base, kind) for kind in Attention],
            dates=[_preset(base, word, today) for word in Placed],
            due=due_options(base),
            due_from=due_days(base)[0],
            due_to=due_days(base)[1],
            facets=facets,
            chips=chips(base, today, choices),
            placed_from=base.placed_from.isoformat() if base.placed_from else "",
            placed_to=base.placed_to.isoformat() if base.placed_to else "",
            more=str(len([one for one in facets if one.says]) or ""),
            clear_href=orders_path(OrderQuery(sort=base.sort)),
        )


def chips(query: OrderQuery, today: date, choices: FacetChoices) -> list[Chip]:
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
    if any(days := query.days(today)):
        value = range_text(*days, today)
        found.append(chip("placed", "Placed", value, placed=None, placed_from=None, placed_to=None))
    for pick in query.picks:
        rest = orders_path(query.picking(Pick(pick.facet)))
        value = pick_text(pick, choices, today)
        # Beside a chip of what is chosen there may be one of what is left out.
        key = f"not-{pick.facet}" if pick.facet in _WITH_TWO else pick.facet.value
        found.append(Chip(key, FACET_NAMES[pick.facet], value, rest))
    if query.word:
        found.append(chip("word", "Unknown word", query.word.word, word=None))
    if query.text:
        found.append(chip("text", "Search", query.text, text=""))
    return found


def _channel(query: OrderQuery, channel: Channel) -> Option:
    is_on = channel in query.channels
    chosen = toggled(query.channels, channel)
    kept = _no_longer_out(query, Facet.CHANNEL, channel.value)
    href = orders_path(dataclasses.replace(kept, channels=chosen))
    option = Option(channel.value, channel.label, href, is_on, mark=channel.mark)
    return out_option(query, option, Facet.CHANNEL)


def _status(query: OrderQuery, status: OrderStatus) -> Option:
    is_on = status in query.statuses
    chosen = toggled(query.statuses, status)
    kept = _no_longer_out(query, Facet.STATUS, status.value)
    href = orders_path(dataclasses.replace(kept, statuses=chosen))
    option = Option(status.value, status.label, href, is_on, pill=status_pill(status))
    return out_option(query, option, Facet.STATUS)


def _no_longer_out(query: OrderQuery, facet: Facet, value: str) -> OrderQuery:
    without = tuple(one for one in query.pick(facet).without if one != value)
    return query.picking(Pick(facet, (), without))


def _attention(query: OrderQuery, kind: Attention) -> Option:
    is_on = query.attention is kind
    href = orders_path(dataclasses.replace(query, attention=None if is_on else kind))
    return Option(kind.value, NAMES[kind], href, is_on, hint=SENTENCES[kind])


def _preset(query: OrderQuery, word: Placed, today: date) -> Option:
    days = word.days(today)
    is_on = query.days(today) == days
    rest = dataclasses.replace(
        query, placed=None if is_on else word, placed_from=None, placed_to=None
    )
    return Option(word.value, word.label, orders_path(rest), is_on, hint=range_hint(*days))
