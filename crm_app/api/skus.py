"""Lists of SKUs over REST: what each account calls the things that we sell."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.api.schemas import In, Out
from crm_app.domain.permissions import Permission
from crm_app.services import skus

router = APIRouter(
    prefix="/api/v1/accounts/{account_id}/skus",
    tags=["accounts"],
    dependencies=[permitted(Permission.MANAGE_MAPPINGS)],
)

_Sku = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")]
_Title = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
# What the limit of lines can hold, with room for titles.
_Sheet = Annotated[str, StringConstraints(max_length=2_000_000, pattern=r"^[^\x00]*$")]


class SkuOut(Out):
    channel_sku: str
    sku: str
    title: str
    changed_at: datetime
    changed_by: str


class SkusOut(Out):
    """Ask on with `after`, the `channel_sku` of the last one, until a page is short."""

    skus: list[SkuOut]


class UnmappedOut(Out):
    """`orders` to ship carry it, `example_order_id` is one of them."""

    channel_sku: str
    title: str
    orders: int
    example_order_id: int | None
    first_seen_at: datetime


class UnmappedListOut(Out):
    skus: list[UnmappedOut]


class SkuIn(In):
    channel_sku: _Sku
    sku: _Sku
    title: _Title = ""


class SheetIn(In):
    """Lines of channel SKU, our SKU and title, as a CSV file has them."""

    sheet: Annotated[_Sheet, Field(min_length=1)]


class TakenOut(Out):
    added: int
    changed: int
    unchanged: int
    problem_count: int
    problems: list[str]


@router.get("")
def list_skus(
    account_id: Id,
    session: DbSession,
    actor: CurrentActor,
    search: Annotated[_Sku, Query()] = "",
    after: Annotated[_Sku, Query()] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SkusOut:
    """The account's list, by the channel's SKU."""
    found = skus.list_skus(session, actor, account_id, search=search, after=after, limit=limit)
    return SkusOut(skus=[SkuOut.model_validate(one) for one in found])


@router.get("/unmapped")
def list_unmapped(account_id: Id, session: DbSession, actor: CurrentActor) -> UnmappedListOut:
    """SKUs that orders to ship carry and the list does not name; none where no list is kept."""
    found = skus.list_unmapped(session, actor, account_id)
    return UnmappedListOut(skus=[UnmappedOut.model_validate(one) for one in found])


@router.put("")
def put(account_id: Id, body: SkuIn, session: DbSession, actor: CurrentActor) -> SkuOut:
    """Say which SKU of ours one of the account's is."""
    found = skus.put(session, actor, account_id, body.channel_sku, body.sku, body.title)
    return SkuOut.model_validate(found)


@router.post("/sheet")
def take_sheet(account_id: Id, body: SheetIn, session: DbSession, actor: CurrentActor) -> TakenOut:
    """Add the lines of a sheet; what it does not name stays. Lines that cannot be used are named,
    and the others are taken."""
    return TakenOut.model_validate(skus.take_sheet(session, actor, account_id, body.sheet))


@router.delete("", status_code=204)
def remove(
    account_id: Id, channel_sku: Annotated[_Sku, Query()], session: DbSession, actor: CurrentActor
) -> None:
    """Take a line off the list."""
    skus.remove(session, actor, account_id, channel_sku)
