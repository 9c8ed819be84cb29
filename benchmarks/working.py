"""The worker's part of an import, in a process of its own: `benchmarks.working WHAT [CHANNEL]`.

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
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN, IntentState
from crm_app.jobs.pull import pull_account
from crm_app.jobs.push import push_account
from crm_app.models import ChannelAccount, Order, StatusIntent

_LONGEST_S: Final = 900.0


def main(what: str, channel: str = "") -> None:
    """Pull or push until nothing is left, on one channel or on all that can be asked."""
    if what == "pull-again":
        _forget_cursors()
    marks: list[float] = []
    began, cpu = time.monotonic(), time.process_time()
    saved = _push_all() if what == "push" else _pull_all(channel, marks)
    seconds = time.monotonic() - began
    with db.transaction() as session:
        wanted = select(func.count()).select_from(Order)
        if channel:
            wanted = wanted.where(col(Order.channel) == Channel(channel))
        orders = session.exec(wanted).one()
    # The most so far after each job of 15 s: a first quarter in, and at the end.
    report = {"orders": orders, "saved": saved, "seconds": seconds, "peak_mb": _peak_mb()}
    report["early_mb"] = marks[len(marks) // 4] if marks else _peak_mb()
    print(json.dumps({**report, "cpu_s": time.process_time() - cpu}))


def accounts(channel: str = "") -> list[int]:
    """Ids of the sandbox's accounts, those that are asked for their orders."""
    with db.transaction() as session:
        found = session.exec(select(ChannelAccount).order_by(col(ChannelAccount.id)))
        return [
            one.id
            for one in found
            if capabilities.of(one.channel).pulls and channel in ("", one.channel.value)
        ]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget_cursors() -> None:
    with db.transaction() as session:
        for account in session.exec(select(ChannelAccount)):
            account.cursor = None


def _pull_all(channel: str, marks: list[float]) -> int:
    saved = 0
    give_up = time.monotonic() + _LONGEST_S
    for account_id in accounts(channel):
        while True:
            saved += pull_account(account_id)
            marks.append(_peak_mb())
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
    main(*sys.argv[1:])
