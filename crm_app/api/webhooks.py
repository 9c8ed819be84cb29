"""Where channels call us: proved, stored, acknowledged; everything else is a job's work."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from crm_app import db
from crm_app.api import refusals
from crm_app.api.dependencies import client_address, public
from crm_app.api.schemas import ErrorOut
from crm_app.channels import hooks
from crm_app.channels.inbound import Delivery
from crm_app.config import get_settings
from crm_app.domain.channel import Channel
from crm_app.services import receiving, refused_hooks

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_MOST_DIGITS: Final = 18
_NOBODYS: Final = (Channel.SHOPIFY, hooks.HOOKS[Channel.SHOPIFY])


@router.post(
    "/{channel}/{account_id}",
    dependencies=[public("the signature is the permission")],
    include_in_schema=False,
)
async def receive(channel: str, account_id: str, request: Request) -> JSONResponse:
    """Take one webhook of a channel account.

    200 once it is stored, also for a repeated one; 401 without a valid proof or account, 413 for
    a body that is too large, 429 for too many without a proof, 503 when it cannot be stored: the
    channel then tries again.
    """
    delivery = Delivery(
        # Of a header that comes twice the first counts, for every proxy and for us.
        headers={name.lower(): value for name, value in reversed(request.headers.items())},
        body=await request.body(),
        # The address that the channel knows, whatever a proxy made of it.
        url=f"{get_settings().origin}{request.url.path}",
        method=request.method,
    )
    return await run_in_threadpool(_answer, channel, account_id, delivery, client_address(request))


def _answer(channel: str, account: str, delivery: Delivery, address: str) -> JSONResponse:
    found = hooks.of(channel)
    if found is not None and found[1].is_ping(delivery.headers, delivery.body):
        return JSONResponse({"received": True})
    # An unknown channel takes the same work as a wrong signature: the time tells nothing either.
    known, hook = found or _NOBODYS
    number = _number(account) if found is not None else 0
    with db.transaction() as session:
        accepted = receiving.receive(session, known, number, hook, delivery)
    if accepted is not None:
        return JSONResponse(accepted.reply)
    if refusals.count(address, channel, account):
        slow = ErrorOut(error="too_many_tries", message="Too many webhooks without a proof.")
        headers = {"retry-after": str(refusals.WINDOW_S)}
        return JSONResponse(slow.model_dump(), status_code=429, headers=headers)
    # What comes too often costs the database nothing more.
    with db.transaction() as session:
        refused_hooks.record(session, known, number)
    # The same words whatever is wrong: who guesses learns nothing.
    body = ErrorOut(error="not_proved", message="This webhook does not carry a valid proof.")
    return JSONResponse(body.model_dump(), status_code=401)


def _number(account: str) -> int:
    """The id in the address; 0, which nobody has, for what is none."""
    is_id = account.isascii() and account.isdigit() and len(account) <= _MOST_DIGITS
    return int(account) if is_id else 0
