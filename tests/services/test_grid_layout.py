"""The layout of the list: what is kept of it, and for whom."""

from typing import Any

import pytest
from sqlmodel import Session, select

from crm_app.domain.actor import SYSTEM, Actor, ActorKind
from crm_app.domain.permissions import ROLE_PERMISSIONS, Role
from crm_app.errors import InvalidInputError, PermissionDeniedError
from crm_app.models import User, UserPreference
from crm_app.services import preferences
from crm_app.services.grid_layout import (
    MAX_WIDTH,
    USUAL,
    Column,
    Density,
    GridLayout,
    keep_layout,
    own_layout,
)
from tests.factories import UserFactory


def actor_of(user: User, role: Role = Role.SUPPORT) -> Actor:
    return Actor(ActorKind.PERSON, user.name, user.id, ROLE_PERMISSIONS[role])


def test_layout_survives_being_kept(session: Session) -> None:
    actor = actor_of(UserFactory())
    layout = (
        GridLayout(density=Density.COMPACT)
        .toggled(Column.TAGS)
        .moved(Column.TAGS, 1)
        .sized(Column.CUSTOMER, 300)
        .pinned_up_to(Column.TAGS)
    )

    keep_layout(session, actor, layout)
    session.commit()

    found = own_layout(session, actor)
    assert found == layout
    assert found.columns[:3] == (Column.NUMBER, Column.TAGS, Column.CUSTOMER)
    assert (found.pinned, found.widths) == (2, {Column.CUSTOMER: 300})


def test_each_person_has_their_own(session: Session) -> None:
    asha, ravi = actor_of(UserFactory()), actor_of(UserFactory())

    keep_layout(session, asha, GridLayout(columns=(Column.NUMBER, Column.TOTAL)))
    keep_layout(session, asha, GridLayout(columns=(Column.NUMBER, Column.STATUS)))
    session.commit()

    assert own_layout(session, asha).columns == (Column.NUMBER, Column.STATUS)
    assert own_layout(session, ravi).columns == USUAL
    assert len(session.exec(select(UserPreference)).all()) == 1


def test_nobody_in_particular_has_the_usual_one_and_keeps_none(session: Session) -> None:
    viewer = Actor(ActorKind.SYSTEM, "Job", None, ROLE_PERMISSIONS[Role.READ_ONLY])

    with pytest.raises(PermissionDeniedError):
        keep_layout(session, viewer, GridLayout(pinned=2))
    with pytest.raises(PermissionDeniedError):
        own_layout(session, SYSTEM)

    assert own_layout(session, viewer) == GridLayout()
    assert session.exec(select(UserPreference)).all() == []


def test_a_value_without_end_is_refused(session: Session) -> None:
    actor = actor_of(UserFactory())

    with pytest.raises(InvalidInputError):
        preferences.keep(session, actor, "orders.layout", ["x" * 20_000])

    assert session.exec(select(UserPreference)).all() == []


@pytest.mark.parametrize("kept", [None, [], "x", 7, {}, {"columns": "number"}, {"columns": [{}]}])
def test_what_means_nothing_is_the_usual_layout(kept: Any) -> None:
    assert GridLayout.parse(kept) == GridLayout()


def test_a_layout_of_another_release_keeps_what_is_known() -> None:
    kept = {
        "columns": ["total", "weather", "total", "status"],
        "widths": {"total": 99_999, "status": "wide", "weather": 80, "placed": True},
        "pinned": 40,
        "density": "huge",
    }

    layout = GridLayout.parse(kept)

    assert layout.columns == (Column.NUMBER, Column.TOTAL, Column.STATUS)
    assert layout.widths == {Column.TOTAL: MAX_WIDTH}
    assert (layout.pinned, layout.density) == (3, Density.COMFORTABLE)


def test_the_number_stays_and_the_ends_hold() -> None:
    layout = GridLayout(columns=(Column.NUMBER, Column.TOTAL, Column.STATUS), pinned=2)

    assert layout.toggled(Column.NUMBER) == layout
    assert layout.moved(Column.TOTAL, 99).columns[-1] is Column.TOTAL
    assert layout.moved(Column.TOTAL, -1).columns[0] is Column.TOTAL
    assert layout.moved(Column.CITY, 0) == layout
    assert layout.toggled(Column.TOTAL).pinned == 1
    assert layout.sized(Column.TOTAL, 1).widths == {Column.TOTAL: 64}
    assert layout.sized(Column.TOTAL, 90).sized(Column.TOTAL, None).widths == {}
    assert layout.pinned_up_to(Column.TOTAL).pinned == 1
    assert layout.pinned_up_to(Column.STATUS).pinned == 3
