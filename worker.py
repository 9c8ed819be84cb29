"""Run the RQ worker (`python worker.py`), one that only sends (`python worker.py sender`), or the
clock of both (`python worker.py clock`).

Nothing else belongs here: jobs live in `crm_app/jobs`, what they do in `crm_app/services`.
"""

import logging
import sys

from pydantic import ValidationError
from rq import Queue

from crm_app import logs, queue
from crm_app.config import get_settings
from crm_app.jobs import schedule, turns
from crm_app.services import beats


def main(arguments: list[str]) -> None:
    """Start one process and block until it is told to stop."""
    try:
        settings = get_settings()
    except ValidationError as error:
        # One line for whoever started it; the whole of it would show the other settings too.
        said = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
        raise SystemExit(f"Settings: {said}") from None
    logs.keep_secrets_out()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # One line a request, with the whole address in it, is noise.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if arguments == ["clock"]:
        beats.keep_beating(beats.CLOCK)
        schedule.run_clock(queue.connection())
        return
    if arguments not in ([], ["sender"]):
        raise SystemExit("usage: python worker.py [sender|clock]")
    if not arguments:
        beats.keep_beating(beats.WORKER)
    turns.warm_up()
    names = queue.SENDING if arguments else queue.QUEUES
    connection = queue.blocking_connection()
    queues = [Queue(name, connection=connection) for name in names]
    turns.PatientWorker(queues, connection=connection).work()


if __name__ == "__main__":
    main(sys.argv[1:])
