"""The timeline of an order: what happened and what was said, in one list. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from crm_app.domain.actor import ActorKind
from crm_app.services.order_view import EventView
from crm_app.services.working.comments import CommentView
from crm_app.ui.shared import times

# What a person can narrow the timeline to.
Sort = Literal["said", "status", "desk", "channel"]

_DOTS: Final = {
    ActorKind.PERSON: "person",
    ActorKind.TOKEN: "person",
    ActorKind.SERVICE: "person",
    ActorKind.CHANNEL: "channel",
    ActorKind.SYSTEM: "system",
}
_DESK: Final = (
    "order:assigned",
    "order:priority",
    "order:tagged",
    "order:untagged",
    "order:held",
    "order:released",
    "order:archived",
    "order:unarchived",
)
_STATUS: Final = ("order:status", "order:part", "order:settled", "intent:")
# The comment itself stands in its place.
_SHOWN_AS_COMMENT: Final = "comment:added"


@dataclass(frozen=True)
class Entry:
    """One entry. `text` is a comment's; `sentence` is what else happened."""

    key: str
    sort: Sort
    who: str
    sentence: str
    at: str
    exact: str
    dot: str
    text: str = ""
    comment: int = 0
    is_mine: bool = False
    edited: str = ""

    @classmethod
    def of_event(cls, event: EventView, channel: str, now: datetime, zone: ZoneInfo) -> Self:
        of_channel = f" ev-{channel}" if event.actor_kind is ActorKind.CHANNEL else ""
        return cls(
            key=f"e{event.id}",
            sort=_sort(event),
            who=event.actor_label,
            sentence=event.sentence,
            at=times.when(event.at, now, zone),
            exact=times.exact(event.at, zone),
            dot=f"ev ev-{_DOTS[event.actor_kind]}{of_channel}",
        )

    @classmethod
    def of_comment(cls, comment: CommentView, now: datetime, zone: ZoneInfo) -> Self:
        return cls(
            key=f"c{comment.id}",
            sort="said",
            who=comment.author,
            sentence="",
            at=times.when(comment.created_at, now, zone),
            exact=times.exact(comment.created_at, zone),
            dot="ev ev-person",
            text=comment.text,
            comment=comment.id,
            is_mine=comment.is_mine,
            edited=f"edited {times.when(comment.edited_at, now, zone)}"
            if comment.edited_at
            else "",
        )


def entries(
    events: Sequence[EventView],
    comments: Sequence[CommentView],
    channel: str,
    now: datetime,
    zone: ZoneInfo,
) -> list[Entry]:
    """Both in one list, the newest first."""
    found = [
        (event.at, Entry.of_event(event, channel, now, zone))
        for event in events
        if event.kind != _SHOWN_AS_COMMENT
    ]
    found += [(one.created_at, Entry.of_comment(one, now, zone)) for one in comments]
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _sort(event: EventView) -> Sort:
    if event.kind.startswith("comment:"):
        return "said"
    if event.kind.startswith(_DESK):
        return "desk"
    return "status" if event.kind.startswith(_STATUS) else "channel"
