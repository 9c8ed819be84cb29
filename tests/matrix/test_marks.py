"""Role by verb by reach by endpoint, handler and page: who may not is refused, and who may is not.

Endpoints and handlers are taken from the running app, so that a new one is asked for here without
being named.
"""

import uuid
from collections.abc import Callable
from functools import partial

import pytest
from fastapi import FastAPI

from crm_app.domain.permissions import Permission
from crm_app.domain.reach import ReachKind
from crm_app.errors import PermissionDeniedError
from crm_app.ui.shared.guard import OUR_PACKAGE, _require  # pyright: ignore[reportPrivateUsage]
from crm_app.ui.shared.navigation import PLACES
from crm_app.ui.shared.shell_state import ShellState
from tests.api.conftest import TestClient
from tests.api.test_house import calls
from tests.matrix.world import (
    REACHES,
    REFUSED,
    Person,
    World,
    everything_but,
    expected,
    is_signed_in,
    roles,
    rows_of,
)
from tests.ui.browser import Tab, cookie_of, tab
from tests.ui.test_guard import MARKED, _mark, _ours, _payload  # pyright: ignore[reportPrivateUsage]

HANDLERS = {name: mark for name in MARKED if (mark := _mark(_ours()[name])) and mark.permissions}


def endpoints(api: FastAPI) -> list[tuple[str, str, Permission]]:
    """Method, path and verb of each endpoint that asks for one."""
    known = {one.value: one for one in Permission}
    return [(method, path, known[mark]) for method, path, mark in calls(api) if mark in known]


def may(check: Callable[[], None]) -> bool:
    try:
        check()
    except PermissionDeniedError:
        return False
    return True


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("name", roles())
def test_a_role_holds_its_verbs_where_it_was_given_and_nothing_else(
    world: World, name: str, reach: ReachKind
) -> None:
    verbs = roles()[name]
    actor = world.person(verbs, reach).actor
    held = expected(verbs, reach)

    table = {one: (actor.may(one), actor.may(one, world.mine.id)) for one in Permission}
    beyond = {one for one in Permission if actor.may(one, world.beyond.id)}

    assert table == {one: (one in held, one in held) for one in Permission}
    assert beyond == (held if reach is ReachKind.ALL else set())
    for handler, mark in HANDLERS.items():
        assert may(partial(_require, actor, mark)) == held.issuperset(mark.permissions), handler


@pytest.mark.parametrize("reach", REACHES)
def test_who_holds_all_but_its_verb_gets_past_no_endpoint(
    world: World, api: FastAPI, client: TestClient, reach: ReachKind
) -> None:
    found = endpoints(api)
    before = rows_of(world.mine), rows_of(world.beyond)

    answers = {
        (method, path): client.request(
            method, path, json={}, headers=world.person(everything_but(verb), reach).bearer
        )
        for method, path, verb in found
    }

    assert len(answers) > 100
    assert {at for at, answer in answers.items() if answer.status_code != 403} == set()
    assert {answer.json()["error"] for answer in answers.values()} == {"permission_denied"}
    assert (rows_of(world.mine), rows_of(world.beyond)) == before


@pytest.mark.parametrize("reach", REACHES)
def test_an_endpoint_asks_for_no_more_than_its_verb_says(
    world: World, api: FastAPI, client: TestClient, reach: ReachKind
) -> None:
    """What it shows may need verbs of its own beside: those that let see."""
    sees = {Permission.VIEW_ORDERS, Permission.SEE_MONEY, Permission.SEE_PERSONAL_DATA}

    refused = {
        f"{method} {path}"
        for method, path, verb in endpoints(api)
        if verb in expected({verb}, reach)
        and client.request(
            method, path, json={}, headers=world.person({verb, *sees}, reach).bearer
        ).status_code
        in (401, 403)
    }

    assert {at.split("/")[3] for at in refused} <= NEED_MORE


# Who signs people in decides over all of them, and where alerts go is for the whole desk.
NEED_MORE = {"identity-providers", "alerts"}


async def sent(opened: Tab, name: str, path: str) -> str:
    """What a handler says when anything is sent to it."""
    opened.events.clear()
    opened.deltas.clear()
    opened.socket = uuid.uuid4().hex
    await opened.send(name, path, **_payload(_ours()[name]))
    return opened.said()


def shown(opened: Tab) -> list[str]:
    """The states of ours that sent something."""
    return [
        name for delta in opened.deltas for name in delta if OUR_PACKAGE in name and delta[name]
    ]


@pytest.mark.parametrize("reach", REACHES)
async def test_who_holds_all_but_its_verb_runs_no_handler(world: World, reach: ReachKind) -> None:
    path = f"/orders/{world.my_order.id}"
    before = rows_of(world.mine), rows_of(world.beyond)
    people: dict[Permission, Person] = {}

    async with tab() as opened:
        for name, mark in HANDLERS.items():
            for verb in set(mark.permissions):
                who = people.setdefault(verb, world.person(everything_but(verb), reach))
                opened.cookie = cookie_of(who.cookie_token)
                said = await sent(opened, name, path)
                assert REFUSED in said or mark.is_quiet, (name, verb)
                assert shown(opened) == [], (name, verb)

    assert (rows_of(world.mine), rows_of(world.beyond)) == before
    assert all(is_signed_in(one) for one in people.values())


@pytest.mark.parametrize("reach", REACHES)
async def test_the_navigation_offers_what_one_may_open(world: World, reach: ReachKind) -> None:
    wanted = {place.needs for place in PLACES if place.needs}
    assert len(wanted) >= 8

    async with tab() as opened:
        for verb in wanted:
            opened.cookie = cookie_of(world.person({verb}, reach).cookie_token)
            opened.socket = uuid.uuid4().hex
            await opened.call(ShellState.load, "/me")
            held = set(opened.shown(ShellState)["verbs"])
            assert held == {one.value for one in expected({verb}, reach)}
