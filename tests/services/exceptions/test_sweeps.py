"""What a deep sweep found and nobody can put right but a person stands on the desk."""

from typing import Any

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source, Way
from crm_app.models import ChannelAccount, Sweep
from crm_app.services.exceptions import deeds, detail, listing
from crm_app.services.exceptions.query import ExceptionQuery
from crm_app.services.exceptions.rows import ExceptionRow
from tests.services.exceptions import trouble


def swept(session: Session, account: ChannelAccount, **values: Any) -> Sweep:
    made = Sweep(account_id=account.id, since=now(), finished_at=now(), **values)
    session.add(made)
    session.flush()
    return made


def rows(session: Session, actor: Actor) -> list[ExceptionRow]:
    return list(listing.list_exceptions(session, actor, ExceptionQuery(cause=Cause.REMOTE)).rows)


def test_orders_that_the_channel_knows_no_more_stand_there_until_a_sweep_comes_out_even(
    session: Session, asha: Actor
) -> None:
    account = trouble.account()
    swept(session, account, missing=3, unlisted=2)
    put_right_by_itself = rows(session, asha)
    swept(session, account, unknown=2, absent=["A1", "A2"])

    (row,) = rows(session, asha)
    shown = detail.get_exception(session, asha, row.key)
    swept(session, account)
    after = rows(session, asha)

    assert put_right_by_itself == after == []
    assert (row.source, row.account_id, row.ways) == (Source.SWEEP, account.id, (Way.RESOLVE,))
    assert row.said == "2 orders are here that it no longer knows."
    assert shown.row.summary.startswith("The last deep sweep did not come out even with ")
    assert "Nothing is deleted here" in detail.wording.advice(row.source, row.cause)


def test_the_same_finding_stays_closed_and_another_one_does_not(
    session: Session, asha: Actor
) -> None:
    account = trouble.account()
    swept(session, account, unknown=1, absent=["A1"])
    (first,) = rows(session, asha)

    deeds.resolve(session, asha, first.key, "Cancelled by phone.")
    swept(session, account, unknown=1, absent=["A1"])
    same = rows(session, asha)
    swept(session, account, unknown=2, absent=["A2", "A1"])
    (other,) = rows(session, asha)

    assert same == []
    assert other.key != first.key


def test_a_sweep_that_was_given_up_says_what_the_channel_said(
    session: Session, asha: Actor
) -> None:
    account = trouble.account()
    swept(session, account, unknown=1, absent=["A1"], error="HTTP 500")

    (row,) = rows(session, asha)

    assert row.said == "1 order is here that it no longer knows. HTTP 500"


def test_an_account_that_is_not_connected_has_its_own_line(session: Session, asha: Actor) -> None:
    account = trouble.disconnected(session)
    swept(session, account, unknown=1, absent=["A1"])

    assert rows(session, asha) == []
