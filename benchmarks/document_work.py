"""The worker's part of a spreadsheet: `python -m benchmarks.document_work ID`; one JSON line.

It runs the very job that RQ would run, until nothing is left.
"""

import json
import resource
import sys
import time

from sqlmodel import func, select

from crm_app import db
from crm_app.jobs.documents import work_on
from crm_app.models import Document, DocumentState, Order, User
from crm_app.services.auth import person
from crm_app.services.documents import editing, steps


def main(document_id: int) -> None:
    """Read, check and import the file."""
    read_s = _timed(document_id, DocumentState.READY)
    with db.transaction() as session:
        actor = person(session, session.exec(select(User)).one())
        editing.set_source(session, actor, document_id, "Benchmark")
        steps.start_check(session, actor, document_id)
    check_s = _timed(document_id, DocumentState.CHECKED)
    with db.transaction() as session:
        steps.start_import(session, actor, document_id)
    import_s = _timed(document_id, DocumentState.DONE)
    with db.transaction() as session:
        orders = session.exec(select(func.count()).select_from(Order)).one()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"read_s": read_s, "check_s": check_s, "import_s": import_s}
    more = {"orders": orders, "peak_mb": peak_mb, "cpu_s": time.process_time()}
    print(json.dumps({**told, **more}))


def _timed(document_id: int, until: DocumentState) -> float:
    began = time.monotonic()
    while work_on(document_id):
        pass
    with db.transaction() as session:
        document = session.get_one(Document, document_id)
        assert document.state is until, (document.state, document.reason, document.counts)
    return time.monotonic() - began


if __name__ == "__main__":
    main(int(sys.argv[1]))
