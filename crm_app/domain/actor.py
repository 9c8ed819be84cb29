"""Who acts: every service takes an actor, every event and audit entry names one."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from crm_app.domain.permissions import Permission
from crm_app.errors import PermissionDeniedError

LONGEST_ADDRESS: Final = 64


class ActorKind(StrEnum):
    PERSON = "person"
    CHANNEL = "channel"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a channel, or the system itself.

    Attributes:
        kind: Which of the three.
        user_id: The person's id; None for the others.
        label: What the timeline shows: a person's name, "Amazon", "System".
        permissions: What it may do; nothing unless given.
        session_id: The sign-in through which a person acts; None for all else.
        token_id: The API token through which a person acts; None for all else.
        address: Where the request came from; empty for work that no request asked for.
    """

    kind: ActorKind
    label: str
    user_id: int | None = None
    permissions: frozenset[Permission] = frozenset()
    session_id: int | None = None
    token_id: int | None = None
    address: str = ""

    def at(self, address: str) -> "Actor":
        """The same actor, acting from this address."""
        return replace(self, address=address[:LONGEST_ADDRESS])

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise PermissionDeniedError unless the actor holds `permission`."""
        if permission not in self.permissions:
            raise PermissionDeniedError


# Imports and other work that no person asked for. It holds no permission: nothing that asks
# for one may run in its name.
SYSTEM = Actor(ActorKind.SYSTEM, "System")
