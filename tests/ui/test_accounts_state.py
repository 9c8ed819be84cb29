"""The pages of the accounts: what they show, what they do, and that no key reaches a browser."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app import vault
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError
from crm_app.models import AccountStatus, ChannelAccount, Sweep
from crm_app.ui.account.state import AccountState
from crm_app.ui.account.view import rate_text
from crm_app.ui.accounts.state import AccountsState
from crm_app.ui.orders.fetch import FetchState
from tests.factories import AccountFactory
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn

HUSH = "hush-hush-hush"


def amazon(session: Session, **fields: Any) -> ChannelAccount:
    made: ChannelAccount = AccountFactory(
        **{
            "channel": Channel.AMAZON,
            "name": "Palmonas on Amazon.in",
            "watermark": now() - timedelta(seconds=12),
            "last_success_at": now() - timedelta(seconds=5),
            "next_pull_at": now() + timedelta(seconds=8.9),
            "credentials": vault.seal({"client_secret": HUSH}),
        }
        | fields
    )
    session.commit()
    return made


async def page(account: ChannelAccount, cookie: str) -> AccountState:
    state = await open_state(AccountState, f"/accounts/{account.id}", cookie)
    async for _ in state.load():
        pass
    return state


async def test_the_list_says_how_each_account_stands(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    amazon(session)
    AccountFactory(channel=Channel.BLINKIT, name="Blinkit")
    until = now() + timedelta(minutes=4)
    AccountFactory(
        channel=Channel.WOOCOMMERCE,
        name="Shop",
        rests={"read": {"until": until.isoformat(), "failures": 6, "why": "It answered 503."}},
    )
    session.commit()
    state = await open_state(AccountsState, "/accounts", cookie)

    await state.load()

    rows = {row.name: row for row in state.rows}
    assert [row.name for row in state.rows][0] == "Shop"
    assert state.count == "3 accounts, 1 needs you"
    assert rows["Shop"].state.text == "Left alone"
    assert rows["Shop"].sentence.endswith("after 6 failures (reading): It answered 503.")
    assert (rows["Palmonas on Amazon.in"].state.text, rows["Palmonas on Amazon.in"].lag) == (
        "Current",
        "12 s behind",
    )
    assert rows["Palmonas on Amazon.in"].next_pull.text == "in 8 s"
    assert (rows["Blinkit"].state.text, rows["Blinkit"].tags) == (
        "Listening",
        ["contract inferred"],
    )


async def test_nobody_but_an_admin_gets_a_row(session: Session, sign_in: SignIn) -> None:
    account = amazon(session)
    cookie = sign_in(Role.SUPPORT)
    state = await open_state(AccountsState, "/accounts", cookie)
    one = await open_state(AccountState, f"/accounts/{account.id}", cookie)

    for act in (state.load(), one.pause(), one.pull_now(), one.renew_secret()):
        with pytest.raises(PermissionDeniedError):
            await act

    session.refresh(account)
    assert (state.rows, account.status) == ([], AccountStatus.CONNECTED)


async def test_no_key_reaches_the_browser(session: Session, sign_in: SignIn) -> None:
    account = amazon(session)
    cookie = sign_in(Role.ADMIN)

    async with tab(cookie) as opened:
        await opened.call(AccountsState.load, "/accounts")
        await opened.call(AccountState.load, f"/accounts/{account.id}")
        await opened.call(AccountState.ask, f"/accounts/{account.id}", what="edit")

    assert opened.shown(AccountState)["account"].name == "Palmonas on Amazon.in"
    assert HUSH not in repr(opened.deltas)


@pytest.mark.parametrize(
    ("channel", "tries_keys", "is_inferred"),
    [(Channel.SHOPIFY, True, False), (Channel.BLINKIT, False, True), (Channel.SWIGGY, False, True)],
)
async def test_the_dialog_says_whether_the_keys_can_be_tried(
    session: Session, sign_in: SignIn, channel: Channel, tries_keys: bool, is_inferred: bool
) -> None:
    state = await open_state(AccountsState, "/accounts", sign_in(Role.ADMIN))
    await state.load()

    await state.choose(channel.value)

    assert (state.tries_keys, state.is_inferred) == (tries_keys, is_inferred)


async def test_one_account_with_its_limits_and_sweeps(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    account = amazon(session)
    session.add(
        Sweep(
            account_id=account.id,
            since=now() - timedelta(days=3),
            checked=1200,
            missing=2,
            examples=["405-1", "405-2"],
            unlisted=1,
            unknown=2,
            absent=["405-7", "405-8", "405-9"],
            finished_at=now(),
        )
    )
    session.commit()

    state = await page(account, cookie)

    (sweep,) = state.sweeps
    assert (sweep.who, sweep.checked, sweep.result) == (
        "by the clock",
        "1,200",
        "2 missing: here now",
    )
    assert sweep.absence == "1 here and not in its list, 2 here that it knows no more: kept"
    assert (sweep.tone, sweep.absent) == ("warn", ["405-7", "405-8", "405-9"])
    first = state.budgets[0]
    assert (first.operation, first.left, first.rate) == (
        "searchOrders",
        "20 of 20 left",
        "20.2 an hour",
    )
    assert state.account.exceptions_href == f"/exceptions?account={account.id}"


async def test_pausing_resuming_renaming(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    account = amazon(session)
    state = await page(account, cookie)

    await state.ask("pause")
    await state.pause()
    paused = (state.account.is_paused, state.dialog, state.notice)
    await state.pull_now()
    refused = state.notice
    await state.resume()
    await state.ask("rename")
    await state.rename({"name": ""})
    mistakes = dict(state.mistakes)
    await state.rename({"name": "Amazon India"})

    assert paused == (True, "", "")
    assert refused == "This account is not connected."
    assert set(mistakes) == {"name"}
    assert (state.account.name, state.dialog, state.done) == ("Amazon India", "", "Renamed.")


async def test_sweep_and_replay_from_the_dialogs(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    account = amazon(session)
    state = await page(account, cookie)

    await state.sweep({"days": "many"})
    wrong = dict(state.mistakes)
    await state.sweep({"days": "2"})
    await state.replay({"since": ""})
    missing = dict(state.mistakes)
    await state.replay({"since": "2026-11-19T10:30"})

    session.refresh(account)
    assert (set(wrong), set(missing)) == ({"days"}, {"since"})
    # Typed in the business zone.
    assert account.cursor == "2026-11-19T10:30:00+05:30"
    assert session.exec(select(Sweep.asked_by)).all() == ["Admin Person"]


async def test_a_new_secret_is_shown_until_its_dialog_closes(
    session: Session, sign_in: SignIn
) -> None:
    cookie = sign_in(Role.ADMIN)
    account = amazon(session)
    state = await page(account, cookie)

    await state.ask("secret")
    await state.renew_secret()
    shown = state.secret
    await state.close_dialog(False)

    session.refresh(account)
    assert vault.unseal(account.credentials)["webhook_secret"] == shown
    assert (state.secret, state.dialog) == ("", "")


async def test_connecting_says_at_its_field_what_is_wrong(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(AccountsState, "/accounts", sign_in(Role.ADMIN))
    await state.show_dialog(True)
    await state.choose("nonsense")
    nothing = state.channel
    await state.choose("woocommerce")

    async for _ in state.connect({"name": "Shop", "base_url": "shop.test"}):
        pass
    at_fields = {field.name: field.mistake for field in state.fields}
    keys = {"consumer_key": "ck_1", "consumer_secret": HUSH}
    async for _ in state.connect({"name": "Shop", "base_url": "http://127.0.0.1:9", **keys}):
        pass

    assert nothing == ""
    assert at_fields == {"consumer_key": "Needed.", "consumer_secret": "Needed."}
    assert state.form_failure == "WooCommerce could not be reached (listOrders)."
    assert (state.is_connecting, state.is_trying) == (True, False)
    assert session.exec(select(ChannelAccount)).all() == []


async def test_an_address_that_names_no_account(sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    for path in ("/accounts/999", "/accounts/nonsense"):
        state = await open_state(AccountState, path, cookie)
        async for _ in state.load():
            pass
        assert state.phase == "missing"


async def test_an_empty_search_offers_whom_to_ask(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    amazon(session)
    state = await open_state(FetchState, "/orders?q=405-8039912-4401136", cookie)

    await state.look()
    async for _ in state.fetch(state.offers[0].account_id):
        pass

    assert [offer.name for offer in state.offers] == ["Palmonas on Amazon.in"]
    # Nobody answers at the address of this account.
    assert state.failure != ""
    assert state.asking == 0


@pytest.mark.parametrize(
    ("rate", "words"),
    [(5, "5 a second"), (0.5, "30 a minute"), (0.0056, "20.2 an hour"), (5.6, "5.6 a second")],
)
def test_rates_in_words(rate: float, words: str) -> None:
    assert rate_text(rate) == words


async def test_options_are_shown_and_chosen_on_the_page(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    account = amazon(session, options={"overlap_s": 60.0})
    state = await page(account, cookie)
    lines = {line.name: (line.value, line.mark) for line in state.account.options}

    await state.ask("options")
    await state.change_options({"personal_data": "false", "overlap_s": "x"})
    mistakes = {field.name: field.mistake for field in state.fields if field.mistake}
    await state.change_options({"personal_data": "false", "overlap_s": ""})

    assert lines["Read again before the last time"] == ("60 seconds", "chosen")
    assert lines["The app may read buyers and addresses"] == ("Yes", "")
    assert mistakes == {"overlap_s": "A number from 0 to 86400 seconds."}
    session.refresh(account)
    assert account.options == {"personal_data": False}
    assert (state.dialog, state.done) == ("", "The options are kept.")
