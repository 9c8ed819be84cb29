"""What it costs to know who asks: at each event of a page, and at each request."""

import asyncio
from typing import Final

from benchmarks.figures import Recorder
from benchmarks.servers import Servers
from crm_app import db
from crm_app.domain.permissions import Permission, Role
from crm_app.models import User
from crm_app.services import auth, passwords, refreshing

_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of this benchmark's own database


def measure(servers: Servers, recorder: Recorder) -> None:
    """Record the check of session and permission, from a browser's cookie and from a token."""
    servers.use_empty("bench_doors")
    with db.transaction() as session:
        session.add(
            User(
                email="bench@demo.test",
                name="Bench",
                role=Role.SUPPORT,
                password_hash=passwords.hash_password(_PASSWORD),
            )
        )
    with db.transaction() as session:
        signed = auth.sign_in(
            session, email="bench@demo.test", password=_PASSWORD, address="", device="bench"
        )
    assert isinstance(signed, auth.SignedIn)
    token, jwt = signed.token, refreshing.access_token(signed)[0]

    def of_event() -> None:
        with db.transaction() as session:
            auth.actor_for(session, token).require(Permission.VIEW_ORDERS)

    def of_request() -> None:
        with db.transaction() as session:
            auth.actor_for_access_token(session, jwt).require(Permission.VIEW_ORDERS)

    recorder.time("session and permission of an event", 0, of_event)
    recorder.time("session and permission of a request", 0, of_request)
    loop = asyncio.new_event_loop()
    recorder.time(
        "the same through a thread",
        0,
        lambda: loop.run_until_complete(asyncio.to_thread(of_event)),
    )
    loop.close()
