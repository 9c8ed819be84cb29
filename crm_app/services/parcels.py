"""Carriers and tracking numbers of many orders, pasted from a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select as columns
from sqlalchemy import text
from sqlmodel import Session, col

from crm_app.domain.actor import Actor
from crm_app.domain.bulk import RunState
from crm_app.errors import ConflictError, InvalidInputError, PermissionDeniedError
from crm_app.models import BulkRow, Order
from crm_app.services import bulk, bulk_runs

MAX_LINES: Final = 10_000
_MAX_CARRIER: Final = 80
_MAX_TRACKING: Final = 120
# What heads a column of order numbers; such a line is no parcel.
_HEADINGS: Final = ("order", "order number", "order no", "order id", "number", "external id")
_SHOWN: Final = 5

_WRITE: Final = text(
    """
    UPDATE bulk_rows SET carrier = given.carrier, tracking_number = given.tracking
    FROM json_to_recordset(CAST(:rows AS json)) AS given(
        position integer, carrier text, tracking text)
    WHERE bulk_rows.run_id = :run_id AND bulk_rows.position = given.position
    """
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One pasted line."""

    number: str
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a paste did: orders that have a parcel now, and lines that are of no use."""

    orders: int
    problems: tuple[str, ...]
    problem_count: int


def parse(pasted: str, default_carrier: str) -> tuple[list[Parcel], list[str]]:
    """Read lines of order number, carrier, tracking number; and a sentence for each bad one.

    Columns are separated by tabs, semicolons or commas, as sheets and CSV files do. Two columns
    are order number and tracking number; the carrier is then `default_carrier`.

    Raises:
        InvalidInputError: If there are more than `MAX_LINES`.
    """
    lines = [line for line in pasted.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        said = f"At most {MAX_LINES:,} lines at once; these are {len(lines):,}."
        raise InvalidInputError(said, details={"parcels": said})
    parcels: list[Parcel] = []
    problems: list[str] = []
    seen: dict[str, Parcel] = {}
    for at, line in enumerate(lines, start=1):
        parcel = _read(line, default_carrier)
        if at == 1 and _first_cell(line).lower() in _HEADINGS:
            continue
        problem = parcel if isinstance(parcel, str) else _doubled(seen, parcel)
        if problem:
            problems.append(f"Line {at}: {problem}")
        elif isinstance(parcel, Parcel) and parcel.number not in seen:
            seen[parcel.number] = parcel
            parcels.append(parcel)
    return parcels, problems


def _first_cell(line: str) -> str:
    return _cells(line)[0]


def _cells(line: str) -> list[str]:
    separator = next((sign for sign in ("\t", ";", ",") if sign in line), None)
    cells = line.split(separator) if separator else line.split(maxsplit=2)
    return [cell.strip().strip('"').strip() for cell in cells]


def _read(line: str, default_carrier: str) -> Parcel | str:
    cells = [cell for cell in _cells(line) if cell]
    if len(cells) == 2:
        cells.insert(1, default_carrier.strip())
    if len(cells) != 3 or not all(cells):
        return "needs an order number, a carrier and a tracking number."
    number, carrier, tracking = cells
    if len(carrier) > _MAX_CARRIER or len(tracking) > _MAX_TRACKING:
        return "the carrier or the tracking number is too long."
    if not (carrier + tracking).isprintable():
        return "has characters that cannot be printed."
    return Parcel(number.lstrip("#"), carrier, tracking)


def _doubled(seen: Mapping[str, Parcel], parcel: Parcel) -> str:
    before = seen.get(parcel.number)
    if before is None or before == parcel:
        return ""
    return f"{parcel.number} stands here twice, with different tracking numbers."


def give(
    session: Session, actor: Actor, run_id: int, pasted: str, default_carrier: str = ""
) -> Given:
    """Keep the pasted parcels with the orders of a draft; a later paste replaces an earlier one.

    Raises:
        PermissionDeniedError: If the draft is somebody else's.
        ConflictError: If the run was started already.
        InvalidInputError: If there are too many lines.
    """
    run = bulk_runs.get_run(session, actor, run_id)
    if run.actor_id != actor.user_id:
        raise PermissionDeniedError(f"{run.actor_label} chose these orders.")
    if run.state is not RunState.DRAFT:
        raise ConflictError("This bulk change was started already.")
    parcels, problems = parse(pasted, default_carrier)
    places = _places(session, run_id)
    rows: list[dict[str, Any]] = []
    for parcel in parcels:
        found = places.get(parcel.number, set())
        if len(found) == 1:
            rows.append(
                {
                    "position": next(iter(found)),
                    "carrier": parcel.carrier,
                    "tracking": parcel.tracking_number,
                }
            )
        elif found:
            problems.append(f"{parcel.number} is the number of {len(found)} of these orders.")
        else:
            problems.append(f"{parcel.number} is not among these orders.")
    if rows:
        session.execute(_WRITE, {"run_id": run_id, **bulk.parameter(rows)})
    return Given(len(rows), tuple(problems[:_SHOWN]), len(problems))


def _places(session: Session, run_id: int) -> dict[str, set[int]]:
    """Positions by order number and by the channel's own id."""
    found: dict[str, set[int]] = {}
    rows = session.execute(
        columns(col(BulkRow.position), col(Order.order_number), col(Order.external_id))
        .join(Order, col(Order.id) == col(BulkRow.order_id))
        .where(col(BulkRow.run_id) == run_id)
    )
    for position, number, external_id in rows:
        for name in (number, external_id):
            found.setdefault(name.lstrip("#"), set()).add(position)
    return found
