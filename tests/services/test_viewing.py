"""Looking at the desk as a role: never more than one's own, and nothing is changed meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from crm_app import db, queue
from crm_app.domain.actor import Actor
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from crm_app.domain.reach import EVERYWHERE, ReachKind
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, Order, RoleGrant, User, UserSession
from crm_app.services import (
    api_tokens,
    auth,
    granting,
    order_search,
    orders,
    reach,
    roles,
    users,
    viewing,
)
from crm_app.services.granting import Granting
from crm_app.services.order_query import OrderQuery
from tests.factories import (
    PASSWORD,
    AccountFactory,
    OrderFactory,
    StaffRoleFactory,
    UserFactory,
    give,
)


@pytest.fixture
def token(session: Session) -> str:
    """The session of an admin, from the real sign-in."""
    return signed_in(session, UserFactory(role=Role.ADMIN))


def signed_in(session: Session, user: User) -> str:
    found = auth.sign_in(
        session, email=user.email, password=PASSWORD, address="10.0.0.1", device="test"
    )
    assert isinstance(found, auth.SignedIn)
    session.commit()
    return found.token


def now_is(token: str) -> Actor:
    with db.transaction() as session:
        return auth.actor_for(session, token)


def look(token: str, wanted: Granting) -> Actor:
    with db.transaction() as session:
        viewing.begin(session, auth.actor_for(session, token), wanted)
    return now_is(token)


def support(session: Session) -> Granting:
    return granting.everywhere(session, Role.SUPPORT)


def test_one_sees_what_the_role_sees_and_has_it_back(session: Session, token: str) -> None:
    before = now_is(token)

    seen = look(token, support(session))
    with db.transaction() as other:
        viewing.end(other, seen.oneself())

    assert seen.permissions == ROLE_PERMISSIONS[Role.SUPPORT]
    assert (seen.viewing_as, seen.user_id) == ("Support", before.user_id)
    assert now_is(token) == before


def test_a_view_of_one_channel_shows_its_orders_only(session: Session, token: str) -> None:
    shop = AccountFactory(channel=Channel.WOOCOMMERCE)
    OrderFactory(account=shop)
    OrderFactory()
    session.commit()
    role = support(session).role_id

    seen = look(token, Granting(role, ReachKind.CHANNELS, channels=(Channel.WOOCOMMERCE,)))
    with db.transaction() as other:
        reach.begin(other, seen)
        rows = order_search.list_orders(other, seen, OrderQuery()).orders

    assert [row.account_id for row in rows] == [shop.id]
    assert seen.viewing_as == "Support on WooCommerce"


def test_nobody_sees_more_than_their_own(session: Session) -> None:
    mine, other = AccountFactory(), AccountFactory()
    session.commit()
    user = UserFactory(role=None)
    give(session, user, StaffRoleFactory(verbs=["orders.view", "orders.cancel"]), accounts=[mine])
    lead = StaffRoleFactory(verbs=["roles.manage"])
    session.add(RoleGrant(user_id=user.id, role_id=lead.id, channels=[], account_ids=[]))
    session.commit()
    token = signed_in(session, user)
    admin = granting.everywhere(session, Role.ADMIN)

    seen = look(token, admin)
    narrowed = look_again(token, replace(admin, reach=ReachKind.ACCOUNTS, account_ids=(other.id,)))

    assert seen.permissions == auth.person(session, user).permissions
    assert seen.reach(Permission.VIEW_ORDERS).accounts == {mine.id}
    # Verbs about the whole desk are not held on a part of it, and of the rest nothing is shared.
    assert narrowed.permissions == set()


def look_again(token: str, wanted: Granting) -> Actor:
    with db.transaction() as session:
        viewing.end(session, auth.actor_for(session, token).oneself())
    return look(token, wanted)


DEEDS: dict[str, Callable[[Session, Actor, Order], object]] = {
    "a status": lambda s, a, o: orders.change_status(s, a, o.id, OrderStatus.PACKED),
    "a role": lambda s, a, _: roles.make(
        s, a, roles.RoleDraft("Mine", "", [one.value for one in Permission])
    ),
    "a person": lambda s, a, _: users.create_user(
        s, a, email="x@y.test", name="X", roles=[granting.everywhere(s, Role.ADMIN)]
    ),
    "a token": lambda s, a, _: api_tokens.make(s, a, name="Mine", scopes=["orders.view"], days=1),
    "another view": lambda s, a, _: viewing.begin(s, a, granting.everywhere(s, Role.ADMIN)),
    "a job": lambda s, _a, o: queue.hint_push(s, o.account_id),
    "a lock": lambda s, _a, _o: s.exec(select(Order).with_for_update()).all(),
    "anything": lambda s, _a, _o: s.execute(text("UPDATE orders SET status = 'packed'")),
}


@pytest.mark.parametrize("name", DEEDS)
def test_who_looks_changes_nothing(session: Session, token: str, name: str) -> None:
    order = OrderFactory()
    session.commit()
    seen = look(token, granting.everywhere(session, Role.ADMIN))
    before = rows(session)

    with pytest.raises(PermissionDeniedError, match="as a role"):
        attempt(seen, DEEDS[name], order)

    assert rows(session) == before


def attempt(actor: Actor, deed: Callable[[Session, Actor, Order], object], order: Order) -> None:
    with db.transaction() as session:
        reach.begin(session, actor)
        deed(session, actor, order)


def rows(session: Session) -> list[object]:
    session.rollback()
    names = ("orders", "roles", "users", "api_tokens", "audit_entries", "status_intents")
    query = "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {} t"
    found: list[object] = [
        session.execute(text(query.format(name))).scalar()  # noqa: S608 - names of our own
        for name in names
    ]
    return [*found, session.execute(text("SELECT viewing FROM user_sessions")).scalar()]


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Granting(0), NotFoundError),
        (Granting(1, ReachKind.CHANNELS), InvalidInputError),
        (Granting(1, ReachKind.ACCOUNTS, account_ids=(987_654,)), NotFoundError),
        (Granting(1, ReachKind.ALL, account_ids=(1,)), InvalidInputError),
    ],
)
def test_a_view_that_means_nothing_is_refused(
    session: Session, token: str, wanted: Granting, error: type[Exception]
) -> None:
    role_id = support(session).role_id if wanted.role_id else 0

    with pytest.raises(error):
        look(token, replace(wanted, role_id=role_id))

    assert session.exec(select(UserSession.viewing)).all() == [None]


def test_who_may_not_manage_roles_does_not_look_as_one(session: Session) -> None:
    token = signed_in(session, UserFactory(role=Role.SUPPORT))

    with pytest.raises(PermissionDeniedError):
        look(token, granting.everywhere(session, Role.READ_ONLY))

    assert now_is(token).viewing_as == ""


@pytest.mark.parametrize("what", ["role", "account"])
def test_what_is_gone_leaves_nothing_and_not_everything(
    session: Session, token: str, what: str
) -> None:
    role, account = StaffRoleFactory(name="Lead"), AccountFactory()
    session.commit()
    look(token, Granting(role.id, ReachKind.ACCOUNTS, account_ids=(account.id,)))

    session.delete(role if what == "role" else account)
    session.commit()

    gone = now_is(token)
    assert (gone.permissions, gone.narrowed, gone.viewing_as != "") == (frozenset(), {}, True)


def test_a_view_belongs_to_its_sign_in_and_goes_with_it(session: Session, token: str) -> None:
    user = session.exec(select(User)).one()
    elsewhere = signed_in(session, user)

    look(token, support(session))

    assert now_is(elsewhere).reach(Permission.MANAGE_USERS) == EVERYWHERE
    assert now_is(signed_in(session, user)).viewing_as == ""
    assert auth.person(session, user).viewing_as == ""


def test_beginning_and_end_are_recorded(session: Session, token: str) -> None:
    seen = look(token, support(session))
    for _ in range(2):  # the second time there is nothing to end
        with db.transaction() as other:
            viewing.end(other, seen.oneself())

    entries = session.exec(
        select(AuditEntry).where(AuditEntry.action != "session:opened").order_by("id")
    ).all()
    assert [(one.action, one.after, one.actor_label) for one in entries] == [
        ("session:viewing:began", {"as": "Support"}, seen.label),
        ("session:viewing:ended", {"as": "Support"}, seen.label),
    ]
