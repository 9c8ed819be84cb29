"""Whoever asks too much at once is told when to come again, and nobody else waits for it."""

import pytest
from fastapi.testclient import TestClient

from crm_app.api import rates
from crm_app.api.rates import Rates
from crm_app.domain.permissions import Role
from tests.api.conftest import Bearer

ME, REPORT = "/api/v1/auth/me", "/api/v1/reports/policy"


def test_a_bucket_empties_and_fills_again() -> None:
    at = [0.0]
    bucket = Rates(burst=3, per_second=0.5, clock=lambda: at[0])

    first = [bucket.wait_s("a") for _ in range(5)]
    other = bucket.wait_s("b")
    at[0] = 2.0
    later = [bucket.wait_s("a"), bucket.wait_s("a")]

    assert (first, other, later) == ([0, 0, 0, 2, 2], 0, [0, 2])


def test_one_person_is_slowed_down_and_others_are_not(
    client: TestClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "OF_ACTORS", Rates(burst=5, per_second=0.1))
    busy, other = bearer(Role.SUPPORT), bearer(Role.ADMIN)

    answers = [client.get(ME, headers=busy) for _ in range(7)]

    assert [one.status_code for one in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json()["error"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert client.get(ME, headers=other).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"csp-report": {"effective-directive": "script-src-elem"}}', "script-src-elem"),
        (b'{"csp-report": {"effective-directive": "meera@mail.example\\n x"}}', "unnamed"),
        (b'{"csp-report": 5}', "unnamed"),
        (b"[]", "unnamed"),
        (b"\xff", "unreadable"),
    ],
)
def test_a_report_of_a_browser_is_one_word_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture, body: bytes, said: str
) -> None:
    answer = client.post(REPORT, content=body)

    assert (answer.status_code, answer.content) == (204, b"")
    assert f"The content policy stopped something: {said}" in caplog.text
    assert "meera" not in caplog.text
