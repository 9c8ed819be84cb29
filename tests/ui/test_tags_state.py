"""The page of tags, driven as a person does."""

from sqlmodel import Session, select

from crm_app.domain.permissions import Role
from crm_app.models import Tag
from crm_app.ui.tags.state import TagsState
from tests.ui.browser import open_state
from tests.ui.conftest import SignIn


async def test_tags_are_made_renamed_coloured_and_retired(
    session: Session, sign_in: SignIn
) -> None:
    state = await open_state(TagsState, "/tags", sign_in(Role.SUPPORT))
    await state.load()
    assert (state.rows, state.is_loaded, state.may_change) == ([], True, True)

    await state.add({"name": "Gift"})
    await state.add({"name": "Fragile"})
    (fragile, gift) = state.rows
    await state.edit(gift.id)
    await state.rename({"name": "Fragile"})
    assert "There is a tag Fragile already." in state.notice
    await state.rename({"name": "Present"})
    await state.recolour(gift.id, "red")
    await state.retire(fragile.id, True)

    assert [(row.name, row.colour, row.is_retired) for row in state.rows] == [
        ("Present", "red", False),
        ("Fragile", "gray", True),
    ]
    assert state.rows[0].href == "/orders?tag=Present"
    assert (state.editing, state.notice) == (0, "")
    assert len(session.exec(select(Tag)).all()) == 2


async def test_who_may_not_tag_only_looks(session: Session, sign_in: SignIn) -> None:
    session.add(Tag(name="Gift"))
    session.commit()
    state = await open_state(TagsState, "/tags", sign_in(Role.READ_ONLY))

    await state.load()

    assert [row.name for row in state.rows] == ["Gift"]
    assert not state.may_change
