"""Flipkart's list of returns: by their ids, or by when they were made or changed."""

import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crm_app.sandbox import flipkart_return
from crm_app.sandbox.channel_store import Body
from crm_app.sandbox.flipkart_auth import FlipkartError, read_moment
from crm_app.sandbox.flipkart_search import settle
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import channel_orders

PATH: Final = "/v2/returns"
_PAGE: Final = 20
_MOST_IDS: Final = 25
_ROWS: Final = channel_orders.c
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATES: Final = {
    "modifiedAfter": "updatedDate",
    "modifiedBefore": "updatedDate",
    "createdAfter": "createdDate",
    "createdBefore": "createdDate",
}
_IDS: Final = {"returnIds": "returnId", "trackingIds": "trackingId"}


def returns(box: Sandbox, request: Request, _raw: bytes) -> Response:
    """GET returns with ids of returns or parcels, or with a window of time."""
    query = dict(request.query_params)
    begins_at = query.pop("page_from", "0")
    if not begins_at.isdecimal():
        raise FlipkartError(400, "BAD_REQUEST", "nextUrl is not understood.")
    if not (_IDS.keys() | _DATES.keys()) & query.keys():
        raise FlipkartError(400, "BAD_REQUEST", "Ids or a range of dates are expected.")
    found = [entry for entry in _all(box, query) if _is_wanted(entry, query)]
    found.sort(key=lambda entry: (entry["updatedDate"], entry["returnId"]))
    start, end = int(begins_at), int(begins_at) + _PAGE
    body: Body = {"hasMore": end < len(found), "returnItems": found[start:end]}
    if body["hasMore"]:
        # Relative to /sellers, as the real one is.
        body["nextUrl"] = f"{PATH}?{urlencode({**query, 'page_from': end})}"
    return JSONResponse(body)


def _all(box: Sandbox, query: dict[str, str]) -> list[Body]:
    """Returns of the shipments that changed in time: a return changes with its shipment."""
    after = [read_moment(query[key], key) for key in _DATES if key in query and key[-5:] == "After"]
    rows = (
        select(_ROWS.notes)
        .where(
            _ROWS.channel == "flipkart",
            _ROWS.is_raw.is_(False),
            _ROWS.updated_at >= max(after, default=_EVER),
        )
        .where(_ROWS.notes.contains(f'"{flipkart_return.KEY}":'))
    )
    with box.engine.begin() as connection:
        settle(connection, box.now("flipkart"))
        notes = connection.scalars(rows).all()
    return [entry for text in notes for entry in json.loads(text)[flipkart_return.KEY]]


def _is_wanted(entry: Body, query: dict[str, str]) -> bool:
    for name, key in _IDS.items():
        ids = [one.strip() for one in query.get(name, "").split(",") if one.strip()]
        if len(ids) > _MOST_IDS:
            raise FlipkartError(400, "BAD_REQUEST", f"At most {_MOST_IDS} {name} are expected.")
        if ids and entry[key] not in ids:
            return False
    for name, key in _DATES.items():
        if name in query:
            told, bound = datetime.fromisoformat(entry[key]), read_moment(query[name], name)
            if told < bound if name.endswith("After") else told > bound:
                return False
    location = query.get("locationId")
    return location is None or entry["locationId"] == location
