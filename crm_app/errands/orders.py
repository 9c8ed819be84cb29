"""Fetch one order by its id: for the one that a channel's list forgot."""

from dataclasses import dataclass

from sqlmodel import Session, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.base import BadOrder, ChannelOrder
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.errands.connecting import connected
from crm_app.errors import ConflictError, InvalidInputError, RejectedError
from crm_app.models import Order
from crm_app.services import account_forms, accounts, audit, pulling, reach


@dataclass(frozen=True, slots=True)
class Fetched:
    """An order that was asked for. Neither flag: it was here already, just so."""

    order_id: int
    order_number: str
    is_new: bool
    is_changed: bool


def fetch_order(actor: Actor, account_id: int, external_id: str) -> Fetched:
    """Ask the channel for one order and store what it says, within the account's limits.

    The channel is called with no transaction open.

    Raises:
        PermissionDeniedError: Without `orders.import`.
        NotFoundError: There is no such account.
        InvalidInputError: The text is no id, or the channel's order cannot be stored.
        ConflictError: The account is not connected, or its channel shows no single order.
        RejectedError: The channel knows no such order.
        ChannelError: It did not answer, or its limit is used up; nothing was changed.
    """
    reach.require_on(actor, Permission.IMPORT_ORDERS, account_id)
    external_id = account_forms.clean_order_id(external_id)
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
    told = capabilities.of(account.channel)
    if not (told.pulls and told.reads_back):
        raise ConflictError(f"{account.channel.label} shows no single order; it sends them itself.")
    with connected(account_id) as connector:
        if connector is None:
            raise ConflictError(f"{account.name} is not connected.")
        try:
            order = connector.fetch_order(external_id)
        except RejectedError as error:
            words = f"{account.channel.label} knows no order {external_id}. {error}"
            raise RejectedError(words, details=error.details) from error
        except ValueError as error:
            message = f"{account.channel.label} sent an order that cannot be read: {error}."
            raise InvalidInputError(message) from error
    return _store(actor, account_id, order)


def _store(actor: Actor, account_id: int, order: ChannelOrder) -> Fetched:
    nobody: tuple[BadOrder, ...] = ()
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        count = pulling.store(session, account, [order], nobody)
        found = _here(session, account_id, order.external_id)
        if found is None:
            raise InvalidInputError(
                "The order was set aside; its reason is on the exceptions page."
            )
        audit.record(
            session,
            actor,
            "order:fetched",
            subject_type="order",
            subject_id=found[0],
            after={"account": account_id, "external_id": order.external_id},
        )
    return Fetched(found[0], found[1], bool(count.created), bool(count.updated))


def _here(session: Session, account_id: int, external_id: str) -> tuple[int, str] | None:
    return session.exec(
        select(Order.id, Order.order_number).where(
            Order.account_id == account_id, Order.external_id == external_id
        )
    ).first()
