"""Grave steps: who is signed in proves once more that it is them, and no token ever can."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import text, update
from sqlmodel import Session, SQLModel, select

import crm_app
from crm_app import db
from crm_app.channels.forms import FORMS
from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.channel import Channel
from crm_app.domain.download import FileFormat
from crm_app.domain.permissions import Role
from crm_app.domain.time import now
from crm_app.errands import accounts as account_errands
from crm_app.errands import alerts as alert_errands
from crm_app.errors import ConfirmationNeededError, SignInThrottledError
from crm_app.models import AuditEntry, User, UserSession
from crm_app.models.privacy import RequestKind
from crm_app.services import (
    account_admin,
    api_tokens,
    auth,
    bulk_choice,
    bulk_runs,
    granting,
    identity_providers,
    links,
    roles,
    service_accounts,
    sudo,
    two_factor,
    users,
)
from crm_app.services.account_forms import Filled
from crm_app.services.alerts import settings as alert_settings
from crm_app.services.bulk_choice import Choice
from crm_app.services.downloads import asking
from crm_app.services.order_query import OrderQuery
from crm_app.services.papers import business
from crm_app.services.privacy import requests
from crm_app.services.roles import RoleDraft
from tests.factories import PASSWORD, AccountFactory, OrderFactory, StaffRoleFactory, UserFactory


@dataclass(frozen=True)
class Desk:
    """What the steps are about."""

    person: int
    account: int
    order: int
    role: int
    request: int
    run: int
    service: int


@pytest.fixture
def boss(session: Session) -> User:
    user = UserFactory(role=Role.ADMIN, name="Riya")
    session.commit()
    return user


@pytest.fixture
def desk(session: Session, boss: User) -> Desk:
    admin = auth.person(session, boss)
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    order, person = OrderFactory(account=account), UserFactory(role=Role.READ_ONLY)
    person.totp_since = now()
    role = StaffRoleFactory(name="Lead")
    session.flush()
    request = requests.take_down(
        session,
        admin,
        kind=RequestKind.EXPORT,
        subject=order.order_number,
        source="mail",
        account_id=account.id,
    )
    run = bulk_choice.draft(session, admin, Choice(ids=(order.id,)), "press")
    session.flush()
    bulk_runs.decide(session, admin, run.id, "export", {})
    service = service_accounts.make(
        session,
        replace(admin, session_id=1, confirmed_at=now()),
        name="Warehouse",
        purpose="Packs.",
        roles=_everywhere(session, Role.READ_ONLY),
    )
    session.commit()
    return Desk(person.id, account.id, order.id, role.id, request.id, run.id, service.user.id)


Step = Callable[[Session, Actor, Desk], Any]
_FILLED = Filled(credentials={"key": "k"}, typed={"key": "k"}, options={})
_DRAFT = RoleDraft("Other", "", ["orders.view"])


def _everywhere(session: Session, role: Role) -> list[granting.Granting]:
    return [granting.everywhere(session, role)]


# One line for each function that asks; `test_the_table_is_whole` finds one that is missing.
STEPS: dict[str, Step] = {
    "users.create_user": lambda s, a, _d: users.create_user(
        s, a, email="boss@palmonas.test", name="Boss", roles=_everywhere(s, Role.ADMIN)
    ),
    "users.update_user": lambda s, a, d: users.update_user(
        s, a, d.person, roles=_everywhere(s, Role.SUPPORT)
    ),
    "users.reset_password": lambda s, a, d: users.reset_password(s, a, d.person),
    "links.make_link": lambda s, a, d: links.make_link(s, a, d.person),
    "roles.make": lambda s, a, _d: roles.make(s, a, _DRAFT),
    "roles.change": lambda s, a, d: roles.change(s, a, d.role, _DRAFT),
    "roles.remove": lambda s, a, d: roles.remove(s, a, d.role),
    "two_factor.begin": lambda s, a, _d: two_factor.begin(s, a),
    "two_factor.new_codes": lambda s, a, _d: two_factor.new_codes(s, a),
    "two_factor.turn_off": lambda s, a, _d: two_factor.turn_off(s, a),
    "two_factor.turn_off_of": lambda s, a, d: two_factor.turn_off_of(s, a, d.person),
    "api_tokens.make": lambda s, a, _d: api_tokens.make(
        s, a, name="till", scopes=["orders.view"], days=3
    ),
    "service_accounts.make": lambda s, a, _d: service_accounts.make(
        s, a, name="Till", purpose="Sells.", roles=_everywhere(s, Role.READ_ONLY)
    ),
    "service_accounts.change": lambda s, a, d: service_accounts.change(
        s, a, d.service, purpose="Sells more."
    ),
    "service_accounts.make_token": lambda s, a, d: service_accounts.make_token(
        s, a, d.service, name="till", scopes=["orders.view"], days=3
    ),
    "account_admin.connect": lambda s, a, _d: account_admin.connect(
        s, a, channel=Channel.WOOCOMMERCE, name="New", base_url="http://127.0.0.1:1", filled=_FILLED
    ),
    "account_admin.change_connection": lambda s, a, d: account_admin.change_connection(
        s, a, d.account, base_url="http://127.0.0.1:2", filled=_FILLED
    ),
    "account_admin.renew_hook_secret": lambda s, a, d: account_admin.renew_hook_secret(
        s, a, d.account
    ),
    "accounts.connect": lambda _s, a, _d: account_errands.connect(
        a, Channel.WOOCOMMERCE, name="New", base_url="http://127.0.0.1:1", values={}
    ),
    "accounts.change_connection": lambda _s, a, d: account_errands.change_connection(
        a, d.account, base_url="http://127.0.0.1:1", values={}
    ),
    "settings.set_hook": lambda s, a, _d: alert_settings.set_hook(s, a, "https://hook.example/x"),
    "alerts.set_hook": lambda _s, a, _d: alert_errands.set_hook(a, "https://hook.example/x"),
    "business.save_details": lambda s, a, _d: business.save_details(
        s, a, None, dict.fromkeys(business.FIELDS, ""), expected_version=0
    ),
    "requests.carry_out": lambda s, a, d: requests.carry_out(s, a, d.request),
    # All changes of single sign-on go through it.
    "identity_providers.require_change": lambda _s, a, _d: identity_providers.require_change(a),
    "asking.export": lambda s, a, _d: asking.export(
        s, a, OrderQuery(), kind=FileFormat.CSV, key="press"
    ),
    "bulk_runs.start": lambda s, a, d: bulk_runs.start(s, a, d.run),
}
_IDENTIFIED = {name for name in STEPS if name.startswith(("two_factor.", "api_tokens."))}


def counts(session: Session) -> dict[str, int]:
    """Every table's rows; what a refused step must leave alone."""
    session.rollback()
    return {
        table.name: session.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()  # noqa: S608
        for table in SQLModel.metadata.sorted_tables
    }


def sign_in(session: Session, user: User) -> Actor:
    outcome = auth.sign_in(
        session, email=user.email, password=PASSWORD, address="203.0.113.7", device="test"
    )
    assert isinstance(outcome, auth.SignedIn)
    session.commit()
    return auth.actor_for(session, outcome.token)


def confirm(actor: Actor, **proof: str) -> auth.Refused | None:
    with db.transaction() as session:
        return sudo.confirm(session, actor, **proof)


@pytest.mark.parametrize("name", STEPS)
def test_a_grave_step_is_refused_without_a_proof_and_nothing_is_written(
    session: Session, boss: User, desk: Desk, name: str
) -> None:
    actor = sign_in(session, boss)
    late = replace(actor, confirmed_at=now() - timedelta(minutes=11))
    before = counts(session)

    for who in (replace(actor, confirmed_at=None), late):
        with pytest.raises(ConfirmationNeededError):
            STEPS[name](session, who, desk)
        assert counts(session) == before


@pytest.mark.parametrize("name", sorted(STEPS.keys() - _IDENTIFIED))
def test_a_token_never_takes_a_grave_step(
    session: Session, boss: User, desk: Desk, name: str
) -> None:
    actor = replace(sign_in(session, boss), session_id=None, confirmed_at=None, token_id=7)

    with pytest.raises(ConfirmationNeededError, match="not a token"):
        STEPS[name](session, actor, desk)


def test_the_table_is_whole() -> None:
    root = Path(crm_app.__file__).parent
    asking_for_it = {
        f"{path.stem}.{function.name}"
        for folder in ("services", "errands")
        for path in (root / folder).rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        and "sudo.require(" in ast.unparse(ast.Module(function.body, []))
    }

    assert asking_for_it == set(STEPS)
    assert Channel.WOOCOMMERCE in FORMS


def test_signing_in_proves_it_for_a_while_and_asking_again_does(
    session: Session, boss: User
) -> None:
    fresh = sign_in(session, boss)
    session.execute(update(UserSession).values(confirmed_at=now() - timedelta(minutes=11)))
    session.commit()
    stale = replace(fresh, confirmed_at=now() - timedelta(minutes=11))

    outcome = confirm(stale, password=PASSWORD)
    session.expire_all()
    opened = session.exec(select(UserSession)).one()

    assert (sudo.is_confirmed(fresh), sudo.is_confirmed(stale), outcome) == (True, False, None)
    assert opened.confirmed_at is not None
    assert now() - opened.confirmed_at < timedelta(minutes=1)
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "session:confirmed")).one()
    assert (entry.actor_id, entry.subject_id, entry.after) == (
        boss.id,
        str(opened.id),
        {"by": "password"},
    )


def test_the_proof_of_one_sign_in_is_none_for_another(session: Session, boss: User) -> None:
    first, second = sign_in(session, boss), sign_in(session, boss)
    session.execute(update(UserSession).values(confirmed_at=None))
    session.commit()

    confirm(first, password=PASSWORD)

    proved = dict(session.execute(select(UserSession.id, UserSession.confirmed_at)).all())
    assert proved[first.session_id] is not None
    assert proved[second.session_id] is None


def test_wrong_passwords_are_slowed_down_and_prove_nothing(session: Session, boss: User) -> None:
    actor = sign_in(session, boss)
    session.execute(update(UserSession).values(confirmed_at=None))
    session.commit()

    codes = [outcome.error.code for _ in range(7) if (outcome := confirm(actor, password="no"))]
    right = confirm(actor, password=PASSWORD)

    assert codes == ["wrong_password"] * 5 + ["too_many_tries"] * 2
    assert right is not None
    assert isinstance(right.error, SignInThrottledError)
    assert session.exec(select(UserSession.confirmed_at)).one() is None


def test_a_code_of_the_second_factor_proves_it_once(session: Session, boss: User) -> None:
    actor = sign_in(session, boss)
    with db.transaction() as other:
        app = pyotp.TOTP(two_factor.begin(other, actor).secret)
    early = confirm(actor, code=app.now())
    with db.transaction() as other:
        two_factor.confirm(other, actor, app.now())
    session.execute(update(User).values(totp_last_step=0))
    session.commit()

    outcomes = [confirm(actor, code=code) for code in (app.now(), app.now(), "nonsense")]

    assert early is not None  # a secret that waits to be confirmed proves nothing
    assert outcomes[0] is None
    assert [one.error.code for one in outcomes[1:] if one] == ["wrong_code", "wrong_code"]


def test_the_command_line_is_not_asked(session: Session) -> None:
    sudo.require(SYSTEM)
    assert session.exec(select(AuditEntry)).all() == []


def test_somebody_without_grave_roles_is_added_without_a_proof(
    session: Session, boss: User
) -> None:
    actor = replace(sign_in(session, boss), confirmed_at=None)

    made = links.invite(
        session,
        actor,
        email="new@palmonas.test",
        name="New",
        roles=_everywhere(session, Role.SUPPORT),
    )

    assert made.user.name == "New"
