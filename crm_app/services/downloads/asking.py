"""A person asks for a file: its orders are frozen by one statement, at once where they are few."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, any_, func, literal, text
from sqlalchemy import select as fields
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert
from sqlmodel import Session, col, select

from crm_app import queue
from crm_app.domain.actor import Actor
from crm_app.domain.download import ACTIVE, DownloadKind, FileFormat, Paper
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError, InvalidInputError
from crm_app.models import BulkRow, BulkRun, Download, DownloadPart, Order
from crm_app.services import audit, filter_words, order_search, reach, sudo
from crm_app.services.downloads import columns
from crm_app.services.order_query import OrderQuery, Sort
from crm_app.services.papers import printing

# Large enough that a statement costs less than its rows, small enough to stop within a moment.
PART: Final = 2_000
MAX_ORDERS: Final = 10_000_000
# A stack of paper that somebody carries; and one document is made in one go.
MAX_PRINTED: Final = 500
_MOST_AT_ONCE: Final = 10
# Freezing so many is done within a click; more of them a worker freezes first.
FROZEN_AT_ONCE: Final = 5_000
# What a person ticks row by row, or a program names.
MAX_CHOSEN: Final = FROZEN_AT_ONCE
# What an export is written as.
FORMATS: Final = (FileFormat.CSV, FileFormat.XLSX, FileFormat.JSON)
_SORTED_BY: Final[Mapping[Sort, Any]] = {
    Sort.NEWEST: col(Order.placed_at).desc(),
    Sort.OLDEST: col(Order.placed_at).asc(),
    Sort.SHIP_BY: col(Order.ship_by).asc().nulls_last(),
    Sort.SHIP_BY_LAST: col(Order.ship_by).desc().nulls_last(),
    Sort.TOTAL: col(Order.total_minor).asc().nulls_last(),
    Sort.TOTAL_HIGHEST: col(Order.total_minor).desc().nulls_last(),
}


def export(
    session: Session,
    actor: Actor,
    query: OrderQuery,
    *,
    kind: FileFormat,
    keys: Sequence[str] = (),
    key: str,
    only: Sequence[int] = (),
    without: Sequence[int] = (),
) -> Download:
    """Ask for a file with every order that matches now, or with chosen ones.

    What matches is frozen here, and so is its number; a worker writes the rows as they are then.
    Above `FROZEN_AT_ONCE` the worker freezes it too, as the first thing it does.

    Args:
        session: An open transaction.
        actor: Must hold `orders.export`; the file shows what this person may see.
        query: Filter and order of the rows; its page does not matter.
        kind: CSV, XLSX or JSON.
        keys: Of `columns.COLUMNS`, in the order of the file; none for the usual ones.
        key: Names this press: the same person's same key gives the same file.
        only: Ids of the orders, at most `MAX_CHOSEN`; of the query only the order then counts.
        without: Ids that are left out although they match, at most `MAX_CHOSEN`.

    Raises:
        PermissionDeniedError: Without the permission, or for personal columns without theirs.
        ConfirmationNeededError: For personal columns, if the actor has not just proved that it is
            them.
        InvalidInputError: If no order matches, or a choice makes no sense.
        ConflictError: If too many files of this person are in work.
    """
    reach.require(session, actor, Permission.EXPORT_ORDERS)
    check_format(kind)
    if max(len(only), len(without)) > MAX_CHOSEN:
        said = f"At most {MAX_CHOSEN:,} orders can be named one by one: take a filter instead."
        raise InvalidInputError(said, details={"orders": said})
    chosen = columns.chosen(actor, list(keys) or columns.default_keys(actor))
    if any(column.is_personal for column in chosen):
        sudo.require(actor)
    conditions = _conditions(session, actor, query, only=only, without=without)
    few = _count_up_to(session, conditions)
    if not few:
        raise _nothing()
    download, is_new = _claim(
        session,
        actor,
        key,
        kind=DownloadKind.EXPORT,
        format=kind,
        title=chosen_title(few) if only else _title(session, query, without),
        settings={
            "columns": [column.key for column in chosen],
            **({} if only else {"filter": query.first_page().params(), "without": list(without)}),
        },
        has_people=any(column.is_personal for column in chosen),
    )
    if is_new:
        if only or few <= FROZEN_AT_ONCE:
            _freeze(session, download, _matching(conditions, query.sort))
        _begin(session, actor, download)
    return download


def check_format(kind: FileFormat) -> None:
    """Refuse what no export is written as.

    Raises:
        InvalidInputError: If this is a format of papers.
    """
    if kind not in FORMATS:
        raise InvalidInputError("An export is CSV, XLSX or JSON.", details={"format": "Unusable."})


def chosen_title(count: int) -> str:
    """`3 chosen orders`."""
    return f"{count:,} chosen order{'' if count == 1 else 's'}"


def _title(session: Session, query: OrderQuery, without: Sequence[int]) -> str:
    title = filter_words.title_of(session, query)
    return f"{title[:270]}, but for {len(without):,}" if without else title


def _conditions(
    session: Session,
    actor: Actor,
    query: OrderQuery,
    *,
    only: Sequence[int] = (),
    without: Sequence[int] = (),
) -> list[ColumnElement[bool]]:
    if only:
        return [_is_one_of(only)]
    found = list(order_search.conditions_of(session, actor, query))
    return [*found, ~_is_one_of(without)] if without else found


def _is_one_of(ids: Sequence[int]) -> ColumnElement[bool]:
    return col(Order.id) == any_(literal(list(ids), ARRAY(BigInteger)))


def _count_up_to(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many match, counted to just above what is frozen at once."""
    some = select(literal(1)).where(*conditions).limit(FROZEN_AT_ONCE + 1).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


def is_frozen(download: Download) -> bool:
    """Whether it is settled which orders are in the file."""
    return download.total > 0


def freeze(session: Session, actor: Actor, download: Download) -> None:
    """Settle which orders are in a file: those that match its filter now.

    Raises:
        PermissionDeniedError: If the person may not filter so.
        InvalidInputError: If none match, or too many.
    """
    query = OrderQuery.parse(download.settings["filter"])
    found = _conditions(session, actor, query, without=download.settings.get("without", ()))
    # All of a filter: neither a page's plan nor its limits fit.
    session.execute(text("SELECT set_config('enable_seqscan', 'on', true)"))
    _freeze(session, download, _matching(found, query.sort))


def export_run(session: Session, actor: Actor, run_id: int) -> Download:
    """The file of a bulk change: its frozen orders, in the format and columns that it names.

    Raises:
        PermissionDeniedError: Without `orders.export`, or for columns that the actor may not see.
    """
    reach.require(session, actor, Permission.EXPORT_ORDERS)
    run = session.get_one(BulkRun, run_id)
    wished: str = run.settings.get("columns", "")
    chosen = columns.chosen(actor, wished.split(",") if wished else columns.default_keys(actor))
    return _of_run(
        session,
        actor,
        run_id,
        kind=DownloadKind.EXPORT,
        format=FileFormat(run.settings.get("format", FileFormat.CSV)),
        title=chosen_title(run.total),
        settings={"columns": [column.key for column in chosen]},
        has_people=any(column.is_personal for column in chosen),
    )


def print_run(session: Session, actor: Actor, run_id: int, paper: Paper) -> Download:
    """The papers of a bulk change's orders, in its order.

    Raises:
        PermissionDeniedError: If the actor may not print, or not see who bought.
    """
    printing.allow(session, actor, paper)
    return _of_run(
        session,
        actor,
        run_id,
        kind=DownloadKind.PRINT,
        format=FileFormat.PDF,
        title=paper.label,
        settings={"paper": paper.value},
        has_people=paper.shows_people,
    )


def _of_run(session: Session, actor: Actor, run_id: int, **row: Any) -> Download:
    download, is_new = _claim(session, actor, f"run-{run_id}", run_id=run_id, **row)
    if is_new:
        place: Any = col(BulkRow.position) - 1
        number: Any = col(BulkRow.order_id)
        rows: Any = fields(number.label("id"), place.label("place"))
        rows = rows.where(col(BulkRow.run_id) == run_id)
        _freeze(session, download, rows)
        _begin(session, actor, download)
    return download


def _claim(session: Session, actor: Actor, key: str, **row: Any) -> tuple[Download, bool]:
    if not 1 <= len(key) <= 64 or not key.isprintable():
        raise InvalidInputError("The key is 1 to 64 characters.", details={"key": "Unusable."})
    known = _of_key(session, actor, key)
    if known is not None:
        return known, False
    waiting = select(func.count()).where(
        Download.user_id == actor.user_id, col(Download.state).in_(ACTIVE)
    )
    if session.exec(waiting).one() >= _MOST_AT_ONCE:
        raise ConflictError(f"{_MOST_AT_ONCE} of your files are in work: wait, or cancel one.")
    made = Download(
        user_id=actor.user_id or 0, user_label=actor.label, token_id=actor.token_id, key=key, **row
    )
    fresh = made.model_dump(exclude={"id", "created_at"})
    # A second press waits here for the first one's commit, and then finds its file.
    number = session.execute(
        insert(Download).values(fresh).on_conflict_do_nothing().returning(col(Download.id))
    ).scalar_one_or_none()
    if number is not None:
        return session.get_one(Download, number), True
    return session.exec(
        select(Download).where(Download.user_id == actor.user_id, Download.key == key)
    ).one(), False


def _of_key(session: Session, actor: Actor, key: str) -> Download | None:
    return session.exec(
        select(Download).where(Download.user_id == actor.user_id, Download.key == key)
    ).one_or_none()


def _matching(conditions: Sequence[ColumnElement[bool]], sort: Sort) -> Any:
    order_id: Any = col(Order.id)
    place: Any = func.row_number().over(order_by=(_SORTED_BY[sort], order_id.desc())) - 1
    rows: Any = fields(order_id.label("id"), place.label("place"))
    return rows.where(*conditions)


def _freeze(session: Session, download: Download, rows: Any) -> None:
    """Keep which orders, in which order: some bytes each, however many there are."""
    found = rows.subquery()
    part = (found.c.place / PART).cast(Integer)
    ids = func.array_agg(aggregate_order_by(found.c.id, found.c.place))
    source = fields(
        literal(download.id, BigInteger),
        part,
        ids.cast(ARRAY(BigInteger)),
        literal(0, BigInteger),
    ).group_by(part)
    inserted = insert(DownloadPart).from_select(
        ("download_id", "position", "order_ids", "size"), source
    )
    counts = session.execute(inserted.returning(func.cardinality(col(DownloadPart.order_ids))))
    download.total = sum(row[0] for row in counts)
    most = MAX_PRINTED if download.kind is DownloadKind.PRINT else MAX_ORDERS
    if not download.total:
        raise _nothing()
    if download.total > most:
        said = f"At most {most:,} orders in one file. Narrow the filter, by days perhaps."
        raise InvalidInputError(said, details={"orders": said})


def _nothing() -> InvalidInputError:
    said = "No order matches: there is nothing to write."
    return InvalidInputError(said, details={"orders": said})


def _begin(session: Session, actor: Actor, download: Download) -> None:
    session.flush()
    queue.hint_download(session, download.id)
    audit.record(
        session,
        actor,
        f"{download.kind.value}:asked",
        subject_type="download",
        subject_id=download.id,
        after={
            "orders": download.total if is_frozen(download) else "counted by the worker",
            "format": download.format.value,
            "personal_data": download.has_people,
            **_recorded(download.settings),
        },
    )


def _recorded(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without what a person typed into the search box: that may be a name."""
    kept = dict(settings)
    if "filter" in kept:
        kept["filter"] = {name: value for name, value in kept["filter"].items() if name != "q"}
    return kept
