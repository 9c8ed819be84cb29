"""What the frame around every page shows: who is signed in, what waits, how sync stands."""

import time
from dataclasses import dataclass
from typing import Final, Self

import reflex as rx

from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import CrmError
from crm_app.services import beats, health, notices, themes
from crm_app.services.exceptions.listing import Counts, count_exceptions
from crm_app.services.health import AccountHealth, Rate, SyncHealth
from crm_app.ui.shared import times
from crm_app.ui.shared.built import build_id
from crm_app.ui.shared.needs import count_text
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor, role_label
from crm_app.ui.shared.sidebar_state import SidebarState

# Counts and health are read no more often than this, however quickly somebody clicks.
FRESH_S: Final = 12.0
_NONE: Final = "—"


@dataclass(frozen=True)
class AccountRow:
    """One connected account in the pop-over of sync health."""

    key: str
    channel: str
    mark: str
    label: str
    name: str
    level: str
    sentence: str
    waiting: str
    oldest: str
    accepted: str
    accepted_title: str
    behind: str
    behind_title: str

    @classmethod
    def of(cls, account: AccountHealth) -> Self:
        zone, moment = get_settings().zone, now()
        return cls(
            key=str(account.account_id),
            channel=account.channel.value,
            mark=account.channel.mark,
            label=account.channel.label,
            name=account.name,
            level=account.level,
            sentence=account.sentence,
            waiting=f"{account.waiting:,}",
            oldest=times.span(moment - account.oldest_at) if account.oldest_at else _NONE,
            accepted=_share(account.last_day),
            accepted_title=_shares(account),
            behind=times.span(account.lag) if account.lag is not None else _NONE,
            behind_title=(
                f"Complete up to {times.exact(account.watermark, zone)}"
                if account.watermark
                else ""
            ),
        )


def _share(rate: Rate) -> str:
    """`98 %`; never 100 % while one was refused, and a dash where nothing was tried."""
    if rate.share is None:
        return _NONE
    return f"{int(rate.share * 100)} %"


def _shares(account: AccountHealth) -> str:
    hour, day = account.last_hour, account.last_day
    if not day.tried:
        return "Nothing was sent in the last 24 hours"
    said = f"{day.accepted:,} of {day.tried:,} calls accepted in the last 24 hours"
    return f"{said}, {hour.accepted:,} of {hour.tried:,} in the last hour" if hour.tried else said


class ShellState(rx.State):
    """Display only: no decision reads these fields."""

    brand: str = get_settings().brand_name
    zone: str = times.zone_name(now(), get_settings().zone)
    person: str = ""
    initials: str = ""
    role: str = ""
    # Whose drafts a tab keeps.
    person_key: str = ""
    is_known: bool = False
    verbs: list[str] = []
    # The role, and where, as which the person looks at the desk; empty with their own eyes.
    viewing: str = ""
    health_level: str = ""
    health_sentence: str = "Checking the channels"
    accounts: list[AccountRow] = []
    # How many exceptions wait; empty while none does.
    trouble: str = ""
    trouble_title: str = ""
    # How many notices the person has not read; empty while there is none.
    unread: str = ""

    # Light, dark or system, as the person chose it; empty until they do (`assets/theme.js`).
    theme: str = ""

    # Another one with each answer, and the pages that the server has now (`shared/connection.py`).
    beat: str = ""
    build: str = ""

    _read_at: float = 0.0
    # A part of the desk does not run, and the mark says so.
    _still: bool = False

    @rx.event(temporal=True)
    @requires()
    async def load(self) -> rx.event.EventType[()]:
        """Read what the frame shows. Runs on each page load and on a timer."""
        actor = await current_actor(self)
        self._show_person(actor)
        self.beat, self.build = str(time.time_ns()), build_id()
        stands_still = (await rx.run_in_thread(beats.listen)).sentence
        if stands_still:
            # Worse than anything that is known of an account, and read afresh each time.
            self.health_level, self.health_sentence = "bad", stands_still
            self._still = True
        elif self._still:
            self._still, self._read_at = False, 0.0
        if time.time() - self._read_at < FRESH_S:
            return SidebarState.load
        try:
            await self._read(actor)
        except CrmError as error:
            # The frame says so and the page goes on: its own content may still be there.
            self.health_level, self.health_sentence = "bad", str(error)
        return SidebarState.load

    @rx.event
    @requires()
    async def choose_theme(self, theme: str) -> None:
        """Remember the theme for this person, on every computer they sign in at."""
        actor = await current_actor(self)
        self.theme = await call(themes.keep_theme, actor, str(theme))

    def _show_person(self, actor: Actor) -> None:
        self.is_known = True
        self.person, self.person_key = actor.label, str(actor.user_id or "")
        self.initials = "".join(part[0] for part in actor.label.split()[:2]).upper()
        self.role, self.viewing = role_label(actor), actor.viewing_as
        self.verbs = [one.value for one in Permission if actor.may(one)]

    async def _read(self, actor: Actor) -> None:
        counts = await call(count_exceptions, actor)
        self.trouble, self.trouble_title = trouble_texts(counts)
        self._show_health(await call(health.sync_health, actor))
        self.unread = unread_text(await call(notices.count_unread, actor))
        self.theme = await call(themes.own_theme, actor)
        self._read_at = time.time()

    def _show_health(self, found: SyncHealth) -> None:
        if not self._still:
            self.health_level, self.health_sentence = found.level, found.sentence
        self.accounts = [AccountRow.of(account) for account in found.accounts]


def unread_text(count: int) -> str:
    """The number at the bell: empty, `3`, `99+`."""
    if count >= notices.MOST_COUNTED:
        return f"{notices.MOST_COUNTED - 1}+"
    return str(count) if count else ""


def trouble_texts(counts: Counts) -> tuple[str, str]:
    """The number beside "Exceptions" and what it is made of; both empty while nothing waits."""
    number = count_text(counts.total, is_exact=counts.is_exact) if counts.total else ""
    causes = [f"{count:,} {one.label.lower()}" for one, count in counts.by_cause.items() if count]
    return number, ", ".join(causes)
