"""Flipkart's token host and the errors that all its operations share."""

import base64
import binascii
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crm_app.sandbox import lwa, times
from crm_app.sandbox.credentials import FLIPKART_SELLER
from crm_app.sandbox.json_edge import as_object, read_json
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import tokens

# About sixty days.
LIFETIME_S: Final = 5_184_000
_OWNER: Final = "flipkart palmonas"


class FlipkartError(Exception):
    """A refusal of a whole call: HTTP status, code, sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def as_response(self) -> Response:
        """The form of errors in the listings part of the specification."""
        error = {"severity": "ERROR", "code": self.code, "description": str(self)}
        return JSONResponse({"status": "FAILURE", "errors": [error]}, self.status)


class UnauthorizedError(Exception):
    """The bearer token opens nothing."""


def issue_token(box: Sandbox, request: Request, _raw: bytes) -> Response:
    """GET /oauth-service/oauth/token with Basic app id and secret."""
    if not _is_known(request):
        body = {"error": "unauthorized", "error_description": "Bad credentials"}
        return JSONResponse(body, 401, {"WWW-Authenticate": 'Basic realm="oauth"'})
    grant = request.query_params.get("grant_type")
    if grant != "client_credentials":
        text = f"Unsupported grant type: {grant}"
        return JSONResponse({"error": "unsupported_grant_type", "error_description": text}, 400)
    scopes = (request.query_params.get("scope") or "").split(",")
    if not {"Seller_Api"} & set(scopes):
        body = {"error": "invalid_scope", "error_description": "Invalid scope"}
        return JSONResponse(body, 400)
    token = secrets.token_urlsafe(24)
    expires_at = times.now() + timedelta(seconds=LIFETIME_S)
    with box.engine.begin() as connection:
        row = {"token": token, "seller": _OWNER, "expires_at": expires_at}
        connection.execute(tokens.insert().values(row))
    reply = {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": LIFETIME_S - 1,
        "scope": "Seller_Api",
    }
    return JSONResponse(reply, 200, {"Cache-Control": "no-store"})


def _is_known(request: Request) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    wanted = f"{FLIPKART_SELLER.app_id}:{FLIPKART_SELLER.app_secret}".encode()
    return hmac.compare_digest(given, wanted)


def check_caller(box: Sandbox, request: Request) -> None:
    """Raise UnauthorizedError unless the call carries a token that still runs."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthorizedError
    with box.engine.connect() as connection:
        found = lwa.seller_of(connection, token)
    if found is None or found[0] != _OWNER or found[1] <= times.now():
        raise UnauthorizedError


def read_object(raw: bytes) -> dict[str, Any]:
    """The body of a call. FlipkartError if it is no JSON object."""
    try:
        fields = as_object(read_json(raw))
    except ValueError:
        fields = None
    if fields is None:
        raise FlipkartError(400, "BAD_REQUEST", "The request body must be a JSON object.")
    return fields


def read_moment(text: object, name: str) -> datetime:
    """A time of a call. FlipkartError if it is none."""
    try:
        return times.parse(str(text))
    except ValueError as error:
        raise FlipkartError(400, "BAD_REQUEST", f"{name} is not a date-time.") from error
