"""What each account calls the things that we sell: its list, kept by people and programs.

An account with at least one line keeps a list; from then on a SKU that its orders to ship carry and
the list does not name stands on the exceptions desk until it is named.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import any_, func, literal, or_, text, tuple_
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import Session, col, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import TO_SHIP
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import InvalidInputError, NotFoundError
from crm_app.models import ChannelAccount, ChannelSku, UnmappedSku
from crm_app.services import audit, bulk, reach
from crm_app.services.accounts import get_account

MOST_LINES: Final = 20_000
_LONGEST: Final = 120
_LONGEST_TITLE: Final = 300
_MOST_PROBLEMS: Final = 10
_COLUMNS: Final = ("account_id", "channel_sku", "sku", "title", "changed_at", "changed_by")
# In the first line of a sheet, as people and other systems head their columns.
_HEADINGS: Final = {
    "channel_sku": ("channel sku", "channel_sku", "seller sku", "listing sku", "channel"),
    "sku": ("sku", "our sku", "our_sku", "item code"),
    "title": ("title", "name", "item name", "product"),
}
_REFRESH: Final = text(
    f"""
    WITH carried AS (
        SELECT l.sku, min(l.title) AS title, count(DISTINCT o.id) AS orders, min(o.id) AS example
        FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.account_id = :account_id
            AND o.status IN ({", ".join(repr(one.value) for one in TO_SHIP)})
            AND NOT o.fulfilled_by_channel AND l.sku <> ''
            AND NOT EXISTS (SELECT 1 FROM channel_skus k
                WHERE k.account_id = o.account_id AND k.channel_sku = l.sku)
        GROUP BY l.sku
    ), gone AS (
        DELETE FROM unmapped_skus u WHERE u.account_id = :account_id
            AND NOT EXISTS (SELECT 1 FROM carried c WHERE c.sku = u.channel_sku)
    )
    INSERT INTO unmapped_skus (account_id, channel_sku, title, orders, example_order_id,
        first_seen_at)
    SELECT :account_id, sku, left(title, {_LONGEST_TITLE}), orders, example, :moment FROM carried
    ON CONFLICT (account_id, channel_sku) DO UPDATE
        SET orders = excluded.orders, example_order_id = excluded.example_order_id
    """  # noqa: S608 - words of our own
)


@dataclass(frozen=True, slots=True)
class AccountList:
    """How long an account's list is, and how many SKUs of orders to ship it does not name."""

    account_id: int
    channel: Channel
    name: str
    lines: int
    unmapped: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a sheet; each line is counted once."""

    added: int
    changed: int
    unchanged: int
    problem_count: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    channel_sku: str
    sku: str
    title: str


def overview(session: Session, actor: Actor) -> list[AccountList]:
    """Every account with the length of its list, by name.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    lines = columns(func.count()).where(col(ChannelSku.account_id) == col(ChannelAccount.id))
    unmapped = columns(func.count()).where(
        col(UnmappedSku.account_id) == col(ChannelAccount.id), _keeps_list()
    )
    rows = session.execute(
        columns(
            col(ChannelAccount.id),
            col(ChannelAccount.channel),
            col(ChannelAccount.name),
            lines.scalar_subquery(),
            unmapped.scalar_subquery(),
        ).order_by(col(ChannelAccount.name), col(ChannelAccount.id))
    )
    return [AccountList(*row) for row in rows]


def _keeps_list() -> Any:
    found = select(ChannelSku.account_id).where(ChannelSku.account_id == ChannelAccount.id)
    return found.correlate(ChannelAccount).exists()


def list_skus(
    session: Session,
    actor: Actor,
    account_id: int,
    *,
    search: str = "",
    after: str = "",
    limit: int = 50,
) -> list[ChannelSku]:
    """An account's list, by the channel's SKU, behind `after`.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
        NotFoundError: If there is no such account.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    get_account(session, account_id)
    statement = select(ChannelSku).where(
        ChannelSku.account_id == account_id, col(ChannelSku.channel_sku) > after
    )
    if words := search.strip():
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        kept = (ChannelSku.channel_sku, ChannelSku.sku, ChannelSku.title)
        statement = statement.where(or_(*(col(one).ilike(like) for one in kept)))
    return list(session.exec(statement.order_by(col(ChannelSku.channel_sku)).limit(limit)))


def list_unmapped(session: Session, actor: Actor, account_id: int) -> list[UnmappedSku]:
    """What the account's list does not name, the most frequent first.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    return list(
        session.exec(
            select(UnmappedSku)
            .where(UnmappedSku.account_id == account_id)
            .order_by(col(UnmappedSku.orders).desc(), col(UnmappedSku.channel_sku))
            .limit(200)
        )
    )


def put(
    session: Session, actor: Actor, account_id: int, channel_sku: str, sku: str, title: str = ""
) -> ChannelSku:
    """Say which SKU of ours one of an account's is.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
        NotFoundError: If there is no such account.
        InvalidInputError: If one of the two is missing or unusable; `details` names it.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    get_account(session, account_id)
    line = _Line(channel_sku.strip(), sku.strip(), " ".join(title.split()))
    if mistakes := _mistakes(line):
        raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
    before = session.get(ChannelSku, (account_id, line.channel_sku), with_for_update=True)
    _write(session, actor, account_id, [line])
    session.flush()
    found = session.get_one(ChannelSku, (account_id, line.channel_sku), populate_existing=True)
    _note(
        session,
        actor,
        account_id,
        "sku:mapped",
        before={line.channel_sku: before.sku} if before else {},
        after={line.channel_sku: found.sku},
    )
    refresh(session, account_id)
    return found


def remove(session: Session, actor: Actor, account_id: int, channel_sku: str) -> None:
    """Take a line off an account's list.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
        NotFoundError: If the list does not have it.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    found = session.get(ChannelSku, (account_id, channel_sku), with_for_update=True)
    if found is None:
        raise NotFoundError("SKU", channel_sku[:80])
    session.delete(found)
    session.flush()
    _note(session, actor, account_id, "sku:removed", before={channel_sku: found.sku}, after={})
    refresh(session, account_id)


def take_sheet(session: Session, actor: Actor, account_id: int, sheet: str) -> Taken:
    """Add the lines of a sheet to an account's list; what it does not name stays.

    Args:
        session: An open transaction.
        actor: Must hold `mappings.manage`.
        account_id: Whose list.
        sheet: Channel SKU, our SKU and title, separated by comma, semicolon or tab, with or
            without headings; at most `MOST_LINES` lines.

    Raises:
        PermissionDeniedError: If the actor may not.
        NotFoundError: If there is no such account.
        InvalidInputError: If no line can be used, or there are too many.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    get_account(session, account_id)
    lines, problems = _read(sheet)
    if not lines:
        said = problems[0] if problems else "The sheet has no line."
        raise InvalidInputError(said, details={"sheet": said})
    there = {
        one.channel_sku: (one.sku, one.title)
        for one in session.exec(
            select(ChannelSku)
            .where(
                ChannelSku.account_id == account_id,
                col(ChannelSku.channel_sku) == any_(literal(list(lines), ARRAY(String))),
            )
            .with_for_update()
        )
    }
    same = sum(there.get(key) == (line.sku, line.title) for key, line in lines.items())
    _write(session, actor, account_id, lines.values())
    added = len(lines) - len(there)
    taken = Taken(added, len(there) - same, same, len(problems), tuple(problems[:_MOST_PROBLEMS]))
    counts = {"added": taken.added, "changed": taken.changed}
    _note(session, actor, account_id, "sku:sheet:taken", before={}, after=counts)
    refresh(session, account_id)
    return taken


def refresh(session: Session, account_id: int) -> None:
    """Look again at which SKUs the account's list does not name. Started by the clock as well."""
    session.flush()
    session.execute(_REFRESH, {"account_id": account_id, "moment": now()})


def accounts_with_lists(session: Session) -> list[int]:
    """Ids of the accounts that keep a list."""
    return list(session.exec(select(ChannelSku.account_id).distinct()))


def _read(sheet: str) -> tuple[dict[str, _Line], list[str]]:
    """Lines by channel SKU, the last one of each, and what was wrong with others."""
    text_ = sheet.removeprefix("\ufeff").replace("\x00", "")
    first = text_.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(text_), delimiter=delimiter))
    order = _headings(rows[0]) if rows else None
    start = 1 if order else 0
    places = order or {"channel_sku": 0, "sku": 1, "title": 2}
    if len(rows) - start > MOST_LINES:
        return {}, [f"At most {MOST_LINES:,} lines in one sheet."]
    lines: dict[str, _Line] = {}
    problems: list[str] = []
    for number, row in enumerate(rows[start:], start + 1):
        if not any(cell.strip() for cell in row):
            continue
        line = _line(row, places)
        if mistakes := _mistakes(line):
            problems.append(f"Line {number}: {' '.join(mistakes.values())}")
        else:
            lines[line.channel_sku] = line
    return lines, problems


def _headings(row: list[str]) -> dict[str, int] | None:
    words = [cell.strip().lower() for cell in row]
    found: dict[str, int] = {}
    for name, spellings in _HEADINGS.items():
        place = next((words.index(one) for one in spellings if one in words), None)
        if place is not None:
            found[name] = place
    return found if "channel_sku" in found and "sku" in found else None


def _line(row: list[str], places: dict[str, int]) -> _Line:
    def cell(name: str) -> str:
        place = places.get(name)
        return row[place].strip() if place is not None and place < len(row) else ""

    return _Line(cell("channel_sku"), cell("sku"), " ".join(cell("title").split()))


def _mistakes(line: _Line) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, what in (("channel_sku", "The channel's SKU"), ("sku", "Our SKU")):
        value = getattr(line, name)
        if not value:
            found[name] = f"{what} is missing."
        elif len(value) > _LONGEST or not value.isprintable():
            found[name] = f"{what} has at most {_LONGEST} plain characters."
    if len(line.title) > _LONGEST_TITLE or not line.title.isprintable():
        found["title"] = f"The title has at most {_LONGEST_TITLE} plain characters."
    return found


def _write(session: Session, actor: Actor, account_id: int, lines: Iterable[_Line]) -> None:
    stamp: dict[str, Any] = {
        "account_id": account_id,
        "changed_at": now(),
        "changed_by": actor.label,
    }
    rows = [
        {"channel_sku": one.channel_sku, "sku": one.sku, "title": one.title, **stamp}
        for one in sorted(lines, key=lambda line: line.channel_sku)
    ]
    statement = bulk.insert_rows(ChannelSku, _COLUMNS)
    new, is_other = statement.excluded, tuple_(ChannelSku.sku, ChannelSku.title)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "channel_sku"],
            set_={name: new[name] for name in _COLUMNS[2:]},
            # Who changed it last is no news where nothing changed.
            where=is_other.is_distinct_from(tuple_(new.sku, new.title)),
        ),
        bulk.parameter(rows),
    )


def _note(
    session: Session,
    actor: Actor,
    account_id: int,
    action: str,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    audit.record(
        session,
        actor,
        action,
        subject_type="account",
        subject_id=account_id,
        before=before,
        after=after,
    )
