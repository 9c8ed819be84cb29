"""Where channels call us: proved, stored, acknowledged; everything else is a job's work.

A plain route and no endpoint of FastAPI: that took three times the work of the webhook itself.
"""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crm_app import db
from crm_app.api import refusals
from crm_app.api.dependencies import MARK, client_address
from crm_app.api.inflow import Inflow
from crm_app.api.schemas import ErrorOut
from crm_app.channels import hooks
from crm_app.channels.inbound import Delivery
from crm_app.channels.signatures import header
from crm_app.config import get_settings
from crm_app.services import refused_hooks
from crm_app.services.receiving import Arrival
from crm_app.services.refused_hooks import Refusal

_MOST_DIGITS: Final = 18
_NOBODYS: Final = hooks.dearest()
_inflow: Final = Inflow()


async def receive(request: Request) -> Response:
    """Take one webhook of a channel account.

    200 once it is stored, also for a repeated one; 401 without a valid proof or account, 413 for
    a body that is too large, 429 for too many without a proof, 503 when it cannot be stored: the
    channel then tries again.
    """
    channel, account = request.path_params["channel"], request.path_params["account_id"]
    delivery = Delivery(
        # Of a header that comes twice the first counts, for every proxy and for us.
        headers={name.lower(): value for name, value in reversed(request.headers.items())},
        body=await request.body(),
        # The address that the channel knows, whatever a proxy made of it.
        url=f"{get_settings().origin}{request.url.path}",
        method=request.method,
    )
    found = hooks.of(channel)
    if found is not None and found[1].is_ping(delivery.headers, delivery.body):
        return JSONResponse({"received": True})
    # An unknown channel takes the same work as a wrong signature: the time tells nothing either.
    known, hook = found or _NOBODYS
    number = _number(account) if found is not None else 0
    arrival = Arrival(known, number, hook, delivery)
    accepted = await _inflow.store(arrival)
    if accepted is not None:
        return JSONResponse(accepted.reply)
    address = client_address(request)
    refusal = Refusal(
        channel=known,
        account_id=number,
        path=f"{channel}/{account}",
        address=address,
        topic=header(delivery.headers, hook.topic_header) if hook.topic_header else "",
        size=len(delivery.body),
    )
    return await run_in_threadpool(_refuse, refusal, channel, account)


# Said of every endpoint, and kept by the tests.
setattr(receive, MARK, "public: the signature is the permission")
route: Final = Route("/webhooks/{channel}/{account_id}", receive, methods=["POST"])


def _refuse(refusal: Refusal, channel: str, account: str) -> JSONResponse:
    """Keep it and say no; beside the writer, which what strangers send must not hold up."""
    if refusals.count(refusal.address, channel, account):
        slow = ErrorOut(error="too_many_tries", message="Too many webhooks without a proof.")
        headers = {"retry-after": str(refusals.WINDOW_S)}
        return JSONResponse(slow.model_dump(), status_code=429, headers=headers)
    # What comes too often costs the database nothing more.
    with db.transaction() as session:
        refused_hooks.record(session, refusal)
    # The same words whatever is wrong: who guesses learns nothing.
    body = ErrorOut(error="not_proved", message="This webhook does not carry a valid proof.")
    return JSONResponse(body.model_dump(), status_code=401)


def _number(account: str) -> int:
    """The id in the address; 0, which nobody has, for what is none."""
    is_id = account.isascii() and account.isdigit() and len(account) <= _MOST_DIGITS
    return int(account) if is_id else 0
