"""The bulk actions on working data: each is one of `services.working`'s changes, on many orders."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Protocol

from sqlalchemy import select as columns
from sqlmodel import Session, col

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import Outcome
from crm_app.domain.permissions import Permission
from crm_app.domain.time import day_start
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import InvalidInputError
from crm_app.models import BulkRow, BulkRun, Order
from crm_app.services.bulk_action import Item, Preview, Result, alike
from crm_app.services.working import holding, people, tagging
from crm_app.services.working.archiving import Archive
from crm_app.services.working.assigning import Assign, SetPriority
from crm_app.services.working.changes import Change, make_on
from crm_app.services.working.holding import Release
from crm_app.services.working.tagging import PutTag


class Kind(Protocol):
    """How settings become a change."""

    name: str
    permission: Permission

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `bulk_action.Action`."""
        ...

    def title(self, settings: dict[str, Any]) -> str:
        """See `bulk_action.Action`."""
        ...

    def change(self, session: Session, settings: dict[str, Any]) -> Change:
        """The change that checked settings stand for."""
        ...


class WorkingAction:
    """A bulk action around a kind of change; see `bulk_action.Action`."""

    can_be_undone = True

    def __init__(self, kind: Kind) -> None:
        self.name, self.permission, self._kind = kind.name, kind.permission, kind

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See `Action`."""
        return self._kind.check(settings)

    def title(self, settings: dict[str, Any]) -> str:
        """See `Action`."""
        return self._kind.title(settings)

    def preview(self, session: Session, actor: Actor, run: BulkRun) -> Preview:
        """See `Action`. Orders that are alike to the change are judged once."""
        del actor
        preview, change = Preview(), self._kind.change(session, run.settings)
        for count, examples, _, seen in alike(session, _facts(run.id, change)):
            fate = change.fate(*seen)
            preview.add(fate.sentence, count, examples, changes=fate.changes)
        return preview.sorted()

    def apply(
        self, session: Session, actor: Actor, run: BulkRun, items: Sequence[Item]
    ) -> list[Result]:
        """See `Action`."""
        change = self._kind.change(session, run.settings)
        ids = [item.order.id for item in items]
        made = make_on(session, actor, change, ids, run_id=run.id)
        return results(items, made.refused)


def results(items: Sequence[Item], refused: dict[int, str]) -> list[Result]:
    """One result for each order: refused with its reason, or changed."""
    return [
        Result(
            item.row.position,
            Outcome.REFUSED if item.order.id in refused else Outcome.CHANGED,
            reason=refused.get(item.order.id, ""),
            found_version=item.order.version,
            from_status=item.order.status,
        )
        for item in items
    ]


def _facts(run_id: int, change: Change) -> Any:
    """Id, number and account of each order of the run, then what the change looks at."""
    seen = [column.label(f"seen_{at}") for at, column in enumerate(change.looks_at())]
    return (
        columns(col(Order.id), col(Order.order_number), col(Order.account_id), *seen)
        .select_from(Order)
        .join(BulkRow, col(BulkRow.order_id) == Order.id)
        .where(col(BulkRow.run_id) == run_id)
    )


class _Assign:
    """Settings: `assignee`, a person's id; empty takes the orders from whoever has them."""

    name = "assign"
    permission = Permission.ASSIGN_ORDERS

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        word = str(settings.get("assignee", "")).strip()
        if word and not (word.isascii() and word.isdecimal() and len(word) < 19):
            raise _mistake("assignee", "Choose who gets these orders.")
        return {"assignee": word}

    def title(self, settings: dict[str, Any]) -> str:
        return "Give to a colleague" if settings["assignee"] else "Take from colleagues"

    def change(self, session: Session, settings: dict[str, Any]) -> Change:
        word = settings["assignee"]
        return Assign(people.colleague(session, int(word)) if word else None)


class _Prioritise:
    """Settings: `priority`."""

    name = "priority"
    permission = Permission.ASSIGN_ORDERS

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        word = str(settings.get("priority", ""))
        if word not in list(Priority):
            raise _mistake("priority", f"The priority is one of {', '.join(Priority)}.")
        return {"priority": word}

    def title(self, settings: dict[str, Any]) -> str:
        return f"Priority to {settings['priority']}"

    def change(self, session: Session, settings: dict[str, Any]) -> Change:
        del session
        return SetPriority(Priority(settings["priority"]))


class _Tag:
    """Settings: `tag`, the name of one that exists."""

    permission = Permission.TAG_ORDERS

    def __init__(self, name: str, *, is_on: bool) -> None:
        self.name, self._is_on = name, is_on

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        name = " ".join(str(settings.get("tag", "")).split())
        if not name or len(name) > tagging.LONGEST_NAME:
            raise _mistake("tag", "Choose a tag.")
        return {"tag": name}

    def title(self, settings: dict[str, Any]) -> str:
        return f"{'Tag' if self._is_on else 'Remove tag'} {settings['tag']}"

    def change(self, session: Session, settings: dict[str, Any]) -> Change:
        return PutTag(tagging.named(session, settings["tag"]), self._is_on)


class _Hold:
    """Settings: `reason`; `until`, a day or a moment, or empty; `note`."""

    name = "hold"
    permission = Permission.HOLD_ORDERS

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        word = str(settings.get("reason", ""))
        if word not in list(HoldReason):
            raise _mistake("reason", f"The reason is one of {', '.join(HoldReason)}.")
        until = moment_of(str(settings.get("until", "")))
        hold = holding.checked(HoldReason(word), until, str(settings.get("note", "")))
        return {
            "reason": hold.reason.value,
            "until": hold.until.isoformat() if hold.until else "",
            "note": hold.note,
        }

    def title(self, settings: dict[str, Any]) -> str:
        return f"Hold: {HoldReason(settings['reason']).label.lower()}"

    def change(self, session: Session, settings: dict[str, Any]) -> Change:
        del session
        until = datetime.fromisoformat(settings["until"]) if settings["until"] else None
        return holding.Hold(HoldReason(settings["reason"]), until, settings["note"])


class _Plain:
    """No settings."""

    def __init__(self, name: str, permission: Permission, title: str, change: Change) -> None:
        self.name, self.permission = name, permission
        self._title, self._change = title, change

    def check(self, settings: dict[str, Any]) -> dict[str, Any]:
        del settings
        return {}

    def title(self, settings: dict[str, Any]) -> str:
        del settings
        return self._title

    def change(self, session: Session, settings: dict[str, Any]) -> Change:
        del session, settings
        return self._change


_ARCHIVE: Final = Permission.ARCHIVE_ORDERS
_KINDS: Final[tuple[Kind, ...]] = (
    _Assign(),
    _Prioritise(),
    _Tag("tag", is_on=True),
    _Tag("untag", is_on=False),
    _Hold(),
    _Plain("release", Permission.HOLD_ORDERS, "Release from hold", Release()),
    _Plain("archive", _ARCHIVE, "Archive", Archive(is_archived=True)),
    _Plain("unarchive", _ARCHIVE, "Take out of the archive", Archive(is_archived=False)),
)
ACTIONS: Final = tuple(WorkingAction(kind) for kind in _KINDS)
NAMES: Final = frozenset(action.name for action in ACTIONS)


def moment_of(text: str) -> datetime | None:
    """A release date: a day such as 2026-11-25 (its first moment where the business is), a moment
    with its zone, or nothing.

    Raises:
        InvalidInputError: If it is neither.
    """
    word = text.strip()
    if not word:
        return None
    try:
        if len(word) == len("2026-11-25"):
            return day_start(date.fromisoformat(word), get_settings().zone)
        moment = datetime.fromisoformat(word)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _mistake("until", f"{word[:40]!r} is no day such as 2026-11-25.")
    return moment


def _mistake(name: str, sentence: str) -> InvalidInputError:
    return InvalidInputError(sentence, details={name: sentence})
