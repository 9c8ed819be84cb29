"""Rows for tests, believable by default; a test names only what it is about."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory
from sqlmodel import Session

from crm_app import models, vault
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus, PaymentStatus
from crm_app.domain.permissions import Role
from crm_app.services import passwords

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
    role = Role.SUPPORT
    password_hash = factory.LazyFunction(lambda: passwords.hash_password(PASSWORD))


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
    for made in (UserFactory, AccountFactory, CustomerFactory, OrderFactory, OrderLineFactory):
        # The library documents this as the way to hand a session over.
        made._meta.sqlalchemy_session = session  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
