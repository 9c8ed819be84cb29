"""What is asked of a provider of single sign-on, and how its answers are proved."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from crm_app.channels.outward import OutwardTransport
from crm_app.config import get_settings
from crm_app.errands.addresses import check_address, check_reachable, outward_reach
from crm_app.errors import InvalidInputError, RetryableError
from crm_app.services.oidc import Vouched

# Signed with a key of the provider's own. Neither `none` nor one that is made of our secret.
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
    "EdDSA",
)  # fmt: skip
SCOPE: Final = "openid email profile"
KEEP_S: Final = 3600.0
# A token of a key that we do not know: asked again, but not by every made-up token.
_ASK_AGAIN_S: Final = 30.0
_TIMEOUT_S: Final = 8.0
_WHOLE_S: Final = 20.0
_LARGEST: Final = 512 * 1024
_LEEWAY_S: Final = 60
_KEY_KINDS: Final = frozenset({"RSA", "EC", "OKP"})
_JSON: Final = {"accept": "application/json"}


class ProviderAwayError(Exception):
    """It does not answer, or not now. The message is for people."""


class ProviderWrongError(Exception):
    """It answers what cannot be believed or used. The message is for people."""


@dataclass(frozen=True, slots=True)
class Client:
    """What we are at a provider; `secret` is empty for a public client."""

    issuer: str
    client_id: str
    secret: str
    callback: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_body: bool
    names_itself: bool


@dataclass(slots=True)
class _Kept:
    metadata: Metadata
    at: float
    keys: KeySet | None = None
    keys_at: float = 0.0


_kept: Final[dict[str, _Kept]] = {}
_lock: Final = threading.Lock()


def forget() -> None:
    """Ask every provider anew, as a process that was just started."""
    with _lock:
        _kept.clear()


def discover(issuer: str) -> Metadata:
    """Ask a provider who it is.

    Raises:
        ProviderAwayError, ProviderWrongError: As they say.
    """
    try:
        base = check_address(issuer, only_https=True)
    except InvalidInputError as error:
        raise ProviderWrongError(str(error)) from error
    found = _json("GET", f"{base}/.well-known/openid-configuration")
    said = found.get("issuer")
    # Letter by letter, but for the slash that `check_address` takes: who says it is somebody else
    # must not be believed.
    if not isinstance(said, str) or said.rstrip("/") != base:
        raise ProviderWrongError("What answers there says that it is another issuer.")
    ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        issuer=said,
        authorization_endpoint=_endpoint(found, "authorization_endpoint"),
        token_endpoint=_endpoint(found, "token_endpoint"),
        jwks_uri=_endpoint(found, "jwks_uri"),
        secret_in_body="client_secret_post" in ways and "client_secret_basic" not in ways,
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def way_in(client: Client, *, state: str, nonce: str, verifier: str, is_anew: bool = False) -> str:
    """Where a browser is sent to be asked who it is.

    Args:
        client: Which of ours asks.
        state: Comes back as it is.
        nonce: Comes back in the ID token.
        verifier: Of the proof that the code was ours (PKCE).
        is_anew: The person is to sign in there once more, though they may be signed in.

    Raises:
        ProviderAwayError, ProviderWrongError: As they say.
    """
    asking: Any = OAuth2Client(
        None,
        client.client_id,
        scope=SCOPE,
        redirect_uri=client.callback,
        code_challenge_method="S256",
    )
    # Core 3.1.2.1: the one asks the person, the other has the token say when they were asked.
    anew = {"prompt": "login", "max_age": "0"} if is_anew else {}
    url, _ = asking.create_authorization_url(
        _of(client.issuer).metadata.authorization_endpoint,
        state=state,
        code_verifier=verifier,
        nonce=nonce,
        **anew,
    )
    return url


def prove(
    client: Client,
    answer: Mapping[str, str],
    *,
    nonce: str,
    verifier: str,
    asked_since: float | None = None,
) -> Vouched:
    """Exchange the code of an answer and prove the ID token that it brings.

    Args:
        client: Which of ours asked.
        answer: The parameters that came back.
        nonce: What was asked with.
        verifier: The same.
        asked_since: Seconds since 1970: the person must have signed in there since.

    Raises:
        ProviderAwayError: It does not answer.
        ProviderWrongError: It refused, or what it said does not hold.
    """
    kept = _of(client.issuer)
    named = answer.get("iss")
    # An answer of another provider, handed on to this address (RFC 9207).
    if (named is not None or kept.metadata.names_itself) and named != kept.metadata.issuer:
        raise ProviderWrongError("The answer is another issuer's.")
    code = answer.get("code", "")
    if not code or "error" in answer:
        raise ProviderWrongError("The provider did not let anybody in.")
    tokens = _exchange(client, kept.metadata, code, verifier)
    claims = _claims(client, kept, tokens, nonce)
    if asked_since is not None:
        _is_fresh(claims, asked_since)
    return _vouched(claims)


def _is_fresh(claims: Mapping[str, Any], asked_since: float) -> None:
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or at < asked_since - _LEEWAY_S:
        raise ProviderWrongError("The provider did not ask anew who it is.")


def _exchange(client: Client, metadata: Metadata, code: str, verifier: str) -> dict[str, Any]:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.callback,
        "code_verifier": verifier,
    }
    way = "client_secret_post" if metadata.secret_in_body else "client_secret_basic"
    if not client.secret:
        way = "none"
    proof: Any = ClientAuth(client.client_id, client.secret, way)
    body = str(httpx.QueryParams(fields))
    headers = _JSON | {"content-type": "application/x-www-form-urlencoded"}
    _, headers, body = proof.prepare("POST", metadata.token_endpoint, dict(headers), body)
    return _json("POST", metadata.token_endpoint, content=body, headers=headers)


def _claims(
    client: Client, kept: _Kept, tokens: Mapping[str, Any], nonce: str
) -> Mapping[str, Any]:
    """The claims of the ID token, once everything that core 3.1.3.7 asks for holds."""
    raw = tokens.get("id_token")
    if not isinstance(raw, str):
        raise ProviderWrongError("The provider sent no ID token.")
    try:
        try:
            token = jwt.decode(raw, _keys(kept), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            # The provider may have turned its keys since.
            token = jwt.decode(raw, _keys(kept, is_anew=True), algorithms=list(ALGORITHMS))
        # Of several audiences one has to be named as the one that asked (azp).
        options = {
            "iss": {"essential": True, "value": kept.metadata.issuer},
            "aud": {"essential": True, "value": client.client_id},
        }
        params = {
            "nonce": nonce,
            "client_id": client.client_id,
            "access_token": tokens.get("access_token"),
        }
        claims: Any = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(leeway=_LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderWrongError(f"Its ID token does not hold: {type(error).__name__}") from error
    return token.claims


def _vouched(claims: Mapping[str, Any]) -> Vouched:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise ProviderWrongError("Its ID token names nobody.")
    email, name = claims.get("email"), claims.get("name")
    # Some write the word instead of the value; nothing but these two means yes.
    is_theirs = claims.get("email_verified") in (True, "true")
    if not isinstance(email, str) or len(email) > 254 or not email.isprintable() or not is_theirs:
        email = ""
    return Vouched(subject, email.strip().lower(), name if isinstance(name, str) else "")


def _of(issuer: str) -> _Kept:
    with _lock:
        found = _kept.get(issuer)
    if found is not None and time.monotonic() - found.at < KEEP_S:
        return found
    made = _Kept(discover(issuer), time.monotonic())
    if made.metadata.issuer != issuer:
        raise ProviderWrongError("The provider says that it is another issuer now.")
    with _lock:
        _kept[issuer] = made
    return made


def _keys(kept: _Kept, *, is_anew: bool = False) -> KeySet:
    age = time.monotonic() - kept.keys_at
    if kept.keys is not None and age < (_ASK_AGAIN_S if is_anew else KEEP_S):
        return kept.keys
    found: Any = _json("GET", kept.metadata.jwks_uri).get("keys")
    try:
        usable = [one for one in found if one.get("kty") in _KEY_KINDS and one.get("use") != "enc"]
        kept.keys = KeySet.import_key_set({"keys": usable})
    except (JoseError, AttributeError, ValueError, TypeError, KeyError) as error:
        raise ProviderWrongError("The provider's keys cannot be read.") from error
    kept.keys_at = time.monotonic()
    return kept.keys


def _endpoint(found: Mapping[str, Any], name: str) -> str:
    url = found.get(name)
    scheme = urlsplit(url).scheme if isinstance(url, str) else ""
    schemes = ("https",) if get_settings().is_production else ("https", "http")
    if not isinstance(url, str) or scheme not in schemes or len(url) > 2_000:
        raise ProviderWrongError(f"The provider names no address that can be used as its {name}.")
    return url


def _json(
    method: str, url: str, *, content: str | None = None, headers: Mapping[str, str] = _JSON
) -> dict[str, Any]:
    """The JSON object at an address. No redirect is followed: it may lead anywhere."""
    try:
        check_reachable(url)
        with (
            httpx.Client(
                timeout=_TIMEOUT_S,
                follow_redirects=False,
                transport=OutwardTransport(outward_reach()),
            ) as client,
            client.stream(method, url, content=content, headers=headers) as answer,
        ):
            status, body, until = answer.status_code, bytearray(), time.monotonic() + _WHOLE_S
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > _LARGEST:
                    raise ProviderWrongError("The provider's answer is too large.")
                if time.monotonic() > until:
                    raise ProviderAwayError("The provider does not come to an end.")
    except (httpx.HTTPError, httpx.InvalidURL, RetryableError) as error:
        raise ProviderAwayError("The provider does not answer.") from error
    if status >= 500 or status == 429:
        raise ProviderAwayError(f"The provider answers {status}.")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if status != 200 or not isinstance(found, dict):
        raise ProviderWrongError(f"The provider's answer ({status}) cannot be used.")
    return cast(dict[str, Any], found)
