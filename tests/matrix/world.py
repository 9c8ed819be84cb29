"""A desk with something on two accounts, and somebody for each role and each reach."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from crm_app import db, models, narrowing
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.services import auth, refreshing
from tests.factories import PASSWORD, AccountFactory, StaffRoleFactory, UserFactory, bind, give
from tests.services.test_reach import NOON, fill

# Stands in everything of the account that nobody here reaches whole; nobody types all of it.
HIDDEN: Final = "hiddenword"
# In minor units: 76,543.21 rupees of one order, and what three of them come to.
AMOUNT: Final = 7_654_321
AMOUNTS: Final = ("76,543.21", "76543.21", "7654321", "2,29,629", "229,629", "22962963")
BUYER: Final = "Meera"
REFUSED: Final = "Your role does not allow this."

Reach = ReachKind
REACHES: Final = tuple(ReachKind)


@dataclass(frozen=True)
class Person:
    """Somebody with one role in one reach, and the ways in which they come."""

    actor: Actor
    signed_in: auth.SignedIn

    @property
    def cookie_token(self) -> str:
        return self.signed_in.token

    @property
    def bearer(self) -> dict[str, str]:
        """A header made now: tokens live shorter than a slow run of these tests."""
        return {"authorization": f"Bearer {refreshing.access_token(self.signed_in)[0]}"}


@dataclass
class World:
    mine: models.ChannelAccount
    beyond: models.ChannelAccount
    my_order: models.Order
    beyond_order: models.Order
    people: dict[tuple[str, ReachKind], Person] = field(
        default_factory=dict[tuple[str, ReachKind], Person]
    )

    def person(self, verbs: Iterable[Permission], reach: ReachKind = ReachKind.ALL) -> Person:
        """Somebody with a role of these verbs, who is made when first asked for."""
        words = sorted(one.value for one in verbs)
        key = (",".join(words), reach)
        if key not in self.people:
            with db.transaction() as session:
                bind(session)
                role = StaffRoleFactory(verbs=words)
                self.people[key] = self._sign_in(session, role, reach)
        return self.people[key]

    def of_role(self, role: Role, reach: ReachKind = ReachKind.ALL) -> Person:
        """Somebody with a built-in role."""
        key = (role.value, reach)
        if key not in self.people:
            with db.transaction() as session:
                bind(session)
                self.people[key] = self._sign_in(session, role, reach)
        return self.people[key]

    def _sign_in(self, session: Session, role: Role | models.StaffRole, reach: ReachKind) -> Person:
        user = UserFactory(role=None, name="Somebody")
        channels = [self.mine.channel] if reach is ReachKind.CHANNELS else []
        accounts = [self.mine] if reach is ReachKind.ACCOUNTS else []
        give(session, user, role, channels=channels, accounts=accounts)
        found = auth.sign_in(
            session, email=user.email, password=PASSWORD, address="127.0.0.1", device="test"
        )
        assert isinstance(found, auth.SignedIn)
        return Person(auth.person(session, user), found)


def build() -> World:
    """Two accounts with orders, people, changes, alerts and comments on both."""
    with db.transaction() as session:
        bind(session)
        UserFactory(role=Role.ADMIN, name="Boss")
        mine = AccountFactory(channel=Channel.AMAZON, name="Mine")
        beyond = AccountFactory(channel=Channel.WOOCOMMERCE, name=HIDDEN)
        orders = [fill(session, mine, "mine"), fill(session, beyond, HIDDEN)]
        for order in orders:
            session.add(
                models.OrderEvent(
                    order_id=order.id,
                    kind="order:updated",
                    actor_kind=ActorKind.CHANNEL,
                    actor_label=order.channel.label,
                    at=NOON,
                    data={"total_minor": [100, AMOUNT]},
                )
            )
        session.flush()
        # So that no number of an order is by chance that of a sign-in, which a handler would end.
        session.execute(
            text("SELECT setval(pg_get_serial_sequence('user_sessions', 'id'), 1000000000)")
        )
        session.execute(text("UPDATE orders SET total_minor = :sum"), {"sum": AMOUNT})
        session.execute(
            text("UPDATE order_rollups SET total_minor = orders * :sum"), {"sum": AMOUNT}
        )
    return World(mine, beyond, orders[0], orders[1])


def everything_but(*verbs: Permission) -> frozenset[Permission]:
    return frozenset(Permission) - frozenset(verbs)


def expected(verbs: Iterable[Permission], reach: ReachKind) -> frozenset[Permission]:
    """What somebody holds: on a part of the accounts nothing about the whole desk."""
    return frozenset(one for one in verbs if reach is ReachKind.ALL or not one.is_desk_wide)


def roles() -> dict[str, frozenset[Permission]]:
    """The built-in roles, one for each verb alone, and one for each without it."""
    return (
        {role.value: ROLE_PERMISSIONS[role] for role in Role}
        | {f"only {one}": frozenset({one}) for one in Permission}
        | {f"all but {one}": everything_but(one) for one in Permission}
    )


def rows_of(account: models.ChannelAccount) -> dict[str, str]:
    """A mark of all that belongs to an account, table by table."""
    with db.transaction() as session:
        narrowing.limit(session, {account.id}, None)
        return {
            table.name: str(
                session.execute(
                    text(
                        f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t"
                    )  # noqa: S608
                ).scalar()
            )
            for table in SQLModel.metadata.sorted_tables
            if {"account_id", "order_id"} & set(table.columns.keys())
        }


def is_signed_in(person: Person) -> bool:
    with db.transaction() as session:
        found = select(models.UserSession).where(models.UserSession.user_id == person.actor.user_id)
        return all(one.revoked_at is None for one in session.exec(found))
