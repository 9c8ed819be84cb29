"""The ledger of status changes over REST."""

from typing import Annotated

from fastapi import APIRouter, Query

from crm_app.api.dependencies import CurrentActor, DbSession, permitted
from crm_app.api.schemas import ChangeOut, ChangesOut, ProofOut
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.services import ledger
from crm_app.services.ledger_query import LedgerQuery

router = APIRouter(prefix="/api/v1/sync", tags=["sync"])

_Word = Annotated[str, Query(max_length=500)]


@router.get("/proof", dependencies=[permitted(Permission.VIEW_ORDERS)])
def proof(
    session: DbSession,
    actor: CurrentActor,
    channel: _Word = "",
    date_from: _Word = "",
    date_to: _Word = "",
) -> ProofOut:
    """How many status changes were written, and how many are in each state.

    `channel` takes several words with commas between; days are business days, both included.
    """
    query = _parse({"channel": channel, "from": date_from, "to": date_to})
    return ProofOut.model_validate(ledger.prove(session, actor, query))


@router.get("/changes", dependencies=[permitted(Permission.VIEW_ORDERS)])
def changes(
    session: DbSession,
    actor: CurrentActor,
    channel: _Word = "",
    state: _Word = "",
    date_from: _Word = "",
    date_to: _Word = "",
    limit: _Word = "",
    cursor: _Word = "",
) -> ChangesOut:
    """The status changes themselves, newest first. Follow `next_cursor` until it is null."""
    query = _parse(
        {
            "channel": channel,
            "state": state,
            "from": date_from,
            "to": date_to,
            "limit": limit,
            "cursor": cursor,
        }
    )
    found = ledger.list_changes(session, actor, query)
    return ChangesOut(
        changes=[ChangeOut.model_validate(change) for change in found.changes],
        next_cursor=found.older.params()["cursor"] if found.older else None,
    )


def _parse(params: dict[str, str]) -> LedgerQuery:
    try:
        return LedgerQuery.parse(params)
    except InvalidInputError as error:
        ours = {"from": "date_from", "to": "date_to"}
        details = {ours.get(name, name): said for name, said in error.details.items()}
        raise InvalidInputError(str(error), details=details) from error
