"""Options of an account: as its form declares them, checked, written down."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, ChannelAccount
from crm_app.services import account_options
from tests.factories import AccountFactory


def amazon(**options: Any) -> ChannelAccount:
    made: ChannelAccount = AccountFactory(channel=Channel.AMAZON, options=options)
    return made


def held(account: ChannelAccount) -> dict[str, tuple[Any, bool]]:
    return {one.option.name: (one.value, one.is_chosen) for one in account_options.of(account)}


def test_what_was_not_chosen_holds_as_it_usually_does(session: Session) -> None:
    del session
    shown = held(amazon(personal_data=False))

    assert shown["personal_data"] == (False, True)
    assert shown["marketplace_id"] == ("A21TJRUUN4KGV", False)
    assert shown["first_import_days"] == (90.0, False)
    assert held(AccountFactory(channel=Channel.SHOPIFY))["first_import_days"] == (60.0, False)


def test_a_choice_is_kept_and_written_down(session: Session, admin: Actor) -> None:
    account = amazon(overlap_s=60.0, rate_multiplier=1_000)

    account_options.change(
        session, admin, account.id, {"personal_data": "no", "overlap_s": "", "first_import_days": 7}
    )
    session.flush()

    assert account.options == {
        "personal_data": False,
        "first_import_days": 7.0,
        "rate_multiplier": 1_000,
    }
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.before, entry.after) == (
        "account:options:changed",
        {"personal_data": None, "overlap_s": 60.0, "first_import_days": None},
        {"personal_data": False, "overlap_s": None, "first_import_days": 7.0},
    )


def test_the_usual_value_is_no_choice_and_changes_nothing(session: Session, admin: Actor) -> None:
    account = amazon()

    account_options.change(session, admin, account.id, {"personal_data": True, "overlap_s": "120"})

    assert account.options == {}
    assert session.exec(select(AuditEntry)).all() == []


def test_an_address_is_put_together_from_its_parts(session: Session, admin: Actor) -> None:
    account = AccountFactory(channel=Channel.BLINKIT, options={"supplier_address": {"state": "KA"}})

    account_options.change(
        session,
        admin,
        account.id,
        {"supplier_address.city": "Bengaluru", "supplier_address.state": None},
    )

    assert account.options == {"supplier_address": {"city": "Bengaluru"}}
    account_options.change(session, admin, account.id, {"supplier_address.city": ""})
    assert account.options == {}


@pytest.mark.parametrize(
    ("channel", "values"),
    [
        (Channel.AMAZON, {"colour": "red"}),
        (Channel.AMAZON, {"auth_url": "https://elsewhere.test"}),
        (Channel.AMAZON, {"personal_data": "maybe"}),
        (Channel.AMAZON, {"first_import_days": "many"}),
        (Channel.AMAZON, {"first_import_days": True}),
        (Channel.AMAZON, {"rate_multiplier": 0}),
        (Channel.AMAZON, {"overlap_s": "nan"}),
        (Channel.AMAZON, {"marketplace_id": "a\x00b"}),
        (Channel.AMAZON, {"marketplace_id": "a" * 301}),
        (Channel.FLIPKART, {"cancel_reason": "OTHER"}),
        (Channel.FLIPKART, {"page_size": 101}),
        (Channel.SWIGGY, {"overlap_s": 5}),
        (Channel.DOCUMENT, {"allow_http": True}),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(
    session: Session, admin: Actor, channel: Channel, values: dict[str, Any]
) -> None:
    account = AccountFactory(channel=channel, options={"rate_multiplier": 2.0})

    with pytest.raises(InvalidInputError) as caught:
        account_options.change(session, admin, account.id, {"allow_http": False} | values)

    assert set(values) <= set(caught.value.details)
    assert account.options == {"rate_multiplier": 2.0}
    assert session.exec(select(AuditEntry)).all() == []


def test_only_admins_and_only_what_there_is(session: Session, admin: Actor, asha: Actor) -> None:
    account = amazon()

    with pytest.raises(PermissionDeniedError):
        account_options.change(session, asha, account.id, {"personal_data": False})
    with pytest.raises(NotFoundError):
        account_options.change(session, admin, account.id + 1, {"personal_data": False})

    assert account.options == {}
