"""Who sells: what papers say of the business, for all accounts or for one."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel import Session, col, select

from crm_app.config import get_settings
from crm_app.domain import gst
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.time import now
from crm_app.errors import ConflictError, InvalidInputError
from crm_app.models import BusinessDetails, ChannelAccount
from crm_app.services import accounts, audit, reach, sudo

DEFAULT_SERIES: Final = "INV"
_SERIES: Final = re.compile(r"[A-Z0-9]{1,4}")
_HSN: Final = re.compile(r"(\d{4}|\d{6}|\d{8})?")
_LONGEST: Final = {
    "legal_name": 200,
    "address": 500,
    "phone": 40,
    "email": 254,
    "footer": 300,
}
FIELDS: Final = (
    "legal_name",
    "address",
    "state",
    "gstin",
    "phone",
    "email",
    "hsn",
    "series",
    "footer",
)


@dataclass(frozen=True, slots=True)
class Seller:
    """The seller on a paper; everything but name and series may be empty."""

    legal_name: str
    series: str
    address: str = ""
    state: str = ""
    gstin: str = ""
    phone: str = ""
    email: str = ""
    hsn: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Sellers:
    """The seller of each account: its own details, or those of all."""

    default: Seller
    of_accounts: dict[int, Seller] = field(default_factory=dict[int, Seller])

    def of(self, account_id: int) -> Seller:
        return self.of_accounts.get(account_id, self.default)


def sellers(session: Session) -> Sellers:
    """What papers say, for callers that check permissions themselves."""
    default = Seller(get_settings().brand_name, DEFAULT_SERIES)
    own: dict[int, Seller] = {}
    for row in session.exec(select(BusinessDetails)):
        seller = Seller(**{name: getattr(row, name) for name in FIELDS})
        if row.account_id is None:
            default = seller
        else:
            own[row.account_id] = seller
    return Sellers(default, own)


@dataclass(frozen=True, slots=True)
class Details:
    """What the settings page shows: the details, whose they are, and which version.

    `version` is 0 while nothing was saved for this account (or for all).
    """

    account_id: int | None
    seller: Seller
    version: int


def get_details(session: Session, actor: Actor, account_id: int | None) -> Details:
    """The details of an account, or of all of them.

    Raises:
        PermissionDeniedError: Without `accounts.manage`.
        NotFoundError: If there is no such account.
    """
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    if account_id is not None:
        accounts.get_account(session, account_id)
    row = _row(session, account_id)
    known = sellers(session)
    if row is not None:
        seller = known.default if account_id is None else known.of(account_id)
        return Details(account_id, seller, row.version)
    if account_id is None:
        return Details(None, known.default, 0)
    # A start for what differs; a series belongs to one of them.
    values = {name: getattr(known.default, name) for name in FIELDS} | {"series": ""}
    return Details(account_id, Seller(**values), 0)


def list_accounts(session: Session, actor: Actor) -> list[tuple[int, str, bool]]:
    """Id, name and whether it has details of its own, for each account. Needs `accounts.manage`."""
    reach.require(session, actor, Permission.MANAGE_ACCOUNTS)
    own = set(session.exec(select(BusinessDetails.account_id)))
    found = session.exec(select(ChannelAccount).order_by("channel", "name"))
    return [
        (account.id, f"{account.channel.label}: {account.name}", account.id in own)
        for account in found
    ]


def save_details(
    session: Session,
    actor: Actor,
    account_id: int | None,
    told: dict[str, str],
    *,
    expected_version: int,
) -> Details:
    """Write the details of an account, or of all accounts that have none of their own.

    Args:
        session: An open transaction.
        actor: Must hold `accounts.manage`.
        account_id: None for all.
        told: `FIELDS` as typed; the state as two digits or in words.
        expected_version: As `get_details` gave it.

    Raises:
        PermissionDeniedError: Without the permission.
        ConfirmationNeededError: If the actor has not just proved that it is them.
        NotFoundError: If there is no such account.
        InvalidInputError: If something cannot be used; `details` names the fields.
        ConflictError: If somebody saved them meanwhile, or the series is another seller's.
    """
    if account_id is None:
        actor.require_everywhere(Permission.MANAGE_ACCOUNTS)
    before = get_details(session, actor, account_id)
    sudo.require(actor)
    seller = _checked(told)
    row = _row(session, account_id, lock=True)
    if (row.version if row else 0) != expected_version:
        raise ConflictError("Somebody saved these details meanwhile. Look again first.")
    _check_series(session, account_id, seller.series)
    values = {name: getattr(seller, name) for name in FIELDS}
    if row is None:
        session.add(BusinessDetails(account_id=account_id, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
        row.version, row.updated_at = row.version + 1, now()
    session.flush()
    changed = [name for name in FIELDS if getattr(before.seller, name) != values[name]]
    audit.record(
        session,
        actor,
        "business:changed",
        subject_type="account" if account_id else "business",
        subject_id=account_id or "all",
        before={name: getattr(before.seller, name) for name in changed},
        after={name: values[name] for name in changed},
    )
    return Details(account_id, seller, expected_version + 1)


def _row(session: Session, account_id: int | None, *, lock: bool = False) -> BusinessDetails | None:
    wanted = select(BusinessDetails).where(
        col(BusinessDetails.account_id).is_(None)
        if account_id is None
        else BusinessDetails.account_id == account_id
    )
    return session.exec(wanted.with_for_update() if lock else wanted).one_or_none()


def _check_series(session: Session, account_id: int | None, series: str) -> None:
    others = session.exec(
        select(BusinessDetails.account_id).where(BusinessDetails.series == series)
    ).all()
    # The name of all accounts stands for them also while nobody saved their details.
    is_taken = any(other != account_id for other in others) or (
        account_id is not None and series == DEFAULT_SERIES and _row(session, None) is None
    )
    if is_taken:
        said = f"Another seller counts its invoices as {series}. Choose other letters."
        raise ConflictError(said, details={"series": said})


def _checked(told: dict[str, str]) -> Seller:
    plain: dict[str, Any] = {
        name: "\n".join(" ".join(line.split()) for line in told.get(name, "").splitlines()).strip()
        for name in FIELDS
    }
    for name in ("gstin", "series"):
        plain[name] = plain[name].upper().replace(" ", "")
    mistakes = {
        name: f"At most {most} characters."
        for name, most in _LONGEST.items()
        if len(plain[name]) > most
    }
    if not plain["legal_name"]:
        mistakes["legal_name"] = "The business needs a name."
    if plain["gstin"] and not gst.is_gstin(plain["gstin"]):
        mistakes["gstin"] = "This is no GSTIN: 15 letters and digits, the last one checks them."
    state = gst.state_code(plain["state"])
    if plain["state"] and not state:
        mistakes["state"] = "This is no state or territory of India."
    if plain["gstin"] and "gstin" not in mistakes:
        if state and state != plain["gstin"][:2]:
            mistakes["state"] = f"The GSTIN belongs to {gst.STATES[plain['gstin'][:2]]}."
        state = plain["gstin"][:2]
    plain["state"] = state
    if not _HSN.fullmatch(plain["hsn"]):
        mistakes["hsn"] = "An HSN code has 4, 6 or 8 digits."
    if not _SERIES.fullmatch(plain["series"]):
        mistakes["series"] = "One to four letters or digits."
    if mistakes:
        raise InvalidInputError(" ".join(mistakes.values()), details=mistakes)
    return Seller(**plain)
