"""What was erased stays erased: keyed hashes of orders and persons, asked on each import.

The hash is keyed, so that the table itself tells nobody whom it means.
"""

import dataclasses
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from crm_app import vault
from crm_app.channels.base import BadOrder, ChannelBuyer, ChannelOrder
from crm_app.models import ErasedKey, ErasureSecret
from crm_app.services import order_rows
from crm_app.services.privacy import scrubbing

_BYTES: Final = 32
_NAME: Final = "key"


def mark(session: Session, account_id: int, names: Iterable[str], at: datetime) -> None:
    """Remember what was erased; `names` as `order_name` and the identities of customers."""
    secret = _secret(session)
    rows = [{"key": _hash(secret, account_id, name), "at": at} for name in sorted(set(names))]
    if rows:
        statement = upsert(ErasedKey).values(rows)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"], set_={"at": statement.excluded.at}
            )
        )


def order_name(external_id: str) -> str:
    """What an order is called among the names of `mark`."""
    return f"order-id:{external_id}"


def cleaned(
    session: Session, account_id: int, orders: Sequence[ChannelOrder]
) -> Sequence[ChannelOrder]:
    """The orders of a page, without the person where the person was erased."""
    if not orders or not _any(session):
        return orders
    secret = _secret(session)
    names = {order.external_id: _names(order) for order in orders}
    hashes = {name: _hash(secret, account_id, name) for found in names.values() for name in found}
    known = _known(session, hashes.values())
    return [
        _without_person(order)
        if any(_means(order, name, known.get(hashes[name])) for name in names[order.external_id])
        else order
        for order in orders
    ]


def cleaned_bad(session: Session, account_id: int, bad: Sequence[BadOrder]) -> Sequence[BadOrder]:
    """What could not be read is kept without its body where its order was erased."""
    if not bad or not _any(session):
        return bad
    secret = _secret(session)
    hashes = {
        one.external_id: _hash(secret, account_id, order_name(one.external_id)) for one in bad
    }
    known = _known(session, hashes.values())
    return [
        dataclasses.replace(one, raw={"erased": True}) if hashes[one.external_id] in known else one
        for one in bad
    ]


def _means(order: ChannelOrder, name: str, at: datetime | None) -> bool:
    if at is None:
        return False
    return name == order_name(order.external_id) or order.placed_at <= at


def _names(order: ChannelOrder) -> list[str]:
    """Every name under which this order or its buyer may have been erased."""
    buyer, phone = order.buyer, order_rows.digits(order.buyer.phone or order.address.phone)
    found = [order_name(order.external_id)]
    if buyer.identity:
        found.append(f"id:{buyer.identity}"[:300])
    if buyer.email:
        found.append(f"email:{buyer.email.lower()}"[:300])
    if phone:
        found.append(f"phone:{phone}")
    return found


def _without_person(order: ChannelOrder) -> ChannelOrder:
    buyer, address = order.buyer, order.address
    words = scrubbing.words_of(
        (
            buyer.identity,
            buyer.name,
            buyer.email,
            buyer.phone,
            address.name,
            address.phone,
            address.line1,
            address.line2,
            order.note,
        )
    )
    raw: Any = scrubbing.scrub(order.raw, scrubbing.finder(words))
    return dataclasses.replace(
        order,
        buyer=ChannelBuyer(),
        address=dataclasses.replace(address, name="", phone="", line1="", line2=""),
        note="",
        raw=raw,
    )


def _any(session: Session) -> bool:
    return session.exec(select(ErasedKey.key).limit(1)).first() is not None


def _known(session: Session, keys: Iterable[bytes]) -> dict[bytes, datetime]:
    rows = session.exec(
        select(ErasedKey.key, ErasedKey.at).where(col(ErasedKey.key).in_(set(keys)))
    )
    return dict(rows.all())


def _hash(secret: bytes, account_id: int, name: str) -> bytes:
    return hmac.new(secret, f"{account_id}\x00{name}".encode(), hashlib.sha256).digest()


def _secret(session: Session) -> bytes:
    """The key of all hashes, made when it is needed first. It never changes: the hashes would not
    mean anything any more."""
    found = session.get(ErasureSecret, 1)
    if found is None:
        sealed = vault.seal({_NAME: secrets.token_hex(_BYTES)})
        session.execute(upsert(ErasureSecret).values(id=1, sealed=sealed).on_conflict_do_nothing())
        found = session.get_one(ErasureSecret, 1)
    return bytes.fromhex(vault.unseal(found.sealed)[_NAME])
