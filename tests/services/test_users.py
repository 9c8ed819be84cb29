"""The people of the desk, and that there is always an admin among them."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session, func, select

from crm_app import db
from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Role
from crm_app.errors import (
    ConflictError,
    CrmError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    PermissionDeniedError,
)
from crm_app.models import AuditEntry, User
from crm_app.services import auth, granting, users
from tests.factories import PASSWORD, UserFactory


def create(actor: Actor, **changes: Any) -> tuple[User, str]:
    values: dict[str, Any] = {
        "email": "new@palmonas.test",
        "name": "New Person",
        "role": Role.SUPPORT,
    } | changes
    with db.transaction() as session:
        return users.create_user(session, actor, **_with_roles(session, values))


def update(actor: Actor, user_id: int, **changes: Any) -> User:
    with db.transaction() as session:
        return users.update_user(session, actor, user_id, **_with_roles(session, changes))


def _with_roles(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in values.items() if name != "role"}
    return rest | (
        {"roles": [granting.everywhere(session, values["role"])]} if "role" in values else {}
    )


def roles_of(session: Session, user_id: int) -> list[str]:
    return [f"{one.name}: {one.where}" for one in granting.held_by(session, [user_id])[user_id]]


def signs_in(email: str, password: str) -> bool:
    with db.transaction() as session:
        outcome = auth.sign_in(
            session, email=email, password=password, address="203.0.113.1", device=""
        )
    return isinstance(outcome, auth.SignedIn)


def count(session: Session, model: Any) -> int:
    session.rollback()
    return session.exec(select(func.count()).select_from(model)).one()


def test_a_new_person_can_sign_in_with_the_password_shown_once(
    session: Session, admin: Actor
) -> None:
    user, password = create(admin, email=" New.Person@Palmonas.TEST ", name="  New   Person ")

    entry = session.exec(select(AuditEntry)).one()
    assert (user.email, user.name) == ("new.person@palmonas.test", "New Person")
    assert roles_of(session, user.id) == ["Support: all accounts"]
    assert signs_in("new.person@palmonas.test", password)
    assert (entry.action, entry.actor_id, entry.subject_id) == (
        "user:created",
        admin.user_id,
        str(user.id),
    )
    assert password not in str(entry.after)


def test_an_address_is_taken_whatever_its_case(session: Session, admin: Actor) -> None:
    create(admin)

    with pytest.raises(ConflictError, match="new@palmonas.test already") as caught:
        create(admin, email="NEW@PALMONAS.test")

    assert caught.value.details == {"email": "Taken."}
    assert count(session, User) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "no-at-sign"}, "email"),
        ({"email": "a@b@c.test"}, "email"),
        ({"email": "a\x00@b.test"}, "email"),
        ({"email": "a b@c.test"}, "email"),
        ({"email": "x" * 300 + "@c.test"}, "email"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "half \ud83d"}, "name"),
        ({"password": "short"}, "password"),
        ({"password": ""}, "password"),
        ({"password": "x" * 501}, "password"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_written(
    session: Session, admin: Actor, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        create(admin, **changes)

    assert list(caught.value.details) == [field]
    assert (count(session, User), count(session, AuditEntry)) == (1, 0)


def test_only_admins_manage_people(
    session: Session, admin: Actor, asha: Actor, reader: Actor
) -> None:
    assert admin.user_id is not None
    for actor in (asha, reader):
        with pytest.raises(PermissionDeniedError):
            create(actor)
        with pytest.raises(PermissionDeniedError):
            update(actor, admin.user_id, is_active=False)
        with pytest.raises(PermissionDeniedError), db.transaction() as other:
            users.reset_password(other, actor, admin.user_id)
        with pytest.raises(PermissionDeniedError):
            users.list_users(session, actor)

    assert (count(session, User), count(session, AuditEntry)) == (3, 0)
    assert session.get_one(User, admin.user_id).is_active


def test_changes_are_written_down_field_by_field(
    session: Session, admin: Actor, asha: Actor
) -> None:
    assert asha.user_id is not None

    update(admin, asha.user_id, role=Role.READ_ONLY, name="Support person")

    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.before, entry.after) == (
        "user:changed",
        {"roles": [{"role": "Support", "reach": "all"}]},
        {"roles": [{"role": "Read-only", "reach": "all"}]},
    )


def test_a_change_that_changes_nothing_is_no_deed(
    session: Session, admin: Actor, asha: Actor
) -> None:
    assert asha.user_id is not None

    update(admin, asha.user_id, role=Role.SUPPORT, is_active=True)

    assert count(session, AuditEntry) == 0


@pytest.mark.parametrize("change", [{"role": Role.SUPPORT}, {"is_active": False}])
def test_nobody_shuts_themselves_out(session: Session, admin: Actor, change: Any) -> None:
    UserFactory(role=Role.ADMIN)
    session.commit()
    assert admin.user_id is not None

    with pytest.raises(ConflictError, match="your own roles"):
        update(admin, admin.user_id, **change)

    assert update(admin, admin.user_id, name="Anika").name == "Anika"


def test_the_last_active_admin_stays(session: Session, admin: Actor) -> None:
    UserFactory(role=Role.ADMIN, is_active=False)
    other = UserFactory(role=Role.SUPPORT)
    session.commit()
    # Somebody who is admin for this call, as when two demote each other.
    stranger = replace(admin, user_id=other.id)
    assert admin.user_id is not None

    for change in ({"role": Role.READ_ONLY}, {"is_active": False}):
        with pytest.raises(ConflictError, match="last active admin"):
            update(stranger, admin.user_id, **change)

    session.expire_all()
    kept = session.get_one(User, admin.user_id)
    assert (roles_of(session, kept.id), kept.is_active) == (["Admin: all accounts"], True)
    assert count(session, AuditEntry) == 0


def test_two_admins_who_demote_each_other_at_once_leave_one(session: Session, admin: Actor) -> None:
    second = UserFactory(role=Role.ADMIN)
    session.commit()
    assert admin.user_id is not None
    pairs = [(admin, second.id), (auth.person(session, second), admin.user_id)]
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def run(actor: Actor, user_id: int) -> None:
        barrier.wait()
        try:
            update(actor, user_id, role=Role.SUPPORT)
            outcomes.append("done")
        except CrmError:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.expire_all()
    assert sorted(outcomes) == ["done", "refused"]
    left = [roles_of(session, one) for one in (admin.user_id, second.id)]
    assert left.count(["Admin: all accounts"]) == 1


def test_two_admins_who_add_the_same_person_at_once_add_one(session: Session, admin: Actor) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def run() -> None:
        barrier.wait()
        try:
            create(admin)
            outcomes.append("added")
        except ConflictError:
            outcomes.append("taken")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["added", "taken"]
    assert count(session, User) == 2


def test_whoever_is_deactivated_is_signed_out_everywhere(session: Session, admin: Actor) -> None:
    user = UserFactory()
    session.commit()
    with db.transaction() as other:
        signed = auth.sign_in(
            other, email=user.email, password=PASSWORD, address="203.0.113.1", device=""
        )
    assert isinstance(signed, auth.SignedIn)

    update(admin, user.id, is_active=False)
    update(admin, user.id, is_active=True)

    with pytest.raises(NotSignedInError), db.transaction() as other:
        auth.actor_for(other, signed.token)  # an old session does not come back to life
    assert signs_in(user.email, PASSWORD)


def test_a_new_password_replaces_the_old_one_and_ends_every_session(
    session: Session, admin: Actor
) -> None:
    user = UserFactory()
    session.commit()
    with db.transaction() as other:
        signed = auth.sign_in(
            other, email=user.email, password=PASSWORD, address="203.0.113.1", device=""
        )
        assert isinstance(signed, auth.SignedIn)

    with db.transaction() as other:
        password = users.reset_password(other, admin, user.id)

    with pytest.raises(NotSignedInError), db.transaction() as other:
        auth.actor_for(other, signed.token)
    assert (signs_in(user.email, PASSWORD), signs_in(user.email, password)) == (False, True)
    actions = session.exec(select(AuditEntry.action).order_by("id")).all()
    assert actions[1] == "user:password:reset"


def test_an_unknown_person_is_named(admin: Actor) -> None:
    with pytest.raises(NotFoundError, match="There is no person 999"):
        update(admin, 999, name="X")
    with pytest.raises(NotFoundError), db.transaction() as session:
        users.reset_password(session, admin, 999)


def test_everybody_is_listed_active_people_first(session: Session, admin: Actor) -> None:
    UserFactory(name="zoe")
    UserFactory(name="Bela", is_active=False)
    UserFactory(name="anu")
    session.commit()

    names = [user.name for user in users.list_users(session, admin)]

    assert names == ["Admin person", "anu", "zoe", "Bela"]
