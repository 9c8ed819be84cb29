"""The page of the inbox: found, opened, tried again."""

import pytest
import zstandard
from sqlmodel import Session

from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError
from crm_app.models import InboxEntry, RefusedWebhook
from crm_app.models import InboxState as State
from crm_app.ui.inbox.state import InboxState
from tests.factories import AccountFactory
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


@pytest.fixture
def entries(session: Session) -> list[InboxEntry]:
    account = AccountFactory(channel=Channel.BLINKIT, name="Blinkit Pune")
    made = [
        InboxEntry(
            account_id=account.id,
            kind=kind,
            topic=f"topic-{at}",
            dedupe_key=str(at),
            external_id="77",
            state=State.PROCESSED,
            body=zstandard.compress(b'{"name": "Asha"}'),
        )
        for at, kind in enumerate(("hook:store", "hook:person"))
    ]
    session.add_all(made)
    session.add(
        RefusedWebhook(at=now(), account_id=0, path="ebay/1", address="192.0.2.7", reason="No.")
    )
    session.commit()
    return made


async def opened(path: str, cookie: str) -> InboxState:
    state = await open_state(InboxState, path, cookie)
    await state.load()
    return state


async def test_what_is_opened_is_masked_then_shown_and_tried_again(
    session: Session, sign_in: SignIn, entries: list[InboxEntry]
) -> None:
    first, note = entries
    state = await opened(f"/inbox?topic=topic-0&open={first.id}", sign_in(Role.SUPPORT))
    masked = state.opened.body

    await state.reveal()
    await state.replay_opened()

    (line,) = state.lines
    assert (line.account, line.is_open, state.chosen["topic"]) == ("Blinkit Pune", True, "topic-0")
    assert "Asha" not in masked
    assert state.done == "1 is tried again."
    session.refresh(first)
    session.refresh(note)
    assert (first.state, note.state) == (State.RECEIVED, State.PROCESSED)


async def test_only_what_can_be_tried_again_is_picked(
    session: Session, sign_in: SignIn, entries: list[InboxEntry]
) -> None:
    first, note = entries
    state = await opened("/inbox", sign_in(Role.SUPPORT))

    await state.pick(str(note.id))
    await state.pick_all()
    picked = list(state.picked)
    await state.replay_picked()

    assert picked == [str(first.id)]
    assert (state.picked, state.done) == ([], "1 is tried again.")
    session.refresh(first)
    assert first.state is State.RECEIVED


async def test_refused_ones_are_a_state_of_their_own_for_admins(
    sign_in: SignIn, entries: list[InboxEntry]
) -> None:
    del entries
    admin = await opened("/inbox?state=refused", sign_in(Role.ADMIN))
    reader = await opened("/inbox?state=refused", sign_in(Role.READ_ONLY))

    (line,) = admin.lines
    assert (line.order, line.account, line.can_replay) == (
        "from 192.0.2.7",
        "no account: ebay/1",
        False,
    )
    assert reader.lines == []
    assert reader.failure


async def test_a_reader_sees_no_body_and_tries_nothing_again(
    session: Session, sign_in: SignIn, entries: list[InboxEntry]
) -> None:
    state = await opened(f"/inbox?open={entries[0].id}", sign_in(Role.READ_ONLY))

    for act in (state.reveal(), state.replay_opened(), state.pick_all()):
        with pytest.raises(PermissionDeniedError):
            await act

    session.refresh(entries[0])
    assert "Asha" not in state.opened.body
    assert entries[0].state is State.PROCESSED
