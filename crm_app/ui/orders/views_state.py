"""The view that the list is shown through: saving it, pinning it, opening with it."""

from dataclasses import dataclass, replace
from typing import Any

import reflex as rx
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.domain.view import Colour
from crm_app.errors import CrmError, InvalidInputError, NotSignedInError
from crm_app.services import views
from crm_app.services.views import View, ViewChangedError, ViewDraft
from crm_app.ui.orders.layout_state import layout_of
from crm_app.ui.orders.state import list_of
from crm_app.ui.shared import times
from crm_app.ui.shared.links import ALL_ORDERS, view_path
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.sidebar_state import SidebarState
from crm_app.ui.shared.view_rows import ViewRow, whose


@dataclass(frozen=True)
class ShownView:
    """The view on the screen; without a key it is all orders."""

    key: str = ""
    name: str = "All orders"
    tone: str = "mute"
    about: str = ""
    href: str = ALL_ORDERS
    is_modified: bool = False
    is_saved: bool = False
    may_change: bool = False
    is_default: bool = False
    version: int = 0


@dataclass(frozen=True)
class ViewForm:
    """The dialog. `key` is empty for a new view; `over` is the version that somebody else saved."""

    is_open: bool = False
    key: str = ""
    version: int = 0
    name: str = ""
    colour: str = Colour.GREY.value
    is_shared: bool = False
    has_columns: bool = False
    failure: str = ""
    over: int = 0


class ViewsState(rx.State):
    """What the menu of views shows, and its dialog."""

    rows: list[ViewRow] = []
    shown: ShownView = ShownView()
    form: ViewForm = ViewForm()
    # A view that is about to be deleted, by its name; empty while nobody asks.
    asked: str = ""

    @rx.event(temporal=True)
    @requires(Permission.VIEW_ORDERS, quiet=True)
    async def follow(self) -> None:
        """After the list was read: which view it is, and which ones there are."""
        self.asked = ""
        try:
            found = await list_of(self)
        except InvalidInputError:
            # The list says what its address does not mean.
            self.shown = ShownView()
        else:
            self.shown = _shown(found.view, is_modified=found.is_modified)
        actor = await current_actor(self)
        listed = await call(views.list_views, actor)
        self.rows = [ViewRow.of(view, shown=self.shown.key) for view in listed]

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def open_new(self) -> None:
        """Ask for the name of a view that keeps the list as it is now."""
        name = f"{self.shown.name} 2" if self.shown.is_modified else ""
        self.form = ViewForm(is_open=True, name=name[: views.MAX_NAME])

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def open_edit(self) -> None:
        """Show what the view on the screen is called, for changing it."""
        found = (await list_of(self)).view
        if found is None or not found.may_change:
            return
        self.form = ViewForm(
            is_open=True,
            key=found.key,
            version=found.version,
            name=found.name,
            colour=found.colour.value,
            is_shared=found.is_shared,
            has_columns=bool(found.layout),
        )

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def show_form(self, is_open: bool) -> None:
        if not is_open:
            self.form = ViewForm()

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def save(self, form: dict[str, Any]) -> list[Any] | None:
        """Save what the dialog says, with the filters that are on the screen."""
        colour = str(form.get("colour", ""))
        self.form = replace(
            self.form,
            name=str(form.get("name", "")).strip()[:200],
            colour=colour if colour in list(Colour) else Colour.GREY.value,
            is_shared=bool(form.get("shared")),
            has_columns=bool(form.get("columns")),
            # Pressed again after the warning, it is meant.
            version=self.form.over or self.form.version,
            over=0,
            failure="",
        )
        layout = await layout_of(self) if self.form.has_columns else {}
        return await self._save(layout)

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def save_changes(self) -> list[Any] | None:
        """Keep the filters that are on the screen in the view itself."""
        await self.open_edit()
        layout = await layout_of(self) if self.form.has_columns else {}
        return await self._save(layout) if self.form.key else None

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def pin(self, key: str, is_pinned: bool) -> list[Any]:
        """Put a view into this person's sidebar, or take it out."""
        actor = await current_actor(self)
        await call(views.choose, actor, str(key), is_pinned=bool(is_pinned))
        return [ViewsState.follow, SidebarState.renew]

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def open_first(self, is_default: bool) -> list[Any]:
        """Open this person's list with the view on the screen from now on, or no longer."""
        actor = await current_actor(self)
        if self.shown.key:
            await call(views.choose, actor, self.shown.key, is_default=bool(is_default))
        return [ViewsState.follow]

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def ask_to_remove(self, is_open: bool) -> None:
        self.asked = self.shown.name if is_open and self.shown.may_change else ""

    @rx.event
    @requires(Permission.VIEW_ORDERS)
    async def remove(self) -> list[Any]:
        """Delete the view on the screen; its orders stay."""
        actor = await current_actor(self)
        self.asked = ""
        await call(views.remove, actor, self.shown.key)
        return [rx.redirect(ALL_ORDERS), SidebarState.renew]

    async def _save(self, layout: dict[str, Any]) -> list[Any] | None:
        actor, form = await current_actor(self), self.form
        query = (await list_of(self)).query
        draft = ViewDraft(form.name, query.params(), Colour(form.colour), form.is_shared, layout)
        try:
            saved = await call(_keep, actor, form.key, draft, form.version)
        except NotSignedInError:
            raise
        except ViewChangedError as error:
            said = f"{error} Save again to replace theirs, or cancel and save yours as a new one."
            over = int(error.details["version"])
            self.form = replace(form, is_open=True, failure=said, over=over)
            return None
        except CrmError as error:
            self.form = replace(form, is_open=True, failure=str(error))
            return None
        self.form = ViewForm()
        renewed = [rx.redirect(view_path(saved.key)), SidebarState.renew]
        # At its own address already: nothing would read the list anew.
        return [*renewed, ViewsState.follow]


def _keep(session: Session, actor: Actor, key: str, draft: ViewDraft, version: int) -> View:
    if key:
        return views.change(session, actor, key, draft, version=version)
    return views.create(session, actor, draft)


def _shown(view: View | None, *, is_modified: bool) -> ShownView:
    if view is None:
        return ShownView()
    about = view.sentence or whose(view)
    if view.changed_at and view.changed_by:
        when = times.ago(view.changed_at, now())
        about = f"{about} · changed by {view.changed_by} {when}"
    return ShownView(
        key=view.key,
        name=view.name,
        tone=view.colour.value,
        about=about,
        href=view_path(view.key),
        is_modified=is_modified,
        is_saved=not view.is_standing,
        may_change=view.may_change,
        is_default=view.is_default,
        version=view.version,
    )
