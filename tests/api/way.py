"""A browser on its way to a provider of single sign-on and back, and what that wrote."""

import httpx
from sqlmodel import Session, col, select

from crm_app.models import AuditEntry, IdentityProvider, UserIdentity, UserSession
from tests.provider import Provider

ME = "/api/v1/auth/me"


class Way:
    """A browser that goes to a provider and back."""

    def __init__(self, client: httpx.Client, provider: Provider, row: IdentityProvider) -> None:
        self.client, self.provider, self.row = client, provider, row
        self.path = f"/auth/oidc/{row.id}"

    def begin(self, query: str = "") -> str:
        answer = self.client.get(f"{self.path}{query}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def go(self, query: str = "") -> str:
        """All of it; where the browser ends."""
        return self.back(self.provider.let_in(self.begin(query)))

    def back(self, url: str) -> str:
        assert url.startswith(f"http://localhost:8000{self.path}/callback?")
        answer = self.client.get(url)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def is_in(self) -> bool:
        return self.client.get(ME).status_code == 200


def written(session: Session) -> tuple[int, int]:
    """How many sessions and links there are."""
    session.expire_all()
    return (
        len(session.exec(select(UserSession.id)).all()),
        len(session.exec(select(UserIdentity.id)).all()),
    )


def actions(session: Session) -> list[str]:
    """What the trail says was done, but for questions of the tests that were refused."""
    session.expire_all()
    found = session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id)))
    return [one for one in found if one != "request:refused"]
