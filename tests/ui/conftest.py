"""People with a session, known to the pages by their cookie."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from crm_app import models
from crm_app.domain.permissions import Role
from crm_app.services import auth
from tests.factories import PASSWORD, UserFactory
from tests.ui.browser import cookie_of

SignIn = Callable[[Role], str]


@pytest.fixture
def sign_in(session: Session) -> SignIn:
    """The cookie of somebody with this role, fresh from the real sign-in."""

    def signed_in(role: Role) -> str:
        user: models.User = UserFactory(role=role, name=f"{role.label} Person")
        found = auth.sign_in(
            session, email=user.email, password=PASSWORD, address="127.0.0.1", device="test"
        )
        assert isinstance(found, auth.SignedIn)
        session.commit()
        return cookie_of(found.token)

    return signed_in
