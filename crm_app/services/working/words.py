"""Events of working data in words: a sentence whose subject is the actor. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from crm_app.config import get_settings
from crm_app.domain.working import HoldReason


def _assigned(data: dict[str, Any]) -> str:
    before, after = data["assignee"]
    if after is None:
        return f"took it from {before}: it is nobody's now"
    return f"gave it to {after}" + (f", from {before}" if before else "")


def _held(data: dict[str, Any]) -> str:
    reason = HoldReason(data["hold_reason"][1]).label.lower()
    until = data["held_until"][1]
    return f"put it on hold: {reason}" + (f", until {_day(until)}" if until else "")


def _released(data: dict[str, Any]) -> str:
    return f"released it: {HoldReason(data['hold_reason'][0]).label.lower()}"


def _to(data: dict[str, Any]) -> str:
    return f" to {data['to']}" if data.get("to") else ""


_WORDS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "order:assigned": _assigned,
    "order:priority:set": lambda data: f"set the priority to {data['priority'][1]}",
    "order:tagged": lambda data: f"put the tag {data['tag'][1]} on it",
    "order:untagged": lambda data: f"took the tag {data['tag'][0]} off it",
    "order:held": _held,
    "order:released": _released,
    "order:archived": lambda _: "put it into the archive",
    "order:unarchived": lambda _: "took it out of the archive",
    "comment:added": lambda data: f"wrote a comment{_to(data)}",
    "comment:edited": lambda data: f"changed a comment{_to(data)}",
    "comment:deleted": lambda _: "deleted a comment",
}
KINDS: Final = frozenset(_WORDS)


def sentence(kind: str, data: dict[str, Any]) -> str:
    """Prose such as `gave it to Asha Kulkarni`, for one of `KINDS`."""
    return _WORDS[kind](data)


def _day(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp).astimezone(get_settings().zone)
    return f"{moment:%-d %b %Y, %H:%M}"
