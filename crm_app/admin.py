"""Add the first admin of an empty installation: `python -m crm_app.admin EMAIL NAME`."""

import sys

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.domain.permissions import Permission, Role
from crm_app.errors import CrmError
from crm_app.services import granting, users

USAGE = "usage: python -m crm_app.admin EMAIL NAME"


def create_admin(email: str, name: str) -> str:
    """Add an admin; their password, to be shown once.

    Whoever may run this on the server may read the database anyway, so it asks for no sign-in;
    the audit trail names the command line.

    Raises:
        CrmError: As `services.users.create_user`.
    """
    operator = Actor(ActorKind.SYSTEM, "Command line", permissions=frozenset(Permission))
    with db.transaction() as session:
        roles = [granting.everywhere(session, Role.ADMIN)]
        _, password = users.create_user(session, operator, email=email, name=name, roles=roles)
    return password


def main(arguments: list[str]) -> None:
    """Create the admin that the arguments name, or say why not."""
    if len(arguments) != 2:
        raise SystemExit(USAGE)
    try:
        password = create_admin(*arguments)
    except CrmError as error:
        raise SystemExit(str(error)) from error
    print(f"{arguments[0]} may sign in now. The password, shown this once: {password}")


if __name__ == "__main__":
    main(sys.argv[1:])
