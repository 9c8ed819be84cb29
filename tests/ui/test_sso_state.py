"""The page of single sign-on, its buttons on the sign-in page, and the card of one's account."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.errands import oidc_provider
from crm_app.models import IdentityProvider, User, UserIdentity
from crm_app.ui.login.state import LoginState
from crm_app.ui.me.linked import LinkedState
from crm_app.ui.sso.state import SsoState
from tests.factories import PASSWORD
from tests.provider import CLIENT_ID, CLIENT_SECRET, Provider, running
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running() as made:
        oidc_provider.forget()
        yield made


@pytest.fixture
def kept(session: Session) -> IdentityProvider:
    row = IdentityProvider(name="Our directory", issuer="https://id.test", client_id="x")
    session.add(row)
    session.commit()
    return row


def providers(session: Session) -> list[IdentityProvider]:
    session.expire_all()
    return list(session.exec(select(IdentityProvider)))


async def test_a_provider_is_connected_changed_and_removed(
    session: Session, sign_in: SignIn, provider: Provider
) -> None:
    state = await open_state(SsoState, "/sso", sign_in(Role.ADMIN))
    await state.load()
    await state.edit(0)
    offered = [tick.name for tick in state.ticks]
    support = next(tick.id for tick in state.ticks if tick.name == "Support")
    form = {
        "name": "Our directory",
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "domains": "palmonas.test; palmonas.in",
        f"role:{support}": "on",
        "is_on": "on",
    }

    await state.save(form | {"issuer": "http://127.0.0.1:1"})
    wrong = (set(state.mistakes), state.edited, len(providers(session)))
    await state.save(form)
    (row,) = state.rows
    await state.edit(row.id)
    given = [tick.name for tick in state.ticks if tick.is_given]
    await state.save({name: value for name, value in form.items() if name != "client_secret"})
    secret = providers(session)[0].client_secret
    await state.ask(row.id)
    asked = state.asked_name
    await state.remove()

    assert "Admin" not in offered
    assert wrong == ({"issuer"}, 0, 0)
    assert (row.domains, row.newcomers) == ("palmonas.in, palmonas.test", "Newcomers get Support")
    assert row.callback == f"http://localhost:8000/auth/oidc/{row.id}/callback"
    assert (given, secret is not None, asked) == (["Support"], True, "Our directory")
    assert (state.rows, providers(session)) == ([], [])


async def test_the_secret_never_comes_to_the_browser(
    session: Session, sign_in: SignIn, kept: IdentityProvider
) -> None:
    kept.client_secret = b"sealed"
    session.add(kept)
    session.commit()
    state = await open_state(SsoState, "/sso", sign_in(Role.ADMIN))

    await state.edit(kept.id)

    assert state.has_secret
    assert "sealed" not in str(state.dict())


async def test_the_sign_in_page_offers_what_is_on(session: Session, kept: IdentityProvider) -> None:
    session.add(IdentityProvider(name="Off", issuer="https://off.test", client_id="x", is_on=False))
    session.commit()
    state = await open_state(LoginState, f"/login?next=%2Forders&error=sso_down&provider={kept.id}")

    await state.load()

    assert [(way.name, way.href) for way in state.ways] == [
        ("Our directory", f"/auth/oidc/{kept.id}?next=%2Forders")
    ]
    assert state.failure.startswith("Our directory does not answer now.")


async def test_no_word_of_the_address_stands_in_a_refusal(database: str) -> None:
    del database
    state = await open_state(LoginState, "/login?error=sso_{x}&provider=<b>")

    await state.load()

    assert state.failure.startswith("The provider did not confirm who you are.")


async def test_forgetting_is_a_step_of_the_sign_in(database: str) -> None:
    del database
    state = await open_state(LoginState, "/login?step=forgot&error=unavailable")

    await state.load()

    assert (state.is_forgotten, state.can_mail) == (True, False)
    assert state.failure == "That is not possible now. Try again in a moment, or ask an admin."


async def test_one_links_with_the_password_and_unlinks(
    session: Session, sign_in: SignIn, kept: IdentityProvider
) -> None:
    state = await open_state(LinkedState, "/me", sign_in(Role.SUPPORT))
    await state.load()
    await state.ask(kept.id)

    await state.link({"password": "wrong"})
    wrong = (state.mistake, state.href)
    await state.link({"password": PASSWORD})

    assert wrong == ("This is not your password.", "")
    assert state.href.startswith(f"/auth/oidc/{kept.id}?link=")
    user = session.exec(select(User)).one()
    session.add(UserIdentity(user_id=user.id, provider_id=kept.id, subject="s", email="a@b.test"))
    session.commit()
    await state.load()
    assert [(row.about, row.is_linked) for row in state.rows] == [("a@b.test", True)]
    await state.unlink(kept.id)
    assert [row.is_linked for row in state.rows] == [False]
    session.expire_all()
    assert session.exec(select(UserIdentity)).all() == []


async def test_the_card_says_what_came_of_the_way(sign_in: SignIn, kept: IdentityProvider) -> None:
    cookie = sign_in(Role.SUPPORT)
    done = await open_state(LinkedState, f"/me?linked={kept.id}", cookie)
    taken = await open_state(LinkedState, f"/me?error=sso_taken&provider={kept.id}", cookie)

    await done.load()
    await taken.load()

    assert done.done == "From now on you can sign in with Our directory."
    assert taken.failure == "Somebody else here signs in with this account of Our directory."
