"""Whose account it is, for what people do to their own."""

from crm_app.domain.actor import Actor
from crm_app.errors import PermissionDeniedError


def own_id(actor: Actor) -> int:
    """The id of the person who acts through a sign-in of theirs.

    Raises:
        PermissionDeniedError: For the system, a channel, or whatever acts in a person's name
            without them: it has no account of its own.
    """
    if actor.user_id is None or actor.session_id is None:
        raise PermissionDeniedError("Only a person who is signed in may do this.")
    return actor.user_id
