"""The first admin of an empty installation."""

import pytest
from sqlmodel import Session, select

from crm_app import admin
from crm_app.domain.permissions import Role
from crm_app.models import AuditEntry, User
from crm_app.services import granting, passwords


def test_the_first_admin_gets_a_password_once(session: Session) -> None:
    password = admin.create_admin("Owner@Brand.example", "Owner")

    user = session.exec(select(User)).one()
    held = granting.held_by(session, [user.id])[user.id]
    assert (user.email, [one.key for one in held]) == ("owner@brand.example", [Role.ADMIN])
    assert passwords.is_right(password, user.password_hash)
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor_label) == ("user:created", "Command line")


def test_a_taken_address_is_said_in_a_sentence(session: Session) -> None:
    admin.create_admin("owner@brand.example", "Owner")

    with pytest.raises(SystemExit, match="already"):
        admin.main(["owner@brand.example", "Again"])

    assert len(session.exec(select(User)).all()) == 1
