"""Rows for tests, believable by default; a test names only what it is about."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory
from sqlmodel import Session, col, delete

from crm_app import models, vault
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.domain.permissions import Permission, Role
from crm_app.domain.reach import ReachKind
from crm_app.services import passwords
from crm_app.services.granting import everywhere

PLACED_AT = datetime(2026, 11, 18, 6, 30, tzinfo=UTC)  # 12:00 in the business zone
PASSWORD = "correct horse battery staple"


class _Base(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session_persistence = "flush"


class UserFactory(_Base):
    class Meta:
        model = models.User

    email = factory.Sequence(lambda n: f"person{n}@palmonas.test")
    name = "Asha Kulkarni"
    # A built-in role on all accounts; None for somebody without any.
    role = Role.SUPPORT
    password_hash = factory.LazyFunction(lambda: passwords.hash_password(PASSWORD))

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        role = kwargs.pop("role", None)
        user = super()._create(model_class, *args, **kwargs)
        if role is not None:
            give(cls._meta.sqlalchemy_session, user, role)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        return user


def give(
    session: Session,
    user: models.User,
    role: Role | models.StaffRole,
    *,
    channels: Sequence[Channel] = (),
    accounts: Sequence[models.ChannelAccount] = (),
) -> None:
    """Let a person have this role and no other: on all accounts, or on these."""
    reach = ReachKind.CHANNELS if channels else ReachKind.ACCOUNTS if accounts else ReachKind.ALL
    session.execute(delete(models.RoleGrant).where(col(models.RoleGrant.user_id) == user.id))
    session.add(
        models.RoleGrant(
            user_id=user.id,
            role_id=everywhere(session, role).role_id if isinstance(role, Role) else role.id,
            reach=reach,
            channels=[channel.value for channel in channels],
            account_ids=[account.id for account in accounts],
        )
    )
    session.flush()


class StaffRoleFactory(_Base):
    """A role that was made on screen; `verbs` are words of permissions."""

    class Meta:
        model = models.StaffRole

    name = factory.Sequence(lambda n: f"Role {n}")
    verbs = factory.LazyFunction(lambda: [Permission.VIEW_ORDERS.value])


class AccountFactory(_Base):
    class Meta:
        model = models.ChannelAccount

    channel = Channel.AMAZON
    name = factory.Sequence(lambda n: f"Account {n}")
    base_url = "http://127.0.0.1:1"
    credentials = factory.LazyFunction(lambda: vault.seal({"key": "value"}))


class CustomerFactory(_Base):
    class Meta:
        model = models.Customer
        exclude = ("account",)

    account = factory.SubFactory(AccountFactory)
    account_id = factory.SelfAttribute("account.id")
    identity = factory.Sequence(lambda n: f"id:{n}")
    name = "Meera Iyer"
    email = "meera@mail.example"
    phone = "+919820012345"
    phone_digits = "919820012345"


class OrderFactory(_Base):
    """Writes no rollup: tests of sums import orders instead."""

    class Meta:
        model = models.Order
        exclude = ("account", "customer")

    account = factory.SubFactory(AccountFactory)
    account_id = factory.SelfAttribute("account.id")
    customer: Any = None
    customer_id = factory.LazyAttribute(lambda o: o.customer.id if o.customer else None)
    channel = factory.SelfAttribute("account.channel")
    external_id = factory.Sequence(lambda n: f"405-{n:07}-0000000")
    order_number = factory.SelfAttribute("external_id")
    status = OrderStatus.CONFIRMED
    status_on_channel = factory.SelfAttribute("status")
    payment_status = PaymentStatus.PAID
    channel_status = "UNSHIPPED"
    currency = "INR"
    total_minor = 149_900
    customer_name = "Meera Iyer"
    ship_to = factory.LazyFunction(
        lambda: {"name": "Meera Iyer", "line1": "14 Hill Road", "city": "Mumbai", "phone": "98200"}
    )
    city = "Mumbai"
    pincode = "400050"
    first_title = "Pearl Drop Earrings"
    line_count = 1
    unit_count = 1
    placed_at = PLACED_AT
    placed_on = factory.LazyAttribute(
        lambda o: (o.placed_at + timedelta(hours=5, minutes=30)).date()
    )
    channel_updated_at = factory.SelfAttribute("placed_at")
    payload_hash = factory.LazyAttribute(lambda o: hashlib.sha256(o.external_id.encode()).digest())


class OrderLineFactory(_Base):
    class Meta:
        model = models.OrderLine
        exclude = ("order",)

    order = factory.SubFactory(OrderFactory)
    order_id = factory.SelfAttribute("order.id")
    position = 0
    external_id = factory.Sequence(lambda n: f"line-{n}")
    sku = "PDE-18K-RG"
    title = "Pearl Drop Earrings"
    quantity = 1
    total_minor = 149_900


def bind(session: Session) -> None:
    """Let every factory write into this session."""
    for made in (
        UserFactory,
        StaffRoleFactory,
        AccountFactory,
        CustomerFactory,
        OrderFactory,
        OrderLineFactory,
    ):
        # The library documents this as the way to hand a session over.
        made._meta.sqlalchemy_session = session  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
