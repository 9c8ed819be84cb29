"""The columns of the list: what each person makes of them, and how they are drawn."""

from urllib.parse import parse_qsl

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.permissions import ROLE_PERMISSIONS, Role
from crm_app.errors import InvalidInputError
from crm_app.models import User, UserPreference
from crm_app.services import views
from crm_app.services.grid_layout import Column, Density, GridLayout
from crm_app.ui.orders import columns
from crm_app.ui.orders.layout_state import LayoutState, layout_of
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def shown_layout(state: LayoutState) -> GridLayout:
    return GridLayout.parse(await layout_of(state))


async def open_layout(cookie: str, path: str = "/orders") -> LayoutState:
    state = await open_state(LayoutState, path, cookie)
    await state.load()
    return state


async def test_what_a_person_arranges_is_there_at_the_next_sign_in(sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    state = await open_layout(cookie)

    await state.toggle("tags")
    await state.move("tags", -6)
    await state.arrange({"deed": "size", "column": "customer", "value": "320"})
    await state.arrange({"deed": "place", "column": "total", "value": "0"})
    await state.pin("number")
    await state.set_density("compact")

    again = await open_layout(cookie)
    assert [head.key for head in again.heads][:4] == ["total", "number", "tags", "customer"]
    assert again.is_compact
    assert await shown_layout(again) == GridLayout(
        columns=tuple(Column(head.key) for head in again.heads),
        widths={Column.CUSTOMER: 320},
        pinned=2,
        density=Density.COMPACT,
    )


async def test_the_usual_columns_come_back(session: Session, sign_in: SignIn) -> None:
    state = await open_layout(sign_in(Role.READ_ONLY))
    await state.toggle("lines")

    await state.reset_all()

    assert await shown_layout(state) == GridLayout()
    (kept,) = session.exec(select(UserPreference)).all()
    assert kept.value == GridLayout().as_json()


async def test_what_no_column_can_do_changes_nothing(session: Session, sign_in: SignIn) -> None:
    state = await open_layout(sign_in(Role.SUPPORT))

    with pytest.raises(InvalidInputError):
        await state.toggle("weather")
    await state.arrange({"deed": "explode", "column": "total", "value": "1"})
    await state.arrange({"deed": "place", "column": "total", "value": "1e9"})

    assert await shown_layout(state) == GridLayout()
    assert session.exec(select(UserPreference)).all() == []


async def test_a_key_makes_a_column_wider_and_narrower(sign_in: SignIn) -> None:
    state = await open_layout(sign_in(Role.SUPPORT))

    await state.arrange({"deed": "wider", "column": "total", "value": "1"})
    await state.arrange({"deed": "wider", "column": "total", "value": "1"})
    await state.arrange({"deed": "wider", "column": "total", "value": "-1"})

    usual = columns.MEASURES[Column.TOTAL].width
    assert (await shown_layout(state)).widths == {Column.TOTAL: usual + 24}


async def test_a_head_sorts_the_list_that_is_shown(sign_in: SignIn) -> None:
    path = "/orders?view=late&sort=-total&cursor=abc&open=7"
    state = await open_layout(sign_in(Role.SUPPORT), path)

    heads = {head.key: head for head in state.heads}
    assert (heads["total"].direction, heads["placed"].direction) == ("descending", "none")
    asked = dict(parse_qsl(heads["total"].href.partition("?")[2]))
    assert asked == {"view": "late", "sort": "total", "open": "7"}
    assert heads["customer"].href == ""


def test_pinned_columns_stop_beside_each_other() -> None:
    layout = GridLayout(
        columns=(Column.NUMBER, Column.TOTAL, Column.CUSTOMER),
        widths={Column.NUMBER: 200},
        pinned=2,
    )

    style = columns.style(layout, has_boxes=True)

    assert (style["--pin-0"], style["--pin-1"]) == ("44px", "244px")
    assert style["--tracks"] == "44px 200px 112px minmax(190px, 1300fr) minmax(0, 1fr)"
    heads = columns.headers(layout, {})
    assert [("pin" in head.class_name.split()) for head in heads] == [True, True, False]


def test_the_chooser_offers_every_column_once() -> None:
    layout = GridLayout(columns=(Column.NUMBER, Column.TAGS))

    offered = columns.choices(layout)

    assert sorted(one.key for one in offered) == sorted(Column)
    assert [one.key for one in offered if one.is_on] == ["number", "tags"]
    assert (offered[0].is_fixed, offered[0].can_rise, offered[1].can_sink) == (True, False, False)


async def test_a_view_brings_its_order_and_its_columns(session: Session, sign_in: SignIn) -> None:
    cookie = sign_in(Role.SUPPORT)
    user = session.exec(select(User)).one()
    actor = Actor(ActorKind.PERSON, user.name, user.id, ROLE_PERMISSIONS[Role.SUPPORT])
    layout = GridLayout(columns=(Column.NUMBER, Column.SHIP_BY))
    draft = views.ViewDraft("Mine", {"sort": "ship_by"}, layout=layout.as_json())
    view = views.create(session, actor, draft)
    session.commit()

    state = await open_layout(cookie, f"/orders?view={view.key}")
    await state.toggle("city")

    assert [(head.key, head.direction) for head in state.heads] == [
        ("number", "none"),
        ("ship_by", "ascending"),
        ("city", "none"),
    ]
    # Tried out in a view it is not what the person sees everywhere else.
    assert await shown_layout(await open_layout(cookie)) == GridLayout()
