"""Channel accounts over REST, for admins: the same services as the page."""

from fastapi import APIRouter
from sqlmodel import Session

from crm_app.api.account_schemas import (
    AccountDetailOut,
    AccountOut,
    AccountsOut,
    ConnectIn,
    ConnectionIn,
    FetchedOut,
    FetchIn,
    FieldOut,
    FormOut,
    FormsOut,
    OptionOut,
    OptionsIn,
    ReplayIn,
    SweepIn,
    SweepOut,
    sweep_out,
)
from crm_app.api.dependencies import CurrentActor, DbSession, Id, permitted
from crm_app.channels import forms
from crm_app.db import transaction
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errands import accounts, orders
from crm_app.services import account_admin, account_options, account_view, sweeping

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"])
_ADMINS = [permitted(Permission.MANAGE_ACCOUNTS)]


@router.get("", dependencies=_ADMINS)
def list_accounts(session: DbSession, actor: CurrentActor) -> AccountsOut:
    """Every account, the worst first."""
    found = account_view.list_views(session, actor)
    return AccountsOut(accounts=[AccountOut.of(view) for view in found])


@router.get("/forms", dependencies=_ADMINS)
def list_forms() -> FormsOut:
    """What each channel asks for when an account is connected."""
    return FormsOut(
        forms=[
            FormOut(
                channel=channel,
                address=form.address,
                address_help=form.address_help,
                fields=[FieldOut.model_validate(field) for field in form.fields],
                options=[OptionOut.model_validate(one) for one in form.every_option],
            )
            for channel, form in forms.FORMS.items()
        ]
    )


@router.post("", status_code=201, dependencies=_ADMINS)
def connect(body: ConnectIn, actor: CurrentActor) -> AccountDetailOut:
    """Connect an account. Its credentials are tried on the channel first; 502 carries the
    channel's answer, and nothing is stored."""
    account_id = accounts.connect(
        actor, body.channel, name=body.name, base_url=body.base_url, values=body.values
    )
    return _detail(actor, account_id)


@router.get("/{account_id}", dependencies=_ADMINS)
def get_account(account_id: Id, actor: CurrentActor) -> AccountDetailOut:
    """One account with what is left of its limits."""
    return _detail(actor, account_id)


@router.put("/{account_id}/connection", dependencies=_ADMINS)
def change_connection(account_id: Id, body: ConnectionIn, actor: CurrentActor) -> AccountDetailOut:
    """Replace address and keys. They are tried on the channel first; 502 carries its answer, and
    nothing is changed."""
    accounts.change_connection(actor, account_id, base_url=body.base_url, values=body.values)
    return _detail(actor, account_id)


@router.patch("/{account_id}/options", dependencies=_ADMINS)
def change_options(
    account_id: Id, body: OptionsIn, session: DbSession, actor: CurrentActor
) -> AccountOut:
    """Choose some of the account's options; those that are not named stay."""
    account_options.change(session, actor, account_id, body.values)
    return _out(session, actor, account_id)


@router.post("/{account_id}/pause", dependencies=_ADMINS)
def pause(account_id: Id, session: DbSession, actor: CurrentActor) -> AccountOut:
    """Ask and tell the channel nothing until somebody resumes it. 409 if it is not connected."""
    account_admin.pause(session, actor, account_id)
    return _out(session, actor, account_id)


@router.post("/{account_id}/resume", dependencies=_ADMINS)
def resume(account_id: Id, session: DbSession, actor: CurrentActor) -> AccountOut:
    """Go on with a paused account. 409 if it is not paused."""
    account_admin.resume(session, actor, account_id)
    return _out(session, actor, account_id)


@router.post("/{account_id}/pull", status_code=202, dependencies=_ADMINS)
def pull(account_id: Id, actor: CurrentActor) -> AccountDetailOut:
    """Let a worker ask the channel at once, limits allowing."""
    accounts.pull_now(actor, account_id)
    return _detail(actor, account_id)


@router.post("/{account_id}/sweep", status_code=202, dependencies=_ADMINS)
def sweep(account_id: Id, body: SweepIn, session: DbSession, actor: CurrentActor) -> SweepOut:
    """Begin a deep sweep. 409 while one runs, or where the channel lists nothing."""
    return sweep_out(sweeping.ask(session, actor, account_id, body.days))


@router.post("/{account_id}/replay", status_code=202, dependencies=_ADMINS)
def replay(account_id: Id, body: ReplayIn, session: DbSession, actor: CurrentActor) -> AccountOut:
    """Read everything again that changed since a moment. Safe to repeat."""
    account_admin.replay(session, actor, account_id, body.since)
    return _out(session, actor, account_id)


@router.post("/{account_id}/orders", dependencies=[permitted(Permission.IMPORT_ORDERS)])
def fetch_order(account_id: Id, body: FetchIn, actor: CurrentActor) -> FetchedOut:
    """Fetch one order by its id, for the one that a list forgot. 502 if the channel knows none."""
    return FetchedOut.model_validate(orders.fetch_order(actor, account_id, body.external_id))


def _out(session: Session, actor: Actor, account_id: int) -> AccountOut:
    session.flush()
    return AccountOut.of(account_view.view(session, actor, account_id))


def _detail(actor: Actor, account_id: int) -> AccountDetailOut:
    with transaction() as session:
        view = account_view.view(session, actor, account_id)
    return AccountDetailOut.detail(view, accounts.budgets(actor, account_id))
