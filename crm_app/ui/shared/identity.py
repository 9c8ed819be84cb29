"""For whom this tab's state was filled."""

import hashlib

import reflex as rx

from crm_app.domain.actor import Actor
from crm_app.domain.reach import Reach


class IdentityState(rx.State):
    """Known to the server only. The guard empties the tab when the fingerprint changes."""

    _owner: str = ""


def fingerprint(actor: Actor | None) -> str:
    """Changes with the person and with what the person may see."""
    if actor is None:
        return ""
    rights = ",".join(sorted(f"{one}@{_where(actor.reach(one))}" for one in actor.permissions))
    return hashlib.sha256(f"{actor.user_id}:{actor.viewing_as}:{rights}".encode()).hexdigest()


def _where(reach: Reach) -> str:
    return "all" if reach.is_all else ".".join(map(str, sorted(reach.accounts)))
