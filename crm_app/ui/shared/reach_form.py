"""The part of a form that says where a role holds: everywhere, on channels, or on accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import reflex as rx

from crm_app.domain.channel import Channel
from crm_app.domain.reach import ReachKind
from crm_app.errors import InvalidInputError
from crm_app.services.granting import Granting
from crm_app.services.role_words import Place
from crm_app.ui.shared.marks import channel_mark

_WORDS: Final = {
    ReachKind.ALL: "On all accounts",
    ReachKind.CHANNELS: "On some channels",
    ReachKind.ACCOUNTS: "On some accounts",
}


@dataclass(frozen=True)
class GrantLine:
    """One role that is being given; `role` and `picked` are ids and words as texts."""

    key: int
    role: str
    reach: str
    picked: list[str]

    @classmethod
    def of(cls, key: int, granting: Granting) -> Self:
        picked = [one.value for one in granting.channels] or list(map(str, granting.account_ids))
        return cls(key, str(granting.role_id), granting.reach.value, picked)

    def granting(self) -> Granting:
        """What it asks for.

        Raises:
            InvalidInputError: If a browser sent what no form of ours does.
        """
        role_id = number(self.role)
        if self.reach == ReachKind.CHANNELS:
            known = {one.value: one for one in Channel}
            channels = tuple(known[word] for word in self.picked if word in known)
            return Granting(role_id, ReachKind.CHANNELS, channels=channels)
        if self.reach == ReachKind.ACCOUNTS:
            accounts = tuple(number(word) for word in self.picked)
            return Granting(role_id, ReachKind.ACCOUNTS, account_ids=accounts)
        return Granting(role_id)


@dataclass(frozen=True)
class Spot:
    """A channel or an account to tick."""

    word: str
    name: str
    channel: str
    mark: str
    label: str


def channel_spots(places: Sequence[Place]) -> list[Spot]:
    """The channels on which accounts are connected."""
    return [
        Spot(one.value, one.label, one.value, one.mark, one.label)
        for one in dict.fromkeys(place.channel for place in places)
    ]


def account_spots(places: Sequence[Place]) -> list[Spot]:
    return [
        Spot(str(one.id), one.name, one.channel.value, one.channel.mark, one.channel.label)
        for one in places
    ]


def number(word: str) -> int:
    """The id that a form sent."""
    if not word.isascii() or not word.isdecimal() or len(word) > 18:
        raise InvalidInputError("This is not there.", details={"role": "Choose one of the list."})
    return int(word)


def with_reach(line: GrantLine, word: str) -> GrantLine:
    """The line with another kind of reach, and nothing ticked."""
    known = {one.value for one in ReachKind}
    return replace(line, reach=word, picked=[]) if word in known else line


def with_spot(line: GrantLine, word: str) -> GrantLine:
    """The line with a channel or account ticked, or not any more."""
    if word in line.picked:
        return replace(line, picked=[one for one in line.picked if one != word])
    return replace(line, picked=[*line.picked, word])


def reach_form(line: Any, state: Any) -> rx.Component:
    """Where a line holds. `state` has `channels`, `accounts`, `choose_reach` and `tick`."""
    return rx.fragment(
        rx.el.select(
            *[rx.el.option(says, value=kind.value) for kind, says in _WORDS.items()],
            value=line.reach,
            on_change=lambda word: state.choose_reach(line.key, word),  # pyright: ignore[reportUnknownLambdaType]
            aria_label="Where it holds",
            class_name="field select",
        ),
        rx.match(
            line.reach,
            (ReachKind.CHANNELS.value, _spots(line, state, state.channels, "Channels")),
            (ReachKind.ACCOUNTS.value, _spots(line, state, state.accounts, "Accounts")),
            rx.fragment(),
        ),
    )


def _spots(line: Any, state: Any, spots: Any, label: str) -> rx.Component:
    def one(spot: Spot) -> rx.Component:
        return rx.el.label(
            rx.el.input(
                type="checkbox",
                checked=line.picked.contains(spot.word),
                on_change=lambda _on: state.tick(line.key, spot.word),  # pyright: ignore[reportUnknownLambdaType]
            ),
            channel_mark(spot.mark, spot.channel, spot.label),
            spot.name,
            key=spot.word,
        )

    return rx.el.div(
        rx.foreach(spots, one), class_name="reach-spots", role="group", aria_label=label
    )
