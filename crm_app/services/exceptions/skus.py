"""SKUs that orders to ship carry and that the account's list does not name."""

from sqlalchemy import func
from sqlmodel import col, select

from crm_app.domain.trouble import Cause, Source
from crm_app.models import ChannelSku, UnmappedSku
from crm_app.services.exceptions.parts import Statement, row


def unmapped(only: int | None) -> Statement:
    """A line for each SKU, of accounts that keep a list."""
    named = select(ChannelSku.account_id).where(
        ChannelSku.account_id == UnmappedSku.account_id,
        ChannelSku.channel_sku == UnmappedSku.channel_sku,
    )
    keeps_list = select(ChannelSku.account_id).where(
        ChannelSku.account_id == UnmappedSku.account_id
    )
    statement = row(
        Source.SKU,
        Cause.SKU,
        key=(UnmappedSku.account_id, func.md5(UnmappedSku.channel_sku)),
        account_id=col(UnmappedSku.account_id),
        since=UnmappedSku.first_seen_at,
        order_id=col(UnmappedSku.example_order_id),
        title=UnmappedSku.channel_sku,
        said=UnmappedSku.title,
    )
    statement = statement.select_from(UnmappedSku).where(~named.exists(), keeps_list.exists())
    return statement if only is None else statement.where(col(UnmappedSku.account_id) == only)
