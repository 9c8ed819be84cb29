"""How far a verb reaches: over all channel accounts, or over some."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crm_app.domain.channel import Channel


class ReachKind(StrEnum):
    ALL = "all"
    CHANNELS = "channels"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True)
class Reach:
    """The accounts on which a verb is held.

    Attributes:
        is_all: All there are and will be.
        channels: Every account of these, also one that is connected later.
        accounts: Ids of the accounts that are reached now, those of `channels` among them.
    """

    is_all: bool = False
    channels: frozenset[Channel] = frozenset()
    accounts: frozenset[int] = frozenset()

    def holds(self, account_id: int | None) -> bool:
        """Whether an account is reached; what belongs to none is reached from everywhere only."""
        return self.is_all or account_id in self.accounts

    def holds_channel(self, channel: Channel) -> bool:
        """Whether an account of this channel that is not yet there would be reached."""
        return self.is_all or channel in self.channels

    def covers(self, other: "Reach") -> bool:
        """Whether everything of the other is reached, now and later."""
        return self.is_all or (
            not other.is_all and other.channels <= self.channels and other.accounts <= self.accounts
        )

    def __or__(self, other: "Reach") -> "Reach":
        if self.is_all or other.is_all:
            return EVERYWHERE
        return Reach(False, self.channels | other.channels, self.accounts | other.accounts)

    def __and__(self, other: "Reach") -> "Reach":
        if self.is_all:
            return other
        if other.is_all:
            return self
        return Reach(False, self.channels & other.channels, self.accounts & other.accounts)

    def __bool__(self) -> bool:
        return self.is_all or bool(self.channels or self.accounts)

    @staticmethod
    def union(parts: "Iterable[Reach]") -> "Reach":
        """What any of them reaches."""
        found = NOWHERE
        for part in parts:
            found |= part
        return found


EVERYWHERE: Final = Reach(is_all=True)
NOWHERE: Final = Reach()
