"""Work that was asked for stays within what who asked for it may do, as long as they may."""

import pytest
from sqlmodel import Session, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.download import DownloadState
from crm_app.domain.permissions import Permission, Role
from crm_app.errors import PermissionDeniedError
from crm_app.models import (
    ApiToken,
    AuditEntry,
    Document,
    DocumentState,
    Download,
    Order,
    OrderEvent,
    Replay,
    ReplayState,
    User,
)
from crm_app.services import api_tokens, auth, bulk_work, replaying, replays, sessions, users
from crm_app.services.behalf import on_behalf
from crm_app.services.documents import working as documents
from crm_app.services.downloads import working as downloads
from tests.factories import PASSWORD, AccountFactory, OrderFactory, UserFactory, give
from tests.services import bulk_runs as tool
from tests.services.downloads.test_exports import ask

_ALL = ("orders.view", "orders.bulk", "orders.change_status", "orders.export")


@pytest.fixture
def owner(session: Session) -> User:
    made = UserFactory(role=Role.ADMIN, name="Asha")
    session.commit()
    return made


def signed_in(user: User) -> Actor:
    with db.transaction() as session:
        outcome = auth.sign_in(
            session, email=user.email, password=PASSWORD, address="203.0.113.7", device="test"
        )
        assert isinstance(outcome, auth.SignedIn)
        return auth.actor_for(session, outcome.token)


def token_of(user: User, *scopes: str) -> tuple[Actor, int]:
    actor = signed_in(user)
    with db.transaction() as session:
        made = api_tokens.make(session, actor, name="stock", scopes=scopes, days=30)
    with db.transaction() as session:
        return api_tokens.actor_for(session, made.secret, "203.0.113.7"), made.row.id


def revoke(user: User, token_id: int) -> None:
    with db.transaction() as session:
        api_tokens.revoke_own(session, signed_in(user), token_id)


@pytest.fixture
def orders(session: Session) -> list[int]:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    found: list[int] = [OrderFactory(account=account).id for _ in range(3)]
    session.commit()
    tool.recount(session)
    return found


def test_a_bulk_change_of_a_token_carries_its_name_and_its_limits(
    session: Session, owner: User, orders: list[int]
) -> None:
    actor, token_id = token_of(owner, *_ALL)
    run_id = tool.start(actor, orders, status="packed")
    session.get_one(ApiToken, token_id).scopes = ["orders.view", "orders.bulk"]
    session.commit()

    tool.work(run_id)
    refused = tool.run(run_id)
    session.get_one(ApiToken, token_id).scopes = list(_ALL)
    session.commit()
    with db.transaction() as other:
        other.get_one(type(refused), run_id).state = RunState.QUEUED
    tool.work(run_id)

    assert (refused.state, refused.changed) == (RunState.PAUSED, 0)
    assert tool.run(run_id).changed == 3
    changed = session.exec(
        select(AuditEntry).where(AuditEntry.action == "order:status:changed")
    ).all()
    assert {(one.actor_label, one.token_id) for one in changed} == {
        ("Asha (token stock)", token_id)
    }


def test_a_bulk_change_stops_when_its_token_is_revoked(
    session: Session, owner: User, orders: list[int]
) -> None:
    actor, token_id = token_of(owner, *_ALL)
    run_id = tool.start(actor, orders, status="packed")

    revoke(owner, token_id)
    is_left = bulk_work.work(run_id, budget_s=5)

    run = tool.run(run_id)
    assert (is_left, run.state, run.changed) == (False, RunState.PAUSED, 0)
    assert run.reason.startswith("Asha (token stock) may no longer do this")
    assert {one.status.value for one in session.exec(select(Order))} == {"confirmed"}


@pytest.mark.usefixtures("orders")
def test_a_file_of_a_token_is_not_written_once_it_is_revoked(session: Session, owner: User) -> None:
    actor, token_id = token_of(owner, *_ALL)
    download_id = ask(actor)

    revoke(owner, token_id)
    downloads.work(download_id, budget_s=5)

    found = session.get_one(Download, download_id)
    assert (found.token_id, found.state, found.done) == (token_id, DownloadState.FAILED, 0)
    assert "was revoked" in found.reason


def test_an_import_stops_for_somebody_who_was_deactivated(session: Session, owner: User) -> None:
    document = Document(
        name="orders.csv",
        size=1,
        sha256=b"x",
        state=DocumentState.IMPORTING,
        uploaded_by=owner.id,
        uploaded_by_name=owner.name,
        imported_by=owner.id,
        imported_by_name=owner.name,
        account_id=AccountFactory(channel=Channel.DOCUMENT).id,
        step=1,
    )
    session.add(document)
    owner.is_active = False
    session.commit()
    plan = documents.Plan(
        document.id,
        step=1,
        is_trial=False,
        account_id=document.account_id or 0,
        groups=[],
        reader=None,  # pyright: ignore[reportArgumentType] - it must not be asked
        file=document.name,
    )

    with db.transaction() as other:
        is_left = documents.do_page(other, plan)

    session.refresh(document)
    assert (is_left, document.state) == (False, DocumentState.CANCELLED)
    assert document.reason == "Asha may no longer import. What was done stays."
    assert session.exec(select(Order)).all() == []
    assert session.exec(select(AuditEntry.action)).all() == ["document:import:stopped"]


def test_a_replay_stops_for_somebody_who_may_no_longer_map(session: Session, owner: User) -> None:
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    OrderFactory(account=account)
    session.commit()
    with db.transaction() as other:
        replay_id = replays.begin(
            other, auth.person(other, owner), account.channel, is_dry=False
        ).id
    give(session, owner, Role.SUPPORT)
    session.commit()

    has_more = replaying.run(replay_id, {}, budget_s=5)

    replay = session.get_one(Replay, replay_id)
    assert (has_more, replay.state) == (False, ReplayState.STOPPED)
    assert replay.reason.startswith("Asha may no longer do this")
    assert session.exec(select(OrderEvent)).all() == []


def test_a_new_password_and_ending_everything_end_the_tokens_too(
    session: Session, admin: Actor, owner: User
) -> None:
    def works(actor: Actor) -> bool:
        try:
            with db.transaction() as other:
                on_behalf(other, actor.user_id, actor.token_id)
        except PermissionDeniedError:
            return False
        return True

    first, _ = token_of(owner, "orders.view")
    with db.transaction() as other:
        users.reset_password(other, admin, owner.id, PASSWORD)
    second, _ = token_of(owner, "orders.view")
    with db.transaction() as other:
        ended = sessions.end_others(other, signed_in(owner))
    third, _ = token_of(owner, "orders.view")
    with db.transaction() as other:
        sessions.end_of(other, admin, owner.id)

    assert [works(one) for one in (first, second, third)] == [False, False, False]
    assert ended >= 2
    last = session.exec(
        select(AuditEntry.after).where(AuditEntry.action == "session:revoked")
    ).all()[-1]
    assert last["tokens"] == 1


def test_a_token_never_gives_a_job_what_it_has_no_scope_for(session: Session, owner: User) -> None:
    actor, token_id = token_of(owner, "orders.view")

    with db.transaction() as other:
        working = on_behalf(other, owner.id, token_id)

    assert working.permissions == actor.permissions == frozenset({Permission.VIEW_ORDERS})
    assert (working.label, working.token_id) == ("Asha (token stock)", token_id)
    with pytest.raises(PermissionDeniedError), db.transaction() as other:
        on_behalf(other, None, None)
