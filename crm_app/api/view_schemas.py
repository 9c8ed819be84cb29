"""What the REST API takes and gives of saved views."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from crm_app.api.schemas import In, Out, Text
from crm_app.domain.view import Colour
from crm_app.services.views import MAX_NAME

Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
_Value = Annotated[str, StringConstraints(max_length=2_000)]
_Filter = Annotated[dict[Text, _Value], Field(max_length=40)]


class ViewIn(In):
    """`filter` has the parameters of `GET /api/v1/orders`; `layout` is that of the list."""

    name: Name
    colour: Colour = Colour.GREY
    is_shared: bool = False
    filter: _Filter = {}
    layout: Annotated[dict[Text, Any], Field(max_length=20)] | None = None


class ViewChangeIn(ViewIn):
    """`version` is that of the view which was read; if it has changed since, 409."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


class ViewChoiceIn(In):
    """What is left out stays as it is."""

    is_pinned: bool | None = None
    is_default: bool | None = None


class ViewOut(Out):
    """`key` is a word for those in the box, a number for saved ones."""

    key: str
    name: str
    colour: Colour
    params: dict[str, str]
    layout: dict[str, Any]
    is_standing: bool
    is_shared: bool
    is_own: bool
    owner: str
    may_change: bool
    is_pinned: bool
    is_default: bool
    version: int
    changed_by: str
    changed_at: datetime | None


class ViewsOut(Out):
    views: list[ViewOut]


class ViewCountOut(Out):
    """`count` is null where the role may not use a filter of the view."""

    key: str
    count: int | None
    is_exact: bool


class ViewCountsOut(Out):
    counts: list[ViewCountOut]
