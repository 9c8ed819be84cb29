"""A file as a person reads it. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_app.domain.download import ACTIVE, DownloadState
from crm_app.models import Download
from crm_app.ui.shared import times
from crm_app.ui.shared.tones import Pill, Stage, Tone

_STATES: Final[dict[DownloadState, tuple[Tone, Stage]]] = {
    DownloadState.QUEUED: ("mute", "0"),
    DownloadState.RUNNING: ("info", "3"),
    DownloadState.DONE: ("ok", "done"),
    DownloadState.FAILED: ("bad", "alert"),
    DownloadState.CANCELLED: ("mute", "stop"),
}
_UNITS: Final = ("B", "kB", "MB", "GB")
_STEP: Final = 1024


@dataclass(frozen=True)
class DownloadRow:
    """One line of the list."""

    id: int = 0
    key: str = ""
    title: str = ""
    format: str = ""
    state: Pill = field(default_factory=Pill)
    is_active: bool = False
    percent: int = 0
    progress: str = ""
    orders: str = ""
    size: str = ""
    note: str = ""
    asked: str = ""
    asked_exact: str = ""
    kept: str = ""
    # Empty where there is nothing to take.
    href: str = ""

    @classmethod
    def of(cls, one: Download, now: datetime, zone: ZoneInfo) -> Self:
        tone, stage = _STATES[one.state]
        is_gone = one.emptied_at is not None
        is_ready = one.state is DownloadState.DONE and not is_gone
        return cls(
            id=one.id,
            key=str(one.id),
            title=one.title,
            format=one.format.label,
            state=Pill("Deleted", "mute", "stop")
            if is_gone
            else Pill(one.state.label, tone, stage),
            is_active=one.state in ACTIVE,
            percent=100 * one.done // one.total if one.total else 0,
            progress=f"{one.done:,} of {one.total:,}" if one.total else "Counting the orders",
            orders=f"{one.total:,}" if one.total else "",
            size=size_text(one.size) if is_ready else "",
            note=one.reason,
            asked=times.when(one.created_at, now, zone),
            asked_exact=times.exact(one.created_at, zone),
            kept=f"until {times.day(one.expires_at, now, zone)}"
            if is_ready and one.expires_at
            else "",
            href=f"/api/v1/exports/{one.id}/file" if is_ready else "",
        )


def size_text(size: int) -> str:
    """`318 kB`, `1.4 MB`."""
    number, unit = float(size), 0
    while number >= _STEP and unit < len(_UNITS) - 1:
        number, unit = number / _STEP, unit + 1
    places = 1 if unit and number < 10 else 0
    return f"{number:.{places}f} {_UNITS[unit]}"
