"""An order comes in: one sweep of one account, page by page."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlmodel import Session

from crm_app import db
from crm_app.channels.base import BadOrder, ChannelOrder, Connector, OrderPage
from crm_app.domain.time import now
from crm_app.errors import ChannelError, CrmError, RetryableError, ServiceUnavailableError
from crm_app.models import ChannelAccount
from crm_app.services import accounts, importing
from crm_app.services.importing import ImportCount
from crm_app.services.reading_ahead import ahead

logger = logging.getLogger(__name__)

_BATCH_ORDERS: Final = 500
# A channel that answers more slowly than this loses nothing by being stored page by page.
_BATCH_PATIENCE_S: Final = 0.5
# The last: half a surrogate pair, which the driver cannot write as UTF-8.
_REFUSALS: Final = (DataError, IntegrityError, UnicodeEncodeError)


@dataclass(frozen=True, slots=True)
class PullResult:
    """What a pull did. `is_complete` is False if time ran out: the next one goes on from there."""

    count: ImportCount
    is_complete: bool
    error: ChannelError | None = None


def pull(connector: Connector, account_id: int, *, budget_s: float) -> PullResult:
    """Read what changed on an account and store it.

    The channel is called by a thread that knows no session, so no transaction waits for it, and
    the next page is read while the last is stored. Each page (or a few, while the channel is
    quick) is stored in a transaction of its own, together with how to go on after it; the cursor
    moves in the transaction of the last page. The caller holds the account's lock.

    Args:
        connector: Speaks for this account.
        account_id: Our id.
        budget_s: Stop after the page that exceeds this many seconds, so that one long first
            import does not keep others waiting.

    Returns:
        A result that carries the channel's error, if any; it is stored on the account as well.
    """
    with db.transaction() as session:
        account = accounts.get_account(session, account_id)
        account.last_pull_at = now()
        cursor, resume = account.cursor, account.resume
    count = ImportCount()
    deadline = time.monotonic() + budget_s
    try:
        batches = _in_batches(connector.fetch_orders(cursor, resume), deadline)
        may_go_on = False
        with ahead(batches, deadline) as pages:
            for page in pages:
                count += _save_page(account_id, page, cursor)
                if page.cursor is not None:
                    return PullResult(count, is_complete=True)
                may_go_on = page.resume is not None
        if may_go_on and time.monotonic() > deadline:
            return PullResult(count, is_complete=False)
        raise RetryableError("The channel's list of orders ended before its end.")
    except ChannelError as error:
        with db.transaction() as session:
            accounts.pull_failed(accounts.get_account(session, account_id), error)
        logger.warning("Pull of account %d stopped after %d: %s", account_id, count.total, error)
        return PullResult(count, is_complete=False, error=error)
    except Exception as error:
        _remember(account_id, error)
        raise


def _in_batches(pages: Iterable[OrderPage], deadline: float) -> Iterator[OrderPage]:
    """Several pages as one: a page of 100 costs the database nearly what one of 500 does.

    What was read before an error is handed on before the error is.
    """
    held: OrderPage | None = None
    began = time.monotonic()
    try:
        for page in pages:
            if held is None:
                held, began = page, time.monotonic()
            else:
                orders, bad = held.orders + page.orders, held.bad + page.bad
                held = replace(page, orders=orders, bad=bad)
            is_time_up = time.monotonic() > min(began + _BATCH_PATIENCE_S, deadline)
            if not held.resume or len(held.orders) >= _BATCH_ORDERS or is_time_up:
                yield held
                held = None
    except Exception:
        if held is not None:
            yield held
        raise
    if held is not None:
        yield held


def _remember(account_id: int, error: Exception) -> None:
    """A fault of ours or of the database: shown on the account too, if that can still be kept."""
    # Only sentences of ours are for people; anything else may quote what the channel sent.
    said = str(error) if isinstance(error, CrmError) else f"Unexpected: {type(error).__name__}."
    with suppress(ServiceUnavailableError, DBAPIError), db.transaction() as session:
        accounts.pull_failed(accounts.get_account(session, account_id), RetryableError(said))


def save_one(account_id: int, order: ChannelOrder) -> None:
    """Store one order that was read by itself (a read-back), in a transaction of its own."""
    with db.transaction() as session:
        store(session, accounts.get_account(session, account_id), [order], ())


def _save_page(account_id: int, page: OrderPage, began_at: str | None) -> ImportCount:
    with db.transaction() as session:
        # A crash may take the last pages back, and with them how far we are: they are read again.
        session.execute(text("SET LOCAL synchronous_commit = off"))
        account = accounts.get_account(session, account_id)
        count = store(session, account, page.orders, page.bad)
        session.refresh(account, with_for_update={"key_share": True})
        if account.cursor != began_at:
            # Meanwhile a person asked to read again from an earlier time: that one counts.
            return count
        if page.cursor is not None:
            accounts.pull_succeeded(account, page.cursor, page.complete_to)
        else:
            account.resume = page.resume
    return count


def store(
    session: Session,
    account: ChannelAccount,
    orders: tuple[ChannelOrder, ...] | list[ChannelOrder],
    bad: tuple[BadOrder, ...],
) -> ImportCount:
    """Save orders without moving any cursor; the caller commits.

    All in one go; if the database refuses a value, one by one, so that only it stays out.
    """
    try:
        with session.begin_nested():
            return importing.save_orders(session, account, orders, bad)
    except _REFUSALS as error:
        logger.warning(
            "A page of account %d is stored order by order: %s", account.id, _words_of(error)
        )
    return _save_one_by_one(session, account, orders, bad)


def _save_one_by_one(
    session: Session,
    account: ChannelAccount,
    orders: tuple[ChannelOrder, ...] | list[ChannelOrder],
    bad: tuple[BadOrder, ...],
) -> ImportCount:
    """Store what the database takes; set the rest aside with the database's reason.

    Raises:
        DataError, IntegrityError or UnicodeEncodeError: All of several orders were refused for
            one and the same reason.
    """
    count = importing.save_orders(session, account, (), bad)
    refused: list[BadOrder] = []
    for order in orders:
        try:
            with session.begin_nested():
                count += importing.save_orders(session, account, (order,))
        except _REFUSALS as error:
            reason = f"The database refused it: {_words_of(error)}."
            refused.append(BadOrder(order.external_id, reason, order.raw))
            is_every_one = len(orders) > 1 and len(refused) == len(orders)
            if is_every_one and len({one.reason for one in refused}) == 1:
                # A fault of ours, such as a missed migration: the cursor stays until it is mended.
                raise
    return count + importing.save_orders(session, account, (), refused) if refused else count


def _words_of(error: Exception) -> str:
    """What the database says is wrong, without the value."""
    cause = getattr(error, "orig", error)
    said: str | None = getattr(getattr(cause, "diag", None), "message_primary", None)
    if said is None:
        said = str(cause) if "NUL" in str(cause) else type(cause).__name__
    return said.rstrip(".")
