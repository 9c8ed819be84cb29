"""Your account: where you are signed in."""

import reflex as rx

from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import sessions
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.sign_ins import SignInRow


class MeState(rx.State):
    """One's own sign-ins."""

    rows: list[SignInRow] = []
    has_others: bool = False
    is_loaded: bool = False
    failure: str = ""

    @rx.event
    @requires()
    async def load(self) -> None:
        """Read the sign-ins. Runs on page load and after every change."""
        actor = await current_actor(self)
        try:
            found = await call(sessions.list_own, actor)
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure, self.is_loaded = str(error), True
            return
        self.rows = [SignInRow.of(one) for one in found]
        self.has_others = len(self.rows) > 1
        self.failure, self.is_loaded = "", True

    @rx.event
    @requires()
    async def end(self, session_id: int) -> list[rx.event.EventType[()]]:
        """End one of one's other sign-ins."""
        actor = await current_actor(self)
        await call(sessions.end_own, actor, int(session_id))
        return [rx.toast.success("That sign-in has ended."), MeState.load]

    @rx.event
    @requires()
    async def end_others(self) -> list[rx.event.EventType[()]]:
        actor = await current_actor(self)
        ended = await call(sessions.end_others, actor)
        word = "1 other sign-in has" if ended == 1 else f"{ended} other sign-ins have"
        return [rx.toast.success(f"{word} ended."), MeState.load]
