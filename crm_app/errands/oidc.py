"""The way to a provider of single sign-on and back (OpenID Connect, authorization code with PKCE).

OpenID Connect Core 1.0 section 3.1; RFC 7636 (PKCE); RFC 9207 (the issuer of an answer). No
transaction is open while a provider is asked.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlmodel import Session

from crm_app import db, vault
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.address import safe_path
from crm_app.domain.time import now
from crm_app.errands import oidc_provider
from crm_app.errands.oidc_provider import Client, ProviderAwayError, ProviderWrongError
from crm_app.errors import InvalidInputError, SignInThrottledError, SignOnRefusedError
from crm_app.models import IdentityProvider
from crm_app.services import auth, identity_providers, leaving, oidc, signed, throttling
from crm_app.services.identity_providers import ProviderDraft
from crm_app.services.leaving import Errand
from crm_app.services.oidc import Browser

_AUDIENCE: Final = "crm-oidc"
# A try costs the provider a request of ours: one address makes no flood of them.
_FREE_TRIES: Final = 30


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it is to bring back in a cookie."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Back:
    """Somebody came back: a session or half of one, if they signed in, and where to go."""

    signed: auth.SignedIn | auth.HalfIn | None
    target: str


def begin(
    provider_id: int, target: str, errand: Errand = Errand.SIGN_IN, session_id: int | None = None
) -> Begun:
    """Begin a way to a provider.

    Args:
        provider_id: Whose.
        target: Where the person wants to go here.
        errand: What for.
        session_id: The sign-in of who links themselves or proves that it is them.

    Raises:
        SignOnRefusedError: If the provider is off or does not answer.
    """
    with db.transaction() as session:
        row = oidc.provider(session, provider_id)
        client, name = _client(row), row.name
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(48)
    try:
        url = oidc_provider.way_in(
            client,
            state=state,
            nonce=nonce,
            verifier=verifier,
            is_anew=errand is Errand.CONFIRM,
        )
    except ProviderAwayError as error:
        raise SignOnRefusedError("sso_down", name) from error
    except ProviderWrongError as error:
        raise SignOnRefusedError("sso_refused", name) from error
    claims = {
        "sub": str(provider_id),
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "target": safe_path(target[:2_000]),
        "errand": errand.value,
        "session": session_id,
        "begun": now().timestamp(),
    }
    return Begun(url, signed.sign(claims, _AUDIENCE, leaving.WAY_LIFE))


def come_back(
    provider_id: int,
    answer: Mapping[str, str],
    token: str,
    browser: Browser,
    actor: Actor | None = None,
) -> Back:
    """Take what a browser brought back from a provider.

    Args:
        provider_id: At whose address here it came back.
        answer: The parameters that the provider gave it.
        token: What `begin` gave it to keep.
        browser: Where it is.
        actor: Who is signed in there, for a way that links or confirms.

    Raises:
        SignOnRefusedError: If anything does not fit, or the provider is away.
        SignInThrottledError: If too much did not fit from this address.
        NotSignedInError: If the way was gone before.
    """
    way = _way(provider_id, answer, token)
    errand = Errand(way["errand"])
    with db.transaction() as session:
        _slow_down(session, browser.address)
        row = oidc.provider(session, provider_id)
        client, name = _client(row), row.name
    try:
        said = oidc_provider.prove(
            client,
            answer,
            nonce=str(way["nonce"]),
            verifier=str(way["verifier"]),
            asked_since=float(way["begun"]) if errand is Errand.CONFIRM else None,
        )
    except ProviderAwayError as error:
        raise SignOnRefusedError("sso_down", name) from error
    except ProviderWrongError as error:
        with db.transaction() as session:
            throttling.count(session, _counter(browser.address))
            oidc.note_refused(session, name, browser.address)
        raise SignOnRefusedError("sso_refused", name) from error
    state, target = str(way["state"]), str(way["target"])
    if errand is not Errand.SIGN_IN:
        if actor is None or actor.session_id != way["session"]:
            raise SignOnRefusedError("sso_late")
        done = oidc.link if errand is Errand.LINK else oidc.confirm
        with db.transaction() as session:
            done(session, actor, provider_id, state, said)
        return Back(None, target)
    with db.transaction() as session:
        outcome = oidc.admit(session, provider_id, state, said, browser)
    if isinstance(outcome, auth.Refused):
        raise outcome.error
    return Back(outcome, target)


def connect(actor: Actor, draft: ProviderDraft) -> int:
    """Ask a provider who it is and keep it; its id.

    Raises:
        PermissionDeniedError, ConflictError: As `identity_providers.connect`.
        InvalidInputError: Also if the provider does not answer as one; `details` names the field.
    """
    identity_providers.require_change(actor)
    identity_providers.check(draft)
    draft = replace(draft, issuer=_ask(draft.issuer))
    with db.transaction() as session:
        return identity_providers.connect(session, actor, draft).id


def change(actor: Actor, provider_id: int, draft: ProviderDraft) -> None:
    """Change a provider; it is asked again who it is, unless it is being switched off.

    Raises: As `connect`, and NotFoundError.
    """
    identity_providers.require_change(actor)
    identity_providers.check(draft)
    with db.transaction() as session:
        kept = identity_providers.get(session, actor, provider_id).issuer
    is_off = draft.issuer.strip() == kept and not draft.is_on
    issuer = kept if is_off else _ask(draft.issuer)
    with db.transaction() as session:
        identity_providers.change(session, actor, provider_id, replace(draft, issuer=issuer))


def callback_url(provider_id: int) -> str:
    """What has to be registered with the provider as the address to come back to."""
    return f"{get_settings().origin}/auth/oidc/{provider_id}/callback"


def _ask(issuer: str) -> str:
    try:
        return oidc_provider.discover(issuer).issuer
    except (ProviderAwayError, ProviderWrongError) as error:
        raise InvalidInputError(str(error), details={"issuer": str(error)}) from error


def _client(row: IdentityProvider) -> Client:
    secret = vault.unseal(row.client_secret)["client_secret"] if row.client_secret else ""
    return Client(row.issuer, row.client_id, secret, callback_url(row.id))


def _way(provider_id: int, answer: Mapping[str, str], token: str) -> Mapping[str, Any]:
    """The way that this browser is on, if the answer belongs to it."""
    way = signed.read(token, _AUDIENCE)
    # One that was begun before an update of the desk says nothing of its errand.
    if way is None or way["sub"] != str(provider_id) or "errand" not in way:
        raise SignOnRefusedError("sso_late")
    if not secrets.compare_digest(str(way["state"]).encode(), answer.get("state", "").encode()):
        raise SignOnRefusedError("sso_late")
    return way


def _slow_down(session: Session, address: str) -> None:
    wait_s = throttling.wait_s(session, _counter(address), _FREE_TRIES)
    if wait_s > 0:
        raise SignInThrottledError(wait_s)


def _counter(address: str) -> str:
    return throttling.subject("oidc", address)


def errand_of(token: str) -> Errand:
    """What a browser is on its way for."""
    way = signed.read(token, _AUDIENCE) or {}
    return Errand(way.get("errand", Errand.SIGN_IN))
