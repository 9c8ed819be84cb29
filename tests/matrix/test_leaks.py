"""Nothing that lies beyond a reach, no amount and no buyer comes out of any endpoint or handler for
who may not see it, whatever number they ask for."""

import inspect
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from fastapi import FastAPI

from crm_app.domain.permissions import Permission
from crm_app.domain.reach import ReachKind
from crm_app.errors import CrmError
from crm_app.ui.pages import PAGES
from tests.api.conftest import TestClient
from tests.api.test_house import routes
from tests.matrix.world import (
    AMOUNTS,
    BUYER,
    HIDDEN,
    Person,
    World,
    everything_but,
    is_signed_in,
    rows_of,
)
from tests.ui.browser import Tab, cookie_of, tab
from tests.ui.test_guard import MARKED, _mark, _ours  # pyright: ignore[reportPrivateUsage]

PARTS = (ReachKind.CHANNELS, ReachKind.ACCOUNTS)
# Words that fit something hidden without being all of it.
SEARCHED = ("hiddenw", "meera")
_MONEY_FIELD = re.compile(r"_minor$")


def reads(api: FastAPI, ids: list[int]) -> Iterator[str]:
    """Every address that can be read, with each of these ids and each of these searches."""
    for route in routes(api):
        if "GET" not in (route.methods or ()) or "rest" in route.path:
            continue
        for number in ids if "{" in route.path else ids[:1]:
            path = re.sub(r"{kind}", "csv", route.path)
            path = re.sub(r"{paper}", "packing-slip", path)
            yield re.sub(r"{\w+}", str(number), path)
        if "{" not in route.path:
            yield from (f"{route.path}?q={word}" for word in SEARCHED)


def numbers(world: World) -> list[int]:
    """Ids of what is there on both accounts, and small numbers that anything else may have."""
    there = {world.beyond_order.id, world.beyond.id, world.my_order.id, world.mine.id}
    return sorted(there | {1, 2, 3})


@pytest.mark.parametrize("reach", PARTS)
def test_no_endpoint_tells_of_what_is_beyond(
    world: World, api: FastAPI, client: TestClient, reach: ReachKind
) -> None:
    who = world.person(frozenset(Permission), reach)
    found = list(reads(api, numbers(world)))

    told = [at for at in found if HIDDEN in client.get(at, headers=who.bearer).text.lower()]

    assert len(found) > 200
    assert told == []


def test_the_same_endpoints_do_tell_who_sees_everything(
    world: World, api: FastAPI, client: TestClient
) -> None:
    who = world.person(frozenset(Permission))

    answers = [client.get(at, headers=who.bearer).text for at in reads(api, numbers(world))]

    assert sum(HIDDEN in answer.lower() for answer in answers) > 10
    assert sum(BUYER in answer for answer in answers) > 3
    assert sum(any(one in answer for one in AMOUNTS) for answer in answers) > 3


def test_no_endpoint_tells_an_amount(world: World, api: FastAPI, client: TestClient) -> None:
    who = world.person(everything_but(Permission.SEE_MONEY))

    for at in reads(api, numbers(world)):
        answer = client.get(at, headers=who.bearer)
        assert not any(one in answer.text for one in AMOUNTS), at
        if "json" in answer.headers.get("content-type", "") and "openapi" not in at:
            assert amounts(json.loads(answer.text)) == set(), at


def amounts(found: Any) -> set[str]:
    """Names of amounts that say something, at any depth."""
    if isinstance(found, dict):
        own = {name for name, value in found.items() if _MONEY_FIELD.search(name) and value}
        return own.union(*(amounts(value) for value in found.values()), set())
    if isinstance(found, list):
        return set[str]().union(*(amounts(one) for one in found))
    return set()


def test_no_endpoint_tells_who_bought(world: World, api: FastAPI, client: TestClient) -> None:
    who = world.person(everything_but(Permission.SEE_PERSONAL_DATA, Permission.MANAGE_PRIVACY))

    told = [
        at for at in reads(api, numbers(world)) if BUYER in client.get(at, headers=who.bearer).text
    ]

    assert told == []


def payload(name: str, number: int) -> dict[str, Any]:
    """This id for each argument, as a number or in words."""
    arguments = list(inspect.signature(_ours()[name].handler.fn).parameters.values())[1:]
    return {one.name: _value(one, number) for one in arguments}


def _value(argument: inspect.Parameter, number: int) -> Any:
    if argument.name == "form":
        return {"q": SEARCHED[0], "name": SEARCHED[0], "account": str(number)}
    if argument.annotation is bool:
        return True
    return number if argument.annotation is int else str(number)


async def run_all(world: World, who: Person, number: int) -> dict[str, str]:
    """All that each handler and each page sends to somebody who asks for one number."""
    said: dict[str, str] = {}
    async with tab(cookie_of(who.cookie_token)) as opened:
        for page in PAGES:
            path = re.sub(r"\[\w+\]", str(number), page.route)
            for load in page.on_load:
                await _ask(opened, load, f"{path}?q={SEARCHED[0]}&open={number}")
                said[f"{path} {load.fn.__qualname__}"] = heard(opened)
        for name in MARKED:
            mark = _mark(_ours()[name])
            if mark is not None and not mark.public_because:
                opened.socket = uuid.uuid4().hex
                opened.deltas.clear()
                opened.events.clear()
                with suppress(CrmError):  # one that works beside the page raises here
                    await opened.send(
                        name, f"/orders/{number}?open={number}", **payload(name, number)
                    )
                said[name] = heard(opened)
    return said


async def _ask(opened: Tab, load: Any, path: str) -> None:
    opened.socket = uuid.uuid4().hex
    opened.deltas.clear()
    opened.events.clear()
    with suppress(CrmError):
        await opened.call(load, path)


def heard(opened: Tab) -> str:
    return f"{opened.deltas} {opened.said()}"


@pytest.mark.parametrize("reach", PARTS)
async def test_no_handler_tells_of_what_is_beyond_or_changes_it(
    world: World, reach: ReachKind
) -> None:
    who = world.person(frozenset(Permission), reach)
    before = rows_of(world.beyond)

    for number in (world.beyond_order.id, world.beyond.id):
        said = await run_all(world, who, number)
        told = [name for name, text in said.items() if HIDDEN in text.lower()]
        assert len(said) > 200
        assert told == []

    assert is_signed_in(who)
    assert rows_of(world.beyond) == before


async def test_no_handler_tells_an_amount(world: World) -> None:
    who = world.person(everything_but(Permission.SEE_MONEY), ReachKind.ACCOUNTS)

    said = await run_all(world, who, world.my_order.id)

    told = [name for name, text in said.items() if any(one in text for one in AMOUNTS)]
    assert is_signed_in(who)
    assert told == []


async def test_no_handler_tells_who_bought(world: World) -> None:
    who = world.person(everything_but(Permission.SEE_PERSONAL_DATA), ReachKind.ACCOUNTS)

    said = await run_all(world, who, world.my_order.id)

    told = [name for name, text in said.items() if BUYER in text]
    assert is_signed_in(who)
    assert told == []


async def test_the_same_handlers_do_tell_who_may_see_it(world: World) -> None:
    who = world.person(frozenset(Permission), ReachKind.ACCOUNTS)

    said = await run_all(world, who, world.my_order.id)

    assert sum(BUYER in text for text in said.values()) > 2
    assert sum(any(one in text for one in AMOUNTS) for text in said.values()) > 2
