"""What stands behind the bell: a person's newest notices, and which of them were read."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.errors import CrmError, NotFoundError, NotSignedInError
from crm_app.models import Notice
from crm_app.services import notices
from crm_app.ui.shared import times
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor
from crm_app.ui.shared.shell_state import ShellState, unread_text

_SHOWN: Final = 20


@dataclass(frozen=True)
class NoticeRow:
    """One notice as it is drawn."""

    id: int
    kind: str
    sentence: str
    href: str
    at: str
    exact: str
    is_read: bool

    @classmethod
    def of(cls, notice: Notice, moment: datetime, zone: ZoneInfo) -> Self:
        return cls(
            id=notice.id,
            kind=notice.kind,
            sentence=notice.sentence,
            href=notice.href,
            at=times.when(notice.at, moment, zone),
            exact=times.exact(notice.at, zone),
            is_read=notice.read_at is not None,
        )


class BellState(rx.State):
    """The newest notices of whoever is signed in; read when the bell is opened."""

    rows: list[NoticeRow] = []
    is_loaded: bool = False
    failure: str = ""

    @rx.event
    @requires()
    async def look(self, is_open: bool) -> None:
        """Read the newest ones when the bell opens."""
        if not is_open:
            return
        actor = await current_actor(self)
        moment, zone = now(), get_settings().zone
        try:
            page = await call(notices.list_notices, actor, limit=_SHOWN)
            self.rows = [NoticeRow.of(notice, moment, zone) for notice in page.notices]
            self.failure = ""
            await self._count()
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
        self.is_loaded = True

    @rx.event
    @requires()
    async def read(self, notice_id: int) -> None:
        """Mark one as read: the person follows its link, or only ticks it off."""
        actor = await current_actor(self)
        try:
            await call(notices.mark_read, actor, int(notice_id))
        except NotFoundError:
            return  # forgotten meanwhile
        self._show_read({int(notice_id)})
        await self._count()

    @rx.event
    @requires()
    async def read_all(self) -> None:
        """Mark everything up to the newest one on the screen as read."""
        if not self.rows:
            return
        actor = await current_actor(self)
        await call(notices.mark_all_read, actor, up_to=self.rows[0].id)
        self._show_read({row.id for row in self.rows})
        await self._count()

    def _show_read(self, ids: set[int]) -> None:
        self.rows = [replace(row, is_read=row.is_read or row.id in ids) for row in self.rows]

    async def _count(self) -> None:
        actor = await current_actor(self)
        shell = await self.get_state(ShellState)
        shell.unread = unread_text(await call(notices.count_unread, actor))
