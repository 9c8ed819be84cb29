"""Leave to go to a provider of single sign-on: for what, in which sign-in, and for how long."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from crm_app.domain.actor import Actor
from crm_app.services import signed

# As long as a way to a provider and back may take.
WAY_LIFE: Final = timedelta(minutes=10)
LINK_LIFE: Final = timedelta(minutes=2)
_AUDIENCE: Final = "crm-oidc-errand"


class Errand(StrEnum):
    """What somebody goes to a provider for."""

    SIGN_IN = "sign-in"
    LINK = "link"  # to sign in with it from now on
    CONFIRM = "confirm"  # to prove once more that it is them, before a grave step


def leave(actor: Actor, provider_id: int, errand: Errand, life: timedelta) -> str:
    """Leave for this sign-in to go to this provider for this, as a signed token."""
    claims = {"sub": str(actor.session_id), "provider": provider_id, "errand": errand.value}
    return signed.sign(claims, _AUDIENCE, life)


def may_go(actor: Actor, provider_id: int, errand: Errand, given: str) -> bool:
    """Whether this sign-in was given leave to go to this provider for this."""
    claims = signed.read(given, _AUDIENCE) or {}
    meant = (claims.get("sub"), claims.get("provider"), claims.get("errand"))
    return meant == (str(actor.session_id), provider_id, errand.value)
