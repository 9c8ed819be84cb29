from crm_app.domain.address import safe_path
from crm_app.domain.permissions import Role
from crm_app.ui.login.state import LoginState, sentence
from crm_app.ui.shared.guard import sign_in_path
from crm_app.ui.shared.session import session_token
from tests.ui.browser import open_state, tab
from tests.ui.conftest import SignIn


async def test_login_says_why_it_failed_and_keeps_what_was_typed(database: str) -> None:
    del database
    state = await open_state(
        LoginState, "/login?error=throttled&retry_after=8&email=a%40b.test&next=%2Forders%3Fq%3D1"
    )

    await state.load()

    assert state.failure == "Too many wrong tries. Try again in 8 seconds."
    assert state.email == "a@b.test"


async def test_login_sends_a_person_who_is_signed_in_on(sign_in: SignIn) -> None:
    async with tab(sign_in(Role.SUPPORT)) as opened:
        await opened.call(LoginState.load, "/login?next=%2Fusers")

    assert "'/users'" in opened.said()


def test_only_paths_of_this_site_are_followed() -> None:
    assert safe_path("/orders?status=packed") == "/orders?status=packed"
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil", "", "/a\nb", "x"):
        assert safe_path(elsewhere) == "/"


def test_unknown_errors_have_words_of_their_own() -> None:
    assert sentence("", "") == ""
    assert sentence("wrong_password", "") == "E-mail or password is wrong."
    assert sentence("throttled", "<b>") == "Too many wrong tries. Try again in 30 seconds."
    assert sentence("<script>", "") == "Signing in did not work. Try again in a moment."


def test_way_to_sign_in_remembers_the_page() -> None:
    assert sign_in_path("/", "") == "/login"
    assert sign_in_path("/orders/7", "") == "/login?next=%2Forders%2F7"
    assert sign_in_path("/login/", "error=x") == ""


def test_session_is_found_among_odd_cookies() -> None:
    assert session_token('a=1; bad cookie; {"x"}; crm_session=abc') == "abc"
    assert session_token("xcrm_session=abc") == ""
    assert session_token("") == ""
