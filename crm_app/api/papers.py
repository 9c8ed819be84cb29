"""Papers of one order over REST: a PDF at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.domain.download import Paper
from crm_app.domain.permissions import Permission
from crm_app.errors import ConflictError
from crm_app.services.papers import invoicing, printing

router = APIRouter(
    prefix="/api/v1/orders",
    tags=["papers"],
    dependencies=[permitted(Permission.PRINT_ORDERS)],
)


@router.get("/{order_id}/papers/{paper}.pdf", response_class=Response)
def get_paper(
    order_id: Id,
    paper: Paper,
    session: DbSession,
    actor: CurrentActor,
    package: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """A paper of one order, or the packing slip of one of its packages; printing is recorded.

    An invoice must have its number already (409): giving one is a change, and nothing that merely
    opens an address may cause it. Ask for it with POST.
    """
    if paper is Paper.INVOICE and not invoicing.number_of(session, order_id):
        raise ConflictError("This order has no invoice yet: issue one first.")
    return _pdf(session, actor, paper, order_id, package)


@router.post("/{order_id}/papers/invoice.pdf", response_class=Response)
def issue_invoice(order_id: Id, session: DbSession, actor: CurrentActor) -> Response:
    """The invoice of an order. It gets the next number of its series, once."""
    return _pdf(session, actor, Paper.INVOICE, order_id)


def _pdf(
    session: DbSession,
    actor: CurrentActor,
    paper: Paper,
    order_id: int,
    package: int | None = None,
) -> Response:
    made = printing.print_one(session, actor, paper, order_id, package_id=package)
    name = f"{paper.value.replace('_', '-')}-{order_id}.pdf"
    return Response(
        made.body,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}"',
            "cache-control": "no-store",
        },
    )
