from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import User
from crm_app.services import granting
from crm_app.ui.shared.shell_state import ShellState
from crm_app.ui.users.state import UsersState
from tests.factories import UserFactory
from tests.postbox import Postbox
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


def roles_of(session: Session, user: User) -> list[Role | None]:
    return [one.key for one in granting.held_by(session, [user.id])[user.id]]


async def test_admin_adds_a_person_and_sees_the_link_once(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(UsersState, "/users", sign_in(Role.ADMIN))
    await state.load()
    await state.show_form(True)

    await state.create({"name": "Riya", "email": "Riya@Palmonas.com", "role": state.usual_role})

    assert (state.is_creating, state.secret_of) == (False, "Riya")
    assert state.secret.startswith("http://localhost:8000/welcome#link=")
    assert state.secret_until != ""
    assert [row.email for row in state.rows if row.name == "Riya"] == ["riya@palmonas.com"]
    await state.forget_secret(False)
    assert state.secret == ""
    made = session.exec(select(User).where(User.name == "Riya")).one()
    assert roles_of(session, made) == [Role.SUPPORT]


async def test_mistakes_stand_at_their_fields(sign_in: SignIn) -> None:
    state = await open_state(UsersState, "/users", sign_in(Role.ADMIN))
    await state.show_form(True)

    await state.create({"name": "Riya", "email": "nonsense", "role": "1"})
    assert set(state.mistakes) == {"email"}
    await state.create({"name": "Riya", "email": "r@palmonas.com", "role": "king"})

    assert set(state.mistakes) == {"role"}
    assert state.is_creating


async def test_access_is_taken_away(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    person: User = UserFactory(role=Role.SUPPORT)
    session.commit()
    state = await open_state(UsersState, "/users", cookie)
    await state.load()

    await state.ask("deactivate", person.id or 0)
    assert state.asked_name == person.name
    await state.set_active(person.id or 0, False)

    session.refresh(person)
    assert not person.is_active
    assert (state.notice, state.asked, state.count) == ("", "", "1 active, 1 deactivated")


async def test_admin_cannot_shut_themselves_out(session: Session, sign_in: SignIn) -> None:
    state = await open_state(UsersState, "/users", sign_in(Role.ADMIN))
    await state.load()
    (me,) = state.rows

    await state.set_active(me.id, False)

    assert me.is_me
    assert state.notice != ""
    assert session.exec(select(User)).one().is_active


async def test_a_link_is_shown_for_the_right_person(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.ADMIN)
    person: User = UserFactory(name="Kabir Shah")
    gone: User = UserFactory(is_active=False)
    session.commit()
    state = await open_state(UsersState, "/users", cookie)
    await state.load()

    await state.make_link(person.id, False)
    shown = (state.secret_of, state.secret.startswith("http://localhost:8000/welcome#link="))
    await state.forget_secret(False)
    await state.make_link(gone.id, False)

    assert shown == ("Kabir Shah", True)
    assert (state.secret, "deactivated" in state.notice) == ("", True)


async def test_frame_knows_who_is_signed_in(sign_in: SignIn) -> None:
    state = await open_state(ShellState, "/orders?attention=late", sign_in(Role.SUPPORT))

    await state.load()

    assert (state.person, state.initials, state.role) == ("Support Person", "SP", "Support")
    assert "users.manage" not in state.verbs
    assert state.health_sentence == "No channel is connected yet"


async def test_with_a_mail_server_the_link_is_mailed_and_shown_when_asked_for(
    session: Session, sign_in: SignIn, postbox: Postbox
) -> None:
    state = await open_state(UsersState, "/users", sign_in(Role.ADMIN))
    person: User = UserFactory(email="riya@palmonas.test")
    session.commit()
    await state.load()

    await state.make_link(person.id, False)
    mailed = (state.mailed_to, state.secret)
    await state.make_link(state.mailed_id, True)

    assert mailed == ("riya@palmonas.test", "")
    assert (state.mailed_to, "#link=" in state.secret) == ("", True)
