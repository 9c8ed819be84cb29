"""SKUs: what lists of accounts do not name is looked for anew. May run twice."""

from crm_app import db
from crm_app.services import skus


def watch_skus() -> int:
    """Started by the clock: look at every account that keeps a list; how many there are."""
    with db.transaction() as session:
        found = skus.accounts_with_lists(session)
    for account_id in found:
        with db.transaction() as session:
            skus.refresh(session, account_id)
    return len(found)
