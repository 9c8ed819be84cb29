"""`python -m benchmarks [PART ...] [--orders N ...]`: measure, one JSON line a figure.

Lines go to standard output and to `.data/bench/results`; progress goes to standard error.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from benchmarks import (
    browser,
    bulk,
    changing,
    channels,
    clicking,
    crowd,
    documents,
    doors,
    exporting,
    finding,
    importing,
    ledger,
    limiting,
    memory,
    reading,
    trail,
    webhooks,
)
from benchmarks.figures import Recorder
from benchmarks.filling import use_shop
from benchmarks.servers import DATA_DIR, Servers, running

Part = Callable[[Recorder, int], None]
# Measured on each of the generated shops.
ON_SHOPS: Final[dict[str, Part]] = {
    "list": reading.measure,
    "find": finding.measure,
    "change": changing.measure,
    "ledger": ledger.measure,
    "bulk": bulk.measure,
    "export": exporting.measure,
    "web": memory.measure_web,
    "browser": browser.measure,
    "crowd": crowd.measure_crowd,
}
# Measured once: on what the sandbox sells, and on a spreadsheet.
IMPORT: Final = "import"
# Each kind of channel by itself: BENCH_CHANNEL_ORDERS sets how many orders.
CHANNELS: Final = "channels"
WEBHOOKS: Final = "webhooks"
LIMITS: Final = "limits"
DOCUMENT: Final = "document"
CLICKS: Final = "clicks"
TRAIL: Final = "trail"
DOORS: Final = "doors"


def main(arguments: Sequence[str]) -> int:
    """Run the chosen parts, all of them unless some are named."""
    known = [*ON_SHOPS, IMPORT, DOCUMENT, CLICKS, LIMITS, CHANNELS, WEBHOOKS, TRAIL, DOORS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(known))
    parser.add_argument("--orders", nargs="+", type=int, default=[10_000, 1_000_000])
    chosen = parser.parse_args(arguments)
    parts: list[str] = chosen.parts or known
    if unknown := set(parts) - set(known):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    logging.basicConfig(level=logging.WARNING)
    # As Ctrl-C does: every server that was started here ends with us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = DATA_DIR / "results"
    results.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(results / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.jsonl")
    with running() as servers:
        on_shops = [part for part in parts if part in ON_SHOPS]
        if on_shops:
            _measure_shops(servers, recorder, on_shops, sorted(chosen.orders))
        if IMPORT in parts:
            print("an import ...", file=sys.stderr, flush=True)
            importing.measure(servers, recorder)
        if CHANNELS in parts:
            print("each channel ...", file=sys.stderr, flush=True)
            channels.measure(servers, recorder)
        if WEBHOOKS in parts:
            print("webhooks during an import ...", file=sys.stderr, flush=True)
            webhooks.measure(servers, recorder)
        if CLICKS in parts:
            print("clicks during an import ...", file=sys.stderr, flush=True)
            clicking.measure(servers, recorder)
        if LIMITS in parts:
            print("under published limits (about four minutes) ...", file=sys.stderr, flush=True)
            limiting.measure(servers, recorder)
        if DOCUMENT in parts:
            print("a spreadsheet ...", file=sys.stderr, flush=True)
            documents.measure(servers, recorder)
        if TRAIL in parts:
            print("a million entries of the audit trail ...", file=sys.stderr, flush=True)
            trail.measure(servers, recorder)
        if DOORS in parts:
            doors.measure(servers, recorder)
    recorder.ratios()
    return 0


def _measure_shops(
    servers: Servers, recorder: Recorder, parts: Sequence[str], sizes: Sequence[int]
) -> None:
    for orders in sizes:
        print(f"a shop of {orders:,} orders ...", file=sys.stderr, flush=True)
        seconds = use_shop(servers, orders)
        if seconds is not None:
            recorder.record("generate", seconds, "s", orders)
        for part in parts:
            ON_SHOPS[part](recorder, orders)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
