"""Keys are rotated without losing what was sealed with the old one."""

from collections.abc import Callable, Iterator

import pytest
from sqlmodel import Session, col, select

from crm_app import keys, vault
from crm_app.config import get_settings
from crm_app.errors import SecretsUnreadableError
from crm_app.models import AuditEntry, ChannelAccount, User
from crm_app.services import resealing
from tests.factories import AccountFactory, UserFactory

OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    def set_keys(*secrets: str) -> None:
        monkeypatch.setenv("CRM_SECRET_KEYS", ",".join(secrets))
        get_settings.cache_clear()

    yield set_keys
    monkeypatch.undo()
    get_settings.cache_clear()


def test_after_it_the_old_key_may_go(
    session: Session,
    listed: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    listed(OLD)
    for number in range(5):
        AccountFactory(credentials=vault.seal({"key": f"value {number}"}))
    UserFactory(totp_secret=vault.seal({"totp": "JBSWY3DP"}))
    UserFactory()
    session.commit()
    listed(NEW, OLD)

    code = keys.main(["reseal"])
    again = keys.main(["reseal"])

    listed(NEW)
    session.expire_all()
    sealed = session.exec(select(ChannelAccount.credentials).order_by("id")).all()
    totp = session.exec(select(User.totp_secret).where(col(User.totp_secret).is_not(None))).one()
    assert (code, again) == (0, 0)
    assert [vault.unseal(one)["key"] for one in sealed] == [f"value {n}" for n in range(5)]
    assert totp is not None
    assert vault.unseal(totp) == {"totp": "JBSWY3DP"}
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "6 sealed anew, 0 were already."
    assert said[2] == "0 sealed anew, 6 were already."
    actions = session.exec(select(AuditEntry.action)).all()
    assert actions == ["keys:resealed", "keys:resealed"]


def test_what_no_key_opens_is_said_and_left_as_it_is(
    session: Session, listed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    listed("l" * 40)
    account = AccountFactory(credentials=vault.seal({"key": "lost"}))
    session.commit()
    before = account.credentials
    listed(NEW, OLD)

    code = keys.main(["reseal"])

    session.refresh(account)
    assert (code, account.credentials) == (1, before)
    assert "1 cannot be read" in capsys.readouterr().out
    with pytest.raises(SecretsUnreadableError):
        vault.unseal(account.credentials)
