"""The REST API: routes, error bodies and the page of documentation."""

import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from crm_app.api import (
    accounts,
    alerts,
    auth,
    browser,
    bulk,
    docs,
    documents,
    exceptions,
    exports,
    field_rules,
    health,
    identity_providers,
    inbox,
    install,
    me,
    notices,
    orders,
    papers,
    privacy,
    reports,
    roles,
    services,
    sign_on,
    skus,
    status_words,
    sync,
    tokens,
    trail,
    users,
    views,
    webhooks,
    working,
)
from crm_app.api.dependencies import client_address, public
from crm_app.api.limits import BodyLimit
from crm_app.api.schemas import ErrorOut
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.errors import (
    CrmError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
    SignInThrottledError,
    TooManyRequestsError,
)
from crm_app.services import refusals

logger = logging.getLogger(__name__)

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ErrorOut}
    for status in (400, 401, 403, 404, 409, 410, 413, 422, 429, 502, 503)
}
_MODULES: Final = (
    auth,
    me,
    roles,
    tokens,
    services,
    orders,
    exports,
    papers,
    documents,
    bulk,
    exceptions,
    inbox,
    accounts,
    field_rules,
    skus,
    sync,
    users,
    identity_providers,
    trail,
    reports,
    status_words,
    views,
    health,
    notices,
    alerts,
    browser,
    sign_on,
    working,
    privacy,
    install,
)
_EVERY_METHOD: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CODES: Final = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


def create_api() -> FastAPI:
    """The API as an ASGI app. Reflex mounts itself below it, so it also answers for the rest."""
    api = FastAPI(
        title=f"{get_settings().brand_name} CRM",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=_ERRORS,
    )
    # Before the others: it is asked for more often than all of them, and looks like none.
    api.router.routes.insert(0, webhooks.route)
    for module in _MODULES:
        api.include_router(module.router)

    @api.get(
        "/api/v1/docs", include_in_schema=False, dependencies=[public("describes, reveals nothing")]
    )
    def documentation() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse(docs.page(api.openapi()))

    @api.api_route(
        "/api/{rest:path}",
        methods=_EVERY_METHOD,
        include_in_schema=False,
        dependencies=[public("says only that there is nothing")],
    )
    def nothing_here(  # pyright: ignore[reportUnusedFunction]
        request: Request, rest: str
    ) -> None:
        # Without it the pages below would answer, with HTML.
        del rest
        others = (route for route in api.routes if route.matches(request.scope)[0] is Match.PARTIAL)
        raise HTTPException(405 if any(others) else 404)

    api.add_exception_handler(CrmError, _own_error)
    api.add_exception_handler(RequestValidationError, _bad_request)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(DBAPIError, _database_error)
    api.add_exception_handler(Exception, _unexpected)
    api.add_middleware(BodyLimit)
    return api


def _answer(status: int, error: ErrorOut, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(error.model_dump(), status_code=status, headers=headers)


def _own_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, CrmError):
        raise error
    _note_refusal(request, error)
    headers: dict[str, str] = {}
    if isinstance(error, SignInThrottledError | TooManyRequestsError):
        headers["retry-after"] = str(error.retry_after_s)
    if error.status_code == 401:
        headers["www-authenticate"] = "Bearer"
    body = ErrorOut(error=error.code, message=str(error), details=error.details)
    return _answer(error.status_code, body, headers)


def _note_refusal(request: Request, error: CrmError) -> None:
    """A refusal is remembered; wrong passwords and codes already are, by who counts them."""
    actor: Actor | None = getattr(request.state, "actor", None)
    is_refusal = type(error) in (NotSignedInError, PermissionDeniedError)
    # Whoever is signed in and asks for what is not there may be trying out others' numbers.
    if is_refusal or (actor is not None and type(error) is NotFoundError):
        route = request.scope.get("route")
        where = f"{request.method} {getattr(route, 'path', 'unknown')}"
        address = client_address(request)
        refusals.note("request:refused", where, error.code, actor=actor, address=address)


def _bad_request(request: Request, error: Exception) -> JSONResponse:
    del request
    if not isinstance(error, RequestValidationError):
        raise error
    # Where it is wrong and why; never what was sent, which may be a password.
    details = {
        ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]): item["msg"]
        for item in error.errors()
    }
    body = ErrorOut(
        error="invalid_input", message="The request cannot be used as it is.", details=details
    )
    return _answer(422, body)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    del request
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "error")
    headers = dict(error.headers) if error.headers else None
    return _answer(error.status_code, ErrorOut(error=code, message=str(error.detail)), headers)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The last net. The server logs the error itself; who asked learns nothing of it."""
    del request, error
    return _answer(500, ErrorOut(error="error", message="Something went wrong on our side."))


def _database_error(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    body = ErrorOut(
        error="unavailable",
        message="The database could not do this now. Nothing was changed; try again in a moment.",
    )
    return _answer(503, body)
