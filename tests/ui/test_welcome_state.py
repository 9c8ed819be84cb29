"""The page behind a link."""

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.models import User
from crm_app.services import links, passwords
from crm_app.ui.welcome.state import WelcomeState
from tests.factories import UserFactory
from tests.ui.browser import open_state, tab

NEW = "a river of seven stones"


async def test_a_stranger_with_a_link_sets_a_password_once(session: Session, admin: Actor) -> None:
    person: User = UserFactory(name="Riya Sen", email="riya@palmonas.test")
    session.commit()
    url = links.make_link(session, admin, person.id).url
    session.commit()
    state = await open_state(WelcomeState, url.removeprefix("http://localhost:8000"), "")

    await state.load()
    await state.choose({"password": NEW, "repeated": "another"})
    first = set(state.mistakes)
    await state.choose({"password": "password1234", "repeated": "password1234"})
    second = set(state.mistakes)
    done = await state.choose({"password": NEW, "repeated": NEW})
    again = await state.choose({"password": NEW + "!", "repeated": NEW + "!"})

    assert (state.name, state.email, state.is_new) == ("Riya Sen", "riya@palmonas.test", True)
    assert (first, second) == ({"repeated"}, {"password"})
    assert "/login?done=password&email=riya%40palmonas.test" in str(done)
    assert (again, state.over != "") == (None, True)
    session.refresh(person)
    assert passwords.is_right(NEW, person.password_hash)


async def test_without_a_good_link_nothing_is_told(session: Session) -> None:
    UserFactory(name="Riya Sen", email="riya@palmonas.test")
    session.commit()

    async with tab() as opened:
        for path in ("/welcome", "/welcome#link=made-up", "/welcome?link=" + "x" * 5_000):
            await opened.call(WelcomeState.load, path)

    assert "riya" not in str(opened.deltas).lower()
    assert opened.shown(WelcomeState)["over"] != ""


async def test_a_link_of_the_last_release_is_good(session: Session, admin: Actor) -> None:
    person: User = UserFactory(name="Riya Sen", email="riya@palmonas.test")
    session.commit()
    url = links.make_link(session, admin, person.id).url
    session.commit()
    state = await open_state(WelcomeState, "/welcome?" + url.partition("#")[2], "")

    await state.load()

    assert (state.name, state.over) == ("Riya Sen", "")
