"""After a new key was put first in CRM_SECRET_KEYS: `python -m crm_app.keys reseal`.

It seals stored credentials, second factors and secrets of hooks anew, says how many, and ends with
1 while something cannot be read: then no key may be removed yet.
"""

import sys

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.errors import CrmError
from crm_app.services import audit, resealing

USAGE = "usage: python -m crm_app.keys reseal"


def main(arguments: list[str]) -> int:
    """Do it and say what came out; the process's exit code."""
    if arguments != ["reseal"]:
        raise SystemExit(USAGE)
    try:
        found = resealing.reseal_all()
        with db.transaction() as session:
            audit.record(
                session,
                Actor(ActorKind.SYSTEM, "Command line"),
                "keys:resealed",
                subject_type="keys",
                subject_id="vault",
                after={"sealed_anew": found.done, "unreadable": found.unreadable},
            )
    except CrmError as error:
        raise SystemExit(str(error)) from error
    print(f"{found.done} sealed anew, {found.already} were already.")
    if found.unreadable:
        print(f"{found.unreadable} cannot be read: a key is missing. Remove none yet.")
        return 1
    print("Nothing needs an older key any more.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
