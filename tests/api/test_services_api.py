"""Service accounts: roles of their own, never more than their maker holds; they outlive them."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, func, select

from crm_app.domain.actor import ActorKind
from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.time import now
from crm_app.errors import PermissionDeniedError
from crm_app.models import ApiToken, AuditEntry, Order, StaffRole, User
from crm_app.services import api_tokens, auth, behalf, service_accounts
from crm_app.services.alerts import telling
from crm_app.services.working import people as colleagues
from tests.api.conftest import Bearer, forget_confirmations
from tests.factories import AccountFactory, OrderFactory, StaffRoleFactory, UserFactory, give
from tests.services import bulk_runs as tool

URL, ME, ORDERS = "/api/v1/services", "/api/v1/auth/me", "/api/v1/orders"
TOKEN: dict[str, Any] = {"name": "nightly", "scopes": ["orders.view"], "days": 30}


def role_of(session: Session, key: Role) -> int:
    return session.exec(select(StaffRole.id).where(StaffRole.key == key)).one()


def make(
    client: TestClient, headers: dict[str, str], session: Session, **changes: Any
) -> dict[str, Any]:
    body = {
        "name": "Warehouse",
        "purpose": "Tells us what left.",
        "roles": [{"role_id": role_of(session, Role.SUPPORT)}],
    } | changes
    answer = client.post(URL, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def token_of(
    client: TestClient, headers: dict[str, str], service: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    answer = client.post(f"{URL}/{service['id']}/tokens", json=TOKEN | changes, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearing(made: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {made['secret']}"}


def count(session: Session) -> tuple[int, ...]:
    session.rollback()
    tables: tuple[Any, ...] = (User, ApiToken)
    return tuple(session.exec(select(func.count()).select_from(one)).one() for one in tables)


def test_a_service_sees_the_accounts_of_its_roles_and_signs_in_nowhere(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    boss = bearer(Role.ADMIN)
    mine, other = AccountFactory(), AccountFactory()
    seen = OrderFactory(account=mine)
    OrderFactory(account=other)
    session.commit()
    support = role_of(session, Role.SUPPORT)
    narrow = {"role_id": support, "reach": "accounts", "account_ids": [mine.id]}

    service = make(client, boss, session, roles=[narrow])
    made = token_of(client, boss, service)
    listed = client.get(ORDERS, headers=bearing(made)).json()["orders"]
    me = client.get(ME, headers=bearing(made)).json()
    codes = [
        client.request(how, path, headers=bearing(made)).status_code
        for how, path in (("GET", "/api/v1/me/tokens"), ("GET", URL), ("GET", "/api/v1/users"))
    ]
    door = client.post(
        "/api/v1/auth/login", json={"email": me["email"], "password": "whatever it is"}
    )

    assert [one["id"] for one in listed] == [seen.id]
    assert (me["name"], me["permissions"]) == ("Warehouse", ["orders.view"])
    assert codes == [403, 403, 403]
    assert (door.status_code, door.json()["error"]) == (401, "wrong_password")
    row = session.exec(select(ApiToken)).one()
    assert made["secret"].encode() not in row.token_hash
    assert row.last_used_at is not None


@pytest.mark.parametrize("how", ["revoked", "switched off", "made up"])
def test_it_outlives_its_maker_and_ends_at_once(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session, how: str
) -> None:
    boss = bearer(Role.ADMIN)
    service = make(client, boss, session)
    made = token_of(client, boss, service)
    second = UserFactory(role=Role.ADMIN, email="second@palmonas.test")
    people[Role.ADMIN].is_active = False
    session.commit()
    people[Role.ADMIN] = second
    other = bearer(Role.ADMIN)
    before = client.get(ORDERS, headers=bearing(made)).status_code

    match how:
        case "revoked":
            url = f"/api/v1/tokens/{made['id']}"
            assert client.delete(url, headers=other).status_code == 204
        case "switched off":
            url, forgotten = f"{URL}/{service['id']}", forget_confirmations(session)
            assert forgotten is None  # to stop one must not wait for a password
            answer = client.patch(url, json={"is_active": False}, headers=other)
            assert (answer.status_code, answer.json()["tokens"]) == (200, [])
        case _:
            made["secret"] += "x"

    assert (before, client.get(ORDERS, headers=bearing(made)).status_code) == (200, 401)


def test_nobody_makes_one_that_may_more_than_they(
    client: TestClient, bearer: Bearer, people: dict[Role, User], session: Session
) -> None:
    keeper = StaffRoleFactory(name="Keeper", verbs=["orders.view", "tokens.manage"])
    strong = make(client, bearer(Role.ADMIN), session, name="Strong")
    give(session, people[Role.SUPPORT], keeper)
    session.commit()
    weak = bearer(Role.SUPPORT)
    before = count(session)
    support, reads = role_of(session, Role.SUPPORT), [{"role_id": keeper.id}]
    body = {"name": "Mine", "purpose": "Mine.", "roles": [{"role_id": support}]}

    answers = [
        client.post(URL, json=body, headers=weak),
        client.patch(f"{URL}/{strong['id']}", json={"roles": reads}, headers=weak),
        client.post(f"{URL}/{strong['id']}/tokens", json=TOKEN, headers=weak),
        client.get(URL, headers=bearer(Role.READ_ONLY)),
    ]

    assert [one.status_code for one in answers] == [403] * 4
    assert count(session) == before
    own = make(client, weak, session, name="Mine", roles=reads)
    assert own["grantable"] == ["orders.view"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("", {"name": " ", "purpose": "x", "roles": [{"role_id": 1}]}, 422),
        ("", {"name": "Warehouse", "purpose": "x", "roles": [{"role_id": 1}]}, 409),
        ("", {"name": "x", "purpose": "x", "roles": []}, 422),
        ("", {"name": "x", "purpose": "x", "roles": [{"role_id": 10**9}]}, 404),
        ("/{id}/tokens", TOKEN | {"scopes": ["users.manage"]}, 422),
        ("/{id}/tokens", TOKEN | {"scopes": []}, 422),
        ("/{id}/tokens", TOKEN | {"days": 0}, 422),
        ("/987654321/tokens", TOKEN, 404),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    client: TestClient,
    bearer: Bearer,
    session: Session,
    path: str,
    body: dict[str, Any],
    code: int,
) -> None:
    boss = bearer(Role.ADMIN)
    service = make(client, boss, session)
    if body.get("roles") == [{"role_id": 1}]:
        body = body | {"roles": [{"role_id": role_of(session, Role.SUPPORT)}]}
    before = count(session)

    answer = client.post(URL + path.format(id=service["id"]), json=body, headers=boss)

    assert answer.status_code == code, answer.text
    assert count(session) == before


def test_without_a_proof_none_is_made_changed_or_given_a_token(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    boss = bearer(Role.ADMIN)
    service = make(client, boss, session)
    forget_confirmations(session)
    before = count(session)
    roles = [{"role_id": role_of(session, Role.READ_ONLY)}]

    answers = [
        client.post(URL, json={"name": "x", "purpose": "x", "roles": roles}, headers=boss),
        client.patch(f"{URL}/{service['id']}", json={"roles": roles}, headers=boss),
        client.post(f"{URL}/{service['id']}/tokens", json=TOKEN, headers=boss),
    ]

    assert [one.json()["error"] for one in answers] == ["confirmation_needed"] * 3
    assert count(session) == before


def test_a_service_is_no_colleague_and_no_person(
    client: TestClient, bearer: Bearer, session: Session, admin: Any
) -> None:
    boss = bearer(Role.ADMIN)
    service = make(client, boss, session)
    number = service["id"]
    codes = [
        client.patch(f"/api/v1/users/{number}", json={"name": "x"}, headers=boss).status_code,
        client.post(f"/api/v1/users/{number}/link", headers=boss).status_code,
        client.delete(f"/api/v1/users/{number}/two-factor", headers=boss).status_code,
    ]

    listed = client.get("/api/v1/users", headers=boss).json()["users"]

    assert codes == [404, 404, 404]
    assert number not in {one["id"] for one in listed}
    assert number not in {one.id for one in colleagues.colleagues(session, admin)}
    assert number not in {one.user.id for one in telling.choices(session)}


def test_what_it_does_bears_its_name_and_kind(
    client: TestClient, bearer: Bearer, session: Session
) -> None:
    boss = bearer(Role.ADMIN)
    service = make(client, boss, session)
    made = token_of(client, boss, service, scopes=["orders.view", "orders.change_status"])
    order = OrderFactory(account=AccountFactory(channel=Channel.WOOCOMMERCE))
    session.commit()
    tool.recount(session)

    answer = client.put(
        f"{ORDERS}/{order.id}/status",
        json={"status": "packed", "version": order.version},
        headers=bearing(made),
    )

    assert answer.status_code == 200, answer.text
    entry = session.exec(
        select(AuditEntry).where(AuditEntry.action == "order:status:changed")
    ).one()
    assert (entry.actor_kind, entry.actor_id, entry.actor_label, entry.token_id) == (
        ActorKind.SERVICE,
        service["id"],
        "Warehouse (token nightly)",
        made["id"],
    )
    kinds = set(session.exec(select(AuditEntry.action)).all())
    assert {"service:made", "token:made"} <= kinds


@pytest.mark.parametrize("how", ["revoked", "switched off"])
def test_work_of_a_service_ends_with_its_token(session: Session, admin: Any, how: str) -> None:
    boss = replace(admin, session_id=1)
    account = AccountFactory(channel=Channel.WOOCOMMERCE)
    orders: list[int] = [OrderFactory(account=account).id for _ in range(2)]
    session.commit()
    tool.recount(session)
    service = service_accounts.make(
        session,
        boss,
        name="Warehouse",
        purpose="Packs.",
        roles=[service_accounts.granting.everywhere(session, Role.SUPPORT)],
    )
    made = service_accounts.make_token(
        session,
        boss,
        service.user.id,
        name="nightly",
        scopes=["orders.view", "orders.bulk", "orders.change_status"],
        days=3,
    )
    session.commit()
    actor = api_tokens.actor_for(session, made.secret, "203.0.113.9")
    run_id = tool.start(actor, orders, status="packed")
    working = behalf.on_behalf(session, actor.user_id, actor.token_id)

    if how == "revoked":
        made.row.revoked_at = now()
    else:
        service_accounts.change(session, boss, service.user.id, is_active=False)
    session.commit()
    tool.work(run_id)

    assert working.permissions == {
        Permission.VIEW_ORDERS,
        Permission.BULK_CHANGE,
        Permission.CHANGE_STATUS,
    }
    assert (tool.run(run_id).state, tool.run(run_id).changed) == (RunState.PAUSED, 0)
    assert {one.status.value for one in session.exec(select(Order))} == {"confirmed"}
    with pytest.raises(PermissionDeniedError):
        behalf.on_behalf(session, actor.user_id, actor.token_id)


def test_a_personal_token_has_a_kind_of_its_own(session: Session) -> None:
    user = UserFactory(role=Role.SUPPORT, name="Asha")
    session.commit()
    token = ApiToken(
        user_id=user.id,
        name="till",
        token_hash=auth.digest("crm_x"),
        hint="x",
        scopes=["orders.view"],
        expires_at=now().replace(year=2099),
    )
    session.add(token)
    session.commit()

    actor = api_tokens.actor_for(session, "crm_x", "")

    assert (actor.kind, actor.label, actor.token_id) == (
        ActorKind.TOKEN,
        "Asha (token till)",
        token.id,
    )
