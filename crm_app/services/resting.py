"""What an account's row says of calls that are left out for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from crm_app.channels import capabilities
from crm_app.channels.breaker import Family, Rest
from crm_app.config import get_settings
from crm_app.domain.time import now
from crm_app.models import ChannelAccount

_SECONDS_MATTER: Final = timedelta(minutes=2)
_WHAT: Final = {Family.READ: "reading", Family.WRITE: "sending", Family.SIGN_IN: "signing in"}


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """The longest pause of an account that is still running. `what` is a word such as reading."""

    until: datetime
    failures: int
    why: str
    what: str

    @property
    def sentence(self) -> str:
        """Left alone until 10:42 after 6 failures (reading): Amazon answered 503."""
        moment = until_text(self.until)
        return f"Left alone until {moment} after {self.failures} failures ({self.what}): {self.why}"


def note(session: Session, account_id: int, rests: Sequence[Rest]) -> None:
    """Write down what is left out now, and let the next pull come when reading may be tried."""
    account = session.exec(
        select(ChannelAccount)
        .where(col(ChannelAccount.id) == account_id)
        .with_for_update(key_share=True)
    ).one()
    was = reading_until(account)
    account.rests = {
        rest.family.value: {
            "until": rest.until.isoformat(),
            "failures": rest.failures,
            "why": rest.why,
        }
        for rest in rests
    }
    if not capabilities.of(account.channel).pulls:
        return
    moment = now()
    until = reading_until(account)
    if until is not None and until > moment:
        account.next_pull_at = until
    elif was is not None and until is None:
        # It answers again: no need to wait out a pause that counted the failures.
        soon = moment + timedelta(seconds=get_settings().pull_interval_s)
        account.next_pull_at = min(account.next_pull_at or soon, soon)


def reading_until(account: ChannelAccount) -> datetime | None:
    """Until when the account's orders are not asked for; None if they are."""
    found = [
        datetime.fromisoformat(account.rests[family]["until"])
        for family in (Family.READ, Family.SIGN_IN)
        if family in account.rests
    ]
    return max(found, default=None)


def left_alone(account: ChannelAccount) -> LeftAlone | None:
    """The pause that lasts longest; None if there is none or it is over."""
    found = [
        LeftAlone(
            datetime.fromisoformat(rest["until"]),
            int(rest["failures"]),
            str(rest["why"]),
            _WHAT[Family(family)],
        )
        for family, rest in account.rests.items()
    ]
    longest = max(found, key=lambda rest: rest.until, default=None)
    return longest if longest is not None and longest.until > now() else None


def until_text(moment: datetime) -> str:
    """A moment today as a clock shows it in the business zone; with seconds if it is near."""
    local = moment.astimezone(get_settings().zone)
    return f"{local:%H:%M:%S}" if moment - now() < _SECONDS_MATTER else f"{local:%H:%M}"
