"""An unknown SKU is named on the desk."""

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.domain.trouble import Source
from crm_app.errors import ConflictError
from crm_app.services import audit, reach, skus
from crm_app.services.exceptions import listing


def name_it(session: Session, actor: Actor, key: str, sku: str) -> None:
    """Put the SKU of an exception on its account's list, as one of ours.

    Raises:
        PermissionDeniedError: Without `mappings.manage`.
        NotFoundError: If it is not open (any more).
        ConflictError: If the exception is about something else.
        InvalidInputError: If our SKU is missing or unusable.
    """
    reach.require(session, actor, Permission.MANAGE_MAPPINGS)
    row = listing.find(session, key)
    if row.source is not Source.SKU or row.account_id is None:
        raise ConflictError("This exception is about no SKU.")
    skus.put(session, actor, row.account_id, row.title, sku, row.said)
    audit.record(
        session,
        actor,
        "exception:decided",
        subject_type="exception",
        subject_id=key,
        after={"sku": sku.strip()},
    )
