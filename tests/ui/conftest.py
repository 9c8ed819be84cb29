"""People with a session, known to the pages by their cookie."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from crm_app import models
from crm_app.domain.permissions import Role
from crm_app.services import auth
from tests.factories import PASSWORD, StaffRoleFactory, UserFactory, give
from tests.ui.browser import cookie_of

SignIn = Callable[[Role], str]
SignInAs = Callable[[list[str]], str]


@pytest.fixture
def sign_in(session: Session) -> SignIn:
    """The cookie of somebody with this role, fresh from the real sign-in."""

    def signed_in(role: Role) -> str:
        return _open(session, UserFactory(role=role, name=f"{role.label} Person"))

    return signed_in


@pytest.fixture
def sign_in_as(session: Session) -> SignInAs:
    """The cookie of somebody with a role of just these verbs."""

    def signed_in(verbs: list[str]) -> str:
        user: models.User = UserFactory(role=None, name="Own Person")
        give(session, user, StaffRoleFactory(verbs=verbs))
        return _open(session, user)

    return signed_in


def _open(session: Session, user: models.User) -> str:
    found = auth.sign_in(
        session, email=user.email, password=PASSWORD, address="127.0.0.1", device="test"
    )
    assert isinstance(found, auth.SignedIn)
    session.commit()
    return cookie_of(found.token)
