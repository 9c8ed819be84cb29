"""Connecting, changing and removing a provider of single sign-on."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from crm_app import vault
from crm_app.domain.permissions import Role
from crm_app.models import AuditEntry, IdentityProvider, StaffRole
from crm_app.services import granting
from tests.api.conftest import Bearer, forget_confirmations
from tests.factories import PASSWORD, UserFactory, give
from tests.provider import CLIENT_ID, CLIENT_SECRET, Provider

OURS = {"origin": "http://localhost:8000"}


def draft(provider: Provider, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Our directory",
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "domains": ["Palmonas.test", " @palmonas.in "],
        **changes,
    }


PROVIDERS = "/api/v1/identity-providers"


def test_a_provider_is_asked_who_it_is_and_kept_with_its_secret_sealed(
    client: TestClient, bearer: Bearer, provider: Provider, session: Session
) -> None:
    role = granting.everywhere(session, Role.SUPPORT).role_id

    made = client.post(PROVIDERS, json=draft(provider, role_ids=[role]), headers=bearer(Role.ADMIN))

    assert made.status_code == 201, made.text
    body = made.json()
    row = session.exec(select(IdentityProvider)).one()
    assert body["domains"] == ["palmonas.in", "palmonas.test"]
    assert body["callback"] == f"http://localhost:8000/auth/oidc/{row.id}/callback"
    assert (body["has_secret"], body["role_ids"], body["people"]) == (True, [role], 0)
    assert row.client_secret is not None
    assert vault.unseal(row.client_secret) == {"client_secret": CLIENT_SECRET}
    assert CLIENT_SECRET not in made.text
    entry = session.exec(
        select(AuditEntry).where(AuditEntry.action == "identity-provider:connected")
    ).one()
    assert CLIENT_SECRET not in str(entry.after)
    assert entry.after["issuer"] == provider.url


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer": "http://127.0.0.1:1"}, "issuer"),
        ({"issuer": "ftp://x"}, "issuer"),
        ({"issuer": "{url}/elsewhere"}, "issuer"),
        ({"name": ""}, "name"),
        ({"client_id": "a\tb"}, "client_id"),
        ({"client_secret": "é"}, "client_secret"),
        ({"domains": ["not a domain"]}, "domains"),
        ({"domains": ["palmonas"]}, "domains"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_nothing_is_kept(
    client: TestClient,
    bearer: Bearer,
    provider: Provider,
    session: Session,
    changes: dict[str, Any],
    field: str,
) -> None:
    body = draft(provider, **changes)
    body["issuer"] = body["issuer"].replace("{url}", provider.url)

    answer = client.post(PROVIDERS, json=body, headers=bearer(Role.ADMIN))

    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])
    assert session.exec(select(IdentityProvider)).all() == []


def test_an_issuer_that_says_it_is_another_is_not_kept(
    client: TestClient, bearer: Bearer, provider: Provider, session: Session
) -> None:
    provider.issuer = "https://accounts.example.com"

    answer = client.post(PROVIDERS, json=draft(provider), headers=bearer(Role.ADMIN))

    assert answer.json()["details"]["issuer"].endswith("that it is another issuer.")
    assert session.exec(select(IdentityProvider)).all() == []


def test_no_power_over_people_is_given_to_newcomers(
    client: TestClient, bearer: Bearer, provider: Provider, session: Session
) -> None:
    role = granting.everywhere(session, Role.ADMIN).role_id
    headers = bearer(Role.ADMIN)

    mighty = client.post(PROVIDERS, json=draft(provider, role_ids=[role]), headers=headers)
    nobody_s = client.post(PROVIDERS, json=draft(provider, role_ids=[999_999]), headers=headers)
    no_domain = client.post(
        PROVIDERS,
        json=draft(
            provider, domains=[], role_ids=[granting.everywhere(session, Role.SUPPORT).role_id]
        ),
        headers=headers,
    )

    assert (mighty.status_code, list(mighty.json()["details"])) == (422, ["role_ids"])
    assert nobody_s.status_code == 404
    assert (no_domain.status_code, list(no_domain.json()["details"])) == (422, ["domains"])
    assert session.exec(select(IdentityProvider)).all() == []


def test_who_manages_people_and_not_roles_connects_no_provider(
    client: TestClient, provider: Provider, session: Session
) -> None:
    role = StaffRole(name="Staff office", verbs=["users.manage"])
    session.add(role)
    session.flush()
    user = UserFactory(role=None, email="office@palmonas.test")
    give(session, user, role)
    session.commit()
    login = {"email": user.email, "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}

    answers = [
        client.get(PROVIDERS, headers=headers),
        client.post(PROVIDERS, json=draft(provider), headers=headers),
        client.delete(f"{PROVIDERS}/1", headers=headers),
    ]

    assert [one.status_code for one in answers] == [403, 403, 403]
    assert provider.asked == []
    assert session.exec(select(IdentityProvider)).all() == []


def test_a_provider_is_changed_switched_off_and_removed(
    client: TestClient, bearer: Bearer, provider: Provider, session: Session
) -> None:
    headers = bearer(Role.ADMIN)
    made = client.post(PROVIDERS, json=draft(provider), headers=headers).json()
    path = f"{PROVIDERS}/{made['id']}"
    body = draft(provider, name="Other name")
    del body["client_secret"]

    changed = client.put(path, json=body, headers=headers).json()
    provider.issuer = "https://gone.test"  # it would not hold any more, and is not asked
    off = client.put(path, json=body | {"is_on": False}, headers=headers)
    on = client.put(path, json=body, headers=headers)
    public = client.put(path, json=body | {"is_on": False, "client_secret": ""}, headers=headers)
    removed = client.delete(path, headers=headers)

    assert (changed["name"], changed["has_secret"]) == ("Other name", True)
    assert (off.status_code, off.json()["is_on"]) == (200, False)
    assert on.status_code == 422
    assert public.json()["has_secret"] is False
    assert removed.status_code == 204
    assert session.exec(select(IdentityProvider)).all() == []
    assert client.delete(path, headers=headers).status_code == 404


def test_two_providers_have_two_names_and_two_issuers(
    client: TestClient, bearer: Bearer, provider: Provider, session: Session
) -> None:
    headers = bearer(Role.ADMIN)
    client.post(PROVIDERS, json=draft(provider), headers=headers)

    name = client.post(PROVIDERS, json=draft(provider, name="our DIRECTORY"), headers=headers)
    issuer = client.post(PROVIDERS, json=draft(provider, name="Another"), headers=headers)

    assert (name.status_code, list(name.json()["details"])) == (409, ["name"])
    assert (issuer.status_code, list(issuer.json()["details"])) == (409, ["issuer"])
    assert len(session.exec(select(IdentityProvider)).all()) == 1


def test_setting_one_up_asks_once_more_who_it_is(
    client: TestClient, bearer: Bearer, provider: Provider, session: Session
) -> None:
    headers = bearer(Role.ADMIN)
    row = IdentityProvider(name="Kept", issuer="https://id.test", client_id="x")
    session.add(row)
    session.commit()
    forget_confirmations(session)
    path = f"{PROVIDERS}/{row.id}"

    answers = [
        client.post(PROVIDERS, json=draft(provider), headers=headers),
        client.put(path, json=draft(provider), headers=headers),
        client.delete(path, headers=headers),
    ]

    assert [one.json()["error"] for one in answers] == ["confirmation_needed"] * 3
    assert provider.asked == []
    session.expire_all()
    assert [one.name for one in session.exec(select(IdentityProvider))] == ["Kept"]
