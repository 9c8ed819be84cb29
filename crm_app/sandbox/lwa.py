"""Login with Amazon: the token host. Tokens live an hour and are kept with their expiry."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from sqlalchemy import Connection, delete, select, update
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crm_app.sandbox import times
from crm_app.sandbox.credentials import AMAZON_SELLERS, AmazonSeller
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import tokens

LIFETIME_S: Final = 3600
GRANTLESS_SCOPES: Final = {"sellingpartnerapi::notifications", "sellingpartnerapi::migration"}


class LwaError(Exception):
    """An OAuth 2 refusal: `error` code, description, HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


def issue_token(box: Sandbox, request: Request, body: bytes) -> Response:
    """POST /auth/o2/token with a form of grant_type and its companions."""
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    try:
        reply = _grant(box, request, body)
    except LwaError as error:
        reply = {"error": error.error, "error_description": str(error)}
        return JSONResponse(reply, error.status, headers)
    return JSONResponse(reply, 200, headers)


def _grant(box: Sandbox, request: Request, body: bytes) -> dict[str, object]:
    if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        raise LwaError("invalid_request", "The request body must be form-encoded.")
    form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    grant = _required(form, "grant_type")
    if grant not in ("refresh_token", "client_credentials"):
        raise LwaError("unsupported_grant_type", f"The grant type {grant} is not supported.")
    sellers = _authenticated(form)
    if grant == "refresh_token":
        seller = _granting(sellers, _required(form, "refresh_token"))
        token = _store(box, seller.key)
        return _reply(token) | {"refresh_token": seller.refresh_token}
    if _required(form, "scope") not in GRANTLESS_SCOPES:
        raise LwaError("invalid_scope", "The requested scope is unknown or malformed.")
    return _reply(_store(box, None))


def _required(form: dict[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise LwaError("invalid_request", f"The request is missing a required parameter: {name}")
    return value


def _authenticated(form: dict[str, str]) -> list[AmazonSeller]:
    client_id, secret = _required(form, "client_id"), _required(form, "client_secret")
    matches = [
        seller
        for seller in AMAZON_SELLERS
        if seller.client_id == client_id
        and secrets.compare_digest(seller.client_secret.encode(), secret.encode())
    ]
    if not matches:
        raise LwaError("invalid_client", "Client authentication failed", 401)
    return matches


def _granting(sellers: list[AmazonSeller], refresh_token: str) -> AmazonSeller:
    for seller in sellers:
        if secrets.compare_digest(seller.refresh_token.encode(), refresh_token.encode()):
            return seller
    raise LwaError("invalid_grant", "The request has an invalid grant parameter : refresh_token")


def _store(box: Sandbox, seller: str | None) -> str:
    token = f"Atza|{secrets.token_urlsafe(48)}"
    at = times.now()
    with box.engine.begin() as connection:
        # Kept for a day after it ran out, so that "expired" and "never existed" differ.
        connection.execute(delete(tokens).where(tokens.c.expires_at < at - timedelta(days=1)))
        row = {"token": token, "seller": seller, "expires_at": at + timedelta(seconds=LIFETIME_S)}
        connection.execute(tokens.insert().values(row))
    return token


def _reply(token: str) -> dict[str, object]:
    return {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME_S}


def expire_tokens(connection: Connection, at: datetime) -> int:
    """End every access token that still runs; how many."""
    still = tokens.c.expires_at > at
    return connection.execute(update(tokens).where(still).values(expires_at=at)).rowcount


def seller_of(connection: Connection, token: str) -> tuple[str | None, datetime] | None:
    """Seller (None: grantless) and expiry of an access token; None if it was never issued."""
    if "\x00" in token:
        return None
    statement = select(tokens.c.seller, tokens.c.expires_at).where(tokens.c.token == token)
    row = connection.execute(statement).one_or_none()
    return None if row is None else (row.seller, row.expires_at)
