"""Saved views: whose they are, what they show, and that nobody's work is lost in them."""

import pytest
from sqlmodel import Session, col, select, update

from crm_app.domain.actor import SYSTEM, Actor
from crm_app.domain.order_status import OrderStatus, SyncStatus
from crm_app.domain.permissions import Role
from crm_app.domain.view import Colour
from crm_app.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from crm_app.models import AuditEntry, SavedView
from crm_app.services import auth, filter_words, view_lists, views
from crm_app.services.facets import Facet, Pick
from crm_app.services.importing import save_orders
from crm_app.services.order_query import OrderQuery, Sort
from crm_app.services.standing_views import STANDING
from crm_app.services.views import View, ViewChangedError, ViewDraft
from crm_app.services.working import tagging
from tests.factories import AccountFactory, OrderFactory, UserFactory
from tests.services.fakes import told


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    view_lists.forget_counts()


@pytest.fixture
def ravi(session: Session) -> Actor:
    """Another person of support."""
    user = UserFactory(role=Role.SUPPORT, name="Ravi")
    session.commit()
    return auth.person(session, user)


def saved(session: Session, actor: Actor, **params: str) -> View:
    return views.create(session, actor, ViewDraft("Mine", params, Colour.GREEN))


def keys(session: Session, actor: Actor) -> list[str]:
    return [one.key for one in views.list_views(session, actor) if not one.is_standing]


def test_those_in_the_box_are_there_for_everybody_and_pinned(
    session: Session, reader: Actor
) -> None:
    found = views.list_views(session, reader)

    assert [one.name for one in found] == [
        "New today",
        "To ship",
        "Ship-by at risk",
        "Late",
        "Buyer wants to cancel",
        "On hold",
        "Sync failed",
        "Unmapped",
        "COD to confirm",
        "Returns",
    ]
    assert all(one.is_pinned and not one.may_change for one in found)
    assert all(OrderQuery.parse(one.params).params() == one.params for one in STANDING)


def test_a_view_keeps_its_filters_in_their_one_form_and_is_pinned(
    session: Session, asha: Actor
) -> None:
    made = saved(
        session, asha, status="packed, confirmed", city="-Pune", sort="ship_by", limit="20",
        cursor="x", open="7",
    )  # fmt: skip

    assert made.params == {"status": "packed,confirmed", "city": "-Pune", "sort": "ship_by"}
    assert (made.name, made.colour, made.version) == ("Mine", Colour.GREEN, 1)
    assert made.is_pinned
    assert made.is_own
    assert made.may_change
    (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "view:created")).all()
    assert entry.after == {
        "name": "Mine",
        "is_shared": False,
        "filters": ["city", "sort", "status"],
    }


def test_a_view_of_one_s_own_is_nobody_else_s(session: Session, asha: Actor, ravi: Actor) -> None:
    made = saved(session, asha, status="packed")

    assert keys(session, asha) == [made.key]
    assert keys(session, ravi) == []
    for act in (
        lambda: views.get_view(session, ravi, made.key),
        lambda: views.change(session, ravi, made.key, ViewDraft("His", {}), version=1),
        lambda: views.remove(session, ravi, made.key),
        lambda: views.choose(session, ravi, made.key, is_pinned=True),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert views.get_view(session, asha, made.key).name == "Mine"


def test_sharing_is_a_permission(session: Session, asha: Actor, admin: Actor, ravi: Actor) -> None:
    draft = ViewDraft("Team", {"cod": "yes"}, is_shared=True)
    with pytest.raises(PermissionDeniedError):
        views.create(session, asha, draft)
    assert session.exec(select(SavedView)).all() == []

    made = views.create(session, admin, draft)

    theirs = views.get_view(session, ravi, made.key)
    assert (theirs.is_shared, theirs.may_change, theirs.is_pinned) == (True, False, False)
    assert theirs.owner == "Admin person"
    with pytest.raises(PermissionDeniedError):
        views.change(session, ravi, made.key, ViewDraft("His", {}, is_shared=True), version=1)
    assert views.get_view(session, admin, made.key).name == "Team"


def test_who_saves_over_somebody_is_warned_first(session: Session, admin: Actor) -> None:
    other = auth.person(session, UserFactory(role=Role.ADMIN, name="Asha Rao"))
    made = views.create(session, admin, ViewDraft("Team", {"cod": "yes"}, is_shared=True))
    hers = ViewDraft("Team", {"cod": "no"}, is_shared=True)
    views.change(session, other, made.key, hers, version=1)

    mine = ViewDraft("Team", {"hold": "yes"}, is_shared=True)
    with pytest.raises(ViewChangedError, match="Asha Rao changed this view") as caught:
        views.change(session, admin, made.key, mine, version=1)

    assert views.get_view(session, admin, made.key).params == {"cod": "no"}
    version = int(caught.value.details["version"])
    again = views.change(session, admin, made.key, mine, version=version)
    assert (again.params, again.version) == ({"hold": "yes"}, 3)


def test_one_view_opens_first(session: Session, asha: Actor, ravi: Actor) -> None:
    views.choose(session, asha, "late", is_default=True)
    views.choose(session, asha, "hold", is_default=True)

    assert views.default_key(session, asha) == "hold"
    assert views.default_key(session, ravi) == ""
    assert views.get_view(session, asha, "late").is_pinned
    views.choose(session, asha, "hold", is_default=False)
    assert views.default_key(session, asha) == ""


def test_a_deleted_view_leaves_no_trace_in_the_sidebar(session: Session, asha: Actor) -> None:
    made = saved(session, asha, cod="yes")
    views.choose(session, asha, made.key, is_default=True)

    views.remove(session, asha, made.key)

    assert keys(session, asha) == []
    assert views.default_key(session, asha) == ""
    shown = view_lists.resolve(session, asha, {"view": made.key, "status": "packed"})
    assert shown.query.statuses == (OrderStatus.PACKED,)
    assert shown.notes == ("This view was deleted, or is no longer shared with you.",)


@pytest.mark.parametrize("name", ["", "  ", "\x00", "x" * 61])
def test_a_view_has_a_name(session: Session, asha: Actor, name: str) -> None:
    with pytest.raises(InvalidInputError, match="name"):
        views.create(session, asha, ViewDraft(name, {}))


def test_a_view_of_what_means_nothing_is_refused(session: Session, asha: Actor) -> None:
    with pytest.raises(InvalidInputError):
        saved(session, asha, status="teleported")

    assert session.exec(select(SavedView)).all() == []


def test_the_system_has_no_views(session: Session) -> None:
    for act in (views.list_views, views.default_key, view_lists.pinned):
        with pytest.raises(PermissionDeniedError):
            act(session, SYSTEM)


def test_filters_on_top_of_a_view_narrow_or_change_it(session: Session, asha: Actor) -> None:
    made = saved(session, asha, status="packed", city="Pune", placed="today", sort="ship_by")
    address = {
        "view": made.key, "city": "*", "cod": "yes", "from": "2026-11-01", "cursor": "c",
    }  # fmt: skip

    shown = view_lists.resolve(session, asha, address)

    query = shown.query
    assert (query.statuses, query.pick(Facet.CITY), query.sort) == (
        (OrderStatus.PACKED,),
        Pick(Facet.CITY),
        Sort.SHIP_BY,
    )
    assert (query.placed, str(query.placed_from)) == (None, "2026-11-01")
    assert query.pick(Facet.COD).values == ("yes",)
    assert shown.is_modified
    # The address is written as the view and what differs, and is read back as it was.
    assert query.address() == {**address, "placed": "*"}
    assert view_lists.resolve(session, asha, query.address()).query == query


def test_a_view_by_itself_is_not_modified_on_any_page(session: Session, asha: Actor) -> None:
    shown = view_lists.resolve(session, asha, {"view": "late", "cursor": "abc"})

    assert (shown.is_modified, shown.notes) == (False, ())
    assert shown.query.address() == {"view": "late", "cursor": "abc"}


def test_what_of_a_view_is_gone_is_said_and_the_rest_works(session: Session, asha: Actor) -> None:
    account = AccountFactory()
    made = saved(session, asha, cod="yes", account=str(account.id))
    broken = {"cod": "yes", "account": f"{account.id},99", "status": "teleported", "mood": "good"}
    session.execute(
        update(SavedView).where(col(SavedView.id) == int(made.key)).values(params=broken)
    )
    session.expire_all()

    shown = view_lists.resolve(session, asha, {"view": made.key})

    assert shown.query.params() == {"account": str(account.id), "cod": "yes"}
    assert shown.notes == (
        "The filter “mood” of this view means nothing any more; it is left out.",
        "The filter “status” of this view means nothing any more; it is left out.",
        "There is no account 99 (any more). This view is shown without it.",
    )


def test_the_sidebar_counts_what_each_view_shows(session: Session, asha: Actor) -> None:
    shop = AccountFactory()
    save_orders(session, shop, [told("1", status=OrderStatus.CONFIRMED), told("2")])
    OrderFactory(account=shop, on_hold=True)
    OrderFactory(account=shop, sync_status=SyncStatus.REJECTED)
    session.flush()

    found = {one.view.key: (one.count, one.is_exact) for one in view_lists.pinned(session, asha)}

    assert (found["hold"], found["sync_failed"], found["late"]) == ((1, True), (1, True), (0, True))


def test_counts_are_asked_for_again_only_after_some_seconds(
    session: Session, asha: Actor, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_hold() -> int | None:
        found = {one.view.key: one.count for one in view_lists.pinned(session, asha)}
        return found["hold"]

    assert on_hold() == 0
    OrderFactory(on_hold=True)
    session.flush()
    assert on_hold() == 0

    monkeypatch.setattr(view_lists, "FRESH_S", 0.0)

    assert on_hold() == 1


def test_a_count_is_shared_by_those_who_see_the_same_and_no_others(
    session: Session, asha: Actor, reader: Actor, ravi: Actor
) -> None:
    mine = saved(session, asha, pincode="400")
    ours = views.create(session, asha, ViewDraft("Mine too", {"assignee": "me"}))
    OrderFactory(assignee_id=asha.user_id)
    session.execute(update(SavedView).values(is_shared=True))
    session.expire_all()
    for actor in (reader, ravi):
        for key in (mine.key, ours.key):
            views.choose(session, actor, key, is_pinned=True)

    def count(actor: Actor, key: str) -> int | None:
        found = {one.view.key: one.count for one in view_lists.pinned(session, actor)}
        return found[key]

    assert (count(asha, mine.key), count(reader, mine.key)) == (1, None)
    assert (count(asha, ours.key), count(ravi, ours.key)) == (1, 0)


def test_a_view_follows_a_tag_that_gets_another_name(session: Session, asha: Actor) -> None:
    tag = tagging.make_tag(session, asha, "Gift")
    tagging.make_tag(session, asha, "Fragile")
    made = views.create(
        session, asha, ViewDraft("Presents", {"tag": "gift,Fragile", "status": "confirmed"})
    )
    other = views.create(session, asha, ViewDraft("Plain", {"status": "packed"}))

    tagging.change_tag(session, asha, tag.id, name="Present, wrapped")

    session.expire_all()
    followed = views.get_view(session, asha, made.key).params
    assert OrderQuery.parse(followed).pick(Facet.TAG).values == ("Present, wrapped", "Fragile")
    assert views.get_view(session, asha, other.key).params == {"status": "packed"}
    assert view_lists.resolve(session, asha, {"view": made.key}).notes == ()


def test_what_a_view_or_an_address_asks_for_and_nobody_has_is_said(
    session: Session, asha: Actor
) -> None:
    tagging.make_tag(session, asha, "Gift")
    made = views.create(
        session, asha, ViewDraft("Old", {"tag": "gift,lost", "assignee": "me,999999"})
    )

    shown = view_lists.resolve(session, asha, {"view": made.key})
    typed = view_lists.resolve(session, asha, {"tag": "lost", "account": "999999"})

    assert shown.notes == (
        "There is no tag “lost” (any more). This view is shown without it.",
        "There is no colleague 999999 (any more). This view is shown without it.",
    )
    assert shown.query.pick(Facet.TAG).values == ("gift",)
    assert shown.query.pick(Facet.ASSIGNEE).values == ("me",)
    # What an address asks for itself is not widened behind somebody's back.
    assert typed.query.pick(Facet.TAG).values == ("lost",)
    assert typed.notes == (
        "There is no tag “lost” (any more).",
        "There is no account 999999 (any more).",
    )


def test_a_title_names_every_filter(session: Session, asha: Actor) -> None:
    account = AccountFactory(name="Main shop")
    session.commit()

    def title(**params: str) -> str:
        return filter_words.title_of(session, OrderQuery.parse(params))

    assert title() == "All orders"
    assert title(placed="today") == "Orders: placed today"
    assert title(city="Mumbai,-Pune") == "Orders: city Mumbai, not Pune"
    assert (
        title(account=str(account.id), cod="no")
        == "Orders: account Main shop; not cash on delivery"
    )
    assert (
        title(
            channel="amazon", **{"from": "2026-11-01"}, amount="500..2000", assignee="me", q="meera"
        )
        == "Orders: Amazon; placed from 2026-11-01; amount 500 to 2000; assignee me; “meera”"
    )
    assert title(status="-shipped", due="2026-11-01..2026-11-03") == (
        "Orders: status not Shipped; ship-by from 2026-11-01 to 2026-11-03"
    )
    del asha


@pytest.mark.parametrize("text", ["\u202e\u200b", " \u2060 "])
def test_a_text_that_nobody_can_see_is_told_of(session: Session, asha: Actor, text: str) -> None:
    made = saved(session, asha, status="packed")

    for params in ({"q": text}, {"q": text, "view": made.key}, {"q": text, "view": "987654"}):
        shown = view_lists.resolve(session, asha, params)
        assert view_lists.UNSEEN_TEXT in shown.notes
        assert shown.query.text == ""
    for params in ({"q": "abc"}, {"q": ""}, {"q": "*", "view": made.key}, {}):
        assert view_lists.UNSEEN_TEXT not in view_lists.resolve(session, asha, params).notes
