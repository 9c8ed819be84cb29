"""The login page's form: an HttpOnly cookie, which no script can set or read."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from crm_app import db
from crm_app.api.auth import open_session
from crm_app.api.dependencies import client_address, public, require_same_origin
from crm_app.config import get_settings
from crm_app.domain.address import safe_path
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotSignedInError, SignInThrottledError
from crm_app.services import auth, endings, forgotten, viewing

router = APIRouter(prefix="/auth", include_in_schema=False)

_HALF_COOKIE: Final = "crm_half"
_DEVICE_LIFE: Final = timedelta(days=180)
_Field = Annotated[str, Form(max_length=2_000)]


@router.post("/login", dependencies=[public("this is how one signs in")])
async def login(request: Request, email: _Field = "", password: _Field = "") -> RedirectResponse:
    """Sign in and go where the person wanted to; back to the form with a reason if refused.

    A full page load in any case: the websocket of a page knows only the cookies it began with.
    """
    require_same_origin(request)
    target = _wanted(request)
    try:
        signed = await open_session(request, email, password, "browser")
    except CrmError as error:
        return _back_to_form(error, email, target)
    if isinstance(signed, auth.HalfIn):
        return ask_for_code(signed, target)
    return let_in(signed, target)


@router.post("/code", dependencies=[public("the second half of signing in")])
def code(request: Request, code: _Field = "") -> RedirectResponse:
    """Take the second factor's code after the password; back to its form if it is wrong."""
    require_same_origin(request)
    target = _wanted(request)
    try:
        # The refusal is looked at after the commit: its count must be on disk.
        with db.transaction() as session:
            outcome = auth.finish(
                session,
                request.cookies.get(_HALF_COOKIE, ""),
                code,
                address=client_address(request),
                device=request.headers.get("user-agent", ""),
                device_token=request.cookies.get(auth.device_cookie(), ""),
            )
    except CrmError as error:
        return _back_to_form(error, "", target)
    if isinstance(outcome, auth.Refused):
        return _back_to_form(outcome.error, "", target, step="code")
    answer = let_in(outcome, target)
    answer.delete_cookie(_HALF_COOKIE, path="/auth", httponly=True, samesite="lax")
    return answer


def ask_for_code(half: auth.HalfIn, target: str) -> RedirectResponse:
    """Go and ask for the second factor's code."""
    params = {"step": "code"} | ({"next": target} if target != "/" else {})
    answer = RedirectResponse(f"/login?{urlencode(params)}", status_code=303)
    keep(answer, _HALF_COOKIE, half.token, now() + timedelta(minutes=5), path="/auth")
    return answer


def let_in(signed: auth.SignedIn, target: str) -> RedirectResponse:
    """Give the browser its session, and go where the person wanted to."""
    answer = RedirectResponse("/me" if signed.must_set_up else target, status_code=303)
    keep(answer, auth.session_cookie(), signed.token, signed.expires_at)
    # Outlives the session: the next sign-in in this browser is no news, and is not made to wait
    # by what others try from the same address.
    keep(answer, auth.device_cookie(), signed.device_token, now() + _DEVICE_LIFE)
    return answer


def keep(
    answer: RedirectResponse, name: str, value: str, until: datetime, *, path: str = "/"
) -> None:
    """Set a cookie that no script reads and no other site's form sends."""
    answer.set_cookie(
        name,
        value,
        expires=until,
        path=path,
        secure=get_settings().is_encrypted,
        httponly=True,
        samesite="lax",
    )


@router.post("/forgot", dependencies=[public("whoever forgot their password is not signed in")])
def forgot(request: Request, email: _Field = "") -> RedirectResponse:
    """Mail a link to choose a new password. The answer is the same whoever the address is of."""
    require_same_origin(request)
    address = client_address(request)
    try:
        with db.transaction() as session:
            forgotten.ask(session, address)
    except CrmError as error:
        return _back_to_form(error, "", "/", step="forgot")
    answer = RedirectResponse("/login?done=forgot", status_code=303)
    answer.background = BackgroundTask(_answer_forgotten, email, address)
    return answer


def _answer_forgotten(email: str, address: str) -> None:
    with db.transaction() as session:
        forgotten.answer(session, email, address)


@router.post("/logout", dependencies=[public("ending a session needs none")])
def logout(request: Request) -> RedirectResponse:
    """End the session and show the login page."""
    require_same_origin(request)
    token = request.cookies.get(auth.session_cookie())
    if token:
        with db.transaction() as session:
            endings.sign_out(session, token, client_address(request))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(
        auth.session_cookie(),
        path="/",
        # Without it a browser does not believe that the cookie of this name is meant.
        secure=get_settings().is_encrypted,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/viewing/end", dependencies=[public("only gives a person their own view back")])
def end_viewing(request: Request) -> RedirectResponse:
    """Look at the desk with one's own eyes again.

    Not marked as signed in: who looks as a role sends no writes, and this is one.
    """
    require_same_origin(request)
    try:
        with db.transaction() as session:
            actor = auth.actor_for(session, request.cookies.get(auth.session_cookie(), ""))
            viewing.end(session, actor.oneself().at(client_address(request)))
    except NotSignedInError:
        return RedirectResponse("/login", status_code=303)
    return RedirectResponse("/roles", status_code=303)


def _wanted(request: Request) -> str:
    """The form's own `?next=`: a hidden field would stay empty until the page's scripts run."""
    try:
        query = urlsplit(request.headers.get("referer", "")).query
    except ValueError:
        return "/"
    return safe_path(parse_qs(query).get("next", ["/"])[0][:2_000])


def _back_to_form(error: CrmError, email: str, target: str, *, step: str = "") -> RedirectResponse:
    params = {"error": error.code} | ({"step": step} if step else {"email": email[:254]})
    if isinstance(error, SignInThrottledError):
        params |= {"error": "throttled", "retry_after": str(error.retry_after_s)}
    if target != "/":
        params["next"] = target
    return RedirectResponse(f"/login?{urlencode(params)}", status_code=303)
