"""A role while it is made or changed: what is ticked, and what that means, said at once."""

from dataclasses import dataclass

import reflex as rx

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import VERB_GROUPS, Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import roles
from crm_app.services.roles import RoleDraft, RoleView
from crm_app.ui.roles.state import RolesState
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


@dataclass(frozen=True)
class VerbChoice:
    """A verb to tick. Who does not hold it everywhere cannot put it into a role."""

    word: str
    phrase: str
    may_give: bool


@dataclass(frozen=True)
class VerbGroup:
    name: str
    verbs: list[VerbChoice]


def choices(actor: Actor) -> list[VerbGroup]:
    """All verbs in their groups, with those that somebody may put into a role."""
    return [
        VerbGroup(
            name,
            [VerbChoice(one.value, one.phrase, actor.may_everywhere(one)) for one in verbs],
        )
        for name, verbs in VERB_GROUPS.items()
    ]


class DraftState(rx.State):
    """The dialog of one role. `role_id` is 0 for one that is not there yet."""

    is_open: bool = False
    role_id: int = 0
    is_built_in: bool = False
    name: str = ""
    description: str = ""
    verbs: list[str] = []
    needs_factor: bool = False
    version: str = ""
    groups: list[VerbGroup] = []
    sentence: str = ""
    failure: str = ""
    mistakes: dict[str, str] = {}

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def make(self) -> None:
        """Begin a role with nothing ticked."""
        self._show(None, await current_actor(self))

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def change(self, role_id: int) -> None:
        """Open a role that is there."""
        actor = await current_actor(self)
        self._show(await call(roles.get_role, actor, int(role_id)), actor)

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def copy_role(self, role_id: int) -> None:
        """Begin a role with what another one lets do."""
        actor = await current_actor(self)
        found = await call(roles.get_role, actor, int(role_id))
        self._show(found, actor)
        self.role_id, self.version, self.is_built_in = 0, "", False
        self.name = f"Copy of {found.name}"

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def close(self, is_open: bool) -> None:
        self.is_open = self.is_open and bool(is_open)

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def rename(self, text: str) -> None:
        self.name = str(text)

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def describe(self, text: str) -> None:
        self.description = str(text)

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def tick(self, word: str) -> None:
        """Put a verb into the role, or take it out."""
        known = [one.value for one in Permission]
        wanted = set(self.verbs) ^ {str(word)}
        self.verbs = [one for one in known if one in wanted]
        self._say()

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def tick_factor(self) -> None:
        """Let the role ask for a second factor, or not."""
        self.needs_factor = not self.needs_factor

    @rx.event
    @requires(Permission.MANAGE_ROLES)
    async def save(self) -> rx.event.EventType[()] | None:
        """Store the role; what it lets do holds from everybody's next click on."""
        actor = await current_actor(self)
        draft = RoleDraft(self.name, self.description, list(self.verbs), self.needs_factor)
        self.failure, self.mistakes = "", {}
        try:
            if self.role_id:
                await call(roles.change, actor, self.role_id, draft, self.version)
            else:
                await call(roles.make, actor, draft)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = "" if error.details else str(error)
            self.mistakes = {str(name): str(text) for name, text in error.details.items()}
            return None
        self.is_open = False
        return RolesState.load

    def _show(self, role: RoleView | None, actor: Actor) -> None:
        self.role_id = role.id if role else 0
        self.is_built_in = role is not None and role.key is not None
        self.name, self.description = (role.name, role.description) if role else ("", "")
        self.verbs = [one.value for one in Permission if role and one in role.verbs]
        self.needs_factor = role is not None and role.needs_two_factor
        self.version = role.version if role else ""
        self.groups = choices(actor)
        self.failure, self.mistakes, self.is_open = "", {}, True
        self._say()

    def _say(self) -> None:
        self.sentence = roles.sentence([one for one in Permission if one.value in self.verbs])
