"""Default-deny in front of every event of every browser.

Reflex makes each public method of each state callable by anybody who opens the websocket, also
undecorated ones, and adds a `setvar` to each state. So the decision looks at the *state class*:
in ours, only marked handlers run, for people who hold what the mark asks; of Reflex's own, only
those that a page needs to start.
"""

import logging
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import reflex as rx
from reflex.app import App
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegisteredEventHandler, RegistrationContext

from crm_app.domain.actor import Actor
from crm_app.errors import CrmError, NotSignedInError, PermissionDeniedError
from crm_app.services import refusals
from crm_app.ui.shared.identity import IdentityState, fingerprint
from crm_app.ui.shared.permission import Mark, mark_of
from crm_app.ui.shared.rate import EventRate
from crm_app.ui.shared.session import identify, session_token

logger = logging.getLogger(__name__)

OUR_PACKAGE: Final = "crm_app"
# What the sign-in page then says (`ui/login/state.py`).
_OVER: Final = "done=over"

_ROOT: Final = "reflex___state____state"
_START: Final = frozenset({f"{_ROOT}.hydrate", f"{_ROOT}.hydrate_and_load"})
# What a page of Reflex needs to start and to report its own crash. None of it reads data.
FRAMEWORK_EVENTS: Final = _START | {
    f"{_ROOT}.set_is_hydrated",
    f"{_ROOT}.reflex___state____on_load_internal_state.on_load_internal",
    f"{_ROOT}.reflex___state____on_load_internal_state.set_is_hydrated",
    f"{_ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
}


class Guard(rx.Middleware):
    """Runs before each event, whatever its kind; an update returned here ends the event."""

    def __init__(self, rate: EventRate | None = None) -> None:
        self._rate = rate or EventRate()

    async def preprocess(
        self,
        app: App,  # noqa: ARG002 - Reflex passes it by name
        state: BaseState,
        event: Event,
    ) -> StateUpdate | None:
        root = _root_of(state)
        if not self._rate.allows(root.router.session.session_id):
            return _say("Too many clicks at once. Wait a second.")
        registered = RegistrationContext.get().event_handlers.get(event.name)
        if registered is None:
            await _note(root, "unknown", PermissionDeniedError.code)
            return _say(str(PermissionDeniedError()))
        if not _is_ours(registered):
            return await self._framework(root, event)
        return await self._ours(root, event, registered)

    async def _framework(self, root: rx.State, event: Event) -> StateUpdate | None:
        if event.name not in FRAMEWORK_EVENTS:
            logger.warning("Refused the framework event %s", event.name)
            await _note(root, _short(event.name), PermissionDeniedError.code)
            return _say(str(PermissionDeniedError()))
        if event.name in _START:
            await _forget_the_last_person(root)
        return None

    async def _ours(
        self, root: rx.State, event: Event, registered: RegisteredEventHandler
    ) -> StateUpdate | None:
        mark = mark_of(registered.handler.fn)
        if mark is None:
            logger.warning("Refused %s: it carries no permission", event.name)
            await _note(root, _short(event.name), PermissionDeniedError.code)
            return _say(str(PermissionDeniedError()))
        if mark.public_because:
            return None
        actor: Actor | None = None
        try:
            actor = await identify(root)
            _require(actor, mark)
        except NotSignedInError as error:
            await _note(root, _short(event.name), error.code)
            return await _send_to_sign_in(root)
        except PermissionDeniedError as error:
            await _note(root, _short(event.name), error.code, actor)
            return StateUpdate() if mark.is_quiet else _say(str(error))
        except CrmError as error:
            return _say(str(error))
        return None


def _require(actor: Actor, mark: Mark) -> None:
    for permission in mark.permissions:
        actor.require(permission)


async def _note(root: rx.State, where: str, why: str, actor: Actor | None = None) -> None:
    address = root.router.session.client_ip
    await rx.run_in_thread(
        partial(refusals.note, "event:refused", where, why, actor=actor, address=address)
    )


def _short(name: str) -> str:
    """`orders_state.load` of a handler's full name."""
    return ".".join(name.rsplit(".", 2)[-2:]).rpartition("___")[2]


def _is_ours(registered: RegisteredEventHandler) -> bool:
    return any(
        cls.__module__ == OUR_PACKAGE or cls.__module__.startswith(OUR_PACKAGE + ".")
        for cls in registered.states
    )


def our_states() -> list[type[BaseState]]:
    """Every state class of this product."""
    return [
        cls
        for cls in RegistrationContext.get().base_states.values()
        if cls.__module__.startswith(OUR_PACKAGE + ".")
    ]


async def _forget_the_last_person(root: rx.State) -> None:
    """Before a tab is sent its state: if it was filled for somebody else, empty it.

    The token that names the state on the server outlives a sign-out in the same tab.
    """
    try:
        owner = fingerprint(await identify(root))
    except CrmError:
        owner = fingerprint(None)
    identity = await root.get_state(IdentityState)
    if identity._owner != owner:  # pyright: ignore[reportPrivateUsage] - the guard's own field
        await empty_tab(root)
        identity._owner = owner  # pyright: ignore[reportPrivateUsage]


async def empty_tab(state: rx.State) -> None:
    """Forget all that the tab of this state shows."""
    for cls in our_states():
        (await state.get_state(cls)).reset()


async def _send_to_sign_in(root: rx.State) -> StateUpdate:
    await empty_tab(root)
    delta = await root._get_resolved_delta()  # pyright: ignore[reportPrivateUsage]
    root._clean()  # pyright: ignore[reportPrivateUsage]
    path = sign_in_path(root.router.url.path, root.router.url.query)
    if path and session_token(root.router.headers.cookie):
        # They were signed in once: say why they are not any more.
        path += f"{'&' if '?' in path else '?'}{_OVER}"
    events: list[Any] = [rx.redirect(path, replace=True)] if path else []
    return StateUpdate(delta=delta, events=Event.from_event_type(events))


def sign_in_path(path: str, query: str) -> str:
    """Where to sign in and come back to `path`; empty when it is the sign-in page itself."""
    if path.rstrip("/") == "/login":
        return ""
    here = (path or "/") + (f"?{query}" if query else "")
    return "/login" if here == "/" else "/login?" + urlencode({"next": here})


def _say(sentence: str) -> StateUpdate:
    return StateUpdate(events=Event.from_event_type(rx.toast.error(sentence, id="refused")))


def _root_of(state: BaseState) -> rx.State:
    root = state._get_root_state()  # pyright: ignore[reportPrivateUsage]
    if not isinstance(root, rx.State):
        raise PermissionDeniedError
    return root
