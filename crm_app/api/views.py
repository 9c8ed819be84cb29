"""Saved views over REST: the same services as the pages."""

from typing import Annotated

from fastapi import APIRouter, Path

from crm_app.api.dependencies import CurrentActor, DbSession, permitted
from crm_app.api.order_params import renamed, shortened
from crm_app.api.view_schemas import (
    ViewChangeIn,
    ViewChoiceIn,
    ViewCountOut,
    ViewCountsOut,
    ViewIn,
    ViewOut,
    ViewsOut,
)
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.services import view_lists, views
from crm_app.services.order_query import OrderQuery
from crm_app.services.views import ViewDraft

router = APIRouter(prefix="/api/v1/views", tags=["views"])

_MAY = permitted(Permission.VIEW_ORDERS)
Key = Annotated[str, Path(max_length=40)]


@router.get("", dependencies=[_MAY])
def list_views(session: DbSession, actor: CurrentActor) -> ViewsOut:
    """Those in the box, one's own, and the shared ones."""
    found = views.list_views(session, actor)
    return ViewsOut(views=[ViewOut.model_validate(view) for view in found])


@router.get("/counts", dependencies=[_MAY])
def counts(session: DbSession, actor: CurrentActor) -> ViewCountsOut:
    """How many orders each pinned view shows; some seconds old at most."""
    found = view_lists.pinned(session, actor)
    return ViewCountsOut(
        counts=[
            ViewCountOut(key=one.view.key, count=one.count, is_exact=one.is_exact) for one in found
        ]
    )


@router.get("/{key}", dependencies=[_MAY])
def get_view(key: Key, session: DbSession, actor: CurrentActor) -> ViewOut:
    """One view. Its orders: `GET /api/v1/orders?view=KEY`."""
    return ViewOut.model_validate(views.get_view(session, actor, key))


@router.post("", dependencies=[_MAY], status_code=201)
def create(body: ViewIn, session: DbSession, actor: CurrentActor) -> ViewOut:
    """Save a view and pin it. To share it needs `views.share`."""
    return ViewOut.model_validate(views.create(session, actor, _draft(body)))


@router.put("/{key}", dependencies=[_MAY])
def change(key: Key, body: ViewChangeIn, session: DbSession, actor: CurrentActor) -> ViewOut:
    """Save a view anew. 409 if somebody has changed it since, with its version and who it was."""
    found = views.change(session, actor, key, _draft(body), version=body.version)
    return ViewOut.model_validate(found)


@router.put("/{key}/choice", dependencies=[_MAY])
def choose(key: Key, body: ViewChoiceIn, session: DbSession, actor: CurrentActor) -> ViewOut:
    """Pin a view to one's sidebar, or open the list with it."""
    views.choose(session, actor, key, is_pinned=body.is_pinned, is_default=body.is_default)
    return ViewOut.model_validate(views.get_view(session, actor, key))


@router.delete("/{key}", dependencies=[_MAY], status_code=204)
def remove(key: Key, session: DbSession, actor: CurrentActor) -> None:
    """Delete a view. Its orders stay."""
    views.remove(session, actor, key)


def _draft(body: ViewIn) -> ViewDraft:
    params = shortened(body.filter)
    try:
        OrderQuery.parse(params)
    except InvalidInputError as error:
        raise renamed(error) from error
    return ViewDraft(body.name, params, body.colour, body.is_shared, body.layout)
