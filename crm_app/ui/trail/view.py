"""Entries of the audit trail and its walks, ready to draw. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm_app.errors import InvalidInputError
from crm_app.models import AuditCheck, AuditEntry, CheckState
from crm_app.services.trail import TrailQuery
from crm_app.ui.shared import times

TRAIL: Final = "/audit"
_PARAMS: Final = ("person", "action", "subject", "from", "to", "q")
_LONGEST: Final = 120


def asked(params: Mapping[str, str]) -> TrailQuery:
    """The entries that an address names.

    Raises:
        InvalidInputError: If a day or a number is none.
    """
    told = {name: params.get(name, "").strip()[:_LONGEST] for name in _PARAMS}
    try:
        return TrailQuery(
            person=int(told["person"]) if told["person"] else None,
            action=told["action"],
            subject=told["subject"],
            first_day=date.fromisoformat(told["from"]) if told["from"] else None,
            last_day=date.fromisoformat(told["to"]) if told["to"] else None,
            words=told["q"],
        )
    except ValueError as error:
        raise InvalidInputError("This address names no day or person.") from error


def path_of(params: Mapping[str, str], before: int | None = None) -> str:
    """The address of the page with these filters, below an entry."""
    kept = {name: params[name].strip() for name in _PARAMS if params.get(name, "").strip()}
    if before is not None:
        kept["before"] = str(before)
    return f"{TRAIL}?{urlencode(kept)}" if kept else TRAIL


@dataclass(frozen=True)
class EntryRow:
    """One deed."""

    key: str
    at: str
    at_exact: str
    who: str
    address: str
    action: str
    subject: str
    change: str
    is_refusal: bool

    @classmethod
    def of(cls, entry: AuditEntry, moment: datetime, zone: ZoneInfo) -> Self:
        return cls(
            key=str(entry.id),
            at=times.when(entry.at, moment, zone),
            at_exact=times.exact(entry.at, zone),
            who=entry.actor_label,
            address=entry.address,
            action=action_words(entry.action),
            subject=f"{entry.subject_type} {entry.subject_id}",
            change=change_words(entry.before, entry.after),
            is_refusal=entry.action.endswith(":refused"),
        )


def action_words(action: str) -> str:
    """`order:status:changed` as "Order status changed", `sku:sheet:taken` as "SKU sheet taken"."""
    words = action.replace(":", " ").replace("-", " ").replace("_", " ").capitalize()
    return f"SKU{words[3:]}" if words.startswith("Sku") else words


def change_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What was, and what is: `status: new → packed; n: 5`."""
    told: list[str] = []
    for name in sorted({*before, *after}):
        label = name.replace("_", " ")
        if name in before and name in after:
            told.append(f"{label}: {_value(before[name])} → {_value(after[name])}")
        elif name in after:
            told.append(f"{label}: {_value(after[name])}")
        else:
            told.append(f"{label}: {_value(before[name])} → nothing")
    return "; ".join(told)


def _value(value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_value(one) for one in value)  # pyright: ignore[reportUnknownVariableType]
        case dict():
            return ", ".join(f"{key} {_value(one)}" for key, one in value.items())  # pyright: ignore[reportUnknownVariableType]
        case _:
            return str(value)


@dataclass(frozen=True)
class CheckView:
    """The newest walk over the trail: what came out, or how far it is."""

    tone: str = "mute"
    sign: str = "shield"
    says: str = "The trail was not checked yet."
    is_running: bool = False
    percent: int = 0

    @classmethod
    def of(cls, check: AuditCheck | None, moment: datetime, zone: ZoneInfo) -> Self:
        if check is None:
            return cls()
        if check.state is CheckState.RUNNING:
            percent = min(100, check.reached * 100 // max(1, check.total))
            return cls("info", "loader", f"{check.reached:,} entries so far", True, percent)
        when = times.when(check.finished_at, moment, zone) if check.finished_at else ""
        if check.state is CheckState.BROKEN:
            return cls("bad", "shield-alert", f"It cannot be believed. {check.reason} ({when})")
        entries = "1 entry" if check.reached == 1 else f"all {check.reached:,} entries"
        return cls("ok", "shield-check", f"Nothing was rewritten: {entries} proved {when}.")
