"""The filters of the exceptions as links. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self
from urllib.parse import urlencode

from crm_app.domain.trouble import Cause
from crm_app.services.exceptions.listing import AccountName, Counts
from crm_app.services.exceptions.query import ME, NOBODY, ExceptionQuery, View
from crm_app.ui.exceptions.rows import cause_pill
from crm_app.ui.shared.choices import Option
from crm_app.ui.shared.needs import count_text
from crm_app.ui.shared.tones import Pill

PATH: Final = "/exceptions"
OPEN: Final = "open"

_VIEWS: Final = {
    View.OPEN: "Open",
    View.SNOOZED: "Snoozed",
    View.CLOSED: "Closed by people",
    View.HEALED: "Solved themselves",
}
_FREE: Final = {ME: "Mine", NOBODY: "Nobody's"}


@dataclass(frozen=True)
class Tab:
    """A cause with its count."""

    key: str
    label: str
    count: str
    href: str
    is_on: bool


@dataclass(frozen=True)
class Menus:
    """What the bar above the list offers. `is_narrowed`: a filter beside the cause is on."""

    tabs: list[Tab] = field(default_factory=list)
    views: list[Option] = field(default_factory=list)
    people: list[Option] = field(default_factory=list)
    accounts: list[Option] = field(default_factory=list)
    view: str = "Open"
    person: str = "Anybody"
    account: str = "All accounts"
    cause: Pill = field(default_factory=Pill)
    clear_href: str = PATH
    is_narrowed: bool = False

    @classmethod
    def of(
        cls,
        query: ExceptionQuery,
        counts: Counts,
        people: Sequence[tuple[int, str]],
        accounts: Sequence[AccountName],
    ) -> Self:
        base = replace(query, cursor=None)
        views = [_option(base, key.value, label, view=key) for key, label in _VIEWS.items()]
        persons = [_option(base, "", "Anybody", assignee="")]
        persons += [_option(base, key, label, assignee=key) for key, label in _FREE.items()]
        persons += [_option(base, str(one), name, assignee=str(one)) for one, name in people]
        shops = [_option(base, "", "All accounts", account_id=None)]
        shops += [_account(base, one) for one in accounts]
        return cls(
            tabs=_tabs(base, counts),
            views=views,
            people=persons,
            accounts=shops,
            view=_chosen(views, "Open"),
            person=_chosen(persons, "One person"),
            account=_chosen(shops, "One account"),
            cause=cause_pill(base.cause) if base.cause else Pill(),
            clear_href=path(ExceptionQuery()),
            is_narrowed=bool(base.assignee or base.account_id or base.channels or base.cause),
        )


def path(query: ExceptionQuery, key: str = "") -> str:
    """The address of a list, with one exception opened."""
    params = query.params() | ({OPEN: key} if key else {})
    return f"{PATH}?{urlencode(params)}" if params else PATH


def _tabs(query: ExceptionQuery, counts: Counts) -> list[Tab]:
    def tab(cause: Cause | None, label: str, count: int) -> Tab:
        text = count_text(count, is_exact=counts.is_exact)
        href = path(replace(query, cause=cause))
        return Tab(cause or "all", label, text, href, query.cause is cause)

    shown = [cause for cause in Cause if counts.by_cause.get(cause) or query.cause is cause]
    every = tab(None, "All", counts.total)
    return [every, *(tab(one, one.label, counts.by_cause.get(one, 0)) for one in shown)]


def _option(query: ExceptionQuery, key: str, label: str, **changes: Any) -> Option:
    changed = replace(query, **changes)
    return Option(key or "all", label, path(changed), changed == query)


def _account(query: ExceptionQuery, account: AccountName) -> Option:
    made = _option(query, str(account.id), account.name, account_id=account.id)
    return replace(made, channel=account.channel.value, mark=account.channel.mark)


def _chosen(options: Sequence[Option], otherwise: str) -> str:
    return next((option.label for option in options if option.is_on), otherwise)
