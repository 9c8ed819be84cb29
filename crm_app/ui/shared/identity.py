"""For whom this tab's state was filled."""

import hashlib

import reflex as rx

from crm_app.domain.actor import Actor


class IdentityState(rx.State):
    """Known to the server only. The guard empties the tab when the fingerprint changes."""

    _owner: str = ""


def fingerprint(actor: Actor | None) -> str:
    """Changes with the person and with what the person may see."""
    if actor is None:
        return ""
    rights = ",".join(sorted(actor.permissions))
    return hashlib.sha256(f"{actor.user_id}:{rights}".encode()).hexdigest()
