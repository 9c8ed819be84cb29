"""What it costs to know who asks, what a crowd at the door costs those inside, and what hiding
buyers costs."""

import asyncio
import statistics
import time
import warnings
from typing import Final

import httpx

from benchmarks import people
from benchmarks.figures import Recorder, p95
from benchmarks.filling import use_shop
from benchmarks.reading import ACTOR
from benchmarks.servers import Servers
from crm_app import db
from crm_app.api.app import create_api
from crm_app.config import get_settings
from crm_app.domain.permissions import Permission
from crm_app.services import auth, order_search, passwords, refreshing
from crm_app.services.order_query import OrderQuery

_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of this benchmark's own database
_EMAIL: Final = "bench@demo.test"
_ORDERS: Final = 10_000
_PAGES: Final = 200
_AT_THE_DOOR: Final = 20
_ROUNDS: Final = 300


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record the check of session and permission, lists with and without buyers, and a page
    while many sign in."""
    use_shop(servers, _ORDERS)
    with db.transaction() as session:
        user = people.admin(session, _EMAIL)
        user.password_hash = passwords.hash_password(_PASSWORD)
        signed = auth.sign_in(session, email=_EMAIL, password=_PASSWORD, address="", device="bench")
    assert isinstance(signed, auth.SignedIn)
    _checks(recorder, signed)
    _masking(recorder)
    asyncio.run(_crowd(recorder, refreshing.access_token(signed)[0]))


def _checks(recorder: Recorder, signed: auth.SignedIn) -> None:
    token, jwt = signed.token, refreshing.access_token(signed)[0]

    def of_event() -> None:
        db.ask(lambda session: auth.actor_for(session, token)).require(Permission.VIEW_ORDERS)

    def of_request() -> None:
        actor = db.ask(lambda session: auth.actor_for_access_token(session, jwt))
        actor.require(Permission.VIEW_ORDERS)

    recorder.time("session and permission of an event", 0, of_event)
    recorder.time("session and permission of a request", 0, of_request)
    loop = asyncio.new_event_loop()
    recorder.time(
        "the same through a thread",
        0,
        lambda: loop.run_until_complete(asyncio.to_thread(of_event)),
    )
    loop.close()


def _masking(recorder: Recorder) -> None:
    """Both kinds in turns, so that whatever else the machine does falls on both."""
    sees = ACTOR
    blind = sees.only(sees.permissions - {Permission.SEE_PERSONAL_DATA})
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(_ROUNDS):
        for is_masked, actor in ((False, sees), (True, blind)):
            began = time.perf_counter()
            with db.transaction() as session:
                order_search.list_orders(session, actor, OrderQuery(limit=200))
            times[is_masked].append((time.perf_counter() - began) * 1_000)
    for is_masked, name in ((False, "list 200 rows with buyers"), (True, "list 200 rows masked")):
        found = times[is_masked]
        recorder.record(name, statistics.median(found), "ms", _ORDERS, p95=p95(found))
    ratio = statistics.median(times[True]) / statistics.median(times[False])
    recorder.record("masked over unmasked", ratio, "", _ORDERS)


async def _crowd(recorder: Recorder, jwt: str) -> None:
    """A page of the list in this process, alone and while twenty people sign in over and over."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transport = httpx.ASGITransport(app=create_api())
    origin = get_settings().origin
    async with httpx.AsyncClient(transport=transport, base_url=origin, timeout=60) as client:
        headers = {"authorization": f"Bearer {jwt}"}
        alone = await _pages(client, headers)
        is_over, signed_in = asyncio.Event(), 0

        async def knock() -> None:
            nonlocal signed_in
            while not is_over.is_set():
                body = {"email": _EMAIL, "password": _PASSWORD}
                answer = await client.post("/api/v1/auth/login", json=body)
                signed_in += answer.status_code == 200

        crowd = [asyncio.create_task(knock()) for _ in range(_AT_THE_DOOR)]
        began = time.perf_counter()
        beside = await _pages(client, headers)
        seconds = time.perf_counter() - began
        is_over.set()
        await asyncio.gather(*crowd)
    for name, found in (
        ("a page of the list", alone),
        ("a page of the list, twenty at the door", beside),
    ):
        recorder.record(name, statistics.median(found), "ms", _ORDERS, p95=p95(found))
    recorder.record("sign-ins meanwhile", signed_in / seconds, "per second", _ORDERS)


async def _pages(client: httpx.AsyncClient, headers: dict[str, str]) -> list[float]:
    times: list[float] = []
    for _ in range(_PAGES):
        began = time.perf_counter()
        answer = await client.get("/api/v1/orders?limit=50", headers=headers)
        answer.raise_for_status()
        times.append((time.perf_counter() - began) * 1_000)
        await asyncio.sleep(0.02)  # as somebody who looks before the next click
    return times
