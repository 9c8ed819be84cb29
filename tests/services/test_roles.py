"""Roles that are made here, and that nobody gives or takes more than they hold."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any, TypeVar

import pytest
from sqlmodel import Session, func, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.domain.time import now
from crm_app.errors import (
    ConflictError,
    CrmError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, RoleGrant, StaffRole, User
from crm_app.services import auth, granting, links, roles, users
from crm_app.services.granting import Granting
from crm_app.services.roles import RoleDraft
from tests.factories import AccountFactory, StaffRoleFactory, UserFactory, give

T = TypeVar("T")
LEAD = RoleDraft("Lead", "Looks after a channel.", ["orders.view", "orders.cancel"])


def do(act: Callable[[Session], T]) -> T:
    with db.transaction() as session:
        return act(session)


def count(session: Session) -> tuple[int, ...]:
    session.rollback()
    tables: tuple[Any, ...] = (StaffRole, RoleGrant, AuditEntry)
    return tuple(session.exec(select(func.count()).select_from(one)).one() for one in tables)


@pytest.fixture
def chief(session: Session) -> Actor:
    """Manages people and roles, sees orders, and may not cancel one."""
    verbs = ["orders.view", "users.manage", "roles.manage"]
    user = UserFactory(role=None, name="Chief")
    give(session, user, StaffRoleFactory(name="Chief", verbs=verbs))
    session.commit()
    return replace(auth.person(session, user), confirmed_at=now())


def test_a_role_is_made_with_its_verbs_and_says_what_it_means(
    session: Session, admin: Actor
) -> None:
    made = do(lambda s: roles.make(s, admin, LEAD))

    assert made.sentence == "May see orders and cancel an order."
    assert [one.name for one in roles.list_roles(session, admin)] == [
        "Admin",
        "Support",
        "Read-only",
        "Lead",
    ]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.subject_id) == ("role:made", str(made.id))
    assert entry.after["verbs"] == ["orders.cancel", "orders.view"]


def test_a_changed_role_counts_from_the_next_click(session: Session, admin: Actor) -> None:
    made = do(lambda s: roles.make(s, admin, LEAD))
    user = UserFactory(role=None)
    give(session, user, session.get_one(StaffRole, made.id))
    session.commit()
    assert auth.person(session, user).may(Permission.CANCEL_ORDERS)

    do(lambda s: roles.change(s, admin, made.id, replace(LEAD, verbs=["orders.view"])))

    assert auth.person(session, user).permissions == {Permission.VIEW_ORDERS}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"description": "x" * 301}, "description"),
        ({"verbs": []}, "verbs"),
        ({"verbs": ["orders.everything"]}, "verbs"),
    ],
)
def test_what_is_no_role_is_named(
    session: Session, admin: Actor, changes: dict[str, Any], field: str
) -> None:
    before = count(session)

    with pytest.raises(InvalidInputError) as caught:
        do(lambda s: roles.make(s, admin, replace(LEAD, **changes)))

    assert list(caught.value.details) == [field]
    assert count(session) == before


def test_two_roles_have_no_name_that_looks_the_same(session: Session, admin: Actor) -> None:
    with pytest.raises(ConflictError, match="a role support already"):
        do(lambda s: roles.make(s, admin, replace(LEAD, name="support")))


def test_built_in_roles_stay_as_they_are_but_may_ask_for_a_second_factor(
    session: Session, admin: Actor
) -> None:
    support = next(one for one in roles.list_roles(session, admin) if one.key is Role.SUPPORT)
    same = RoleDraft(support.name, support.description, [one.value for one in support.verbs])

    with pytest.raises(ConflictError, match="built in. Copy it"):
        do(lambda s: roles.change(s, admin, support.id, replace(same, verbs=["orders.view"])))
    with pytest.raises(ConflictError, match="built in and stays"):
        do(lambda s: roles.remove(s, admin, support.id))
    asked = do(lambda s: roles.change(s, admin, support.id, replace(same, needs_two_factor=True)))
    do(lambda s: roles.change(s, admin, support.id, same))

    assert asked.needs_two_factor
    assert asked.verbs == support.verbs


def test_a_role_that_somebody_has_is_not_deleted(session: Session, admin: Actor) -> None:
    role = StaffRoleFactory(name="Lead")
    user = UserFactory(role=None)
    give(session, user, role)
    session.commit()

    with pytest.raises(ConflictError, match="1 person has the role Lead"):
        do(lambda s: roles.remove(s, admin, role.id))
    give(session, user, Role.SUPPORT)
    session.commit()
    do(lambda s: roles.remove(s, admin, role.id))

    with pytest.raises(NotFoundError):
        roles.get_role(session, admin, role.id)


def test_nobody_makes_or_gives_a_role_with_more_than_they_hold(
    session: Session, chief: Actor
) -> None:
    other = UserFactory(role=None)
    give(session, other, StaffRoleFactory(verbs=["orders.view"]))
    session.commit()
    support = granting.everywhere(session, Role.SUPPORT)
    before = count(session)

    deeds: list[Callable[[Session], object]] = [
        lambda s: roles.make(s, chief, LEAD),
        lambda s: roles.change(
            s, chief, support.role_id, replace(LEAD, name="Support", needs_two_factor=True)
        ),
        lambda s: users.update_user(s, chief, other.id, roles=[support]),
        lambda s: links.invite(s, chief, email="x@y.test", name="X", roles=[support]),
    ]
    for deed in deeds:
        with pytest.raises(PermissionDeniedError):
            do(deed)

    assert count(session) == before


def test_nobody_changes_somebody_who_may_do_more(
    session: Session, chief: Actor, admin: Actor
) -> None:
    assert admin.user_id is not None
    boss = admin.user_id
    before = count(session)

    deeds: list[Callable[[Session], object]] = [
        lambda s: users.update_user(s, chief, boss, is_active=False),
        lambda s: users.reset_password(s, chief, boss),
        lambda s: links.make_link(s, chief, boss),
    ]
    for deed in deeds:
        with pytest.raises(PermissionDeniedError, match="more than you"):
            do(deed)

    assert count(session) == before
    assert session.get_one(User, boss).is_active


def test_a_role_is_given_on_some_accounts_and_said_in_words(
    session: Session, admin: Actor, asha: Actor
) -> None:
    account = AccountFactory(name="Shop")
    session.commit()
    assert asha.user_id is not None
    hers = asha.user_id
    role = granting.everywhere(session, Role.SUPPORT).role_id
    given = Granting(role, ReachKind.ACCOUNTS, account_ids=(account.id,))

    do(lambda s: users.update_user(s, admin, hers, roles=[given]))

    held = granting.held_by(session, [hers])[hers]
    assert [(one.name, one.where) for one in held] == [("Support", "Shop")]
    entry = session.exec(select(AuditEntry)).one()
    assert entry.after == {
        "roles": [{"role": "Support", "reach": "accounts", "account_ids": [account.id]}]
    }


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([], InvalidInputError),
        ([Granting(0)], NotFoundError),
        ([Granting(1, ReachKind.ACCOUNTS)], InvalidInputError),
        ([Granting(1, ReachKind.CHANNELS)], InvalidInputError),
        ([Granting(1, ReachKind.ACCOUNTS, account_ids=(987_654,))], NotFoundError),
        ([Granting(1, ReachKind.ALL, account_ids=(1,))], InvalidInputError),
    ],
)
def test_a_grant_that_means_nothing_is_refused(
    session: Session, admin: Actor, asha: Actor, given: list[Granting], error: type[CrmError]
) -> None:
    assert asha.user_id is not None
    real = granting.everywhere(session, Role.SUPPORT).role_id
    wanted = [replace(one, role_id=real if one.role_id == 1 else 0) for one in given]
    before = count(session)

    with pytest.raises(error):
        do(lambda s: users.update_user(s, admin, asha.user_id or 0, roles=wanted))

    assert count(session) == before


def test_the_role_of_the_last_who_manages_people_and_roles_is_not_narrowed(
    session: Session, chief: Actor
) -> None:
    role = session.exec(select(StaffRole).where(StaffRole.name == "Chief")).one()

    with pytest.raises(ConflictError, match="last active admin"):
        do(
            lambda s: roles.change(
                s, chief, role.id, RoleDraft("Chief", "", ["orders.view", "users.manage"])
            )
        )

    session.expire_all()
    assert "roles.manage" in session.get_one(StaffRole, role.id).verbs


def test_an_admin_on_one_account_is_not_the_last_admin(
    session: Session, admin: Actor, asha: Actor
) -> None:
    assert admin.user_id is not None
    account = AccountFactory()
    other = UserFactory(role=None)
    give(session, other, Role.ADMIN, accounts=[account])
    session.commit()
    stranger = replace(admin, user_id=asha.user_id)

    with pytest.raises(ConflictError, match="last active admin"):
        do(lambda s: users.update_user(s, stranger, admin.user_id or 0, is_active=False))


def test_two_who_narrow_each_others_roles_at_once_leave_one_admin(
    session: Session, chief: Actor
) -> None:
    second = StaffRoleFactory(name="Second", verbs=["orders.view", "users.manage", "roles.manage"])
    user = UserFactory(role=None)
    give(session, user, second)
    session.commit()
    first = session.exec(select(StaffRole).where(StaffRole.name == "Chief")).one()
    other = replace(auth.person(session, user), confirmed_at=now())
    session.commit()
    barrier, outcomes = Barrier(2), list[str]()

    def narrow(actor: Actor, role_id: int, name: str) -> None:
        barrier.wait()
        try:
            do(lambda s: roles.change(s, actor, role_id, RoleDraft(name, "", ["orders.view"])))
            outcomes.append("done")
        except ConflictError:
            outcomes.append("refused")

    threads = [
        Thread(target=narrow, args=(chief, second.id, "Second")),
        Thread(target=narrow, args=(other, first.id, "Chief")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "refused"]
