import pytest
from sqlmodel import Session, select

from crm_app.errors import NotFoundError
from crm_app.models import User
from crm_app.ui.shared.errors import UnexpectedError, show_error
from crm_app.ui.shared.service import call
from tests.factories import UserFactory


async def test_call_commits_and_returns(session: Session) -> None:
    UserFactory(name="Before")
    session.commit()

    def rename(inner: Session, name: str) -> str:
        inner.exec(select(User)).one().name = name
        return name

    assert await call(rename, "After") == "After"
    session.expire_all()
    assert session.exec(select(User)).one().name == "After"


async def test_unforeseen_error_is_logged_and_told_without_its_cause(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    UserFactory(name="Before")
    session.commit()

    def fail(inner: Session) -> None:
        inner.exec(select(User)).one().name = "After"
        raise ZeroDivisionError("secret cause")

    with pytest.raises(UnexpectedError, match="written to the log") as caught:
        await call(fail)

    assert "secret" not in str(caught.value)
    assert "secret cause" in caplog.text
    session.expire_all()
    assert session.exec(select(User)).one().name == "Before"


async def test_error_of_ours_passes_as_it_is(database: str) -> None:
    del database

    def miss(_: Session) -> None:
        raise NotFoundError("order", 7)

    with pytest.raises(NotFoundError, match=r"There is no order 7\."):
        await call(miss)


def test_toast_says_our_sentences_and_hides_others(caplog: pytest.LogCaptureFixture) -> None:
    assert "There is no order 7." in str(show_error(NotFoundError("order", 7)))
    assert "hidden" not in str(show_error(KeyError("hidden")))
    assert "hidden" in caplog.text
