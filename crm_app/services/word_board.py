"""Everything that the page of status words shows, read in one transaction."""

from dataclasses import dataclass

from sqlmodel import Session, select

from crm_app.channels import capabilities
from crm_app.channels.words import Word
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.models import ChannelAccount, Replay
from crm_app.services import replays, status_words, unknown_words
from crm_app.services.status_words import ChannelTable
from crm_app.services.unknown_words import UnmappedReport


@dataclass(frozen=True, slots=True)
class Board:
    """The words without a meaning, and one channel in full.

    Attributes:
        channels: Those that have words; connected ones first.
        connected: Those that have an account.
        left_over: By the id of a decision: how many orders were read before it and not since.
        replay: The newest one of the channel.
    """

    reports: tuple[UnmappedReport, ...]
    channels: tuple[Channel, ...]
    connected: frozenset[Channel]
    table: ChannelTable
    left_over: dict[int, int]
    replay: Replay | None


def read(session: Session, actor: Actor, channel: Channel | None) -> Board:
    """The board with this channel opened; None opens the one that most needs a person.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
    """
    decided = status_words.list_decided(session, actor, channel)
    reports = tuple(unknown_words.unmapped(session))
    found = session.exec(select(ChannelAccount.channel).distinct())
    connected = frozenset(Channel(one) for one in found)
    channels = _channels(connected)
    shown = channel or next((one.channel for one in reports), channels[0])
    return Board(
        reports=reports,
        channels=channels,
        connected=connected,
        table=status_words.table(session, actor, shown),
        left_over={
            row.id: unknown_words.count_orders(
                session,
                replays.account_ids(session, row.channel, row.account_id),
                Word(row.vocabulary, row.word),
            )
            for row in decided
            if row.channel is shown
        },
        replay=replays.latest(session, actor, shown),
    )


def _channels(connected: frozenset[Channel]) -> tuple[Channel, ...]:
    with_words = [one for one in Channel if capabilities.of(one).vocabularies]
    return tuple(sorted(with_words, key=lambda one: one not in connected))
