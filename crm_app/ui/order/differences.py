"""Where two say different things of an order: the channel and we, or two people. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from crm_app.domain.order_status import SyncStatus
from crm_app.domain.rules import Field
from crm_app.errors import CrmError
from crm_app.services.order_view import DisputeView, OrderDetail
from crm_app.ui.shared import times
from crm_app.ui.shared.words import Word


@dataclass(frozen=True)
class Dispute:
    """A field that the channel changed too: a person decides."""

    name: str
    label: str
    sentence: str
    ours: Word = field(default_factory=Word)
    theirs: Word = field(default_factory=Word)
    keep_label: str = ""
    take_label: str = ""

    @classmethod
    def of(cls, one: DisputeView, channel: str, now: datetime, zone: ZoneInfo) -> Self:
        name = one.field.label.lower()
        return cls(
            name=one.field.value,
            label=one.field.label,
            sentence=f"{channel} changed the {name} after the order was packed.",
            ours=Word("Ours", one.ours),
            theirs=Word(
                channel,
                one.theirs,
                at=times.when(one.told_at, now, zone),
                exact=times.exact(one.told_at, zone),
            ),
            keep_label=f"Keep our {name}",
            take_label=f"Take {channel}'s {name}",
        )


def disputes_of(detail: OrderDetail, now: datetime, zone: ZoneInfo) -> list[Dispute]:
    """Every field that a person has to decide, the status first."""
    channel = detail.order.channel.label
    others = [Dispute.of(one, channel, now, zone) for one in detail.disputes]
    if detail.order.sync_status not in (SyncStatus.REJECTED, SyncStatus.CONFLICT):
        return others
    ours, theirs = words_of(detail, now, zone)
    is_refused = detail.order.sync_status is SyncStatus.REJECTED
    word = detail.order.status_on_channel
    status = Dispute(
        name=Field.STATUS.value,
        label="Status",
        sentence=f"{channel} refused it." if is_refused else f"{channel} says something else.",
        ours=ours,
        theirs=theirs,
        keep_label=f"Send {ours.status} again",
        take_label=f"Take {channel}'s word" + (f": {word.label}" if word else ""),
    )
    return [status, *others]


@dataclass(frozen=True)
class Changed:
    """A field that somebody changed while a person was typing."""

    label: str
    before: str
    after: str
    who: str
    at: str
    exact: str


def changed_of(error: CrmError, now: datetime, zone: ZoneInfo) -> list[Changed]:
    """What a conflict says was changed meanwhile; nothing for any other error."""
    found: list[dict[str, Any]] = error.details.get("changes", [])
    return [
        Changed(
            label=one["label"],
            before=one["before"],
            after=one["after"] or "changed",
            who=one["who"],
            at=times.when(datetime.fromisoformat(one["at"]), now, zone),
            exact=times.exact(datetime.fromisoformat(one["at"]), zone),
        )
        for one in found
    ]


def words_of(detail: OrderDetail, now: datetime, zone: ZoneInfo) -> tuple[Word, Word]:
    """Our status and the channel's, each with its time."""
    newest = detail.intents[0] if detail.intents else None
    ours = Word("Ours", detail.order.status.label)
    if newest is not None:
        ours = Word(
            "Ours",
            detail.order.status.label,
            at=times.when(newest.created_at, now, zone),
            exact=times.exact(newest.created_at, zone),
            who=f"by {newest.actor_label}",
        )
    known = detail.order.status_on_channel
    theirs = Word(
        detail.order.channel.label,
        known.label if known else "Not known to us",
        detail.order.channel_status,
        times.when(detail.channel_word_at, now, zone),
        times.exact(detail.channel_word_at, zone),
    )
    return ours, theirs
