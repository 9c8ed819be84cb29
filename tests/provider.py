"""A small provider of single sign-on on a real port: honest unless a test tells it otherwise."""

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from tests.running import free_port, wait_for

CLIENT_ID = "crm-desk"
CLIENT_SECRET = "a secret of the client"


@dataclass
class Asked:
    """What came to the page where people are asked who they are."""

    client_id: str
    redirect_uri: str
    nonce: str
    challenge: str
    # Signs the person in anew, and says when it did.
    is_anew: bool = False


@dataclass
class Provider:
    """Its people, keys and codes. `claims` override what its tokens say; None takes one away."""

    url: str
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "asha-1",
            "email": "support@palmonas.test",
            "email_verified": True,
            "name": "Asha Kulkarni",
        }
    )
    algorithm: str = "RS256"
    names_itself: bool = True
    answer_issuer: str | None = None
    takes_codes_twice: bool = False
    token_answer: tuple[int, Any] | None = None
    issuer: str = ""
    codes: dict[str, Asked] = field(default_factory=dict[str, Asked])
    asked: list[str] = field(default_factory=list[str])
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    signs_with: Any = None

    def turn_key(self) -> None:
        """Sign with a new key; the old one is published no more."""
        self.key = RSAKey.generate_key(2048, auto_kid=True)

    def use_curve(self) -> None:
        self.algorithm, self.signs_with = "ES256", ECKey.generate_key("P-256", auto_kid=True)

    def keys(self) -> KeySet:
        return KeySet([self.signs_with if self.algorithm == "ES256" else self.key])

    def let_in(self, url: str) -> str:
        """Be the person in front of a browser: agree, and give the address that it goes to next."""
        answer = httpx.get(url, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def token(self, asked: Asked) -> str:
        moment = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer or self.url,
            "aud": asked.client_id,
            "iat": moment,
            "exp": moment + 300,
            "nonce": asked.nonce,
            **({"auth_time": moment} if asked.is_anew else {}),
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            return ".".join([_part({"alg": "none", "kid": self.key.kid}), _part(claims), ""])
        key: Any = self.signs_with or self.key
        if self.algorithm == "HS256":
            # What whoever knows only our secret, or the public key, could make.
            key = OctKey.import_key(CLIENT_SECRET)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "ES256":
            header["kid"] = key.kid
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def application(provider: Provider) -> FastAPI:
    """Its pages."""
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        provider.asked.append("configuration")
        return {
            "issuer": provider.issuer or provider.url,
            "authorization_endpoint": f"{provider.url}/authorize",
            "token_endpoint": f"{provider.url}/token",
            "jwks_uri": f"{provider.url}/keys",
            "authorization_response_iss_parameter_supported": provider.names_itself,
        }

    @app.get("/keys")
    def keys() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        provider.asked.append("keys")
        return provider.keys().as_dict(private=False)  # pyright: ignore[reportReturnType]

    @app.get("/authorize")
    def authorize(  # pyright: ignore[reportUnusedFunction]
        client_id: str,
        redirect_uri: str,
        state: str,
        nonce: str,
        scope: str,
        code_challenge: str,
        method: Annotated[str, Query(alias="code_challenge_method")],
        response_type: str,
        prompt: str = "",
        max_age: str = "",
    ) -> RedirectResponse:
        assert (response_type, method) == ("code", "S256")
        assert "openid" in scope.split()
        code = f"code-{len(provider.codes)}"
        provider.codes[code] = Asked(
            client_id, redirect_uri, nonce, code_challenge, (prompt, max_age) == ("login", "0")
        )
        params = {"code": code, "state": state}
        if provider.names_itself:
            params["iss"] = provider.answer_issuer or provider.issuer or provider.url
        return RedirectResponse(f"{redirect_uri}?{urlencode(params)}", status_code=303)

    @app.post("/token")
    def token(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        grant_type: Annotated[str, Form()],
    ) -> JSONResponse:
        provider.asked.append("token")
        if provider.token_answer is not None:
            status, body = provider.token_answer
            return JSONResponse(body, status_code=status)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        asked = provider.codes.get(code)
        if not provider.takes_codes_twice:
            provider.codes.pop(code, None)
            provider.codes[f"used {code}"] = Asked("", "", "", "")
        made = hashlib.sha256(code_verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
        fits = asked and (asked.redirect_uri, asked.challenge) == (redirect_uri, challenge)
        if asked is None or not fits or grant_type != "authorization_code":
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(
            {"access_token": "unused", "token_type": "Bearer", "id_token": provider.token(asked)}
        )

    return app


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that listens during the block."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    server = Server(
        application(provider),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        log_level=LogLevels.error,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),))
    thread.start()
    try:
        wait_for(lambda: _listens(provider.url), "the provider listens")
        provider.asked.clear()
        yield provider
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(timeout=10)
        loop.close()


def _listens(url: str) -> bool:
    try:
        return httpx.get(f"{url}/keys").status_code == 200
    except httpx.TransportError:
        return False


def parameters(url: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
