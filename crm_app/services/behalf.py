"""In whose name a job works: asked anew at every step, because people and tokens lose rights."""

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.errors import PermissionDeniedError
from crm_app.models import User
from crm_app.services import api_tokens, auth


def on_behalf(session: Session, user_id: int | None, token_id: int | None) -> Actor:
    """The person who asked for a piece of work, with what they may do today.

    Work that an API token asked for stays within what that token may, and carries its name.

    Args:
        session: The transaction of the step.
        user_id: Who asked.
        token_id: The token through which they asked, if one.

    Raises:
        PermissionDeniedError: If the person was deactivated, or the token revoked.
    """
    user = session.get(User, user_id, populate_existing=True) if user_id is not None else None
    if user is None:
        raise PermissionDeniedError("Nobody is known who asked for this.")
    if not user.is_active:
        raise PermissionDeniedError(f"{user.name} may no longer sign in.")
    if token_id is None:
        return auth.person(session, user)
    actor = api_tokens.behind(session, user, token_id)
    if actor is None:
        raise PermissionDeniedError(f"The token through which {user.name} asked was revoked.")
    return actor
