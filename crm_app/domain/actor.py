"""Who acts: every service takes an actor, every event and audit entry names one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from crm_app.domain.permissions import Permission
from crm_app.domain.reach import EVERYWHERE, NOWHERE, Reach
from crm_app.errors import PermissionDeniedError

LONGEST_ADDRESS: Final = 64
ONLY_LOOKING: Final = "You look at the desk as a role, and so nothing changes. Stop that first."


class ActorKind(StrEnum):
    PERSON = "person"
    # A program in a person's name, and one with a name and roles of its own.
    TOKEN = "token"  # noqa: S105 - a kind, not a token
    SERVICE = "service"
    CHANNEL = "channel"
    SYSTEM = "system"


# Whose deeds somebody here wanted: no channel's later word undoes them unasked.
HANDS: Final = (ActorKind.PERSON, ActorKind.TOKEN, ActorKind.SERVICE)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a program, a channel, or the system itself.

    Attributes:
        kind: Which of them.
        user_id: The id of the person, or of the service; None for the others.
        label: What the timeline shows: a person's name, "Amazon", "System".
        permissions: What it may do at all; nothing unless given.
        session_id: The sign-in through which a person acts; None for all else.
        token_id: The API token through which a program acts; None for all else.
        address: Where the request came from; empty for work that no request asked for.
        narrowed: How far those of `permissions` reach that do not reach everywhere.
        roles: The names of the roles that a person has.
        confirmed_at: When the person last proved in this sign-in that it is them.
        viewing_as: The role as which a person looks at the desk; empty as themselves.
    """

    kind: ActorKind
    label: str
    user_id: int | None = None
    permissions: frozenset[Permission] = frozenset()
    session_id: int | None = None
    token_id: int | None = None
    address: str = ""
    narrowed: Mapping[Permission, Reach] = field(
        default_factory=dict[Permission, Reach], hash=False
    )
    roles: tuple[str, ...] = ()
    viewing_as: str = ""
    confirmed_at: datetime | None = None

    def at(self, address: str) -> "Actor":
        """The same actor, acting from this address."""
        return replace(self, address=address[:LONGEST_ADDRESS])

    def oneself(self) -> "Actor":
        """The same actor, no longer looking as a role; with no more rights than before."""
        return replace(self, viewing_as="")

    def require_own_eyes(self) -> None:
        """Raise PermissionDeniedError while the actor looks at the desk as a role."""
        if self.viewing_as:
            raise PermissionDeniedError(ONLY_LOOKING)

    def reach(self, permission: Permission) -> Reach:
        """Where the actor holds a permission."""
        if permission not in self.permissions:
            return NOWHERE
        return self.narrowed.get(permission, EVERYWHERE)

    def sight(self) -> Reach:
        """Where the actor holds anything at all."""
        if self.permissions - set(self.narrowed):
            return EVERYWHERE
        return Reach.union(self.narrowed.values())

    def may(self, permission: Permission, account_id: int | None = None) -> bool:
        """Whether the actor holds a permission: somewhere, or on one account."""
        if account_id is None:
            return permission in self.permissions
        return self.reach(permission).holds(account_id)

    def may_everywhere(self, permission: Permission) -> bool:
        return self.reach(permission).is_all

    def require(self, permission: Permission, account_id: int | None = None) -> None:
        """Raise PermissionDeniedError unless the actor holds `permission`.

        With an account it has to be held there; without one, somewhere: what a service then
        reads is narrowed by `services.reach`.
        """
        if not self.may(permission, account_id):
            raise PermissionDeniedError

    def require_everywhere(self, permission: Permission) -> None:
        """Raise PermissionDeniedError unless `permission` is held on every account there is and
        will be: for what concerns all of them."""
        if not self.may_everywhere(permission):
            raise PermissionDeniedError

    def only(self, permissions: Iterable[Permission]) -> "Actor":
        """The same actor with none but these of what it may do."""
        kept = self.permissions & frozenset(permissions)
        narrowed = {one: reach for one, reach in self.narrowed.items() if one in kept}
        return replace(self, permissions=kept, narrowed=narrowed)

    def on_account(self, account_id: int) -> "Actor":
        """The same actor with what it may do on one account."""
        if not self.narrowed:
            return self
        return self.only(one for one in self.permissions if self.may(one, account_id))


# Imports and other work that no person asked for. It holds no permission: nothing that asks
# for one may run in its name.
SYSTEM = Actor(ActorKind.SYSTEM, "System")
