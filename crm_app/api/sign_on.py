"""Single sign-on in a browser: to the provider, and back from it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from crm_app import db
from crm_app.api.browser import ask_for_code, keep, let_in
from crm_app.api.dependencies import Id, client_address, public
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.time import now
from crm_app.errands import oidc as errands
from crm_app.errors import (
    CrmError,
    NotSignedInError,
    ServiceUnavailableError,
    SignInThrottledError,
    SignOnRefusedError,
)
from crm_app.services import auth, leaving, oidc
from crm_app.services.leaving import Errand

router = APIRouter(prefix="/auth/oidc", include_in_schema=False)

# A provider that hangs holds these threads only, never those of the pages.
_ASKERS: Final = anyio.CapacityLimiter(8)
_MOST_WAITING: Final = 50
_Text = Annotated[str, Query(max_length=2_000)]
T = TypeVar("T")


@router.get("/{provider_id}", dependencies=[public("this is how one signs in")])
async def begin(
    provider_id: Id,
    request: Request,
    wanted: Annotated[str, Query(alias="next", max_length=2_000)] = "/",
    link: _Text = "",
    confirm: _Text = "",
) -> RedirectResponse:
    """Go to the provider; with leave to do so, to link oneself or to prove that it is still one."""
    errand = Errand.LINK if link else Errand.CONFIRM if confirm else Errand.SIGN_IN
    try:
        begun = await _ask(partial(_begin, request, provider_id, wanted, errand, link or confirm))
    except CrmError as error:
        return _back(error, provider_id, errand)
    answer = RedirectResponse(begun.url, status_code=303)
    keep(answer, _cookie(), begun.token, now() + leaving.WAY_LIFE)
    return answer


@router.get("/{provider_id}/callback", dependencies=[public("what the provider says is the proof")])
async def come_back(provider_id: Id, request: Request) -> RedirectResponse:
    """Take what the provider says, and open the session; back to the form if it does not hold."""
    token = request.cookies.get(_cookie(), "")
    errand = errands.errand_of(token)
    try:
        back = await _ask(partial(_come_back, request, provider_id, token, errand))
    except CrmError as error:
        answer = _back(error, provider_id, errand)
    else:
        if errand is Errand.LINK:
            answer = _to_account({"linked": str(provider_id)})
        elif back.signed is None:
            answer = RedirectResponse(back.target, status_code=303)
        elif isinstance(back.signed, auth.HalfIn):
            answer = ask_for_code(back.signed, back.target)
        else:
            answer = let_in(back.signed, back.target)
    answer.delete_cookie(
        _cookie(),
        path="/",
        secure=get_settings().is_encrypted,
        httponly=True,
        samesite="lax",
    )
    return answer


def _begin(
    request: Request, provider_id: int, wanted: str, errand: Errand, leave: str
) -> errands.Begun:
    if errand is Errand.SIGN_IN:
        return errands.begin(provider_id, wanted)
    actor = _signed_in(request)
    if actor is None or not leaving.may_go(actor, provider_id, errand, leave):
        raise SignOnRefusedError("sso_late")
    return errands.begin(provider_id, wanted, errand, actor.session_id)


def _come_back(request: Request, provider_id: int, token: str, errand: Errand) -> errands.Back:
    browser = oidc.Browser(
        client_address(request),
        request.headers.get("user-agent", ""),
        request.cookies.get(auth.device_cookie(), ""),
    )
    # Given twice it is nothing that a provider sends.
    answer = {
        name: value
        for name, value in request.query_params.items()
        if len(request.query_params.getlist(name)) == 1 and len(value) <= 4_000
    }
    actor = None if errand is Errand.SIGN_IN else _signed_in(request)
    return errands.come_back(provider_id, answer, token, browser, actor)


def _signed_in(request: Request) -> Actor | None:
    """Who is signed in in this browser."""
    try:
        with db.transaction() as session:
            actor = auth.actor_for(session, request.cookies.get(auth.session_cookie(), ""))
    except NotSignedInError:
        return None
    return actor.at(client_address(request))


async def _ask(step: Callable[[], T]) -> T:
    if _ASKERS.statistics().tasks_waiting >= _MOST_WAITING:
        raise ServiceUnavailableError("Too many sign in at once. Try again in a moment.")
    return await anyio.to_thread.run_sync(step, limiter=_ASKERS)


def _back(error: CrmError, provider_id: int, errand: Errand) -> RedirectResponse:
    word = error.word if isinstance(error, SignOnRefusedError) else error.code
    params = {"error": word, "provider": str(provider_id)}
    if isinstance(error, SignInThrottledError):
        params |= {"error": "throttled", "retry_after": str(error.retry_after_s)}
    if errand is not Errand.SIGN_IN:
        return _to_account(params)
    return RedirectResponse(f"/login?{urlencode(params)}", status_code=303)


def _to_account(params: dict[str, str]) -> RedirectResponse:
    return RedirectResponse(f"/me?{urlencode(params)}", status_code=303)


def _cookie() -> str:
    # Only of this host: a neighbour below the same domain must not plant a way of its own, or
    # somebody would sign in as them without noticing.
    return "__Host-crm_oidc" if get_settings().is_encrypted else "crm_oidc"
