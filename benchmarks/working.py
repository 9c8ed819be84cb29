"""The worker's part of an import, in a process of its own: `python -m benchmarks.working WHAT`.

It runs the very jobs that RQ would run, one after the other, and prints one JSON line.
"""

import json
import resource
import sys
import time
from typing import Final

from sqlmodel import col, func, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.domain.intent import OPEN, IntentState
from crm_app.jobs.pull import pull_account
from crm_app.jobs.push import push_account
from crm_app.models import ChannelAccount, Order, StatusIntent

_LONGEST_S: Final = 300.0


def main(what: str) -> None:
    """Pull or push until nothing is left."""
    if what == "pull-again":
        _forget_cursors()
    act = _push_all if what == "push" else _pull_all
    began, cpu = time.monotonic(), time.process_time()
    saved = act()
    seconds = time.monotonic() - began
    with db.transaction() as session:
        orders = session.exec(select(func.count()).select_from(Order)).one()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {"orders": orders, "saved": saved, "seconds": seconds, "peak_mb": peak_mb}
    print(json.dumps({**report, "cpu_s": time.process_time() - cpu}))


def accounts() -> list[int]:
    """Ids of the sandbox's accounts, those that are asked for their orders."""
    with db.transaction() as session:
        found = session.exec(select(ChannelAccount).order_by(col(ChannelAccount.id)))
        return [one.id for one in found if capabilities.of(one.channel).pulls]


def _forget_cursors() -> None:
    with db.transaction() as session:
        for account in session.exec(select(ChannelAccount)):
            account.cursor = None


def _pull_all() -> int:
    saved = 0
    give_up = time.monotonic() + _LONGEST_S
    for account_id in accounts():
        while True:
            saved += pull_account(account_id)
            with db.transaction() as session:
                account = session.get_one(ChannelAccount, account_id)
            if account.cursor is not None and account.resume is None:
                break
            assert not account.last_error, account.last_error
            assert time.monotonic() < give_up
    return saved


def _push_all() -> int:
    """Until every change is confirmed by reading it back."""
    calls = 0
    give_up = time.monotonic() + _LONGEST_S
    while time.monotonic() < give_up:
        for account_id in accounts():
            calls += push_account(account_id)
        with db.transaction() as session:
            left = session.exec(select(func.count()).where(col(StatusIntent.state).in_(OPEN))).one()
            refused = session.exec(
                select(func.count()).where(StatusIntent.state == IntentState.REJECTED)
            ).one()
        assert not refused, f"{refused} changes were refused"
        if not left:
            break
    return calls


if __name__ == "__main__":
    main(sys.argv[1])
